"""``rnnbench sync``: sends what was not sent to W&B, from a machine that has a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.console import WandbEntity, WandbProject, err, out
from bench.errors import RnnbenchError


def sync(
    results: Annotated[Path, typer.Argument(help="A results folder, such as results/demo.", show_default=False)],
    wandb_project: WandbProject = None,
    wandb_entity: WandbEntity = None,
) -> None:
    """Sends the runs of a results folder to W&B, those that were not sent before or have gone on since."""
    from bench import claims, track

    if not (results / "runs").is_dir():
        raise RnnbenchError(f"{results} is no results folder: name one that `rnnbench run` made, such as results/demo")
    track.check_login()
    project = track.project_of(results, wandb_project, wandb_entity)
    mine = claims.claim(track.shelf(results))
    if mine is None:
        raise RnnbenchError(f"another process sends the runs of {results} at this moment: wait until it has ended")
    sent = set[str]()
    with claims.beating([mine]):
        if not any(track.unsent(results, sent)):
            err.print(f"nothing to send: the runs of {results} that have W&B files ({len(sent)}) are sent")
            return
        before = len(sent)
        why = track.send(results, project, sent, out.print)
        left = track.note(results, sent, why)
    err.print(f"sent: {len(sent) - before} runs, to project {project.path}")
    if left:
        raise RnnbenchError(f"runs not sent: {left} ({why}); their files are kept, and the same command tries again")
