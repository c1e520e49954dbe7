"""Where a run stands."""

from __future__ import annotations

import enum


class Status(enum.StrEnum):
    """Where a run stands; the one vocabulary of planner, terminal, records, W&B tags and tables."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


UNFINISHED = 3
"""Exit code of a command that ends while runs are left that it did not try, or others work on."""
