"""Beta against 1 - alpha: whether what a cell keeps and what it adds come to one, beside the paper's Table 7."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from bench.report.drawing.looks import legend_label, look
from bench.report.drawing.press import to_page
from bench.report.figure import Figure, Panel, file_name
from bench.report.rows.learnt import alpha_beta, printed
from bench.report.rows.results import Results
from bench.report.rows.short import short_names
from bench.report.rows.summary import DataSet, Summary
from bench.report.statistics import deviation, mean

_ABOUT = (
    "What cells learnt for alpha and beta, means over seeds with one sample standard deviation; the number beside a "
    "point is how many steps the sequences have. On the line beta is 1 - alpha, to which the FastGRNN paper says that "
    "it comes by itself on long sequences. Grey crosses: the paper's Table 7, where the data set is its own."
)


class _Point(NamedTuple):
    cell: str
    name: str
    steps: int
    alphas: Sequence[float]
    betas: Sequence[float]


def figure(results: Results) -> Figure | None:
    """A panel for each data set, at any number of steps; ``None`` where no cell learnt both alpha and beta."""
    points: dict[str, list[_Point]] = defaultdict(list)
    data_sets: dict[str, DataSet] = {}
    short = short_names(results.summaries)
    for row in results.summaries:
        if point := _point(row, short.get(row.label, row.label)):
            name = row.data.name.partition(" ")[0]
            points[name].append(point)
            data_sets.setdefault(name, row.data)
    panels = []
    for name, own in points.items():
        title = data_sets[name].title.partition(", T ")[0]
        draw = partial(_draw, points=own, paper=printed(data_sets[name]))
        said = "; ".join(f"{p.name}, T {p.steps}: alpha {mean(p.alphas):.4f}, beta {mean(p.betas):.4f}" for p in own)
        said = f"beta against 1 - alpha on {title}. {said}"
        page = partial(to_page, draw, said, f"residual-{name}")
        panels.append(Panel(title, page, file_name("residual", name), "Beta against 1 - alpha", draw=draw))
    return Figure("Beta against 1 - alpha", _ABOUT, tuple(panels), caption=_ABOUT) if panels else None


def _point(row: Summary, name: str) -> _Point | None:
    """Returns the numbers that a row learnt; ``None`` where it did not learn both freely, or no run is done."""
    known = alpha_beta(row)
    if not known or row.data.facts is None:
        return None
    return _Point(row.cell, name, row.data.facts.steps, *map(list, zip(*known, strict=True)))


def _draw(axes: Axes, points: Sequence[_Point], paper: Sequence[Mapping[str, float]]) -> None:
    cells = [point.cell for point in points]
    said: Any = {"textcoords": "offset points", "xytext": (4, -7), "color": "#666666", "fontsize": 6}
    for point in points:
        x, y = 1 - (mean(point.alphas) or 0.0), mean(point.betas) or 0.0
        colour, marker = look(point.cell, cells)
        style: Any = {"color": colour, "marker": marker, "capsize": 1.5, "linewidth": 0.7, "zorder": 3}
        bars: Any = {"xerr": deviation(point.alphas), "yerr": deviation(point.betas)}
        axes.errorbar(x, y, **bars, **style)
        axes.annotate(str(point.steps), (x, y), **said)
    for row in paper:
        x, y = 1 - row["alpha"], row["beta"]
        axes.plot(x, y, "x", color="#888888", markersize=4, zorder=2)
        axes.annotate(str(row["steps"]), (x, y), **said)
    low = min(*axes.get_xlim(), *axes.get_ylim())
    axes.plot([low, 1], [low, 1], color="#999999", linewidth=0.7, zorder=1)
    for cell in dict.fromkeys(cells):
        colour, marker = look(cell, cells)
        axes.plot([], [], color=colour, marker=marker, linestyle="", label=legend_label(cell, 24))
    if paper:
        axes.plot([], [], "x", color="#888888", label="the paper")
    axes.set(xlabel="1 - alpha", ylabel="beta")
