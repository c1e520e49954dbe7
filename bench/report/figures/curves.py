"""Learning curves, on the page only: each cell has a small panel of its own, with the other cells in grey behind it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.ticker import MaxNLocator

from bench.report.drawing.svg import ACCENT, FAINT, STYLE, blank, to_svg
from bench.report.figure import Figure, Panel
from bench.report.results import Results
from bench.report.summary import DataSet
from bench.report.twins import names

_ABOUT = (
    "Validation data. Line: mean over the seeds that trained that long; band: from the least to the greatest of them; "
    "grey: the other cells."
)
_MOST = 1e9
_PANELS = 24
"""Rows of a data set that have a panel: a panel holds the lines of all others, and nobody looks at hundreds."""
_CUT = " The worst fifth of the perplexities, those of the first epochs, lies above the panels."


def figure(results: Results) -> Figure | None:
    """The panels, data set by data set; ``None`` where no run has a readable ``metrics.csv``."""
    metrics, unread = _read_all(results)
    panels = tuple(_panels(results, metrics))
    if not panels:
        return None
    about = _ABOUT
    if any(len(results.rows_on(data)) > _PANELS for data in results.data_sets):
        about = f"{_ABOUT} Of each data set the {_PANELS} rows with the best mean in its table are drawn."
    cut = "" if all(data.upwards for data in results.data_sets) else _CUT
    about = f"{about}{cut} Without a readable metrics.csv: {', '.join(unread)}." if unread else f"{about}{cut}"
    return Figure("Learning curves", about, panels, small=True)


def _panels(results: Results, metrics: pd.DataFrame) -> Iterator[Panel]:
    short = names(results)
    for number, data in enumerate(results.data_sets):
        own = metrics[(metrics["data"] == data.name) & metrics["label"].isin(_best(results, data))]
        if own.empty:
            continue
        own = own.assign(value=own["value"] * data.scale)
        drawn = _draw(own, "%" if data.percent else data.quality, f"curve-{number}", data.upwards)
        for label in (label for label in results.by_size if label in drawn):
            yield Panel(short.get(label, label), drawn[label], group=data.title)


def _best(results: Results, data: DataSet) -> list[str]:
    """Returns the labels of the best rows of a data set, at most :data:`_PANELS`."""
    means = {row.label: row.mean(data.quality) for row in results.rows_on(data)}
    found = {label: -mean if data.upwards else mean for label, mean in means.items() if mean is not None}
    return sorted(found, key=found.__getitem__)[:_PANELS]


def _read_all(results: Results) -> tuple[pd.DataFrame, list[str]]:
    """Reads the epochs of all finished runs, and the ids of those whose file could not be read."""
    metric = {data.name: data.facts.metric for data in results.data_sets if data.facts}
    rows: list[tuple[float, float, str, str, int]] = []
    unread = []
    for run in results.runs:
        if not run.done or run.record.folder is None:
            continue
        try:
            epochs = _read(run.record.folder, f"validation_{metric[run.data]}")
            rows += [(epoch, value, run.data, run.label, run.seed) for epoch, value in epochs]
        except (OSError, ValueError, csv.Error):
            unread.append(run.record.id)
    return pd.DataFrame(rows, columns=["epoch", "value", "data", "label", "seed"]), unread


def _read(folder: Path, column: str) -> list[tuple[float, float]]:
    """Reads the epochs of a run, less those without a number or with a hopeless one, which a run that diverged has."""
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
        names, *lines = csv.reader(file)
    at, to = names.index("epoch"), names.index(column)
    epochs = [(float(line[at] or "nan"), float(line[to] or "nan")) for line in lines if len(line) > max(at, to)]
    found = [(epoch, value) for epoch, value in epochs if abs(epoch) < _MOST and abs(value) < _MOST]
    if not found:
        raise ValueError("no epoch has a number")
    return found


def _draw(metrics: pd.DataFrame, y_label: str, key: str, upwards: bool) -> dict[str, str]:
    """Draws the learning curves of one data set: a small panel for each label.

    The line is the mean over the seeds that trained that long, the band from the least to the greatest of them.

    Args:
        metrics: columns ``label``, ``seed``, ``epoch`` and ``value``.
        y_label: with its unit.
        key: a word that no other figure of the page has.
        upwards: whether a higher value is better; where a lower is, the worst fifth of the values may lie outside.
    """
    means = metrics.groupby(["label", "epoch"], as_index=False)["value"].mean()
    every = max(1, int(metrics["epoch"].max()) // 60)
    ghosts = means[means["epoch"] % every == 0]
    low, high = (float(metrics["value"].quantile(share)) for share in (0.0, 1.0 if upwards else 0.8))
    room = 0.05 * (high - low) or 1.0
    panels = {}
    for number, label in enumerate(dict.fromkeys(metrics["label"])):
        with mpl.rc_context(STYLE | {"xtick.labelsize": 9, "ytick.labelsize": 9, "font.size": 10}):
            figure, axes = blank(2.9, 2.0)
            for other, line in ghosts.groupby("label"):
                if other != label:
                    axes.plot(line["epoch"], line["value"], color=FAINT, linewidth=1)
            own = metrics[metrics["label"] == label]
            sns.lineplot(own, x="epoch", y="value", errorbar=("pi", 100), color=ACCENT, linewidth=1.6, ax=axes)
            axes.set(xlabel="epoch", ylabel=y_label)
            axes.set_ylim(low - room, high + room)
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(4))
            figure.set_layout_engine("tight")
            final = means.loc[means["label"] == label, "value"].iloc[-1]
            panels[label] = to_svg(figure, f"{label}: {y_label} over epochs, at the end {final:.4g}", f"{key}-{number}")
    return panels
