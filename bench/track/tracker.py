"""One run in W&B: offline by default, so that no account is needed to start.

The record is the truth and W&B its mirror: a fault of the client is logged and the run goes on.
"""

from __future__ import annotations

import contextlib
import logging
import netrc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from bench.errors import RnnbenchError
from bench.spec import RunSpec
from bench.status import Status

MODES = ("offline", "online", "disabled")
PROJECT = "rnnbench"

_KEYS = {
    "train_accuracy": "accuracy/train",
    "validation_accuracy": "accuracy/validation",
    "train_perplexity": "perplexity/train",
    "validation_perplexity": "perplexity/validation",
    "train_loss": "loss/train",
    "validation_loss": "loss/validation",
    "learning_rate": "schedule/learning_rate",
    "seconds": "schedule/seconds",
}
"""Figures of an epoch as W&B shows them: in sections, what matters first."""

_log = logging.getLogger(__name__)


class Tracker(Protocol):
    """What a run tells while it goes."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """One epoch's figures, ``epoch`` among them."""

    def finish(self, status: Status, summary: Mapping[str, Any]) -> None:
        """The end: the status, and the figures of the record under flat keys."""


class NoTracker:
    """Tells nobody."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """Does nothing."""

    def finish(self, status: Status, summary: Mapping[str, Any]) -> None:
        """Does nothing."""


class WandbTracker:
    """Tells W&B."""

    def __init__(self, run: Any) -> None:
        self._run = run

    def epoch(self, row: Mapping[str, float]) -> None:
        """Logs a row of the history."""
        try:
            self._run.log({_KEYS.get(key, key): value for key, value in row.items()})
        except Exception:
            _log.warning("W&B did not take epoch %s", row.get("epoch"), exc_info=True)

    def finish(self, status: Status, summary: Mapping[str, Any]) -> None:
        """Writes the summary and closes the run."""
        try:
            self._run.summary.update({"status": str(status), **summary})
            self._run.tags = (*self._run.tags, str(status))
            self._run.finish(exit_code=0 if status is Status.DONE else 1)
        except Exception:
            _log.warning("W&B did not take the summary", exc_info=True)


def check_login() -> None:
    """Looks for W&B's key where its client looks: the environment and the netrc file.

    Raises:
        RnnbenchError: when there is none.
    """
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        found = None
    if not (os.environ.get("WANDB_API_KEY") or found):
        raise RnnbenchError("W&B online needs a login: run `wandb login`, or set WANDB_API_KEY, or leave --wandb out")


def start(mode: str, spec: RunSpec, folder: Path, grid: str, config: Mapping[str, Any]) -> Tracker:
    """Opens a W&B run for a run.

    Args:
        mode: ``offline``, ``online`` or ``disabled``.
        spec: its id is the W&B run's id.
        folder: the run's own, ``<results>/runs/<id>``; W&B writes below it, staged files included. A link in
            ``<results>/wandb`` lets W&B's viewer open the whole grid.
        grid: the W&B group.
        config: the specification written out, facts of the data set, the labels of tables.
    """
    if mode == "disabled":
        return NoTracker()
    os.environ.setdefault("WANDB_DATA_DIR", str(folder / "wandb"))
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    try:
        import wandb

        (folder / "wandb").mkdir(exist_ok=True)
        run = wandb.init(
            project=PROJECT,
            id=spec.id,
            name=spec.id,
            group=grid,
            job_type="train",
            tags=[spec.data.name, spec.cell.name, f"seed-{spec.seed}"],
            config=dict(config),
            dir=folder,
            mode="online" if mode == "online" else "offline",
            resume="allow" if mode == "online" else None,
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
        _shelve(Path(run.settings.sync_dir), folder.parents[1] / "wandb")
    except Exception:
        _log.warning("W&B could not be started; the run goes on without it", exc_info=True)
        return NoTracker()
    return WandbTracker(run)


def _shelve(files: Path, shelf: Path) -> None:
    """Links a run's W&B files from one folder for all; a system without links does without."""
    with contextlib.suppress(OSError):
        shelf.mkdir(exist_ok=True)
        (shelf / files.name).symlink_to(os.path.relpath(files, shelf), target_is_directory=True)
