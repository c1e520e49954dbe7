"""A grid in YAML and the runs that it stands for."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, field_validator, model_validator

from bench import zoo
from bench.errors import RnnbenchError, nearest
from bench.spec.executor import ExecutorPart
from bench.spec.part import Part, parse
from bench.spec.paths import as_mapping, matches, paths_of, row_of, set_path
from bench.spec.reader import Reader
from bench.spec.run import RunSpec, check_key
from bench.spec.search import Choose, Final, Search
from bench.spec.size import SizePart
from bench.spec.yaml import read_yaml

_MOST_RUNS = 1_000_000
TOGETHER = "set"
"""The axis whose values are mappings of dotted paths to values: what varies together."""


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
    search: Search | None = None
    choose: Choose = Choose()
    final: Final | None = None
    boards: tuple[str, ...] | None = None
    """Whose latency reports show, names of ``configs/boards/``; ``None`` for all."""
    executor: ExecutorPart = ExecutorPart()
    """How workers are started, unless the command says otherwise."""
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
            if axis == "seed" and (twice := [seed for seed, n in Counter(map(str, values)).items() if n > 1]):
                raise ValueError(f"axis 'seed' has {twice[0]} twice, which is one run: leave it out, or write another")
            if axis == TOGETHER and not all(isinstance(value, Mapping) for value in values):
                raise ValueError(f"axis {axis!r} needs mappings as values: write [{{}}, {{cell.hidden_size: 32}}]")
        return grid

    @model_validator(mode="after")
    def _has_an_axis(self) -> Self:
        if not self.grid:
            raise ValueError("the grid is empty: give it at least `data` and `cell` with a list of values each")
        return self

    @model_validator(mode="after")
    def _axes_are_apart(self) -> Self:
        """What two axes set only the later would give: the other's values would go without a word."""
        setter: dict[str, str] = {}
        for axis, values in self.grid.items():
            for path in {path for value in values for path in _set_by(axis, value)}:
                if path in setter:
                    both = f"`{setter[path]}` and `{axis}`"
                    raise ValueError(
                        f"two axes set {path}: {both}; leave it to one, or say both in one axis `{TOGETHER}`"
                    )
                setter[path] = axis
        return self

    @model_validator(mode="after")
    def _conditions_are_of_keys(self) -> Self:
        """A misspelt key would hold of every run where ``null`` is wanted of it, and of none elsewhere."""
        extra = () if self.search is None else self.search.extra
        conditions = {f"override {number}: when": part.when for number, part in enumerate(self.overrides, 1)}
        conditions |= {f"search.extra {number}: when": part.when for number, part in enumerate(extra, 1)}
        conditions |= {f"row {name!r}": when for name, when in self.rows.items()}
        for where, when in conditions.items():
            for path in when:
                check_key(path, where, beside={"size": SizePart})
        return self

    @model_validator(mode="after")
    def _searches_as_a_whole(self) -> Self:
        if self.search is None:
            if self.final is not None or self.choose.per is not None:
                raise ValueError("choose and final need `search`: say how many trials, of what")
            return self
        if "seed" in self.grid or "seed" in self.base:
            raise ValueError("seeds of a search stand in search.seeds and final.seeds, not among the axes")
        if (count := math.prod(map(len, self.grid.values())) * self.search.runs) > _MOST_RUNS:
            raise ValueError(f"the search has {count:,} runs, more than {_MOST_RUNS:,}: take fewer trials or seeds")
        if unknown := set(self.choose.per or ()) - set(self.grid):
            raise ValueError(f"choose.per names {min(unknown)!r}, which is no axis of the grid")
        if self.final is not None:
            together = itertools.chain.from_iterable(self.grid.get(TOGETHER, ()))
            self.final.check(self.search, {*self.grid, *together} - {TOGETHER})
        return self

    def runs(self, read: Callable[[dict[str, Any]], RunSpec] | None = None) -> list[RunSpec]:
        """Every combination of the axes, overrides applied, each once, in the order written.

        Args:
            read: makes a run of a raw specification, where a size has to be found first: see :mod:`bench.search.fill`.

        Raises:
            RnnbenchError: when a run is not valid, an override matches none, or the grid searches: see
                :mod:`bench.search`.
        """
        if self.search is not None:
            raise RnnbenchError(f"grid {self.name!r} searches: its runs are drawn, see `rnnbench plan`")
        found: dict[str, RunSpec] = {}
        read = read or self.reader().read
        for _, raw in self.combinations():
            spec = read(raw)
            found.setdefault(spec.id, spec)
        if self.rows:
            self._check_rows(found.values())
        return list(found.values())

    def _check_rows(self, runs: Iterable[RunSpec]) -> None:
        """Refuses rows that the study's table could not be made of: without a run, or of several configurations."""
        known: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        there = set()
        for spec in runs:
            raw = {**spec.model_dump(mode="json"), "seed": 0}
            there.add(row := row_of(self.rows, raw))
            if row is None:
                continue
            first, other = known.setdefault((row, str(raw["data"])), (spec.id, raw))
            if other != raw:
                raise RnnbenchError(
                    f"grid {self.name!r}: row {row!r} names two configurations on {spec.data.name}: runs {first} and "
                    f"{spec.id}; say in `rows` what tells them apart"
                )
        if missing := set(self.rows) - there:
            raise RnnbenchError(f"grid {self.name!r}: no run is of row {min(missing)!r}")

    @cached_property
    def budgets(self) -> list[float]:
        """The sizes in KB that runs are to keep to, ascending; none where the grid asks for none."""
        sets = [*self.grid.get(TOGETHER, ()), *(override.set for override in self.overrides)]
        paths = {*self.base, *self.grid, *itertools.chain.from_iterable(sets)}
        if not any(path.partition(".")[0] == "size" for path in paths):
            return []  # without going through all combinations
        sizes = (raw.get("size") for _, raw in self.combinations())
        return sorted({float(size["kb"]) for size in sizes if isinstance(size, Mapping) and "kb" in size})

    def reader(self) -> Reader:
        """Returns what reads the runs of this grid from raw specifications."""
        return Reader(lambda raw: parse(RunSpec, raw, f"grid {self.name!r}"))

    def combinations(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yields every combination of the axes, as values by axis, and the raw specification that it stands for.

        Raises:
            RnnbenchError: when there are too many, a path is not one, or, at the end, an override matched none.
        """
        if (count := math.prod(map(len, self.grid.values()))) > _MOST_RUNS:
            raise RnnbenchError(f"grid {self.name!r} has {count:,} runs, more than {_MOST_RUNS:,}: shorten an axis")
        used: set[int] = set()
        files: dict[tuple[str, str | None], str] = {}
        for values in itertools.product(*self.grid.values()):
            raw = self._raw(values, used, files)
            if "boards" in raw:
                raise RnnbenchError(
                    f"grid {self.name!r}: boards are no part of a run any more: move `boards` to the top level of the "
                    "grid, beside `name`"
                )
            yield dict(zip(self.grid, values, strict=True)), raw
        for number, override in enumerate(self.overrides):
            if number not in used:
                every = (self._raw(values, set(), files) for values in itertools.product(*self.grid.values()))
                paths = {path for raw in every for path in paths_of(raw)}
                unknown = [path for path in override.when if path not in paths]
                hint = nearest(unknown[0], paths) if unknown else ""
                raise RnnbenchError(f"grid {self.name!r}: override {number + 1} matches no run: {override.when}{hint}")

    def _raw(self, values: Sequence[Any], used: set[int], files: dict[tuple[str, str | None], str]) -> dict[str, Any]:
        """Returns the raw specification of a combination; it shares what it can with those of others.

        Args:
            values: of the axes.
            used: gets the numbers of the overrides that match.
            files: gets the names of cells by file.
        """
        raw = {key: as_mapping(key, value) for key, value in self.base.items()}
        for axis, value in zip(self.grid, values, strict=True):
            for path, one in value.items() if axis == TOGETHER else ((axis, value),):
                set_path(raw, path, one, where=f"grid {self.name!r}")
        _find_file(raw, self.folder or Path(), files)
        for number, override in enumerate(self.overrides):
            if all(matches(raw, path, wanted) for path, wanted in override.when.items()):
                used.add(number)
                for path, value in override.set.items():
                    set_path(raw, path, value, where=f"grid {self.name!r}, override {number + 1}")
        return raw

    def with_settings(
        self, raw: Mapping[str, Any], settings: Mapping[str, Any], reader: Reader | None = None
    ) -> RunSpec:
        """Returns the run of a raw specification with some values set, by dotted path, without its part ``size``.

        Args:
            raw: the specification.
            settings: the values.
            reader: of this grid; one for many runs spares time.

        Raises:
            RnnbenchError: when it is not valid.
        """
        changed = dict(raw)
        for path, value in settings.items():
            set_path(changed, path, value, where=f"grid {self.name!r}")
        changed.pop("size", None)
        return (reader or self.reader()).read(changed)


def _set_by(axis: str, value: Any) -> Iterator[str]:
    """Yields the dotted path of everything that one value of an axis sets."""
    for path, one in value.items() if axis == TOGETHER else ((axis, value),):
        full = as_mapping(path, one)
        for found in paths_of({path: full}):
            yield re.sub(r"^(data|cell)\.options\.", r"\1.", found)


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
        given = read_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise RnnbenchError(f"{path}{line}: {getattr(error, 'problem', None) or 'not YAML'}") from None
    if not isinstance(given, dict):
        raise RnnbenchError(f"{path} is not a grid: it needs `name` and `grid`")
    grid = parse(Grid, given, str(path))
    return grid if grid.folder else grid.model_copy(update={"folder": path.parent})


def _find_file(raw: dict[str, Any], folder: Path, known: dict[tuple[str, str | None], str]) -> None:
    """Completes a cell that is given by its file: the path from the grid's folder on, and the cell's name."""
    cell = raw.get("cell")
    if isinstance(cell, dict) and isinstance(cell.get("file"), str):
        file, name = str(folder / cell["file"]), cell.get("name")
        if (file, name) not in known:
            known[file, name] = zoo.load(Path(file), name).name
        raw["cell"] = {**cell, "file": file, "name": known[file, name]}
