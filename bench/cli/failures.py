"""Tells of the runs that failed when a grid ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from bench.cli.console import err, plain

_MOST, _LINES = 3, 5


def tell_failures(failed: Sequence[str], results: Path) -> None:
    """Prints of the first runs that failed why, the last lines of the log, and the command that does one alone.

    Args:
        failed: ids of the runs.
        results: the results folder.
    """
    from bench import record

    for name in failed[:_MOST]:
        left = record.read(record.runs_folder(results) / name)
        err.print(Text.assemble(("failed", "red"), f"  {left.id}: {plain(left.reason)}"))
        if left.failure is not None:
            for line in left.failure.log[-_LINES:]:
                err.print(Text(f"    {plain(line)}", style="dim"))
            err.print(f"    alone: {left.failure.command}")
    if len(failed) > _MOST:
        more = len(failed) - _MOST
        err.print(f"and {more} more failed: `rnnbench watch {results}` lists them, `rnnbench logs ID` shows one")
