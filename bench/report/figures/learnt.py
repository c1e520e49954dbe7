"""Learnt numbers over training: alpha and beta, zeta and nu, or whatever scalars a cell has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from bench.report.drawing.looks import line_looks
from bench.report.drawing.plots import draw_lines
from bench.report.drawing.press import to_page
from bench.report.figure import Figure, Panel, file_name
from bench.report.rows.epochs import LEARNT
from bench.report.rows.results import Results
from bench.report.rows.short import row_names

_LINES = 8
_ABOUT = (
    "The numbers that cells learn beside their matrices, at the end of each epoch. Line: mean over the seeds; band: "
    "from the least to the greatest of them. Numbers that a grid holds at a value are left out."
)


def figure(results: Results) -> Figure | None:
    """A panel for each learnt number on each data set; ``None`` where no cell has any."""
    panels = tuple(_panels(results, results.epochs.learnt))
    return Figure("Learnt numbers over training", _ABOUT, panels, caption=_ABOUT) if panels else None


def _panels(results: Results, metrics: pd.DataFrame) -> Iterator[Panel]:
    short = row_names(results)
    for number, column in enumerate(dict.fromkeys(metrics["column"])):
        for place, data in enumerate(results.data_sets):
            own = metrics[(metrics["column"] == column) & (metrics["data"] == data.name)]
            labels = [label for label in results.by_size if label in set(own["label"])][:_LINES]
            if not labels:
                continue
            looks = line_looks([(short[label], results.summary(data, label).cell) for label in labels])
            rows = own.assign(row=own["label"].map(short), x=own["epoch"])
            name = column.removeprefix(LEARNT)
            draw = partial(_draw, rows=rows, looks=looks, name=name)
            said = f"{name} over epochs on {data.title}: {', '.join(looks)}"
            page = partial(to_page, draw, said, f"learnt-{number}-{place}")
            title = f"{name}, {data.title}"
            yield Panel(title, page, file_name("learnt", name, data.name), "Learnt numbers over training", draw=draw)


def _draw(axes: Axes, rows: pd.DataFrame, looks: dict[str, dict[str, object]], name: str) -> None:
    draw_lines(axes, rows, looks)
    axes.set(xlabel="epoch", ylabel=name)
