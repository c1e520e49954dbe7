"""The base of all parts of a specification, and the one line that says what is wrong with one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from bench.errors import RnnbenchError, nearest

P = TypeVar("P", bound=BaseModel)


class Part(BaseModel):
    """A part of a specification: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @cached_property
    def compact(self) -> str:
        """JSON with sorted keys, without what equals its default."""
        return compact(self.model_dump(mode="json", exclude_defaults=True))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Returns a copy with some values changed, unchecked; what is cached of this part is not copied."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        check_number(cls.model_fields[str(info.field_name)].annotation, value)
        return value


def compact(body: Any) -> str:
    """Returns JSON with sorted keys and no spaces.

    Raises:
        ValueError: when a number is not finite.
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def check_number(annotation: Any, value: Any) -> None:
    """Refuses a truth value where a number is wanted; pydantic would take ``epochs: yes`` for 1.

    Raises:
        ValueError: when there is one.
    """
    given = [value, *(value.values() if isinstance(value, Mapping) else ())]
    if any(isinstance(part, bool) for part in given) and _holds_numbers(annotation):
        raise ValueError("a number is needed, not a truth value, which is what YAML takes yes, no, on and off for")


def _holds_numbers(annotation: Any) -> bool:
    return annotation in (int, float) or any(map(_holds_numbers, get_args(annotation)))


def parse(model: type[P], given: Any, where: str) -> P:
    """Returns a part of a specification, made from what was read.

    Args:
        model: the part's class.
        given: what was read.
        where: named in the error, for instance the file.

    Raises:
        RnnbenchError: one line that names the key, what is wrong and the nearest valid key.
    """
    try:
        return model.model_validate(given)
    except RnnbenchError as error:
        raise RnnbenchError(f"{where}: {error}") from None
    except ValidationError as error:
        errors = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        first = errors[0]  # a misspelt key explains the key that is missed
        path = ".".join(str(step) for step in first["loc"])
        more = f" (and {_faults(len(errors) - 1)})" if len(errors) > 1 else ""
        if first["type"] == "extra_forbidden":
            known = _fields_at(model, first["loc"][:-1])
            raise RnnbenchError(f"{where}: unknown key {path!r}{nearest(first['loc'][-1], known)}{more}") from None
        raise RnnbenchError(f"{where}: {path + ': ' if path else ''}{reason(first)}{more}") from None


def _faults(count: int) -> str:
    return f"{count} more fault{'s' if count != 1 else ''}"


_NEEDED = {"dict_type": "a mapping, {key: value}", "list_type": "a list, [value]", "tuple_type": "a list, [value]"}
"""The words of YAML for what pydantic calls by the names of Python."""


def reason(error: Any) -> str:
    """A pydantic error in few words, with the value that was given."""
    text = str(error["msg"]).removeprefix("Value error, ")
    kind = error["type"].replace("model_type", "dict_type")
    if kind in _NEEDED:
        return f"{_NEEDED[kind]}, is needed, not {error['input']!r}"
    if error["type"] in ("value_error", "missing"):
        return text[0].lower() + text[1:]
    return f"{text[0].lower() + text[1:]}, not {error['input']!r}"


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand at a place inside a part."""
    for step in loc:
        annotation = model.model_fields[str(step)].annotation if str(step) in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
