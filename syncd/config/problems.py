"""Everything that is wrong with the configuration, told at once."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ValidationError

from syncd.config.files import Document, Steps
from syncd.errors import ConfigError
from syncd.mapping.problem import Problem, did_you_mean


class ConfigProblemsError(ConfigError):
    """One or more things to repair in the configuration.

    Attributes:
        problems: each with its `file:line`; never empty.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        if len(self.problems) == 1:
            super().__init__(first.message, where=first.where, hint=first.hint)
        else:
            lines = "".join(f"\n  {problem}" for problem in self.problems)
            super().__init__(f"The configuration has {len(self.problems)} problems:{lines}")
            self.where = first.where


def raise_any(problems: Iterable[Problem]) -> None:
    """Stop if there is anything to repair.

    Raises:
        ConfigProblemsError: there is; each problem once, in the order given.
    """
    if found := tuple(dict.fromkeys(problems)):
        raise ConfigProblemsError(found)


def explained(
    error: ValidationError, model: type[BaseModel], document: Document, at: Steps
) -> list[Problem]:
    """The problems that pydantic found, in our words and with their lines.

    The offending values are left out, as one of them may be a secret.

    Args:
        at: where in the document the validated part begins.
    """
    return [
        _explained(found["type"], found["loc"], found["msg"], model, document, at)
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _explained(
    kind: str, loc: Steps, message: str, model: type[BaseModel], document: Document, at: Steps
) -> Problem:
    loc = tuple(step for step in loc if step != "[key]")
    where = document.where((*at, *loc))
    name = ".".join(str(step) for step in loc)
    if kind == "extra_forbidden":
        known = _keys(model, loc[:-1])
        hint = did_you_mean(str(loc[-1]), known) or f"Known keys: {', '.join(sorted(known))}."
        return Problem(where, f"There is no key `{name}`.", hint)
    if kind == "missing":
        return Problem(where, f"The key `{name}` is missing.", f"Add `{loc[-1]}: …`.")
    if kind == "string_pattern_mismatch":
        return Problem(where, f"`{name}` holds characters that are not allowed here.")
    said = message.removeprefix("Value error, ").removeprefix("Input ").removesuffix(".")
    if not name:
        return Problem(where, f"{said}.")
    verb = said.startswith(("should ", "must ", "needs "))
    return Problem(where, f"`{name}` {said}." if verb else f"`{name}`: {said}.")


def _keys(model: type[BaseModel], steps: Steps) -> set[str]:
    """The keys that a model knows at some place within it."""
    here: type[BaseModel] = model
    for step in steps:
        field = here.model_fields.get(str(step))
        here = _model_in(field.annotation) or here if field else here
    return {field.alias or name for name, field in here.model_fields.items()}


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model), None)
