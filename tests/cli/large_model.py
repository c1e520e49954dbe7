"""A trained model that is too large for a small board."""

from pathlib import Path

import torch

from bench.data import open_dataset
from bench.spec import RunSpec, parse
from bench.train.classification.network import build


def large(folder: Path) -> Path:
    """A run whose LSTM has 4 * 64 * (64 + 6) weights: 18 KB in integers, 72 KB in float32; a Uno has 32 KB."""
    spec = parse(RunSpec, {"data": "watch7", "cell": {"name": "lstm", "hidden_size": 64}}, "test")
    info = open_dataset("watch7").info
    network = build(spec, info.features, info.classes)
    torch.save({"spec": spec.model_dump(mode="json"), "state": network.state_dict()}, folder / "model.pt")
    return folder
