"""``rnnbench report``: tables, figures and page of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bench.cli.console import AsJson, err, out, print_json, print_table


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
    as_json: AsJson = False,
) -> None:
    """Writes the tables (LaTeX, Markdown, CSV), figures and page of results folders, and prints the table."""
    from bench.deploy.refresh import refresh
    from bench.report import write_results
    from bench.report.several import Source, read_several

    sources = [Source.parse(text) for text in results]
    if again := sum(refresh(source.folder) for source in sources):
        err.print(f"latency predicted again, since what predicts it has changed: {again} runs", style="dim")
    first = sources[0].folder
    both = first.parent / "+".join(dict.fromkeys(source.folder.resolve().name for source in sources))
    written = write_results(read_several(sources, board), folder or (first if len(sources) == 1 else both))
    if as_json:
        paths = {"html": written.html, "tex": written.tex, "markdown": written.markdown, "csv": written.csv}
        body: dict[str, Any] = {key: str(path) for key, path in paths.items()}
        print_json({**body, "done": written.done, "not_done": written.not_done, "said": list(written.said)})
        return
    for table in written.brief:
        print_table(table)
    for sentence in written.said:
        out.print(f"\n{sentence}", style="bold")
    out.print(f"\nLook next: {written.html} in a browser, {written.tex} in a paper", end="")
    if len(sources) == 1 and (first / "wandb").is_dir():
        out.print(f",\nor `wandb leet {first / 'wandb'}` for the curves of every run in the terminal", end="")
    out.print("." if not written.onward else "; then")
    for command, what in written.onward:
        out.print(f"  {command}", end="")
        out.print(f"    # {what}", style="dim")
