"""A killed run goes on from the last epoch that it kept, with the bits that it would have had."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch

from bench.spec import RunSpec
from bench.train import provenance, settings, sources

FILE = "last.ckpt"
_EVERY_S = 20.0
"""Seconds of training between two: what a kill costs at most, and more than a thousand times what one takes.
Another number of ``RNNBENCH_CHECKPOINT_S`` changes no result."""
_KEY = "rnnbench"
_log = logging.getLogger(__name__)


def identity(spec: RunSpec, fingerprint: str) -> str:
    """Returns what must not have changed since a checkpoint."""
    code, made = sources.digest(spec.cell.cell_class), provenance.provenance()
    same = [spec.id, fingerprint, code, made["cpu"], made["packages"], vars(settings.current())]
    return json.dumps(same, sort_keys=True)


class LastEpoch(pl.Callback):
    """Keeps the state of training at the end of an epoch, now and then, in place of the one before.

    Args:
        path: the file.
        identity: of the run, from :func:`identity`.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path, self._identity = path, identity
        self._every_s = settings.choice("checkpoint_s", _EVERY_S)
        self._written = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs after the other callbacks have taken the epoch in."""
        if not trainer.should_stop and time.monotonic() - self._written >= self._every_s:
            partial = self.path.with_name(f".{self.path.name}.partial")
            trainer.save_checkpoint(partial)
            partial.replace(self.path)
            self._written = time.monotonic()

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Adds the identity of the run."""
        checkpoint[_KEY] = self._identity

    def usable(self) -> Path | None:
        """Returns the checkpoint that an earlier try left, if it is of this run as it is now."""
        if not self.path.exists():
            return None
        try:
            kept = torch.load(self.path, weights_only=True, map_location="cpu")
            same = kept[_KEY] == self._identity
        except Exception:  # whatever a damaged file raises
            _log.warning("%s is damaged: the run starts again", self.path)
            return None
        _log.info("an earlier try ended after epoch %d: %s", kept["epoch"] + 1, "goes on" if same else "starts again")
        return self.path if same else None
