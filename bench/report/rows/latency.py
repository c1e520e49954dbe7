"""Rows of predicted, simulated and published latency, as commands gather them, and tables of them by number format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, TypeVar

from bench.report.table import Column, Entry, Row, Spanner, Table

FORMATS = ("int8", "float32")
NO_BOARD = "Cycles are of the core at zero flash wait states. No figure was measured on a board."
MODEL = (Column("Data", align="left"), Column("Cell", align="left"), Column("H", align="right"))
"""The stub of a table whose rows are models."""


@dataclass(frozen=True, kw_only=True)
class LatencyRow:
    """A latency on a board, in one number format; its fields are those of a command's row that are printed."""

    board: str
    board_title: str
    format: str


@dataclass(frozen=True, kw_only=True)
class Model(LatencyRow):
    """The latency of the model of a run; untrained, the weights are random."""

    run: str
    data_title: str
    label: str
    hidden: int
    trained: bool
    ratio: float | None


@dataclass(frozen=True, kw_only=True)
class Prediction(Model):
    """A row of ``rnnbench latency``: fields of :class:`bench.mcu.Prediction`."""

    cycles_per_step: int
    answer_cycles: int
    ms_per_step: float
    ms: float
    ms_low: float
    ms_high: float
    flash_bytes: int
    ram_bytes: int
    fits_flash: bool
    fits_ram: bool
    keeps_up: bool | None


@dataclass(frozen=True, kw_only=True)
class Simulation(Model):
    """A row of ``rnnbench simulate``: fields of :class:`bench.mcu.Compared`."""

    compiler: str
    simulator: str
    predicted_step: int
    simulated_step: float
    error: float
    agrees: bool


@dataclass(frozen=True, kw_only=True)
class Beside(LatencyRow):
    """A row of ``rnnbench latency --against``: a published latency beside ours; either may be missing."""

    title: str
    data: str
    published_ms: float | None
    ms_low: float | None
    ms_high: float | None
    fits_flash: bool | None
    fits_ram: bool | None


@dataclass(frozen=True, kw_only=True)
class Against(LatencyRow):
    """A row of ``rnnbench simulate --against``: cycles of a step, theirs and ours, and how theirs were obtained."""

    library: str
    units: int
    features: int
    theirs: int
    ours: int
    ratio: float
    how: str


class Published(NamedTuple):
    """A published table: its source, its caveats, and titles of its data sets by name."""

    source: str
    caveats: list[str]
    data_sets: dict[str, str]


T = TypeVar("T", bound=LatencyRow)
M = TypeVar("M", Prediction, Simulation)


def typed(kind: type[T], rows: Iterable[Mapping[str, Any]]) -> tuple[T, ...]:
    """Picks from a command's rows the fields that are printed."""
    names = [field.name for field in fields(kind)]
    return tuple(kind(**{name: row[name] for name in names}) for row in rows)


def columns_by_format(
    models: Sequence[M], texts: Mapping[str, Mapping[str, Callable[[M], str]]]
) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """Lays out columns under a spanner for each number format, and a row for each run.

    Args:
        models: on one board.
        texts: for each format the titles of its columns, and what stands there of a model.
    """
    formats = [name for name in FORMATS if any(model.format == name for model in models)]
    columns = [Column(title, Spanner(name, name), align="right") for name in formats for title in texts[name]]
    rows = []
    for run in dict.fromkeys(model.run for model in models):
        own = {model.format: model for model in models if model.run == run}
        first = next(iter(own.values()))
        entries = [text(own[name]) if name in own else "" for name in formats for text in texts[name].values()]
        rows.append(Row((first.data_title, first.label, str(first.hidden)), tuple(map(Entry, entries))))
    return tuple(columns), tuple(rows)


def of_model(models: Sequence[M], texts: Mapping[str, Callable[[M], str]]) -> Table:
    """Lays out one model: rows are boards and number formats."""
    stub = (Column("board", align="left"), Column("format", align="left"))
    rows = (Row((model.board, model.format), tuple(Entry(text(model)) for text in texts.values())) for model in models)
    return Table("model", "", tuple(Column(title, align="right") for title in texts), tuple(rows), stub=stub)


def untrained(models: Iterable[Model]) -> tuple[str, ...]:
    """Returns the note on untrained weights, where there are any."""
    trained = all(model.trained for model in models)
    return () if trained else ("Weights are untrained: cycles of integers hardly depend on values.",)
