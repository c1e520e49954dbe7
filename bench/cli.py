"""The commands, and nothing else."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench import cli_mcu
from bench.errors import RnnbenchError
from bench.plan import Planned, Status, plan, read_grid

app = typer.Typer(
    name="rnnbench",
    help="Compares recurrent cells small enough for microcontrollers: accuracy, size, simulated latency.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

_SHORT = 16
"""Columns of at most so many letters are not broken into lines."""

STYLE = {
    Status.PLANNED: "cyan",
    Status.RUNNING: "yellow",
    Status.DONE: "green",
    Status.FAILED: "red",
    Status.INTERRUPTED: "magenta",
    Status.SKIPPED: "dim",
}

GridFile = Annotated[Path, typer.Argument(help="A grid in YAML, such as configs/demo.yaml.", show_default=False)]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Results folder; results/<name of the grid> otherwise.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


class Kind(StrEnum):
    """What ``list`` can list."""

    CELLS = "cells"
    DATASETS = "datasets"
    BOARDS = "boards"
    GRIDS = "grids"


class Wandb(StrEnum):
    """What W&B may do."""

    OFFLINE = "offline"
    ONLINE = "online"
    DISABLED = "disabled"


@app.command("list", epilog="Example: [bold]rnnbench list cells --json[/]")
def list_(kind: Annotated[Kind, typer.Argument(help="What to list.")], as_json: AsJson = False) -> None:
    """Lists what there is: cells, data sets, boards or grids."""
    rows = {Kind.CELLS: _cells, Kind.DATASETS: _datasets, Kind.BOARDS: _boards, Kind.GRIDS: _grids}[kind]()
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table(box=None, header_style="bold")
    texts = [[_text(value) for value in row.values()] for row in rows]
    for number, key in enumerate(rows[0]):
        short = max(len(row[number]) for row in texts) <= _SHORT
        table.add_column(key.replace("_", " "), no_wrap=short, overflow="fold")
    for row in texts:
        table.add_row(*row)
    out.print(table)


@app.command("plan", epilog="Example: [bold]rnnbench plan configs/demo.yaml[/]")
def plan_(grid_file: GridFile, folder: OutFolder = None, as_json: AsJson = False) -> None:
    """Shows what a grid would run and what is already done. Writes nothing."""
    _, planned, results = _plan(grid_file, folder)
    if as_json:
        rows = [
            {
                "id": each.spec.id,
                "status": each.status,
                "reason": each.reason,
                "spec": each.spec.model_dump(mode="json"),
            }
            for each in planned
        ]
        typer.echo(json.dumps({"results": str(results), "runs": rows}, indent=1))
        return
    for each in planned:
        reason = f"  {each.reason}" if each.reason else ""
        out.print(f"[{STYLE[each.status]}]{each.status:11}[/] {each.spec.id}[dim]{reason}[/]")
    out.print(f"{_tally(planned)}; results in {results}")


@app.command(epilog="Example: [bold]rnnbench run configs/demo.yaml --workers 2[/]")
def run(
    grid_file: GridFile,
    folder: OutFolder = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Runs at once; one per core otherwise.")] = None,
    wandb: Annotated[Wandb, typer.Option(help="What W&B may do.")] = Wandb.OFFLINE,
    as_json: AsJson = False,
) -> None:
    """Runs what is missing of a grid, and writes its tables and page. Again: does only what is missing still."""
    from bench import execute
    from bench.execute.progress import follow
    from bench.record import runs_folder
    from bench.train import Job

    grid, planned, results = _plan(grid_file, folder)
    execute.prepare_results(results, grid)
    missing = [each.spec for each in planned if each.missing]
    if missing:
        execute.prepare_data(missing, lambda name: err.print(f"[dim]data set {name}[/]"))
    jobs = [Job(spec, runs_folder(results) / spec.id, grid.name, wandb.value) for spec in missing]
    if not jobs:
        err.print(f"nothing to run: all {len(planned)} runs are done or being worked on, in {results}")
    try:
        follow(jobs, workers, err)
    except KeyboardInterrupt:
        err.print("interrupted; the same command goes on where this one stopped")
        raise typer.Exit(130) from None
    _, planned, _ = _plan(grid_file, folder)
    _report(results, as_json)
    err.print(_tally(planned))
    if any(each.missing for each in planned):
        raise typer.Exit(1)


@app.command(epilog="Example: [bold]rnnbench report results/demo[/]")
def report(
    results: Annotated[Path, typer.Argument(help="A results folder, such as results/demo.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Writes the tables (LaTeX, Markdown, CSV) and the page of a results folder, and prints the table."""
    _report(results, as_json)


cli_mcu.register(app)


def main() -> None:
    """The command line. A user's fault is one line and exit code 2."""
    try:
        app(standalone_mode=True)
    except RnnbenchError as error:
        err.print(f"[red]error:[/] {error}", markup=True)
        sys.exit(2)


def _plan(grid_file: Path, folder: Path | None) -> tuple[Any, list[Planned], Path]:
    """The grid, its runs against what is there, and the results folder."""
    from bench import execute
    from bench.record import observed

    grid = read_grid(grid_file)
    results = folder or Path("results") / grid.name
    runs = grid.runs()
    execute.check(runs)
    return grid, plan(runs, observed(results)), results


def _report(results: Path, as_json: bool) -> None:
    from bench.report import to_rich, write_report

    written = write_report(results)
    if as_json:
        paths = {"html": written.html, "tex": written.tex, "markdown": written.markdown, "csv": written.csv}
        body: dict[str, Any] = {key: str(path) for key, path in paths.items()}
        typer.echo(json.dumps({**body, "done": written.done, "not_done": written.not_done}, indent=1))
        return
    out.print(to_rich(written.table))
    out.print(f"\nLook next: [bold]{written.html}[/] in a browser, [bold]{written.tex}[/] in a paper,")
    out.print(f"or [bold]wandb leet {results / 'wandb'}[/] for the curves of every run in the terminal.")


def _tally(planned: list[Planned]) -> str:
    counts = {status: sum(each.status is status for each in planned) for status in Status}
    return f"{len(planned)} runs: " + ", ".join(f"{n} {status}" for status, n in counts.items() if n)


def _cells() -> list[dict[str, Any]]:
    from bench import zoo

    return [
        {
            "name": name,
            "title": cls.title,
            "options": {key: option.default for key, option in zoo.options(cls).items()},
            "about": (cls.__doc__ or "").strip().partition("\n")[0],
        }
        for name, cls in zoo.all_cells().items()
    ]


def _datasets() -> list[dict[str, Any]]:
    from bench.data import available, infos

    return [
        {
            "name": name,
            "task": info.task,
            "steps": info.steps,
            "features": info.features,
            "classes": info.classes,
            "here": available(name),
            "licence": info.licence,
            "about": info.about,
        }
        for name, info in infos().items()
    ]


def _boards() -> list[dict[str, Any]]:
    from bench.mcu import boards

    return [
        {
            "name": name,
            "title": board.title,
            "core": board.core,
            "clock_mhz": board.clock_hz.value / 1e6,
            "flash_kb": board.flash_bytes.value / 1024,
            "ram_kb": board.ram_bytes.value / 1024,
        }
        for name, board in boards().items()
    ]


def _grids() -> list[dict[str, Any]]:
    found = sorted(str(each) for each in files("configs").iterdir() if each.name.endswith(".yaml"))
    grids = [(Path(path), read_grid(Path(path))) for path in found]
    return [
        {"name": grid.name, "runs": len(grid.runs()), "file": _short(path), "about": grid.about} for path, grid in grids
    ]


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={inner}" for key, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
