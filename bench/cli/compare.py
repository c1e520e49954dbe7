"""``rnnbench compare``: the cells of a results folder against one of them, by seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.console import AsJson, out, print_json, print_table


def compare(
    results: Annotated[Path, typer.Argument(help="A results folder, such as results/demo.", show_default=False)],
    against: Annotated[
        str, typer.Option(help="The cell to compare with, or a row's name in full.", show_default=False)
    ],
    rope: Annotated[
        float, typer.Option(min=0, help="A difference that does not matter, in points; to be chosen beforehand.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Says which cells are better than another, by seed: difference, interval, p, verdict, and what n could show."""
    from bench.report import write_comparison

    written = write_comparison(results, against, rope)
    if as_json:
        print_json({"rows": written.rows, "files": list(map(str, written.files))})
        return
    print_table(written.table)
    out.print(f"\nWritten: {', '.join(map(str, written.files))}. What the numbers mean: docs/statistics.md.")
