"""Draws on axes for print: quality against cost, and lines with bands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bench.report.drawing.looks import legend_label, look, look_of
from bench.report.drawing.scatter import Joined, Point, by_cell, draw_spread, keep_to_shares, scale_x, undominated

if TYPE_CHECKING:
    import pandas as pd

_MARKED = 12
"""The most epochs that a line marks one by one."""
_LONGEST = 24
"""The most letters of a cell's title, and of what tells a variant of it, in a legend."""


def draw_trade_off(
    axes: Axes,
    points: Sequence[Point],
    x_label: str,
    y_label: str,
    higher_is_better: bool,
    joined: Joined = (),
    lines: bool = False,
) -> None:
    """Draws quality against cost; int8 models are filled, others hollow.

    Arrows lead from a cell to the same cell made small; without any, a line joins the Pareto front. With ``lines`` a
    line joins the points of a cell.
    """
    for left, right in () if joined else pairwise(undominated(points, higher_is_better)):
        axes.plot([left.x, right.x, right.x], [left.y, left.y, right.y], color="#999999", linewidth=0.6, zorder=1)
    for start, end in joined:
        arrow = {"arrowstyle": "->", "color": "#666666", "linewidth": 0.6, "shrinkA": 4, "shrinkB": 4}
        axes.annotate("", (end.x, end.y), (start.x, start.y), arrowprops=arrow, zorder=1)
    cells = [point.cell or point.label for point in points]
    alike = defaultdict[tuple[str, str, bool], list[Point]](list)
    variants = defaultdict[str, dict[str, None]](dict)
    for cell, point in zip(cells, points, strict=True):
        alike[cell, point.variant, point.small].append(point)
        variants[cell][point.variant] = None
    for (cell, variant, small), own in alike.items():
        colour, marker = look_of(cell, [*variants[cell]].index(variant), cells)
        face = colour if small else "white"
        style: Any = {"color": colour, "marker": marker, "markerfacecolor": face, "markeredgewidth": 0.9}
        draw_spread(axes, own, capsize=1.5, elinewidth=0.7, zorder=3, **style)
    for cell, variant in ((cell, variant) for cell, own in variants.items() for variant in own):
        colour, marker = look_of(cell, [*variants[cell]].index(variant), cells)
        name = " ".join(filter(None, (legend_label(cell, _LONGEST), variant[:_LONGEST])))
        axes.plot([], [], color=colour, marker=marker, linestyle="", label=name)
    for cell, path in by_cell(points).items() if lines else ():
        axes.plot([p.x for p in path], [p.y for p in path], color=look(cell, cells).colour, linewidth=0.6, zorder=2)
    scale_x(axes, [point.x for point in points], lines)
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.margins(x=0.08, y=0.1)
    keep_to_shares(axes, y_label)


def draw_lines(axes: Axes, rows: pd.DataFrame, looks: Mapping[str, Mapping[str, Any]]) -> None:
    """Draws a line for each row: the mean over the seeds that have so much, the band from the least to the greatest.

    Args:
        axes: to draw on.
        rows: columns ``row``, ``x``, ``value``, a line of it for each seed and x.
        looks: of rows, by name; those that are not in it are not drawn.
    """
    for row, style in looks.items():
        own = rows[rows["row"] == row].groupby("x")["value"].agg(["mean", "min", "max"])
        if own.empty:
            continue
        marker: Any = {"marker": "."} if len(own) <= _MARKED else {}
        axes.plot(own.index, own["mean"], **{**marker, **style})
        axes.fill_between(own.index, own["min"], own["max"], color=style["color"], alpha=0.1, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
