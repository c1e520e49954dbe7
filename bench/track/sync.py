"""Sends what of a results folder was not sent to W&B yet."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from bench import record
from bench.record import Mirror, mirror
from bench.track.project import Project
from bench.track.sending import Sending, run_folder
from bench.track.server import NoServerError, reach

BATCH = 20
"""Runs that one process sends: it takes a second to start."""
_LOOK_S = 0.2

Say = Callable[[str], object]


def newest(folder: Path) -> Path | None:
    """Returns the newest files of W&B in the folder of a run: an earlier try's are told again in them.

    The client links to them. Their names, for where there are no links, begin with the local time, which goes back
    where clocks do, or a run goes on on a machine in another zone.
    """
    with contextlib.suppress(OSError):
        linked = folder / "wandb" / (folder / "wandb" / "latest-run").readlink().name
        if linked.is_dir():
            return linked
    return max(folder.glob("wandb/offline-run-*"), key=lambda files: files.name, default=None)


def unsent(results: Path, project: Project, sent: set[str]) -> Iterator[Path]:
    """Yields the newest files of every run whose files were not sent to a project.

    Args:
        results: the results folder.
        project: where to.
        sent: names of files that are known to be sent there; grows.
    """
    runs = {run_folder(files) for files in record.runs_folder(results).glob("*/wandb/offline-run-*")}
    for folder in sorted(runs):
        files = newest(folder)
        if files is None or files.name in sent:
            continue
        told = mirror.read(folder)
        if told is not None and told.sent == files.name and told.to in ("", project.address):
            sent.add(files.name)
        else:
            yield files


def send(results: Path, project: Project, sent: set[str], say: Say, until: float = float("inf")) -> str:
    """Sends all that was not sent, some runs at a time.

    Args:
        results: the results folder.
        project: where to.
        sent: as for :func:`unsent`.
        say: told the page of every run that was sent.
        until: on the monotonic clock, when to stop at the latest.

    Returns:
        Why some were not sent; empty when all were. A server that cannot be reached is asked once.
    """
    tried, why = set[Path](), ""
    while batch := list(islice((files for files in unsent(results, project, sent) if files not in tried), BATCH)):
        tried |= set(batch)
        try:
            reach()
        except NoServerError as error:
            return str(error)
        sending = Sending(batch, project, results)
        while not sending.is_over and not sending.is_stuck() and time.monotonic() < until:
            time.sleep(_LOOK_S)
        sending.stop()
        for files, told in sending.settle().items():
            tell(files, told, say)
            why = why or told.reason
        if time.monotonic() >= until:
            return why or "there was no time left"
    return why


def tell(files: Path, told: Mirror, say: Say) -> None:
    """Says where a run that was sent is."""
    if told.sent:
        say(f"W&B: {run_folder(files).name} at {told.url}")


def note(results: Path, project: Project, sent: set[str], why: str) -> int:
    """Notes in the folder of each run that was not sent why; returns how many there are."""
    left = list(unsent(results, project, sent))
    for files in left:
        told = mirror.read(run_folder(files)) or Mirror()
        mirror.write(run_folder(files), told.model_copy(update={"reason": why}))
    return len(left)
