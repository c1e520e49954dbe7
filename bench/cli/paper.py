"""``rnnbench paper``: one document of every table, figure and claim."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.console import err, out
from bench.errors import RnnbenchError
from bench.places import PUBLISHED, grids


def paper(
    results: Annotated[
        Path,
        typer.Argument(help="A results folder, or a folder of them, such as results/reference.", show_default=False),
    ],
    folder: Annotated[Path, typer.Option("--out", help="Where the document goes.")] = Path("paper"),
    against: Annotated[
        str, typer.Option(help="A folder or a commit: what moved since, beyond the noise of the seeds, is marked.")
    ] = "",
    claims: Annotated[
        bool | None,
        typer.Option(
            "--claims/--no-claims",
            help="The FastGRNN paper's claims and Table 12; by default where a grid is of configs/paper or studies.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="The document's title.", show_default=False)] = "",
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Compile it, where pdflatex and bibtex are.")] = True,
) -> None:
    """Writes one LaTeX document with every table and figure, its protocol, and claims, and compiles it."""
    from bench.report import document
    from bench.report.rows.several import folders_in, read_all_in
    from bench.report.verdicts import judge, read_claims

    read = []
    for own in read_all_in(folders_in(results)):
        if any(run.done for run in own.runs):
            read.append(own)
        else:
            err.print(f"left out: {own.folder}, of which no run is done", style="yellow")
    if not read:
        raise RnnbenchError(f"no run in {results} is done: nothing to write of yet")
    if claims is None:
        ours = {path.stem for path in grids() if path.parent.name in ("paper", "studies")}
        claims = any(own.name in ours for own in read)
    judged = [judge(claim, read) for claim in read_claims(PUBLISHED / "fastgrnn_claims.yaml")] if claims else []
    others = sorted(results.glob("*/*/published.tex"))
    with tempfile.TemporaryDirectory() as unpacked:
        changed = None
        if against:
            place = Path(against)
            earlier = place if place.is_dir() else document.at_commit(results, against, Path(unpacked))
            found = [*document.moved(read, read_all_in(folders_in(earlier)))]
            if not found:
                raise RnnbenchError(
                    f"--against {against}: nothing to compare: no finished run there is of a row of {results}"
                )
            changed = (against, found)
        written = document.write_document(folder, read, judged, others, changed, title)
    out.print(f"written: {written}")
    if not pdf:
        return
    if lacking := document.missing():
        err.print(
            f"not compiled: {lacking} is not installed; booktabs, siunitx and graphicx are needed, too", style="dim"
        )
        return
    for line in document.compile_pdf(written):
        err.print(f"does not fit: {line}", style="yellow", markup=False)
    out.print(f"compiled: {written.with_suffix('.pdf')}")
