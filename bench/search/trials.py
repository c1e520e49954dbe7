"""Draws the trials of a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.errors import RnnbenchError
from bench.record import Drawn
from bench.search.fill import Filler
from bench.spec import Conditional, Grid, RunSpec, Search, matches
from bench.train.task import check_cells

_ATTEMPTS = 200
"""Draws for one trial: most are wasted only where a prior asks for ranks that do not fit."""
_STRIDE = 10_007
"""Places in the recurrence between two attempts at a trial: more than there are trials."""


@dataclass(frozen=True)
class Trial:
    """A configuration that was drawn for a combination of axes.

    Attributes:
        group: the combination, in words: ``"hapt2, lstm"``.
        number: of the draw, from 0.
        settings: by dotted path, what was drawn, and the values of the axes that are searched.
        kb: size, where the search limits it.
        runs: one for each seed.
        raw: the specification without the settings.
    """

    group: str
    number: int
    settings: Mapping[str, Any]
    kb: float | None
    runs: tuple[RunSpec, ...]
    raw: Mapping[str, Any]


def draw(grid: Grid) -> list[Trial]:
    """Draws every trial of a grid.

    Raises:
        RnnbenchError: when a run is not valid, no draw keeps to the size that is asked for, or a part of
            ``search.extra`` is of no trial.
    """
    maker = _Maker(grid)
    trials = [
        maker.drawn(group, first + number, number, raw)
        for group, first, raw in groups(grid)
        for number in range(maker.search.trials)
    ]
    for number, more in enumerate(maker.search.extra, 1):
        if not any(_is_of(trial.raw, more) for trial in trials):
            raise RnnbenchError(f"grid {grid.name!r}: search.extra {number} matches no trial: {more.when}")
    return trials


def restore(grid: Grid, noted: Sequence[Drawn]) -> list[Trial]:
    """Returns the trials that a results folder has noted.

    Args:
        grid: of the folder.
        noted: as they were drawn.

    Raises:
        RnnbenchError: when the grid has changed since, or a trial is of another version of the program.
    """
    maker = _Maker(grid)
    by_place = {(entry.group, entry.trial): entry for entry in noted}
    trials = []
    for group, first, raw in groups(grid):
        for number in range(first, first + maker.search.trials):
            entry = by_place.get((group, number))
            if entry is None:
                raise RnnbenchError(f"trial {number} of {group} is not among its trials")
            runs = maker.runs(raw, entry.settings)
            if tuple(spec.id for spec in runs) != entry.runs:
                raise RnnbenchError(f"trial {number} of {group} stands for other runs now")
            trials.append(Trial(group, number, entry.settings, entry.kb, runs, raw))
    return trials


def groups(grid: Grid) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yields every combination of the axes: the name of its group, its first trial's number, its raw specification.

    Combinations that differ only in axes that ``choose.per`` does not name share a group.
    """
    per = grid.grid.keys() if grid.choose.per is None else grid.choose.per
    alike = {axis for axis, values in grid.grid.items() if len({_word(value) for value in values}) < len(values)}
    seen: dict[str, int] = {}
    for values, raw in grid.combinations():
        words = {axis: _in_full(value) if axis in alike else _word(value) for axis, value in values.items()}
        name = ", ".join(words[axis] for axis in grid.grid if axis in per)
        first = seen.get(name, 0)
        seen[name] = first + _search(grid).trials
        yield name, first, raw


def _word(value: Any) -> str:
    """Returns the value of an axis in a word: names of data and cells, paths and values of what varies together."""
    if not isinstance(value, Mapping):
        return str(value)
    return str(value["name"]) if "name" in value else _in_full(value)


def _in_full(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return " ".join(f"{path.rpartition('.')[2]} {_word(part)}" for path, part in value.items()) or "as it is"


def _is_of(raw: Mapping[str, Any], more: Conditional) -> bool:
    return all(matches(raw, path, value) for path, value in more.when.items())


def _search(grid: Grid) -> Search:
    assert grid.search is not None  # noqa: S101
    return grid.search


class _Maker:
    """Makes the trials of a grid.

    Args:
        grid: that searches.
    """

    def __init__(self, grid: Grid) -> None:
        self.search, self._filler = _search(grid), Filler(grid)

    def drawn(self, group: str, number: int, place: int, raw: Mapping[str, Any]) -> Trial:
        """Draws a trial, again where a draw gives a model that cannot be built.

        Raises:
            RnnbenchError: when no draw does.
        """
        search = self.search
        extras = [more for more in search.extra if _is_of(raw, more)]
        priors = (search.prior, *(more.prior for more in extras))
        prior = {path: values for part in priors for path, values in part.items()}
        limit = min((more.kb for more in extras if more.kb is not None), default=None)
        fault = ""
        for attempt in range(_ATTEMPTS):
            settings = search.drawn(place + attempt * _STRIDE, prior)
            try:
                size, kb = self._filler.size(raw, settings, limit), None
                if size is not None:
                    filled = self._filler.filled(raw, settings, size)
                    settings, kb = {**settings, **filled.settings}, filled.kb
                runs = self.runs(raw, settings)
                if size is None:
                    check_cells(runs[0])
                return Trial(group, number, settings, kb, runs, raw)
            except RnnbenchError as error:
                fault = str(error)
                if not prior:
                    raise
        raise RnnbenchError(f"search: none of {_ATTEMPTS} draws for {group} gives a model that can be built: {fault}")

    def runs(self, raw: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[RunSpec, ...]:
        """Returns the runs of a configuration, one for each seed."""
        return tuple(self._seeded(raw, settings))

    def _seeded(self, raw: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[RunSpec]:
        folds = self.search.folds
        for number, seed in enumerate(self.search.seeds):
            fold = {} if folds is None else {"split.fold": number % folds, "split.folds": folds}
            yield self._filler.run(raw, {**settings, **fold, "seed": seed, "sealed": True})
