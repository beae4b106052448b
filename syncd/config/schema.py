"""The whole configuration as JSON Schema, for editors and for `syncd config schema`."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from syncd.config.settings import AccountSettings, PairSettings, RootSettings
from syncd.mapping.transforms import NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema: TypeAlias = dict[str, Any]


def configuration_schema(connectors: Mapping[str, type[BaseModel]]) -> Schema:
    """What `syncd.yaml` may hold.

    Args:
        connectors: the model of each connector's part of an account, by connector.
    """
    root, definitions = _parts(RootSettings)
    pair, more = _parts(PairSettings)
    accounts = {name: _account(name, model) for name, model in connectors.items()}
    for _, inner in accounts.values():
        more |= inner
    root["properties"]["accounts"]["additionalProperties"] = {
        "anyOf": [schema for schema, _ in accounts.values()] or [_parts(AccountSettings)[0]]
    }
    one = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/PairSettings"}]}
    root["properties"]["pairs"]["anyOf"] = [*one["anyOf"], {"type": "array", "items": one}]
    definitions |= more | {"PairSettings": pair, "Condition": _condition()}
    return {"$schema": DIALECT, **root, "$defs": definitions}


def pair_schema() -> Schema:
    """What the file of a pair may hold."""
    pair, definitions = _parts(PairSettings)
    return {"$schema": DIALECT, **pair, "$defs": definitions | {"Condition": _condition()}}


def _parts(model: type[BaseModel]) -> tuple[Schema, Schema]:
    """A model's own schema, and the definitions that it refers to."""
    schema = model.model_json_schema(mode="validation")
    definitions: Schema = schema.pop("$defs", {})
    if "FilterSettings" in definitions:
        for side in ("left", "right"):
            condition = {"anyOf": [{"$ref": "#/$defs/Condition"}, {"type": "null"}]}
            definitions["FilterSettings"]["properties"][side] |= condition
    if "FieldSettings" in definitions:
        names: Schema = {name: {} for name in (*NAMES, "others")}
        transform = definitions["FieldSettings"]["properties"]["transform"]
        transform |= {"properties": names, "additionalProperties": False}
    return schema, definitions


def _account(name: str, model: type[BaseModel]) -> tuple[Schema, Schema]:
    """One account: the keys that all have, and those of its connector."""
    common, _ = _parts(AccountSettings)
    own, definitions = _parts(model)
    properties = common["properties"] | {"connector": {"const": name}} | own.get("properties", {})
    schema = {
        "title": f"{name} account",
        "type": "object",
        "properties": properties,
        "required": ["connector", *own.get("required", [])],
        "additionalProperties": False,
    }
    return schema, definitions


def _condition() -> Schema:
    value = {"type": ["string", "number", "boolean"]}
    inner = {"$ref": "#/$defs/Condition"}
    several = {"type": "array", "items": inner, "minItems": 1}
    text = {"type": "string"}
    tests = {
        "equals": value,
        "in": {"type": "array", "items": value, "minItems": 1},
        "has": text,
        "exists": {"type": "boolean"},
    }
    forms: list[Schema] = [
        {"tag": text},
        *({"field": text, test: given} for test, given in tests.items()),
        {"not": inner},
        {"all": several},
        {"any": several},
    ]
    return {"anyOf": [_only(form) for form in forms]}


def _only(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
