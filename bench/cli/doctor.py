"""``rnnbench doctor``: what works here."""

from __future__ import annotations

import typer
from rich.text import Text

from bench.cli.console import AsJson, out, print_json

_STYLE = {"works": "green", "absent": "yellow", "broken": "red"}


def doctor(as_json: AsJson = False) -> None:
    """Says what works on this machine, what does not, and how to mend it; exit code 1 when rnnbench cannot run."""
    from bench.doctor import findings

    seen = []
    for finding in findings():
        seen.append(finding)
        if not as_json:
            mend = f"; {finding.mend}" if finding.mend else ""
            out.print(
                Text.assemble(
                    (f"{finding.state:8}", _STYLE[finding.state]), f"{finding.item:18}{finding.what}", (mend, "bold")
                )
            )
    if as_json:
        print_json([finding._asdict() for finding in seen])
    if any(finding.state == "broken" for finding in seen):
        raise typer.Exit(1)
