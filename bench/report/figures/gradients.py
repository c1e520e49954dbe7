"""Gradients through time: their norm and their condition number, by how far back a state lies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from bench.report.drawing.looks import line_looks
from bench.report.drawing.plots import draw_lines
from bench.report.drawing.press import to_page
from bench.report.figure import Figure, Panel, file_name
from bench.report.rows.results import Results
from bench.report.rows.short import row_names
from bench.report.rows.summary import DataSet

_ABOUT = (
    "By how many steps a state lies before the last, median over the same few training sequences. Condition: the ratio "
    "of the greatest to the least singular value of the last state's Jacobian with respect to that state, which the "
    "FastGRNN paper bounds for FastRNN. Gradient: the norm of the loss's gradient with respect to it. Line: mean over "
    "seeds; band: from the least to the greatest."
)
_FIGURES = {"log10_condition": "condition number, power of 10", "log10_norm": "gradient norm, power of 10"}
_TIMES = {"start": "before training", "end": "after training"}


def figure(results: Results) -> Figure | None:
    """Panels before and after training, data set by data set; ``None`` where no run has measured gradients."""
    panels = tuple(panel for number, data in enumerate(results.data_sets) for panel in _panels(results, data, number))
    return Figure("Gradients through time", _ABOUT, panels, caption=_ABOUT) if panels else None


def _panels(results: Results, data: DataSet, number: int) -> Iterator[Panel]:
    names, rows, cells = row_names(results), [], {}
    for row in results.rows_on(data):
        for _, found in row.gradients:
            cells[names[row.label]] = row.cell
            for time in _TIMES:
                course = getattr(found, time)
                for figure in _FIGURES:
                    values = zip(course.back, getattr(course, figure), strict=True)
                    rows += [(names[row.label], time, figure, back, value) for back, value in values]
    frame = pd.DataFrame(rows, columns=["row", "time", "figure", "x", "value"]).dropna()
    looks = line_looks([*cells.items()])
    for name, title in _FIGURES.items():
        for time, when in _TIMES.items():
            own = frame[(frame["time"] == time) & (frame["figure"] == name)]
            if not own.empty:
                draw = partial(_draw, rows=own, looks=looks, title=title)
                said = f"{title} {when} on {data.title}: {', '.join(cells)}"
                page = partial(to_page, draw, said, f"{name}-{time}-{number}")
                file = file_name("gradients", name.removeprefix("log10_"), time, data.name)
                yield Panel(f"{data.title}, {when}", page, file, title.partition(",")[0].capitalize(), draw=draw)


def _draw(axes: Axes, rows: pd.DataFrame, looks: dict[str, dict[str, object]], title: str) -> None:
    draw_lines(axes, rows, looks)
    axes.set(xlabel="steps before the last", ylabel=title)
