"""A grid in YAML and the runs that it stands for."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, field_validator, model_validator

from bench import zoo
from bench.errors import RnnbenchError, nearest
from bench.spec.part import Part, parse
from bench.spec.run import RunSpec

TOGETHER = "set"
"""The axis whose values are mappings of dotted paths to values: what varies together."""


_MOST_NODES = 1_000_000


class Override(Part):
    """``set`` replaces values in the runs that ``when`` describes; both by dotted path."""

    when: dict[str, Any] = Field(min_length=1)
    set: dict[str, Any] = Field(min_length=1)


class Grid(Part):
    """A grid: what all runs share, what varies, and the exceptions."""

    name: str
    about: str = ""
    base: dict[str, Any] = Field(default={})
    grid: dict[str, list[Any]]
    overrides: tuple[Override, ...] = ()
    rows: dict[str, dict[str, Any]] = Field(default={})
    """Rows of the study's table, from top to bottom: a name, and what its runs have, by dotted path."""
    boards: tuple[str, ...] | None = None
    """Whose latency reports show, names of ``configs/boards/``; ``None`` for all."""
    folder: Path | None = None
    """Where paths of cell files begin; the folder of the grid's own file when ``None``."""

    @field_validator("name")
    @classmethod
    def _name_is_a_word(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
            raise ValueError(f"{name!r} must be of lower-case letters, digits and dashes, at most 40")
        return name

    @field_validator("grid", mode="before")
    @classmethod
    def _axes_are_lists(cls, grid: Any) -> Any:
        for axis, values in grid.items() if isinstance(grid, Mapping) else ():
            if not isinstance(values, list):
                raise ValueError(f"axis {axis!r} needs a list of values: write [{values}]")
        return grid

    @field_validator("grid")
    @classmethod
    def _axes_have_values(cls, grid: dict[str, list[Any]]) -> dict[str, list[Any]]:
        for axis, values in grid.items():
            if not values:
                raise ValueError(f"axis {axis!r} has no values: the grid is empty")
            if axis == TOGETHER and not all(isinstance(value, Mapping) for value in values):
                raise ValueError(f"axis {axis!r} needs mappings as values: write [{{}}, {{cell.hidden_size: 32}}]")
        return grid

    @model_validator(mode="after")
    def _has_an_axis(self) -> Self:
        if not self.grid:
            raise ValueError("the grid is empty: give it at least `data` and `cell` with a list of values each")
        return self

    def runs(self) -> list[RunSpec]:
        """Every combination of the axes, overrides applied, each once, in the order written.

        Raises:
            RnnbenchError: when a run is not valid, or an override matches none.
        """
        found: dict[str, RunSpec] = {}
        used: set[int] = set()
        paths: set[str] = set()
        for values in itertools.product(*self.grid.values()):
            raw = {key: _as_mapping(key, value) for key, value in copy.deepcopy(self.base).items()}
            for axis, value in zip(self.grid, values, strict=True):
                for path, one in value.items() if axis == TOGETHER else ((axis, value),):
                    _set(raw, path, copy.deepcopy(one), where=f"grid {self.name!r}")
            _find_file(raw, self.folder or Path())
            for number, override in enumerate(self.overrides):
                if all(_matches(raw, path, wanted) for path, wanted in override.when.items()):
                    used.add(number)
                    for path, value in override.set.items():
                        _set(raw, path, value, where=f"grid {self.name!r}, override {number + 1}")
            paths |= set(_paths(raw))
            if "boards" in raw:
                raise RnnbenchError(
                    f"grid {self.name!r}: boards are no part of a run any more: move `boards` to the top level of the "
                    "grid, beside `name`"
                )
            spec = parse(RunSpec, raw, f"grid {self.name!r}")
            found.setdefault(spec.id, spec)
        for number, override in enumerate(self.overrides):
            if number not in used:
                unknown = [path for path in override.when if path not in paths]
                hint = nearest(unknown[0], paths) if unknown else ""
                raise RnnbenchError(f"grid {self.name!r}: override {number + 1} matches no run: {override.when}{hint}")
        missing = set(self.rows) - {row_of(self.rows, spec.model_dump(mode="json")) for spec in found.values()}
        if missing:
            raise RnnbenchError(f"grid {self.name!r}: no run is of row {min(missing)!r}")
        return list(found.values())


def read_grid(path: Path) -> Grid:
    """Reads a grid from YAML.

    Raises:
        RnnbenchError: when the file is missing, is not YAML, has a key twice, or is not a grid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RnnbenchError(
            f"cannot read the grid {path}: {error.strerror}; `rnnbench list grids` names some"
        ) from None
    except UnicodeDecodeError:
        raise RnnbenchError(f"{path} is not UTF-8 text") from None
    try:
        given = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (it is a SafeLoader)
    except RecursionError:
        raise RnnbenchError(f"{path} is nested too deeply for a grid") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise RnnbenchError(f"{path}{line}: {getattr(error, 'problem', None) or 'not YAML'}") from None
    if not isinstance(given, dict):
        raise RnnbenchError(f"{path} is not a grid: it needs `name` and `grid`")
    grid = parse(Grid, given, str(path))
    return grid if grid.folder else grid.model_copy(update={"folder": path.parent})


def _find_file(raw: dict[str, Any], folder: Path) -> None:
    """Completes a cell that is given by its file: the path from the grid's folder on, and the cell's name."""
    cell = raw.get("cell")
    if isinstance(cell, dict) and isinstance(cell.get("file"), str):
        cell["file"] = str(folder / cell["file"])
        cell["name"] = zoo.load(Path(cell["file"]), cell.get("name")).name


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, which YAML would let win silently, and aliases without end."""

    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _check_aliases(node, {})
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _check_aliases(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Returns how many nodes a document has once its aliases are written out; ``sizes`` holds those counted so far."""
    if id(node) not in sizes:
        sizes[id(node)] = 0  # until all below it are counted
        below = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        parts = below if isinstance(node, yaml.CollectionNode) else ()
        sizes[id(node)] = 1 + sum(_check_aliases(part, sizes) for part in parts)
    if not 0 < sizes[id(node)] <= _MOST_NODES:
        fault = "an alias holds itself" if sizes[id(node)] == 0 else "its aliases stand for more than a grid can hold"
        raise yaml.constructor.ConstructorError(None, None, fault, node.start_mark)
    return sizes[id(node)]


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` over ``below``, mapping by mapping."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def _as_mapping(key: str, value: Any) -> Any:
    """``data: watch7``, ``cell: gru`` and ``cell: mine.py`` in full, so that they merge with the base."""
    if key == "cell" and isinstance(value, str) and value.endswith(".py"):
        return {"file": value}
    return {"name": value} if key in ("data", "cell") and isinstance(value, str) else value


def _set(raw: dict[str, Any], path: str, value: Any, where: str) -> None:
    """Sets a value by dotted path; a mapping is merged into the one that stands there."""
    *parents, last = path.split(".")
    at = raw
    for step in parents:
        below = _as_mapping(step, at.get(step, {}))
        if not isinstance(below, Mapping):
            raise RnnbenchError(f"{where}: {path!r} goes through {step!r}, which is not a mapping")
        at[step] = dict(below)
        at = at[step]
    value = _as_mapping(last, value)
    under = _as_mapping(last, at.get(last))
    at[last] = _merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value


def _get(raw: Mapping[str, Any], path: str) -> Any:
    at: Any = raw
    for step in path.split("."):
        if not isinstance(at, Mapping) or step not in at:
            return None
        at = _as_mapping(step, at[step])
    return at


def _paths(raw: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Every dotted path to a value."""
    for key, value in raw.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def row_of(rows: Mapping[str, Mapping[str, Any]], raw: Mapping[str, Any]) -> str | None:
    """The row of a run in a study's table: the last that it fits, or ``None``.

    Args:
        rows: of the grid.
        raw: the run's specification, as a record has it.
    """
    fitting = [name for name, when in rows.items() if all(_matches(raw, path, each) for path, each in when.items())]
    return fitting[-1] if fitting else None


def _matches(raw: Mapping[str, Any], path: str, wanted: Any) -> bool:
    """Whether the value at a path is the wanted one, or one of the wanted ones; data and cells go by their names."""
    value = _get(raw, path)
    if path in ("data", "cell") and isinstance(value, Mapping) and not isinstance(wanted, Mapping):
        value = value.get("name")
    if isinstance(wanted, Sequence) and not isinstance(wanted, str) and not isinstance(value, list):
        return value in wanted
    return bool(value == wanted)
