"""``rnnbench report``: tables, figures and page of a results folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.cli.console import AsJson, err, out, print_json, print_table
from bench.errors import RnnbenchError


def report(
    results: Annotated[
        list[str],
        typer.Argument(
            help="Results folders, such as results/demo. Several are pooled; FOLDER=LABEL has rows of its own.",
            show_default=False,
        ),
    ],
    board: Annotated[
        str | None, typer.Option(help="Board whose latency the table shows; the one most models fit otherwise.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write; into a single folder itself, results/A+B of several otherwise."),
    ] = None,
    columns: Annotated[
        str, typer.Option(help="Columns of the LaTeX table, by title or CSV name: accuracy,paper,kb.")
    ] = "",
    rows: Annotated[str, typer.Option(help="Its rows by short name, in this order: LSTM;FastGRNN LSQ.")] = "",
    labels: Annotated[str, typer.Option(help="Other names for its rows: FastGRNN LSQ=FastGRNN;LSTM=Baseline.")] = "",
    caption: Annotated[str, typer.Option(help="Its caption, in place of the one that says what numbers are.")] = "",
    style: Annotated[
        Path | None,
        typer.Option(help="A YAML with these four, under the same keys; style.yaml in the folder by default."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Writes the tables (LaTeX, Markdown, CSV), figures and page of results folders, and prints the table."""
    from bench.deploy.refresh import predict_again
    from bench.report import write_results
    from bench.report.rows.several import Source, read_several
    from bench.report.rows.style import Style, noted_style, parts, read_style
    from bench.report.write import stale_comparison

    given = {"columns": parts(columns, ","), "rows": parts(rows, ";"), "labels": _pairs(labels), "caption": caption}
    sources = [Source.parse(text) for text in results]
    noted = noted_style(sources[0].folder) if len(sources) == 1 else Style()
    form = (read_style(style) if style else noted).model_copy(update={key: own for key, own in given.items() if own})
    found = read_several(sources, board)
    due = (record.folder for record in found.records if record.folder is not None and record.latency_due)
    if again := predict_again(due):
        err.print(f"latency predicted again, since what predicts it has changed: {again} runs", style="dim")
        found = read_several(sources, board)
    first = sources[0].folder
    both = first.parent / "+".join(dict.fromkeys(source.folder.resolve().name for source in sources))
    written = write_results(found, folder or (first if len(sources) == 1 else both), form)
    if as_json:
        paths = {"html": written.html, "tex": written.tex, "markdown": written.markdown, "csv": written.csv}
        body: dict[str, Any] = {key: str(path) for key, path in paths.items()}
        print_json({**body, "done": written.done, "not_done": written.not_done, "said": list(written.said)})
        return
    for table in written.brief:
        print_table(table)
    for sentence in written.said:
        out.print(f"\n{sentence}", style="bold")
    if older := stale_comparison(found, written.tex.parent):
        remake = f"`rnnbench compare {shlex.quote(str(first))} --against CELL`"
        err.print(f"{older} is older than the last run that ended: {remake} makes it again", style="yellow")
    out.print(f"\nLook next: {written.html} in a browser, {written.tex} in a paper", end="")
    if len(sources) == 1 and (first / "wandb").is_dir():
        out.print(f",\nor `wandb leet {first / 'wandb'}` for the curves of every run in the terminal", end="")
    out.print("." if not written.onward else "; then")
    for command, what in written.onward:
        out.print(f"  {command}", end="")
        out.print(f"    # {what}", style="dim")


def _pairs(text: str) -> dict[str, str]:
    from bench.report.rows.style import parts

    pairs = [part.partition("=") for part in parts(text, ";")]
    if bad := next((name for name, equals, _ in pairs if not equals), ""):
        raise RnnbenchError(f"--labels: write {bad}=NAME, several with a semicolon between")
    names = [name.strip() for name, _, _ in pairs]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise RnnbenchError(f"--labels: {twice!r} is named twice")
    return {name.strip(): new.strip() for name, _, new in pairs}
