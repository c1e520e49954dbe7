"""The commands put together, and how a user's fault ends one."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from typing import Annotated, NoReturn

import typer
from rich.text import Text

from bench.cli import (
    check,
    choose,
    claims,
    compare,
    deploy,
    diff,
    doctor,
    lists,
    logs,
    paper,
    plan,
    report,
    run,
    sweep,
    sync,
    watch,
    work,
)
from bench.cli.console import err
from bench.cli.dashboard import dashboard_app
from bench.cli.data import app as data_app
from bench.cli.speed import bench_app
from bench.errors import RnnbenchError
from bench.execute.server import ONE_THREAD

_LONGEST = 300

app = typer.Typer(
    name="rnnbench",
    help="Compares recurrent cells small enough for microcontrollers: accuracy, size, simulated latency.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("list", epilog="Example: [bold]rnnbench list cells --json[/]")(lists.list_)
app.command("plan", epilog="Example: [bold]rnnbench plan configs/demo.yaml[/]")(plan.plan)
app.command("run", epilog="Example: [bold]rnnbench run configs/demo.yaml --workers 2[/]")(run.run)
app.command("work", epilog="Example: [bold]rnnbench work results/demo[/]")(work.work)
app.command("watch", epilog="Example: [bold]rnnbench watch results/demo[/]")(watch.watch)
app.command("logs", epilog="Example: [bold]rnnbench logs RUN --follow[/], by folder or id")(logs.logs)
app.command("sync", epilog="Example: [bold]rnnbench sync results/demo[/]")(sync.sync)
app.command("sweep", epilog="Example: [bold]rnnbench sweep configs/demo.yaml[/]")(sweep.sweep)
app.command("report", epilog="Example: [bold]rnnbench report results/demo[/]")(report.report)
app.command("compare", epilog="Example: [bold]rnnbench compare results/demo --against fastgrnn[/]")(compare.compare)
app.command("choose", epilog="Example: [bold]rnnbench choose results/demo --board uno --kb 3[/]")(choose.choose)
app.command("claims", epilog="Example: [bold]rnnbench claims results/reference[/]")(claims.claims)
app.command("paper", epilog="Example: [bold]rnnbench paper results/reference --out paper[/]")(paper.paper)
app.command("diff", epilog="Example: [bold]rnnbench diff RUN RUN[/], by folder or id")(diff.diff)
app.command("doctor", epilog="Example: [bold]rnnbench doctor[/]")(doctor.doctor)
app.command("check", epilog="Example: [bold]rnnbench check mine.py[/]")(check.check)
app.add_typer(check.new_app)
deploy.register(app)
app.add_typer(data_app)
app.add_typer(bench_app)
app.add_typer(dashboard_app)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(metadata.version("rnnbench"))
        raise typer.Exit


def main() -> None:
    """Runs the command line. A user's fault is one line and exit code 2, and so is a disk that does not do as asked."""
    os.environ.setdefault(*ONE_THREAD)
    try:
        app(standalone_mode=True)
    except RnnbenchError as error:
        _fail(str(error))
    except OSError as error:
        _fail(" ".join(filter(None, (error.strerror or str(error), _brief(error.filename)))))


def _fail(line: str) -> NoReturn:
    err.print(Text.assemble(("error:", "red"), f" {line}"))
    sys.exit(2)


def _brief(path: object) -> str:
    """A path for a line of text, or nothing; of a path that is too long for a file its beginning."""
    text = "" if path is None else str(path)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"
