"""The input of every table and figure: the records of a results folder, or rows that a command gathered."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress, product
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import RnnbenchError
from bench.record import CELL_FILE, GRID_NOTE, Record, noted_runs, read_all, read_note, standing
from bench.report.rows.board import Board, choose
from bench.report.rows.latency import LatencyRow, Published, T
from bench.report.rows.style import noted_style, retitled
from bench.report.rows.summary import DataSet, Run, Summary, gather
from bench.spec import Grid, parse

if TYPE_CHECKING:
    from bench.report.rows.epochs import Epochs


@dataclass(frozen=True)
class Results:
    """The input of a table or figure. A part that is not there is empty, and tables of it are not made.

    Attributes:
        name: of the grid, or of all the grids that the records belong to.
        records: of the runs; those of a search's trials are not among them.
        trials: records of a search's trials, which have no test figures.
        folder: the results folder.
        grid: the grid of the folder.
        wanted: the board whose latency to show; by default the one that most models fit, the first of them.
        rows: latencies as a command gathered them.
        published: the table that published latencies among the rows are of.
        against: the cell or row that others are compared with; empty for no such table.
        rope: half the width of the region of practical equivalence, in the unit of the printed metric.
        remarks: on the records, printed below the comparison.
        unstarted: ids of the grid's runs that have no record yet.
        moved: data sets and labels of the rows that moved against earlier results.
        shown: labels of the rows that there are; empty for all.
        combinations: the place of each run of the grid, by id, on its axes but data set and seed.
        titles: of cells that have another title here, the one that their code has.
    """

    name: str
    records: tuple[Record, ...] = ()
    trials: tuple[Record, ...] = ()
    folder: Path | None = None
    grid: Grid | None = None
    wanted: str | None = None
    rows: tuple[LatencyRow, ...] = ()
    published: Published | None = None
    against: str = ""
    rope: float = 1.0
    remarks: tuple[str, ...] = ()
    unstarted: tuple[str, ...] = ()
    moved: frozenset[tuple[str, str]] = frozenset()
    shown: frozenset[str] = frozenset()
    combinations: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def rows_of(self, kind: type[T]) -> list[T]:
        """The rows of one kind."""
        return [row for row in self.rows if isinstance(row, kind)]

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """Runs gathered over seeds: every label on every data set, in order of data set and label."""
        return tuple(
            replace(
                row,
                moved=(row.data.name, row.label) in self.moved,
                unplanned=not row.runs and self.grid is not None and not self._awaited(row.data),
                combination=self._combination(row),
            )
            for row in gather(self.records)
            if not self.shown or row.label in self.shown
        )

    def only(self, labels: Collection[str]) -> Results:
        """Returns the results of some rows; the board is the one of all rows where one of them has a latency on it."""
        less, board = replace(self, shown=frozenset(labels)), self.board
        there = board is not None and any(row.latency(board.name) for row in less.summaries)
        return replace(less, wanted=board.name if board and there else None)

    def _awaited(self, data: DataSet) -> bool:
        """Whether a run of the grid on a data set may be of a row that has none yet."""
        own = _beginning(data.name.partition(" ")[0])
        axis = self.grid.grid.get("data", ()) if self.grid else ()
        every = (_beginning(str(value["name"] if isinstance(value, Mapping) else value)) for value in axis)
        others = tuple(other for other in every if other != own and other.startswith(own))  # digits-mfcc- of digits-
        return any(name.startswith(own) and not name.startswith(others) for name in self.unstarted)

    def _combination(self, row: Summary) -> tuple[int, ...] | None:
        found = {self.combinations.get(run.record.id) for run in row.runs}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def epochs(self) -> Epochs:
        """The epochs of the finished runs."""
        from bench.report.rows.epochs import read_epochs  # here: pandas, which it takes, is slow to import

        return read_epochs(self.runs)

    @property
    def runs(self) -> list[Run]:
        """All runs, in order of id."""
        return sorted((run for summary in self.summaries for run in summary.runs), key=lambda run: run.record.id)

    @property
    def data_sets(self) -> list[DataSet]:
        """Data sets, in order of name."""
        return list({summary.data.name: summary.data for summary in self.summaries}.values())

    def summary(self, data: DataSet, label: str) -> Summary:
        """The runs of a label on a data set."""
        return self._by_place[data.name, label]

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Summary]:
        return {(row.data.name, row.label): row for row in self.summaries}

    def rows_on(self, data: DataSet) -> list[Summary]:
        """The rows of a data set, in order of label."""
        return [summary for summary in self.summaries if summary.data == data]

    @property
    def cell_files(self) -> list[Path]:
        """The copies beside the records of users' files that cells came from, one of each version."""
        found: dict[str, Path] = {}
        for record in self.records:
            source = (record.spec.get("cell") or {}).get("source")
            if source and record.folder is not None:
                found.setdefault(source, record.folder / CELL_FILE)
        return [*found.values()]

    @property
    def by_size(self) -> list[str]:
        """Labels by mean KB over the data sets, smallest first; those without a finished run last."""
        sizes: dict[str, list[float]] = {summary.label: [] for summary in self.summaries}
        for summary in self.summaries:
            kb = summary.mean("kb")
            sizes[summary.label] += [] if kb is None else [kb]
        mean = {label: sum(found) / len(found) if found else math.inf for label, found in sizes.items()}
        return sorted(mean, key=lambda label: (mean[label], label))

    @cached_property
    def board(self) -> Board | None:
        """The board whose latency to show; ``None`` when no run has a latency.

        Raises:
            RnnbenchError: when no run has a latency on the board that is wanted.
        """
        return choose(self.summaries, self.wanted)


def _beginning(data: str) -> str:
    """Returns what ids of the runs on a data set begin with."""
    return f"{re.sub('[^A-Za-z0-9]', '-', data)[:30]}-"


def read(folder: Path, board: str | None = None) -> Results:
    """Reads the results of a folder's grid as it is now, each run with the status that is true now.

    Records of runs that an earlier version of the grid had are left out: a table does not mix experiments.

    Args:
        folder: the results folder.
        board: whose latency to show.

    Raises:
        RnnbenchError: when the folder does not exist or holds no record, or a record is damaged.
    """
    if not folder.is_dir():
        raise RnnbenchError(f"there is no results folder {folder}: run a grid first, or name the folder it wrote")
    noted = noted_runs(folder)
    records = [record for record in read_all(folder) if noted is None or record.id in noted]
    if not records:
        raise RnnbenchError(f"{folder} holds no records: run a grid first, or name the folder that it wrote")
    cells = noted_style(folder).cells
    true = [_as_it_is(record) for record in (retitled(records, cells) if cells else records)]
    sealed = tuple(record for record in true if record.spec.get("sealed"))
    opened = tuple(record for record in true if not record.spec.get("sealed"))
    unstarted = tuple(sorted((noted or frozenset()) - {record.id for record in records}))
    grid = noted_grid(folder)
    name = grid.name if grid else " + ".join(sorted({record.grid for record in records}))
    combinations = _combinations(grid, (read_note(folder) or {}).get("runs") or ()) if grid else {}
    titles = {new: old for old, new in cells.items()}
    return Results(
        name,
        opened,
        sealed,
        folder,
        grid,
        board,
        unstarted=unstarted,
        combinations=combinations,
        titles=titles,
    )


def _combinations(grid: Grid, ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Returns the place of each run on the axes but data set and seed; none where runs were drawn, or axes repeat one.

    The ids stand in the order of the combinations.
    """
    count = math.prod(map(len, grid.grid.values()))
    if grid.search is not None or count != len(ids):
        return {}
    kept = [axis not in ("data", "seed") for axis in grid.grid]
    places = product(*(range(len(values)) for values in grid.grid.values()))
    return {name: tuple(compress(place, kept)) for name, place in zip(ids, places, strict=True)}


def _as_it_is(record: Record) -> Record:
    """Returns a record with the status that is true now."""
    assert record.folder is not None  # noqa: S101
    status, reason = standing(record, record.folder)
    return record if status is record.status else record.model_copy(update={"status": status, "reason": reason})


def noted_grid(folder: Path) -> Grid | None:
    """Reads the grid that a results folder belongs to; ``None`` where none was noted."""
    note = read_note(folder)
    if note is None:
        return None
    note.pop("runs", None)
    with suppress(RnnbenchError):  # it was written by another version
        grid: Grid = parse(Grid, note, str(folder / GRID_NOTE))
        return grid
    return None
