"""Where a run stands."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable


class Status(enum.StrEnum):
    """Where a run stands; the one vocabulary of planner, terminal, records, W&B tags and tables."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


def tally(statuses: Iterable[Status]) -> str:
    """Says how many runs there are, by where they stand: ``"3 runs: 2 done, 1 failed"``."""
    counts = Counter(statuses)
    parts = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status])
    return f"{counts.total()} run{'s' if counts.total() != 1 else ''}: {parts}"


UNFINISHED = 3
"""Exit code of a command that ends while runs are left that it did not try, or others work on."""
