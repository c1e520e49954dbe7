"""Shows a grid in the browser with trackio, from records alone: no account, no network, nothing of W&B's."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from bench.errors import RnnbenchError
from bench.record import Record, metrics, read_all, read_note
from bench.train.facts import flat_summary

FOLDER = "trackio"
"""In a results folder: trackio's files, made anew by every export."""


def export(results: Path) -> str:
    """Writes the runs of a results folder into trackio's files there, and returns the name of the project.

    Args:
        results: the results folder. A run has its epochs under the names of ``metrics.csv``, and the figures of its
            record at its last step.

    Raises:
        RnnbenchError: when trackio is not installed, the folder holds no record, or one is damaged.
    """
    os.environ["TRACKIO_DIR"] = str((results / FOLDER).resolve())  # trackio reads it when it is imported
    try:
        import trackio
    except ImportError:
        raise RnnbenchError("the browser needs trackio: pip install 'rnnbench[trackio]'") from None
    records = read_all(results)
    if not records:
        raise RnnbenchError(f"{results} holds no records: run a grid first, or name the folder that it wrote")
    shutil.rmtree(results / FOLDER, ignore_errors=True)
    project = str((read_note(results) or {}).get("name", results.resolve().name))
    for record in records:
        config = {"status": record.status.value, "variant": record.labels.variant, **record.spec}
        with redirect_stdout(io.StringIO()):  # trackio says of every run that it is uploaded, to itself
            quiet = {"embed": False, "auto_log_gpu": False, "auto_log_cpu": False}
            run = trackio.init(project, name=record.id, group=record.labels.cell, config=config, **quiet)
            for step, metrics in _steps(record):
                run.log(metrics, step=step)
            trackio.finish()
    return project


def show(results: Path) -> None:
    """Opens the runs of a results folder in the browser, and serves them until it is interrupted.

    Raises:
        RnnbenchError: as :func:`export`.
    """
    project = export(results)
    import trackio

    trackio.show(project, block_thread=True)


def _steps(record: Record) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields the epochs of a run, and last what its record says."""
    last = 0
    titles, lines = metrics(record.folder or Path())
    for line in lines:
        numbers: dict[str, Any] = {}
        for name, text in zip(titles, line, strict=False):
            with suppress(ValueError):
                numbers[name] = float(text)
        last = int(numbers.pop("epoch", last))
        yield last, numbers
    if figures := {name: value for name, value in flat_summary(record).items() if isinstance(value, int | float)}:
        yield last, figures
