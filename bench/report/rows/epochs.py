"""Reads ``metrics.csv`` of finished runs: figures by epoch, as figures draw them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bench.record import metrics
from bench.report.rows.summary import Run

LEARNT = "learnt/"
"""The prefix of columns of learnt numbers."""
_MOST = 1e9
"""A figure beyond this is hopeless: a run that diverged has such."""
_COLUMNS = ["data", "label", "seed", "column", "epoch", "value"]


class Epochs(NamedTuple):
    """The epochs of finished runs, less those without a number or with a hopeless one.

    Attributes:
        validation: a frame with ``data``, ``label``, ``seed``, ``column``, ``epoch`` and ``value``: the metric that
            runs are chosen by, on validation data.
        learnt: the same of learnt numbers, without those that a grid holds at a value.
        unread: ids of the runs without a readable figure on validation data.
    """

    validation: pd.DataFrame
    learnt: pd.DataFrame
    unread: list[str]


def read_epochs(runs: Iterable[Run]) -> Epochs:
    """Reads the epochs of the finished runs among some."""
    validation: list[tuple[str, str, int, str, float, float]] = []
    learnt: list[tuple[str, str, int, str, float, float]] = []
    unread = []
    for run in runs:
        if not run.done or run.record.folder is None:
            continue
        metric = f"validation_{run.record.data.metric}" if run.record.data else ""
        held, found = run.record.spec["cell"].get("hold") or (), _read(run.record.folder, metric)
        for title, epochs in found.items():
            rows = validation if title == metric else learnt
            if rows is validation or title.removeprefix(LEARNT).partition("/")[0] not in held:
                rows += [(run.data, run.label, run.seed, title, epoch, value) for epoch, value in epochs]
        if not found.get(metric):
            unread.append(run.record.id)
    return Epochs(pd.DataFrame(validation, columns=_COLUMNS), pd.DataFrame(learnt, columns=_COLUMNS), unread)


def _read(folder: Path, metric: str) -> dict[str, list[tuple[float, float]]]:
    """Reads a metric of a run and its learnt numbers, by title: epochs and values; nothing of a damaged file."""
    names, lines = metrics(folder)
    try:
        at = names.index("epoch")
        wanted = [to for to, title in enumerate(names) if title == metric or title.startswith(LEARNT)]
        found = {names[to]: [(float(line[at] or "nan"), float(line[to] or "nan")) for line in lines] for to in wanted}
    except ValueError:
        return {}
    return {
        title: [(epoch, value) for epoch, value in epochs if abs(epoch) < _MOST and abs(value) < _MOST]
        for title, epochs in found.items()
    }
