"""Quality against cost, KB and ms: a panel for each data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from bench.report.comparing.twins import names, twins
from bench.report.drawing.plots import draw_trade_off
from bench.report.drawing.scatter import NAMED, Point, trade_off
from bench.report.figure import Figure, Panel, file_name
from bench.report.notes import STALE, explain_latency, explain_majority
from bench.report.rows.board import Board
from bench.report.rows.ladders import variant
from bench.report.rows.results import Results
from bench.report.rows.short import short_names
from bench.report.rows.summary import Summary

_READING = (
    "Filled points: no other cell does at least as well in both ways and better in one. Vertical bars: Student's "
    "95 % interval of the mean over seeds, where there are two or more."
)
_ALIKE = 1.01
"""Costs that are within one percent of each other are alike."""
_ARROWS = " Arrows: the same cell, from dense in float32 to small in int8."
_CAPTION = "Filled: int8; hollow: float32. Bars: Student's 95 % interval of the mean over seeds."


def figure(results: Results) -> Figure | None:
    """Panels of size, and of latency where runs have it; ``None`` where no run is done, or fronts show the same."""
    if results.grid is not None and results.grid.budgets:
        return None
    board = results.board
    panels = _panels(results, None) + (_panels(results, board) if board else [])
    many = any(len(results.rows_on(data)) > NAMED for data in results.data_sets)
    about = _READING + (f" Of more than {NAMED} points only filled ones are named, at most so many." if many else "")
    about += (_ARROWS if twins(results) else "") + (_about_latency(board, results.summaries) if board else "")
    caption = _CAPTION + (_ARROWS if twins(results) else "")
    return Figure("Quality against cost", about, tuple(panels), caption=caption) if panels else None


def _about_latency(board: Board, summaries: Sequence[Summary]) -> str:
    """Says how latencies were obtained, and which of them are stale."""
    latencies = [(summary.label, summary.latency(board.name)) for summary in summaries]
    names = ", ".join(dict.fromkeys(label for label, latency in latencies if latency and latency.stale))
    stale = f" {'Every latency' if board.stale else f'The latency of {names}'} is {STALE}." if names else ""
    return (
        f" Latency: one sequence, format {board.format}, {board.method}. Horizontal lines: from the lowest to the "
        f"highest latency that the record allows.{stale}"
    )


def _panels(results: Results, board: Board | None) -> list[Panel]:
    """Quality against KB, or against ms on a board; data without a point, or whose points cost alike, have no panel."""
    kind, x_label = ("size", "KB") if board is None else ("latency", "ms per sequence")
    heading = "Size" if board is None else f"Latency on {board.title}"
    short, pairs, panels = short_names(results.summaries) | names(results), twins(results), []
    for number, data in enumerate(results.data_sets):
        tried = (results.summary(data, label) for label in results.by_size)
        drawn = [(row.label, *_point(row, board, short)) for row in tried if row.runs]
        points = _told_apart({label: point for label, point, _ in drawn if point})
        costs = [point.x for point in points.values()]
        if len(costs) == 1 or max(costs, default=0) > _ALIKE * min(costs, default=0):  # else cost says nothing
            both = ((points.get(dense.label), points.get(small.label)) for dense, small in pairs if dense.data == data)
            joined = [(start, end) for start, end in both if start and end]
            axes = (x_label, data.quality_title, data.upwards)
            page = partial(trade_off, [*points.values()], *axes, f"{kind}-{number}", joined)
            left_out = ", ".join(f"{label} ({why})" for label, _, why in drawn if why)
            draw = partial(
                draw_trade_off,
                points=[*points.values()],
                x_label=x_label,
                y_label=data.quality_title,
                higher_is_better=data.upwards,
                joined=joined,
            )
            panels.append(Panel(data.title, page, file_name(kind, data.name), heading, left_out, draw))
    return panels


def _told_apart(points: Mapping[str, Point]) -> dict[str, Point]:
    """Leaves the variants of points whose cell has several."""
    variants = {(point.cell, point.variant) for point in points.values()}
    uses = Counter(cell for cell, _ in variants)
    return {label: point if uses[point.cell] > 1 else point._replace(variant="") for label, point in points.items()}


def _point(summary: Summary, board: Board | None, short: Mapping[str, str]) -> tuple[Point | None, str]:
    """Returns a cell's point, under its short name if it has one, or the reason why it has none."""
    data, kb, name = summary.data, summary.mean("kb"), short.get(summary.label, summary.label)
    quality, half = summary.mean(data.quality), summary.half_interval
    if quality is None or kb is None:
        return None, "no finished run"
    if data.percent and explain_majority(summary)[0]:
        return None, "no better than always answering the most frequent class"  # it would flatten all the others
    own = variant(summary.runs[0].record.spec["cell"])
    kind = (summary.cell, "Q" in (summary.compression or ""), own)
    y = data.scale * quality
    if board is None:
        return Point(name, kb, y, None, half, *kind), ""
    latency = summary.latency(board.name)
    why = explain_latency(summary, board)
    if latency is None or why:
        return None, why
    ms, low, high = (latency.mean(name) for name in ("ms", "ms_low", "ms_high"))
    return Point(name, ms, y, (low, high), half, *kind), ""
