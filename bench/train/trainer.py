"""Lightning's trainer as every task uses it, and the file that it leaves."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment

from bench.train import settings


def trainer(**options: Any) -> pl.Trainer:
    """A trainer that writes, prints and checks nothing by itself, and is deterministic.

    Args:
        **options: of Lightning's.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    return pl.Trainer(
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
    """Writes ``model.pt``, the specification and the weights, whole."""
    partial = folder / ".model.pt.partial"
    torch.save({"spec": spec, "state": network.state_dict()}, partial)
    partial.replace(folder / "model.pt")
