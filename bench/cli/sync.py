"""``rnnbench sync``: sends what was not sent to W&B, from a machine that has a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.console import WandbEntity, WandbProject, err, out
from bench.errors import RnnbenchError

if TYPE_CHECKING:
    from bench.track import Project


@contextmanager
def only_sender(results: Path, name: str | None, entity: str | None) -> Iterator[Project]:
    """Gives the project that a results folder goes to, while no other process sends its runs.

    Raises:
        RnnbenchError: when it is no results folder, W&B knows no key, or another process sends its runs.
    """
    from bench import claims, track

    if not (results / "runs").is_dir():
        raise RnnbenchError(f"{results} is no results folder: name one that `rnnbench run` made, such as results/demo")
    track.check_login()
    try:
        project = track.project_of(results, name, entity)
        mine = claims.claim(track.shelf(results))
    except OSError as error:
        raise RnnbenchError(
            f"cannot write to {results}: {error.strerror}; make it writable, for what was sent is noted there"
        ) from None
    if mine is None:
        raise RnnbenchError(f"another process sends the runs of {results} at this moment: wait until it has ended")
    with claims.beating([mine]):
        yield project


def sync(
    results: Annotated[Path, typer.Argument(help="A results folder, such as results/demo.", show_default=False)],
    wandb_project: WandbProject = None,
    wandb_entity: WandbEntity = None,
) -> None:
    """Sends the runs of a results folder to W&B, those that were not sent before or have gone on since."""
    from bench import track

    sent = set[str]()
    with only_sender(results, wandb_project, wandb_entity) as project:
        if not any(track.unsent(results, project, sent)):
            err.print(f"nothing to send: the runs of {results} that have W&B files ({len(sent)}) are sent")
            return
        before = len(sent)
        why = track.send(results, project, sent, out.print)
        left = track.note(results, project, sent, why)
    err.print(f"sent: {len(sent) - before} runs, to project {project.path}")
    if left:
        raise RnnbenchError(f"runs not sent: {left} ({why}); their files are kept, and the same command tries again")
