"""Draws quality against cost for print: at a column's width, as PDF and PNG, a colour and a marker for each cell."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench import zoo
from bench.report.drawing.scatter import Joined, Point, scale_x, undominated
from bench.report.labels import printable

COLUMN_INCHES = 3.3
_OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A8A00")
"""Okabe and Ito's colours (2008), which the colour-blind tell apart; olive for their yellow, too light for a marker."""
_MARKERS = "osD^vP*X"
_PRINT: Any = {
    "pdf.fonttype": 42,  # text stays text
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 7,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.4,
    "axes.axisbelow": True,
}


class Look(NamedTuple):
    """The colour and the marker of a cell, in every figure."""

    colour: str
    marker: str


@cache
def _order() -> tuple[str, ...]:
    return tuple(cls.title for cls in zoo.all_cells().values())


def look(cell: str, others: Sequence[str] = ()) -> Look:
    """Returns the look of a cell by its title: of ours always the same, of a user's the next ones in order of title.

    Args:
        cell: its title.
        others: titles in the figure.
    """
    strangers = sorted({title for title in (*others, cell) if title not in _order()})
    at = [*_order(), *strangers].index(cell)
    turn = at // len(_OKABE_ITO)  # a second round has the colours with other markers
    return Look(_OKABE_ITO[at % len(_OKABE_ITO)], _MARKERS[(at + 3 * turn) % len(_MARKERS)])


def print_trade_off(
    points: Sequence[Point], x_label: str, y_label: str, higher_is_better: bool, joined: Joined = ()
) -> dict[str, bytes]:
    """Draws quality against cost with a legend; int8 models are filled, others hollow.

    Arrows lead from a cell to the same cell made small; without any, a line joins the Pareto front.

    Returns:
        The files by their endings, ``pdf`` and ``png``, the same bytes every time.
    """
    with mpl.rc_context(_PRINT):
        figure = Figure(figsize=(COLUMN_INCHES, 2.5), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        for left, right in () if joined else pairwise(undominated(points, higher_is_better)):
            axes.plot([left.x, right.x, right.x], [left.y, left.y, right.y], color="#999999", linewidth=0.6, zorder=1)
        for start, end in joined:
            arrow = {"arrowstyle": "->", "color": "#666666", "linewidth": 0.6, "shrinkA": 4, "shrinkB": 4}
            axes.annotate("", (end.x, end.y), (start.x, start.y), arrowprops=arrow, zorder=1)
        cells = [point.cell or point.label for point in points]
        for cell, point in zip(cells, points, strict=True):
            colour, marker = look(cell, cells)
            face = colour if point.small else "white"
            style: Any = {"color": colour, "marker": marker, "markersize": 4.5, "markerfacecolor": face}
            style |= {"linewidth": 0.7, "markeredgewidth": 0.9, "zorder": 3}
            axes.errorbar(point.x, point.y, yerr=point.y_sd, capsize=1.5, **style)
        scale_x(axes, [point.x for point in points])
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.margins(x=0.08, y=0.1)
        handles = [_handle(cell, cells) for cell in dict.fromkeys(cells)]
        figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=6.5)
        return {"pdf": _saved(figure, "pdf"), "png": _saved(figure, "png")}


def _handle(cell: str, cells: Sequence[str]) -> Line2D:
    colour, marker = look(cell, cells)
    return Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4.5, label=printable(cell[:24]))


def _saved(figure: Figure, ending: str) -> bytes:
    buffer = io.BytesIO()
    metadata: Any = {"CreationDate": None} if ending == "pdf" else {"Software": None}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph ", category=UserWarning)  # of a script that no font here has
        figure.savefig(buffer, format=ending, dpi=300, metadata=metadata)
    return buffer.getvalue()
