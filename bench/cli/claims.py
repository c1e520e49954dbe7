"""``rnnbench claims``: what records say of the claims of the paper, of its reviews and of the answer to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.console import AsJson, out, print_json
from bench.errors import RnnbenchError, nearest
from bench.places import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.report.verdicts import Judged

_COLOURS = {"holds": "green", "holds in part": "yellow", "does not hold": "red"}


def claims(
    results: Annotated[
        Path,
        typer.Argument(help="A results folder, or a folder of them, such as results/reference.", show_default=False),
    ],
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            help="Claims, such as P5: their evidence, too. All without it, a line each.", show_default=False
        ),
    ] = None,
    file: Annotated[Path | None, typer.Option("--claims", help="A YAML of claims; the paper's by default.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Writes claims.md and claims.tex there, all claims with all evidence.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prints a verdict on every claim, or on some with the evidence, from records and published figures."""
    from bench.report.document import claims_alone
    from bench.report.rows.several import folders_in, read_all_in
    from bench.report.verdicts import judge, read_claims, table
    from bench.report.write import write_all
    from bench.report.writers import to_markdown

    every = read_claims(file or PUBLISHED / "fastgrnn_claims.yaml")
    known = {claim.id: claim for claim in every}
    ids = [next((name for name in known if name.lower() == one.lower()), one) for one in ids or ()]
    if unknown := set(ids) - known.keys():
        raise RnnbenchError(f"there is no claim {min(unknown)!r}{nearest(min(unknown), known)}")
    read = read_all_in(folders_in(results))
    judged = [judge(claim, read) for claim in every if folder is not None or not ids or claim.id in ids]
    if folder is not None:
        whole = table(judged)
        write_all(
            {folder / "claims.md": to_markdown(whole), folder / "claims.tex": claims_alone(judged, whole.caption)}
        )
        judged = [own for own in judged if not ids or own.claim.id in ids]
    if as_json:
        print_json(
            [{"id": own.claim.id, "says": own.claim.says, "verdict": own.standing} | _shown(own) for own in judged]
        )
        return
    if ids:
        for own in judged:
            _print_evidence(own)
    else:
        _print_verdicts(judged)
        own_file = f" --claims {file}" if file else ""
        command = f"rnnbench claims {results} {judged[0].claim.id}{own_file}"
        out.print(f"\nThe evidence: {command}, or all of it with --out FOLDER.")
    out.print(f"\n{table(judged).caption}")


def _print_verdicts(judged: Sequence[Judged]) -> None:
    """Prints a line for each claim: its verdict, how much of its evidence holds, the sentence."""
    from bench.report.verdicts import tally

    lines = [(own.claim.id, own.standing.value, tally(own), own.claim.says) for own in judged]
    first, second, third = (max(len(line[at]) for line in lines) for at in range(3))
    for name, verdict, parts, says in lines:
        out.print(f"{name:{first}}  ", end="")
        out.print(f"{verdict:{second}}", style=_COLOURS.get(verdict, "dim"), end="")
        out.print(f"  {parts:>{third}}  {says}".rstrip())


def _print_evidence(own: Judged) -> None:
    """Prints a claim, where it stands, and each part of its evidence on a line."""
    out.print(f"\n{own.claim.id}  {own.claim.says}", style="bold")
    verdict = own.standing.value
    out.print(verdict, style=_COLOURS.get(verdict, "dim"), end="")
    out.print(f" ({own.claim.source})" + (f": {own.reason}" if own.reason else ""))
    for found in own.evidence:
        out.print(f"    {found.standing.value:19}", style=_COLOURS.get(found.standing.value, "dim"), end="  ")
        out.print(f"{found.where}: {found.said}")


def _shown(own: Judged) -> dict[str, object]:
    return {"reason": own.reason, "evidence": [found._asdict() for found in own.evidence]}
