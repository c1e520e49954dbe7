"""Reads results: a frame, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

    from bench.report import Results
    from bench.report.notebook import FigureView, TableView

Place: TypeAlias = str | Path
Where: TypeAlias = Place | Sequence[Place] | Mapping[str, Place]
"""A results folder; several, whose runs are pooled; or several by label, whose rows stay apart."""


def load(results: Where, *, spec: bool = False) -> pd.DataFrame:
    """Returns the runs as a frame: a row for every run and board, units in the names of columns.

    ``docs/python.md`` describes the columns. A run without a latency has one row, without a board; a run that is not
    done has no figures.

    Args:
        results: a results folder; a list of them, pooled; or a mapping from labels to folders.
        spec: whether to add a column for every key of the specifications, by dotted path: ``train.learning_rate``.

    Raises:
        RnnbenchError: when a folder is not there, holds no record, or a record is damaged.
    """
    from bench.report.tidy import tidy

    return tidy(_read(results, None), spec)


def table(
    results: Where, name: str = "comparison", *, board: str | None = None, against: str = "", rope: float = 1.0
) -> TableView:
    """Returns a table of ``rnnbench report``, which a notebook shows; its ``latex`` and ``markdown`` are text.

    Args:
        results: as for :func:`load`.
        name: ``comparison``, or another that the results have something for: ``ladder``, ``study``, ``compare`` ...
        board: whose latency to show; by default the one that most models fit.
        against: for ``compare``, the cell or row that others are compared with, by seed.
        rope: for ``compare``, half the width of the region of practical equivalence, in points.

    Raises:
        RnnbenchError: as :func:`load`, or when the results have no such table or board.
    """
    from bench.report.notebook import table_view

    return table_view(replace(_read(results, board), against=against, rope=rope), name)


def figure(results: Where, name: str = "cost", *, board: str | None = None) -> FigureView:
    """Returns a figure of ``rnnbench report``, which a notebook shows; its ``svgs`` are text.

    Args:
        results: as for :func:`load`.
        name: ``cost`` (quality against KB and ms), ``curves``, or one drawing of them, such as ``size-hapt2``.
        board: whose latency to show; by default the one that most models fit.

    Raises:
        RnnbenchError: as :func:`load`, or when the results have no such figure or board.
    """
    from bench.report.notebook import figure_view

    return figure_view(_read(results, board), name)


def _read(results: Where, board: str | None) -> Results:
    from bench.report.rows.several import Source, read_several

    if isinstance(results, str | Path):
        return read_several([Source(Path(results))], board)
    if isinstance(results, Mapping):
        return read_several([Source(Path(folder), label) for label, folder in results.items()], board)
    return read_several([Source(Path(folder)) for folder in results], board)
