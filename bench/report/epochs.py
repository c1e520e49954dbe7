"""Reads ``metrics.csv`` of finished runs: figures by epoch, as figures draw them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from bench.report.results import Results
from bench.report.summary import Run

_MOST = 1e9
"""A figure beyond this is hopeless: a run that diverged has such."""


def read_epochs(results: Results, wanted: Callable[[Run, str], bool]) -> tuple[pd.DataFrame, list[str]]:
    """Reads the epochs of all finished runs, less those without a number or with a hopeless one.

    Args:
        results: whose runs have folders.
        wanted: says of a run and the title of a column whether to read it.

    Returns:
        A frame with ``data``, ``label``, ``seed``, ``column``, ``epoch`` and ``value``, and the ids of the runs whose
        file could not be read.
    """
    rows: list[tuple[str, str, int, str, float, float]] = []
    unread = []
    for run in results.runs:
        if not run.done or run.record.folder is None:
            continue
        try:
            found = _read(run.record.folder, partial(wanted, run))
        except (OSError, ValueError, csv.Error):
            unread.append(run.record.id)
            continue
        rows += [(run.data, run.label, run.seed, *epoch) for epoch in found]
    return pd.DataFrame(rows, columns=["data", "label", "seed", "column", "epoch", "value"]), unread


def _read(folder: Path, wanted: Callable[[str], bool]) -> list[tuple[str, float, float]]:
    """Reads the wanted columns of a run: their titles, epochs and values.

    Raises:
        ValueError: when no epoch has a number, or there is no column of epochs.
    """
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
        names, *lines = csv.reader(file)
    at = names.index("epoch")
    whole = [line for line in lines if len(line) >= len(names)]
    found = []
    for to, title in enumerate(names):
        if wanted(title):
            epochs = ((float(line[at] or "nan"), float(line[to] or "nan")) for line in whole)
            found += [(title, *both) for both in epochs if all(abs(number) < _MOST for number in both)]
    if not found:
        raise ValueError("no epoch has a number")
    return found
