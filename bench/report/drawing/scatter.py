"""Draws quality against cost. Points carry their names: identity is never by colour alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from bench.report.drawing.place import Box, place
from bench.report.drawing.svg import ACCENT, BACK, MUTED, STYLE, blank, to_svg


class Point(NamedTuple):
    """A cell in a plane: its cost to the right, its quality upwards.

    Attributes:
        label: the cell.
        x: KB or ms.
        x_range: the least and the most that x may be, where that is known.
        y: mean quality.
        y_half: half of the interval of y, where that is known.
        cell: the title of the cell, which has one colour and marker in all printed figures.
        small: whether its numbers are int8.
        variant: its options, where points of the cell differ in them; they have markers and words of their own.
    """

    label: str
    x: float
    y: float
    x_range: tuple[float, float] | None = None
    y_half: float | None = None
    cell: str = ""
    small: bool = False
    variant: str = ""


NAMED = 40
"""The most points that are all named; of more only the best are, at most as many."""
Joined = Sequence[tuple[Point, Point]]
"""Points with a line from one to the other: the same cell before and after."""
Stroke = tuple[float, float, float, float]
"""A straight line from x, y to x, y."""


def undominated(points: Sequence[Point], higher_is_better: bool = True) -> list[Point]:
    """Returns the points that no other equals or beats in both ways and beats in one, from cheap to dear."""
    sign = 1 if higher_is_better else -1

    def beats(other: Point, point: Point) -> bool:
        differ = (other.x, other.y) != (point.x, point.y)
        return differ and other.x <= point.x and sign * other.y >= sign * point.y

    best = (point for point in points if not any(beats(other, point) for other in points))
    return sorted(best, key=lambda point: (point.x, point.label))


def by_cell(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Returns the points of each cell, from cheap to dear."""
    found: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda point: point.x):
        found.setdefault(point.cell, []).append(point)
    return found


def trade_off(
    points: Sequence[Point],
    x_label: str,
    y_label: str,
    higher_is_better: bool,
    key: str,
    joined: Joined = (),
    *,
    lines: bool = False,
) -> str:
    """Draws quality against cost, a named point for each cell; filled where no other cell is better in both.

    Args:
        points: at least one.
        x_label: with its unit.
        y_label: with its unit.
        higher_is_better: which way quality points.
        key: a word that no other figure of the page has.
        joined: pairs of points with an arrow from one to the other; without any, a line of steps joins the best.
        lines: whether a line joins the points of a cell; then only the best have a spread, and of other cells the
            dearest point a name.
    """
    with mpl.rc_context(STYLE):
        figure, axes = blank(4.4, 3.2)
        best = undominated(points, higher_is_better)
        strokes = list(_strokes(points, best, joined))
        for left, right in () if joined else pairwise(best):
            axes.plot([left.x, right.x, right.x], [left.y, left.y, right.y], color=ACCENT, linewidth=0.8, alpha=0.6)
        for start, end in joined:
            arrow = {"arrowstyle": "->", "color": MUTED, "linewidth": 1, "shrinkA": 5, "shrinkB": 5}
            axes.annotate("", (end.x, end.y), (start.x, start.y), arrowprops=arrow, zorder=1)
        for path in by_cell(points).values() if lines else ():
            axes.plot([p.x for p in path], [p.y for p in path], color=MUTED, linewidth=0.7, alpha=0.6, zorder=1)
        others = [point._replace(y_half=None) if lines else point for point in points if point not in best]
        _draw_points(axes, others, filled=False, size=3 if lines else 6)
        _draw_points(axes, best, filled=True)
        scale_x(axes, [x for point in points for x in (point.x, *(point.x_range or ()))], lines)
        axes.margins(x=0.12, y=0.16)
        keep_to_shares(axes, y_label)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.yaxis.set_major_locator(MaxNLocator(6))
        figure.set_layout_engine("tight")
        _pixels(figure)
        engine = figure.get_layout_engine()
        assert engine is not None  # noqa: S101
        engine.execute(figure)
        figure.set_layout_engine("none")
        rest = [point for point in points if point not in best] if len(points) <= NAMED else []
        if lines:
            rest = [path[-1] for path in by_cell(points).values() if not any(point in best for point in path)]
        named = [*best, *rest][: max(NAMED, len(points) if rest else 0)]
        _name_points(figure, axes, named, best, strokes)
        what = "; ".join(f"{p.label}: {p.x:.4g}, {p.y:.4g}" for p in sorted(points, key=lambda p: p.x))
        return to_svg(figure, f"{y_label} against {x_label}. {what}", key)


def draw_spread(axes: Axes, points: Sequence[Point], **style: Any) -> None:
    """Draws points that look alike, each with the bar of its interval, where it has one."""
    spread = [math.nan if point.y_half is None else point.y_half for point in points]
    bars = None if all(map(math.isnan, spread)) else spread
    axes.errorbar([p.x for p in points], [p.y for p in points], yerr=bars, linestyle="", **style)


def _draw_points(axes: Axes, points: Sequence[Point], filled: bool, size: float = 6) -> None:
    """Draws points that look alike, with bars of their spread and lines to the least and the most that x may be."""
    if not points:
        return
    colour = ACCENT if filled else MUTED
    draw_spread(axes, points, color=colour, elinewidth=1, capsize=2, zorder=2)
    for point in points:
        if point.x_range is not None:
            axes.plot(point.x_range, [point.y, point.y], color=colour, linewidth=1, alpha=0.45, zorder=2)
    marks: Any = {"markersize": size, "markeredgecolor": colour, "markerfacecolor": ACCENT if filled else BACK}
    axes.plot([p.x for p in points], [p.y for p in points], "o", zorder=3, **marks)


def _strokes(points: Sequence[Point], best: Sequence[Point], joined: Joined = ()) -> Iterator[Stroke]:
    """Yields the straight lines of the figure, from x, y to x, y, which names had better not cross."""
    for point in points:
        if point.y_half is not None:
            yield point.x, point.y - point.y_half, point.x, point.y + point.y_half
        if point.x_range is not None:
            yield point.x_range[0], point.y, point.x_range[1], point.y
    for start, end in joined:
        yield start.x, start.y, end.x, end.y
    for left, right in () if joined else pairwise(best):
        yield left.x, left.y, right.x, left.y
        yield right.x, left.y, right.x, right.y


def _around(axes: Axes, x: float, y: float, to_x: float, to_y: float) -> Box:
    """Returns the box around a line in pixels, with a little room."""
    (left, low), (right, high) = (map(float, axes.transData.transform(end)) for end in ((x, y), (to_x, to_y)))
    return Box(min(left, right) - 1, min(low, high) - 1, max(left, right) + 1, max(low, high) + 1)


def scale_x(axes: Axes, values: Sequence[float], always: bool = False) -> None:
    """Makes the axis logarithmic, with plain numbers, where values differ widely, or always."""
    if min(values) <= 0 or (max(values) < 4 * min(values) and not always):
        return
    axes.set_xscale("log")
    span = max(values) / min(values)
    ticks = (1, 3) if span > 60 else (1, 2, 5) if span >= 4 else (1, 1.5, 2, 3, 4, 5, 7)
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.10g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())


def keep_to_shares(axes: Axes, y_label: str) -> None:
    """Ends an axis of percentages at 0 and 100, whatever the bars of few seeds reach."""
    if y_label.endswith("(%)"):
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, -1), min(high, 101))


def _name_points(
    figure: Figure, axes: Axes, points: Sequence[Point], best: Sequence[Point], strokes: Sequence[Stroke]
) -> None:
    """Writes each name beside its point, in this order; a line leads to a name further off."""
    renderer = _pixels(figure).get_renderer()
    at = [tuple(map(float, axes.transData.transform((p.x, p.y)))) for p in points]
    sizes, taken = [], []
    for point, (x, y) in zip(points, at, strict=True):
        probe = figure.text(0, 0, point.label, fontsize=8.5, fontweight="bold" if point in best else "normal")
        extent = probe.get_window_extent(renderer)
        probe.remove()
        sizes.append((extent.width + 2, extent.height))
        taken.append(Box(x - 5, y - 5, x + 5, y + 5))
    taken += [_around(axes, *ends) for ends in strokes]
    frame = axes.get_window_extent(renderer)
    boxes = place([(x, y) for x, y in at], sizes, taken, Box(frame.x0, frame.y0, frame.x1, frame.y1))
    back = axes.transData.inverted()
    for point, (x, y), box in zip(points, at, boxes, strict=True):
        middle = ((box.left + box.right) / 2, (box.low + box.high) / 2)
        near = (min(max(x, box.left), box.right), min(max(y, box.low), box.high))
        if abs(near[0] - x) + abs(near[1] - y) > 12:
            ends = back.transform([(x, y), near])
            axes.plot(ends[:, 0], ends[:, 1], color=MUTED, linewidth=0.5, zorder=1, scalex=False, scaley=False)
        weight = "bold" if point in best else "normal"
        where_x, where_y = back.transform(middle)
        axes.text(where_x, where_y, point.label, fontsize=8.5, fontweight=weight, ha="center", va="center", zorder=4)


def _pixels(figure: Figure) -> Any:
    """Returns a canvas to measure text on; matplotlib leaves it untyped."""
    return FigureCanvasAgg(figure)
