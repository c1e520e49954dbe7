"""``rnnbench diff``: two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.console import AsJson, out, print_json, print_table

Run = Annotated[str, typer.Argument(help="A run's folder; or its id, the beginning or the end of it.")]


def diff(
    first: Run,
    second: Run,
    results: Annotated[
        Path | None, typer.Option("--in", help="The results folder to look for ids in; all of results/ otherwise.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is equal.")] = False,
    as_json: AsJson = False,
) -> None:
    """Says what differs between two runs: specification, provenance, data, result, size, latency."""
    from bench.report import diff as two

    one, other = two.find(first, results), two.find(second, results)
    if as_json:
        found = [item for item in two.differences(one, other) if everything or not item.equal]
        print_json({"runs": [one.id, other.id], "differences": [item._asdict() for item in found]})
        return
    table = two.table(one, other, everything)
    print_table(table)
    if not table.rows:
        out.print("The runs differ in nothing.")
