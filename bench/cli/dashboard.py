"""``rnnbench dashboard``: a grid as a whole in W&B."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.console import WandbEntity, WandbProject, err, out
from bench.cli.sync import only_sender
from bench.errors import RnnbenchError

dashboard_app = typer.Typer(name="dashboard", help="A grid as a whole in W&B.", no_args_is_help=True)
_Results = Annotated[Path, typer.Argument(help="A results folder, such as results/demo.", show_default=False)]


@dashboard_app.command("push", epilog="Example: [bold]rnnbench dashboard push results/demo[/]")
def push(results: _Results, wandb_project: WandbProject = None, wandb_entity: WandbEntity = None) -> None:
    """Sends the runs, a summary run with table and figures, and a workspace that shows them."""
    for name, value in {"WANDB_HTTP_TIMEOUT": "10", "WANDB__GRAPHQL_RETRY_MAX": "2", "WANDB_SILENT": "true"}.items():
        os.environ.setdefault(name, value)
    from bench import dashboard

    with only_sender(results, wandb_project, wandb_entity) as project:
        out.print(dashboard.push(results, project, err.print))


@dashboard_app.command("show", epilog="Example: [bold]rnnbench dashboard show results/demo[/]")
def show(
    results: _Results,
    browser: Annotated[bool, typer.Option("--browser", help="In the browser instead, with trackio.")] = False,
) -> None:
    """Opens W&B's viewer in the terminal on the runs of a grid; it needs no account and no network."""
    if browser:
        from bench.dashboard import browser as viewer

        viewer.show(results)
        return
    if not any((results / "wandb").glob("offline-run-*")):
        raise RnnbenchError(f"there are no W&B files in {results}: run the grid with --wandb offline, the default")
    os.execv(sys.executable, [sys.executable, "-m", "wandb", "leet", str(results / "wandb")])  # noqa: S606
