"""Tells of the runs that failed when a grid ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from bench.cli.console import err
from bench.status import Status

if TYPE_CHECKING:
    from bench.plan import Planned

_MOST, _LINES = 3, 5


def tell_failures(runs: Sequence[Planned], results: Path) -> None:
    """Prints of the first runs that failed why, the last lines of the log, and the command that does one alone.

    Args:
        runs: of the grid, where they stand.
        results: the results folder.
    """
    from bench import record

    failed = [run for run in runs if run.status is Status.FAILED]
    for run in failed[:_MOST]:
        left = record.read(record.runs_folder(results) / run.spec.id)
        err.print(Text.assemble(("failed", "red"), f"  {left.id}: {left.reason}"))
        if left.failure is not None:
            for line in left.failure.log[-_LINES:]:
                err.print(Text(f"    {line}", style="dim"))
            err.print(f"    alone: {left.failure.command}")
    if len(failed) > _MOST:
        more = len(failed) - _MOST
        err.print(f"and {more} more failed: `rnnbench watch {results}` lists them, `rnnbench logs ID` shows one")
