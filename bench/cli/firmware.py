"""The parts of ``rnnbench simulate`` that run other code than a model's: anyone's firmware, or another library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cli.console import out, print_json, print_rows
from bench.errors import RnnbenchError

if TYPE_CHECKING:
    from bench.mcu import Board
    from bench.report import Results

_SHOWN = ("board", "library", "units", "features", "theirs", "ours", "ratio", "how")


def compared(
    path: Path, source: Path | None, boards: Sequence[Board], limit: float, *, shown: bool
) -> tuple[list[dict[str, Any]], Results]:
    """Builds and runs the other library, and prints what it took, if that is to be ``shown``.

    Raises:
        RnnbenchError: when the library is not given, or does not build or run.
    """
    from bench.deploy import against
    from bench.deploy.simulation import check_tools
    from bench.report import commands

    if source is None:
        raise RnnbenchError(f"--source DIR is missing: your own copy of what {path} describes")
    check_tools(boards)
    rows = list(against.rows(path, source, boards, limit))
    if shown:
        print_rows([{key: row[key] for key in _SHOWN} for row in rows], prose=("how",))
        out.print("Cycles a step; ours are predicted at zero flash wait states, weights untrained.", style="dim")
    return rows, commands.against(rows)


def write_example(boards: list[Board], folder: Path | None) -> None:
    """Writes a small firmware for a board into a folder."""
    from bench.mcu.simulate import example

    if len(boards) != 1 or folder is None:
        raise RnnbenchError("an example is for one --board, and goes into a folder, --out FOLDER")
    files = example(boards[0], folder)
    out.print(f"Written: {', '.join(map(str, files))}. Look next: `make simulate` in {folder}")


def print_intervals(intervals: Iterable[dict[str, Any]], as_json: bool) -> None:
    """Prints the marks of a firmware and the cycles from each to the next."""
    if as_json:
        print_json(list(intervals))
    for interval in () if as_json else intervals:
        out.print(f"mark {interval['mark']:3}  {interval['cycles']:12.0f} cycles")
