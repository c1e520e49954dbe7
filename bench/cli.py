"""The commands, and nothing else."""

from __future__ import annotations

import json
import signal
import sys
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from bench import cli_mcu
from bench.cli_bench import bench_app
from bench.cli_data import app as data_app
from bench.errors import RnnbenchError
from bench.places import CONFIGS
from bench.startup import fork_server

if TYPE_CHECKING:
    from bench.plan import Planned

app = typer.Typer(
    name="rnnbench",
    help="Compares recurrent cells small enough for microcontrollers: accuracy, size, simulated latency.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(data_app)
app.add_typer(bench_app)
out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)

_PROSE = ("options", "about", "licence")
"""What ``list`` prints below a row rather than in a column."""

STYLE = {
    "planned": "cyan",
    "running": "yellow",
    "done": "green",
    "failed": "red",
    "interrupted": "magenta",
    "skipped": "dim",
}
"""Of a :class:`bench.plan.Status`, which is a string: its module is slow to import, and ``--help`` needs none."""

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


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(metadata.version("rnnbench"))
        raise typer.Exit


@app.command("list", epilog="Example: [bold]rnnbench list cells --json[/]")
def list_(kind: Annotated[Kind, typer.Argument(help="What to list.")], as_json: AsJson = False) -> None:
    """Lists what there is: cells, data sets, boards or grids."""
    rows = {Kind.CELLS: _cells, Kind.DATASETS: _datasets, Kind.BOARDS: _boards, Kind.GRIDS: _grids}[kind]()
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    _print_list(rows)


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
        out.print(Text.assemble((f"{each.status:11} ", STYLE[each.status]), each.spec.id, (reason, "dim")))
    out.print(f"{_tally(planned)}; results in {results}")


@app.command(epilog="Example: [bold]rnnbench run configs/demo.yaml --workers 2[/]")
def run(
    grid_file: GridFile,
    folder: OutFolder = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Runs at once; one per core otherwise.")] = None,
    pack: Annotated[
        str,
        typer.Option(metavar="auto|off|N", help="Runs of one shape trained together: where it pays, none, up to N."),
    ] = "auto",
    wandb: Annotated[Wandb, typer.Option(help="What W&B may do.")] = Wandb.OFFLINE,
    as_json: AsJson = False,
) -> None:
    """Runs what is missing of a grid, and writes its tables and page. Again: does only what is missing still."""
    fork_server(tracked=wandb is not Wandb.DISABLED)
    from bench import execute
    from bench.execute.progress import follow
    from bench.plan import Status
    from bench.record import runs_folder
    from bench.track import check_login
    from bench.train import Job

    most = execute.limit(pack)
    grid, planned, results = _plan(grid_file, folder)
    if wandb is Wandb.ONLINE:
        check_login()
    missing = [each.spec for each in planned if each.missing]
    for reason in dict.fromkeys(each.reason for each in planned if each.status is Status.SKIPPED):
        err.print(f"skipped: {reason}", style="dim")
    try:
        signal.signal(signal.SIGTERM, _interrupt)  # else the processes that are started would be left to themselves
        if missing:
            execute.aside("trying the cells out", execute.try_out, missing)
            execute.prepare_data(missing, lambda name: err.print(f"data set {name}", style="dim"))
        # After all that can be refused: what a results folder holds is not touched by a faulty command.
        execute.prepare_results(results, grid, [each.spec for each in planned])
        jobs = [Job(spec, runs_folder(results) / spec.id, grid.name, wandb.value) for spec in missing]
        if not jobs:
            err.print(f"nothing to run: all runs ({len(planned)}) are done, skipped or being worked on, in {results}")
        follow(jobs, workers, err, most)
    except KeyboardInterrupt:
        err.print("interrupted; the same command goes on where this one stopped")
        raise typer.Exit(130) from None
    _, planned, _ = _plan(grid_file, folder)
    if any(each.status is Status.DONE for each in planned):
        _report(results, as_json)
    err.print(f"{_tally(planned)}; results in {results}")
    if any(each.missing for each in planned):
        raise typer.Exit(1)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@app.command(epilog="Example: [bold]rnnbench report results/demo[/]")
def report(
    results: Annotated[Path, typer.Argument(help="A results folder, such as results/demo.", show_default=False)],
    board: Annotated[
        str | None, typer.Option(help="Board whose latency the table shows; the one most models fit otherwise.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Writes the tables (LaTeX, Markdown, CSV), figures and page of a results folder, and prints the table."""
    _report(results, as_json, board)


cli_mcu.register(app)


def main() -> None:
    """The command line. A user's fault is one line and exit code 2."""
    try:
        app(standalone_mode=True)
    except RnnbenchError as error:
        err.print(Text.assemble(("error:", "red"), f" {error}"))
        sys.exit(2)


def _plan(grid_file: Path, folder: Path | None) -> tuple[Any, list[Planned], Path]:
    """The grid, its runs against what is there, and the results folder."""
    from bench import execute
    from bench.plan import Status, plan, read_grid
    from bench.record import observed

    grid = read_grid(grid_file)
    results = folder or Path("results") / grid.name
    runs = execute.check(grid.runs())
    found = observed(results)
    skipped = {key: why for key, why in execute.out_of_reach(runs).items() if found.get(key, ("",))[0] != Status.DONE}
    return grid, plan(runs, {**found, **skipped}), results


def _report(results: Path, as_json: bool, board: str | None = None) -> None:
    from bench.report import to_rich, write_report

    written = write_report(results, board)
    if as_json:
        paths = {"html": written.html, "tex": written.tex, "markdown": written.markdown, "csv": written.csv}
        body: dict[str, Any] = {key: str(path) for key, path in paths.items()}
        typer.echo(json.dumps({**body, "done": written.done, "not_done": written.not_done}, indent=1))
        return
    out.print(to_rich(written.table, out.width))
    for more in (written.ladder, written.study):
        if more is not None:
            out.print(to_rich(more, out.width))
    out.print(f"\nLook next: {written.html} in a browser, {written.tex} in a paper,")
    out.print(f"or `wandb leet {results / 'wandb'}` for the curves of every run in the terminal.")


def _print_list(rows: list[dict[str, Any]]) -> None:
    """Short facts in columns, prose below them: readable in any width."""
    columns = [key for key in rows[0] if key not in _PROSE]
    texts = [[key.replace("_", " ") for key in columns]] + [[_text(row[key]) for key in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in texts]
    out.print(lines[0], style="bold")
    for line, row in zip(lines[1:], rows, strict=True):
        out.print(line)
        for key in _PROSE:
            if row.get(key):
                out.print(f"    {'' if key == 'about' else key + ': '}{_text(row[key])}", style="dim")


def _tally(planned: list[Planned]) -> str:
    from bench.plan import Status

    counts = {status: sum(each.status is status for each in planned) for status in Status}
    return f"{len(planned)} run{'s' if len(planned) != 1 else ''}: " + ", ".join(
        f"{n} {status}" for status, n in counts.items() if n
    )


def _cells() -> list[dict[str, Any]]:
    from bench import zoo

    return [
        {
            "name": name,
            "title": cls.title,
            "options": {key: option.shown for key, option in zoo.options(cls).items()},
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
    from bench.plan import read_grid

    grids = [(path, read_grid(path)) for path in sorted(CONFIGS.glob("*.yaml"))]
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
