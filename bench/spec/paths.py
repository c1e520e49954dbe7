"""Values of a raw specification by dotted path: reading, setting, matching."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.errors import RnnbenchError


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` over ``below``, mapping by mapping."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def as_mapping(key: str, value: Any) -> Any:
    """``data: watch7``, ``cell: gru`` and ``cell: mine.py`` in full, so that they merge with the base."""
    if key == "cell" and isinstance(value, str) and value.endswith(".py"):
        return {"file": value}
    return {"name": value} if key in ("data", "cell") and isinstance(value, str) else value


def set_path(raw: dict[str, Any], path: str, value: Any, where: str) -> None:
    """Sets a value by dotted path; a mapping is merged into the one that stands there."""
    *parents, last = path.split(".")
    at = raw
    for step in parents:
        below = as_mapping(step, at.get(step, {}))
        if not isinstance(below, Mapping):
            raise RnnbenchError(f"{where}: {path!r} goes through {step!r}, which is not a mapping")
        at[step] = dict(below)
        at = at[step]
    value = as_mapping(last, value)
    under = as_mapping(last, at.get(last))
    at[last] = _merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value


_NOTHING = object()


def _get(raw: Mapping[str, Any], path: str) -> Any:
    at: Any = raw
    for step in path.split("."):
        if isinstance(at, Mapping) and step not in at:
            at = at.get("options")  # where a record has what a grid writes beside a name
        if not isinstance(at, Mapping) or step not in at:
            return _NOTHING
        at = as_mapping(step, at[step])
    return at


def has(raw: Mapping[str, Any], path: str) -> bool:
    """Whether there is a value at a path, be it ``None``."""
    return _get(raw, path) is not _NOTHING


def paths_of(raw: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Every dotted path to a value."""
    for key, value in raw.items():
        if isinstance(value, Mapping):
            yield from paths_of(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def row_of(rows: Mapping[str, Mapping[str, Any]], raw: Mapping[str, Any]) -> str | None:
    """The row of a run in a study's table: the last that it fits, or ``None``.

    Args:
        rows: of the grid.
        raw: the run's specification, as a record has it.
    """
    fitting = [name for name, when in rows.items() if all(matches(raw, path, wanted) for path, wanted in when.items())]
    return fitting[-1] if fitting else None


def matches(raw: Mapping[str, Any], path: str, wanted: Any) -> bool:
    """Whether the value at a path is the wanted one, or one of the wanted ones; data and cells go by their names.

    Where a specification says nothing, the value is ``None``.
    """
    value = _get(raw, path)
    value = None if value is _NOTHING else value
    if path in ("data", "cell") and isinstance(value, Mapping) and not isinstance(wanted, Mapping):
        value = value.get("name")
    if isinstance(wanted, Sequence) and not isinstance(wanted, str) and not isinstance(value, list):
        return value in wanted
    return bool(value == wanted)
