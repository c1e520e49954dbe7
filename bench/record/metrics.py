"""Reads ``metrics.csv`` of a run: a line for every epoch."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from bench.record.content import content

FILE = "metrics.csv"


def metrics(folder: Path) -> tuple[list[str], list[list[str]]]:
    """Returns the titles of the columns and the lines of whole epochs; nothing of a file that is missing or damaged.

    The last line of a run that goes on may be half written, and is left out then.
    """
    try:
        whole = (content(folder, FILE) or b"").rpartition(b"\n")[0]
        titles, *lines = csv.reader(io.StringIO(whole.decode(), newline=""))
    except (OSError, ValueError, csv.Error):
        return [], []
    return titles, [line for line in lines if len(line) >= len(titles)]
