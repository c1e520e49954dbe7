"""Learning curves: on the page a small panel for each row, in print a panel for each data set with its best rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bench.report.comparing.twins import names
from bench.report.drawing.looks import line_looks
from bench.report.drawing.plots import draw_lines
from bench.report.drawing.svg import ACCENT, FAINT, STYLE, blank, to_svg
from bench.report.figure import Figure, Panel, file_name
from bench.report.rows.results import Results
from bench.report.rows.short import row_names
from bench.report.rows.summary import DataSet

_ABOUT = (
    "Validation data. Line: mean over the seeds that trained that long; band: from the least to the greatest of them; "
    "grey: the other cells."
)
_CAPTION = (
    "Validation data by epoch. Line: mean over the seeds that trained that long; band: from the least to the greatest."
)
_PANELS, _LINES = 24, 8
"""Rows of a data set that have a panel, which holds the lines of all others; and that are printed in one."""
_CUT = " The worst fifth of the perplexities, those of the first epochs, lies above the panels."


def figure(results: Results) -> Figure | None:
    """The panels, data set by data set; ``None`` where no run has a readable ``metrics.csv``."""
    metrics, unread = results.epochs.validation, results.epochs.unread
    panels = (*_panels(results, metrics), *_printed(results, metrics))
    if not panels:
        return None
    about, caption = _ABOUT, _CAPTION
    rows = max(len(_best(results, data)) for data in results.data_sets)
    if rows > _PANELS:
        about = f"{_ABOUT} Of each data set the {_PANELS} rows with the best mean in its table are drawn."
    if rows > _LINES:
        caption += f" Of each data set the {_LINES} rows with the best mean in its table."
    cut = "" if all(data.upwards for data in results.data_sets) else _CUT
    about = (
        f"{about}{cut} Without readable figures on validation data: {', '.join(unread)}." if unread else f"{about}{cut}"
    )
    return Figure("Learning curves", about, panels, small=True, caption=f"{caption}{cut}")


def _panels(results: Results, metrics: pd.DataFrame) -> Iterator[Panel]:
    short = names(results)
    for number, data in enumerate(results.data_sets):
        own = _of(metrics, data, _best(results, data)[:_PANELS])
        if own.empty:
            continue
        draw = cache(partial(_draw, own, "%" if data.percent else data.quality, f"curve-{number}", data.upwards))
        drawn = set(own["label"])
        for label in (label for label in results.by_size if label in drawn):
            yield Panel(short.get(label, label), partial(_one_of, draw, label), group=data.title)


def _one_of(draw: Callable[[], Mapping[str, str]], label: str) -> str:
    return draw()[label]


def _printed(results: Results, metrics: pd.DataFrame) -> Iterator[Panel]:
    short = row_names(results)
    for data in results.data_sets:
        best = _best(results, data)[:_LINES]
        own = _of(metrics, data, best)
        if not own.empty:
            looks = line_looks([(short[label], results.summary(data, label).cell) for label in best])
            rows = own.assign(row=own["label"].map(short), x=own["epoch"])
            draw = partial(_print, rows=rows, looks=looks, y_label=data.quality_title, upwards=data.upwards)
            yield Panel(data.title, name=file_name("curves", data.name), group="Learning curves", draw=draw)


def _print(axes: Axes, rows: pd.DataFrame, looks: dict[str, dict[str, object]], y_label: str, upwards: bool) -> None:
    draw_lines(axes, rows, looks)
    axes.set(xlabel="epoch", ylabel=y_label, ylim=_limits(rows, upwards))


def _of(metrics: pd.DataFrame, data: DataSet, labels: list[str]) -> pd.DataFrame:
    """Returns the epochs of some rows of a data set, the values as printed."""
    own = metrics[(metrics["data"] == data.name) & metrics["label"].isin(labels)]
    return own.assign(value=own["value"] * data.scale)


def _best(results: Results, data: DataSet) -> list[str]:
    """Returns the labels of the rows of a data set that have a mean, the best first."""
    means = {row.label: row.mean(data.quality) for row in results.rows_on(data)}
    found = {label: -mean if data.upwards else mean for label, mean in means.items() if mean is not None}
    return sorted(found, key=found.__getitem__)


def _limits(metrics: pd.DataFrame, upwards: bool) -> tuple[float, float]:
    """Returns the ends of the y axis; where a lower value is better, the worst fifth of the values may lie outside."""
    low, high = (float(metrics["value"].quantile(share)) for share in (0.0, 1.0 if upwards else 0.8))
    return _with_room(low, high)


def _with_room(low: float, high: float) -> tuple[float, float]:
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _draw(metrics: pd.DataFrame, y_label: str, key: str, upwards: bool) -> dict[str, str]:
    """Draws the learning curves of one data set: a small panel for each label, all with the same axes.

    The line is the mean over the seeds that trained that long, the band from the least to the greatest of them.

    Args:
        metrics: columns ``label``, ``seed``, ``epoch`` and ``value``.
        y_label: with its unit.
        key: a word that no other figure of the page has.
        upwards: whether a higher value is better.
    """
    spans = metrics.groupby(["label", "epoch"], as_index=False)["value"].agg(["mean", "min", "max"])
    curves = dict(iter(spans.groupby("label")))
    every = max(1, int(metrics["epoch"].max()) // 60)
    ghosts = {label: curve.loc[curve["epoch"] % every == 0, ["epoch", "mean"]] for label, curve in curves.items()}
    first, last = metrics["epoch"].min(), metrics["epoch"].max()
    panels = {}
    with mpl.rc_context(STYLE | {"xtick.labelsize": 9, "ytick.labelsize": 9, "font.size": 10}):
        figure, axes = blank(2.9, 2.0)  # one for all: drawing its axes and laying it out is what takes time
        axes.set(xlim=_with_room(first, last), ylim=_limits(metrics, upwards))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        figure.set_layout_engine("tight")
        for number, label in enumerate(dict.fromkeys(metrics["label"])):
            own = curves[label]
            others = _broken([line for other, line in ghosts.items() if other != label])
            axes.plot(others["epoch"], others["mean"], color=FAINT, linewidth=1)
            sns.lineplot(own, x="epoch", y="mean", estimator=None, color=ACCENT, linewidth=1.6, ax=axes)
            axes.fill_between(own["epoch"], own["min"], own["max"], color=ACCENT, alpha=0.2, linewidth=0)
            axes.set(xlabel="epoch", ylabel=y_label)
            said = f"{label}: {y_label} over epochs, at the end {own['mean'].iloc[-1]:.4g}"
            panels[label] = to_svg(figure, said, f"{key}-{number}")
            for artist in (*axes.lines, *axes.collections):
                artist.remove()
    return panels


def _broken(lines: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Joins lines to one that has a gap after each: drawn as one, they take a tenth of the time."""
    gap = pd.DataFrame({"epoch": [math.nan], "mean": [math.nan]})
    return pd.concat([part for line in lines for part in (gap, line)][1:] or [gap])
