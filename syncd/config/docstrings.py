"""What the source says below each field of a model, put into its JSON Schema."""

import ast
import inspect
from itertools import pairwise
from typing import Any

from pydantic import BaseModel


def describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Add the descriptions of a model's fields to its schema, for its `json_schema_extra`.

    pydantic's own `use_attribute_docstrings` reads the source when the model is made, so that
    every command would wait for what `syncd config schema` alone shows.
    """
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            for name, said in _docstrings(one).items():
                schema["properties"][name]["description"] = said


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The text that stands alone on the line below a field, by field."""
    (made,) = ast.parse(inspect.getsource(model)).body
    lines = made.body if isinstance(made, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(said.value.value)
        for field, said in pairwise(lines)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant)
        if isinstance(said.value.value, str)
    }
