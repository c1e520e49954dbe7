"""One run in W&B's files: written offline always, so that no run waits for a network. :mod:`bench.track.sender` sends.

The record is the truth and W&B its mirror: a fault of the client is logged and the run goes on.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

from bench.spec import RunSpec
from bench.status import Status
from bench.track.project import project_of, shelf
from bench.track.sending import wandb_id

MODES = ("offline", "online", "disabled")

_PATIENCE_S = 20.0
"""How long the end of a run waits for W&B's client, which writes its files in milliseconds when it is well."""
_log = logging.getLogger(__name__)


class Tracker(Protocol):
    """The events that a run reports while it goes on."""

    def epoch(self, row: Mapping[str, Any]) -> None:
        """One epoch's figures by column of ``metrics.csv``, ``epoch`` among them."""

    def finish(self, status: Status, summary: Mapping[str, Any]) -> None:
        """The end: the status, and the figures of the record under flat keys."""


class NoTracker:
    """Tells nobody."""

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Does nothing."""

    def finish(self, status: Status, summary: Mapping[str, Any]) -> None:
        """Does nothing."""


class WandbTracker:
    """Tells W&B's client, from a thread of its own: training never waits for it, and the end of a run not for long.

    Args:
        begin: opens a run of the client.
    """

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._begin = begin
        self._told: SimpleQueue[Callable[[Any], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._tell, name="wandb", daemon=True)
        self._thread.start()

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Has a row of the history logged."""
        known = dict(row)
        self._told.put(lambda run: run.log(known))

    def finish(self, status: Status, summary: Mapping[str, Any]) -> None:
        """Has the summary written and the run closed, and waits until it is, so long as that is no wait."""

        def close(run: Any) -> None:
            run.summary.update({"status": str(status), **summary})
            run.tags = (*run.tags, str(status))
            run.finish(exit_code=0 if status is Status.DONE else 1)

        self._told.put(close)
        self._told.put(None)
        self._thread.join(_PATIENCE_S)
        if self._thread.is_alive():
            _log.warning(
                "W&B's client did not end in %.0f s: it is left behind, its files may lack the end", _PATIENCE_S
            )
            _end_service()

    def _tell(self) -> None:
        run = None
        with _noted("W&B could not be started; the run goes on without it"):
            run = self._begin()
        while (told := self._told.get()) is not None:
            if run is not None:
                with _noted("W&B did not take what a run told it"):
                    told(run)


@contextlib.contextmanager
def _noted(what: str) -> Any:
    try:
        yield
    except Exception:
        _log.warning(what, exc_info=True)


def _end_service() -> None:
    """Ends the process that W&B's client has started for this one: at exit the client would wait for it for ever."""
    with contextlib.suppress(Exception):  # private to the client, which has no word for it
        from wandb.sdk import wandb_setup

        wandb_setup.singleton()._connection._proc._process.kill()  # type: ignore[union-attr]


def start(mode: str, spec: RunSpec, folder: Path, grid: str, config: Mapping[str, Any]) -> Tracker:
    """Opens a W&B run for a run.

    A run that is tried again is the same run in W&B: its files tell all epochs again, from the first, and the newest
    files are those that are sent.

    Args:
        mode: ``offline``, ``online`` or ``disabled``.
        spec: of the run.
        folder: the run's own, ``<results>/runs/<id>``; W&B writes below it, staged files included. A link in
            ``<results>/wandb`` lets W&B's viewer open the whole grid.
        grid: the W&B group.
        config: the specification written out, facts of the data set, the labels of tables.
    """
    if mode == "disabled":
        return NoTracker()
    tags = [spec.data.name, spec.cell.name, f"seed-{spec.seed}"]
    about = {"name": spec.id, "group": grid, "job_type": "train", "tags": tags, "config": written_out(config)}
    return WandbTracker(lambda: open_run(folder, folder.parents[1], spec.id, about))


def open_run(folder: Path, results: Path, name: str, about: Mapping[str, Any]) -> Any:
    """Opens a run of W&B's client, offline.

    Args:
        folder: below which W&B writes.
        results: the results folder, whose project the run is of.
        name: of the run, from which its id in W&B is made.
        about: more for ``wandb.init``.
    """
    folder = folder.resolve()  # the client's service may be one of another process, in another folder
    os.environ.setdefault("WANDB_DATA_DIR", str(folder / "wandb"))
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    import wandb

    project, swept = project_of(results), os.environ.get("WANDB_RUN_ID") if "WANDB_SWEEP_ID" in os.environ else None
    (folder / "wandb").mkdir(exist_ok=True)
    run = wandb.init(
        project=project.name,
        entity=project.entity or None,
        id=swept or project.run_id(name),  # W&B's agent has made the run already
        **about,
        dir=folder,
        mode="offline",
        reinit="create_new",  # a process may have several under way
        settings=wandb.Settings(
            x_transaction_log_flush_interval=1,  # else a kill loses up to 15 s of history
            x_disable_stats=True,
            console="off",
            silent=True,
        ),
    )
    run.define_metric("epoch", hidden=True)
    run.define_metric("*", step_metric="epoch")
    _shelve(Path(run.settings.sync_dir), shelf(results).resolve())
    return run


def written_out(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a configuration whose empty options say ``none``: W&B drops what is empty, and could not filter by it."""
    return {key: _filled(value) for key, value in config.items()}


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping) and value:
        return written_out(value)
    return "none" if value is None or value in ({}, [], (), "") else value


def _shelve(files: Path, place: Path) -> None:
    """Links a run's W&B files from one folder for all, in place of an earlier try's, which are told again in them.

    A system without links does without.
    """
    with contextlib.suppress(OSError):
        place.mkdir(exist_ok=True)
        for earlier in place.glob("offline-run-*"):
            if wandb_id(earlier) == wandb_id(files):
                earlier.unlink()
        (place / files.name).symlink_to(os.path.relpath(files, place), target_is_directory=True)
