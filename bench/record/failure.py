"""Help with a run that failed: the end of its log, and the command that runs it alone."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from bench.record.facts import Failure

LOG_FILE = "log.txt"
_LINES, _WIDTH = 15, 300
_MOST_BYTES = 64 * 1024


def last_lines(folder: Path, count: int = _LINES) -> tuple[str, ...]:
    """Returns the last lines of a run's log, none where there is none; what is long is cut."""
    try:
        with (folder / LOG_FILE).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _MOST_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ()
    return tuple(line[:_WIDTH] for line in text.splitlines()[-count:]) if count else ()


def failure(folder: Path) -> Failure:
    """Returns what a record says of a run that failed, from the run's folder."""
    results = folder.parent.parent
    return Failure(log=last_lines(folder), command=f"rnnbench work {shlex.quote(str(results))} --run {folder.name}")
