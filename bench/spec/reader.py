"""Reads the specifications of many runs, which have most of their parts in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from pydantic import ValidationError

from bench.errors import RnnbenchError
from bench.spec.part import Part
from bench.spec.run import RunSpec

_FIELDS = set(RunSpec.model_fields)
_PARTS: dict[str, tuple[type[Part], Part | None]] = {
    name: (field.annotation, None if field.is_required() else field.default)
    for name, field in RunSpec.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Part)
}
"""The class of every part, and its default."""


class Reader:
    """Reads specifications as pydantic does; a part that is written alike in several of them is read once, and shared.

    A reader is for one command: a cell's file may change later.

    Args:
        read_one: reads a specification by itself; it raises the error for one that is not valid.
        context: of the validation.
    """

    def __init__(self, read_one: Callable[[Any], RunSpec], context: str | None = None) -> None:
        self._read_one, self._context = read_one, context
        self._known: dict[tuple[str, str], Part] = {}
        self._alike: dict[tuple[int, ...], RunSpec] = {}  # never handed out: a copy would have its id

    def read(self, raw: Any) -> RunSpec:
        """Returns the run of a raw specification.

        Raises:
            Exception: what ``read_one`` raises.
        """
        return self._composed(raw) or self._read_one(raw)

    def _composed(self, raw: Any) -> RunSpec | None:
        """Puts a run together from its parts; ``None`` where anything is unusual."""
        if not isinstance(raw, Mapping) or not raw.keys() <= _FIELDS:
            return None
        seed, sealed = raw.get("seed", 0), raw.get("sealed", False)
        if type(seed) is not int or not 0 <= seed < 2**32 or type(sealed) is not bool:
            return None
        parts: dict[str, Any] = {}
        for name in _PARTS:
            if (part := self._part(name, raw)) is None:
                return None
            parts[name] = part
        together = (sealed, *map(id, parts.values()))
        if (alike := self._alike.get(together)) is None:
            alike = RunSpec.model_construct(_FIELDS, seed=seed, sealed=sealed, **parts)
            try:
                alike.check_parts()
            except ValueError:
                return None
            alike.canonical()  # its copies then have what this caches
            self._alike[together] = alike
        made = copy(alike)
        vars(made)["seed"] = seed
        return made

    def _part(self, name: str, raw: Mapping[str, Any]) -> Part | None:
        kind, default = _PARTS[name]
        if name not in raw:
            return default
        key = name, repr(raw[name])
        if key not in self._known:
            try:
                self._known[key] = kind.model_validate(raw[name], context=self._context)
            except (ValidationError, RnnbenchError):
                return None
        return self._known[key]
