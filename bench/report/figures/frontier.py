"""Fronts of a grid that asks for sizes: quality against KB, exported flash and ms, a line for each cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from bench.report.drawing.plots import draw_trade_off
from bench.report.drawing.scatter import Point, trade_off
from bench.report.figure import Figure, Panel, file_name
from bench.report.notes import explain_latency, explain_majority
from bench.report.rows.board import Board
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet, Summary

Cost = Callable[[Summary], tuple[float | None, str]]
"""Returns what a row costs, or why it has no cost."""

_PRINTED = "A line joins the sizes of a cell; bars: 95 % intervals over seeds; grey steps: the front."


def figure(results: Results) -> Figure | None:
    """Panels for each data set; ``None`` where the grid asks for no size, or no run is done."""
    if results.grid is None or not results.grid.budgets:
        return None
    panels = tuple(panel for number, data in enumerate(results.data_sets) for panel in _panels(results, data, number))
    about = _about(results.board)
    return Figure("The frontier", about, panels, caption=_PRINTED) if panels else None


def _about(board: Board | None) -> str:
    text = (
        "Test results; a thin line joins the sizes of a cell. Filled points and steps: the front, where no other model "
        "does at least as well at no more cost. Vertical bars, on the front: the 95 % interval (Student's) of the mean "
        "over ever more seeds. KB counts what is stored, as tables do."
    )
    if board is None:
        return text
    return (
        f"{text} KB exported: the whole flash of the code for {board.title}; ms: a sequence of the data set's greatest "
        f"length there ({board.format}, {board.method})."
    )


def _panels(results: Results, data: DataSet, number: int) -> Iterator[Panel]:
    board = results.board
    costs: dict[str, tuple[str, Cost]] = {"KB": ("kb", lambda row: (row.mean("kb"), ""))}
    if board is not None:
        costs[f"KB exported for {board.title}"] = ("flash", partial(_on_board, board, "flash_bytes", 1 / 1024))
        costs[f"ms on {board.title}"] = ("ms", partial(_on_board, board, "ms", 1.0))
    rows = [row for row in results.rows_on(data) if row.n]
    for x_label, (kind, cost) in costs.items():
        drawn = [(row.label, *_point(row, cost)) for row in rows]
        if points := [point for _, point, _ in drawn if point]:
            axes: Any = {"x_label": x_label, "y_label": data.quality_title, "higher_is_better": data.upwards}
            left_out = ", ".join(f"{label} ({why})" for label, point, why in drawn if point is None)
            page = partial(trade_off, points, **axes, key=f"frontier-{kind}-{number}", lines=True)
            draw = partial(draw_trade_off, points=points, **axes, lines=True)
            yield Panel(x_label, page, file_name("frontier", data.name, kind), data.title, left_out, draw)


def _on_board(board: Board, name: str, scale: float, row: Summary) -> tuple[float | None, str]:
    latency, why = row.latency(board.name), explain_latency(row, board)
    return (None, why) if latency is None or why else (scale * latency.mean(name), "")


def _point(row: Summary, cost: Cost) -> tuple[Point | None, str]:
    x, why = cost(row)
    if x is None:
        return None, why
    if row.data.percent and explain_majority(row)[0]:
        return None, "no better than always answering the most frequent class"
    y = float(np.mean([*row.scores.values()]))
    return Point(row.cell, x, y, None, row.half_interval, row.cell, "Q" in (row.compression or "")), ""
