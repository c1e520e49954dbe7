"""``rnnbench claims``: what records say of the claims of the paper, of its reviews and of the answer to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.console import AsJson, out, print_json
from bench.places import PUBLISHED

if TYPE_CHECKING:
    from bench.report.verdicts import Judged

_COLOURS = {"holds": "green", "holds in part": "yellow", "does not hold": "red"}


def claims(
    results: Annotated[
        Path,
        typer.Argument(help="A results folder, or a folder of them, such as results/reference.", show_default=False),
    ],
    file: Annotated[Path | None, typer.Option("--claims", help="A YAML of claims; the paper's by default.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Writes claims.md and claims.tex there, too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Prints a verdict on every claim, with the evidence, from records and published figures."""
    from bench.report.several import folders_in, read_all_in
    from bench.report.verdicts import judge, read_claims, table
    from bench.report.verdicts.table import evidence
    from bench.report.write import write_all
    from bench.report.writers import to_latex, to_markdown

    read = read_all_in(folders_in(results))
    judged = [judge(claim, read) for claim in read_claims(file or PUBLISHED / "fastgrnn_claims.yaml")]
    whole = table(judged)
    if folder is not None:
        write_all({folder / "claims.md": to_markdown(whole), folder / "claims.tex": to_latex(whole)})
    if as_json:
        print_json(
            [{"id": own.claim.id, "says": own.claim.says, "verdict": own.standing} | _shown(own) for own in judged]
        )
        return
    for own in judged:
        out.print(f"\n{own.claim.id}  {own.claim.says}", style="bold", markup=False)
        out.print(own.standing.value, style=_COLOURS.get(own.standing.value, "dim"), end="  ")
        out.print(evidence(own), markup=False)
    out.print(f"\n{whole.caption}", markup=False)


def _shown(own: Judged) -> dict[str, object]:
    return {"reason": own.reason, "evidence": [found._asdict() for found in own.evidence]}
