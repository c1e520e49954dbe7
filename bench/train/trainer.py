"""Lightning's trainer as every task uses it, and the file that it leaves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.trainer.connectors import callback_connector as connector

from bench.record import to_disk
from bench.train import settings


@contextmanager
def _alone() -> Iterator[None]:
    """Has Lightning take no notice in its block of Slurm, and of callbacks that other installed packages offer.

    Whatever environment it is given, it warns where ``srun`` is installed, and looks in a job for checkpoints of its
    own. Callbacks would change a run unrecorded, and it takes a tenth of a tiny run to look for them.
    """
    detect, offered = SLURMEnvironment.detect, connector._load_external_callbacks  # type: ignore[attr-defined]
    SLURMEnvironment.detect = staticmethod(lambda: False)  # type: ignore[method-assign]
    connector._load_external_callbacks = lambda group: []  # type: ignore[attr-defined]
    try:
        yield
    finally:
        SLURMEnvironment.detect = staticmethod(detect)  # type: ignore[method-assign]
        connector._load_external_callbacks = offered  # type: ignore[attr-defined]


class _Trainer(pl.Trainer):
    fit = _alone()(pl.Trainer.fit)
    test = _alone()(pl.Trainer.test)


@_alone()
def trainer(**options: Any) -> pl.Trainer:
    """A trainer that writes, prints and checks nothing by itself, and is deterministic.

    Args:
        **options: of Lightning's.
    """
    log = logging.getLogger("lightning.pytorch")
    if log.level != logging.WARNING:  # setting it empties the caches of all loggers
        log.setLevel(logging.WARNING)
    return _Trainer(
        accelerator=settings.device().type,
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        deterministic=True,
        plugins=[LightningEnvironment()],  # else a Slurm job's variables are read as a cluster's
        **options,
    )


def save(folder: Path, spec: dict[str, Any], network: torch.nn.Module) -> None:
    """Writes ``model.pt``, the specification and the weights, whole; it is on the disk when a record names it."""
    partial = folder / ".model.pt.partial"
    torch.save({"spec": spec, "state": network.state_dict()}, partial)
    to_disk(partial)
    partial.replace(folder / "model.pt")
    to_disk(folder)
