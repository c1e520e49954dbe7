"""Short runs of the harness on made-up data, with all that a run leaves but W&B's files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from bench.data import Dataset, DatasetInfo, Split
from bench.errors import RnnbenchError
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job, run, run_pack

_CLASSES = 12
_BATCHES = 20
"""In an epoch."""


def dataset(T: int, B: int, D: int) -> Dataset:
    """Noise: 20 batches to train on, one to validate, one to test."""
    info = DatasetInfo(
        name="noise",
        title="Noise",
        steps=T,
        features=D,
        classes=_CLASSES,
        about="made up",
        protocol="none",
        licence="none",
        citation="none",
        source="made up",
    )
    labels = tuple(str(number) for number in range(_CLASSES))
    return Dataset(info, _noise(B * _BATCHES, T, D), _noise(B, T, D), _noise(B, T, D), "none", labels)


def _noise(count: int, T: int, D: int) -> Split:
    return Split(
        x=torch.randn(count, T, D),
        lengths=torch.full((count,), T),
        y=torch.randint(0, _CLASSES, (count,)),
        group=torch.arange(count),
    )


def spec(B: int, H: int, steps: int, seed: int) -> RunSpec:
    """FastGRNN for so many optimizer steps."""
    raw = {
        "data": "noise",
        "cell": {"name": "fastgrnn", "hidden_size": H},
        "train": {"epochs": max(1, steps // _BATCHES), "batch_size": B},
        "seed": seed,
    }
    made = parse(RunSpec, raw, "a short run")
    return made


def do(specs: list[RunSpec], data: Dataset, together: bool) -> None:
    """Does runs, together or one after another.

    Raises:
        RnnbenchError: when one is not done.
    """
    with tempfile.TemporaryDirectory() as base:
        jobs = [Job(each, Path(base) / "runs" / each.id, "speed", "disabled") for each in specs]
        for job in jobs:
            job.folder.mkdir(parents=True)
        left = run_pack(jobs, dataset=data) if together else [run(job, dataset=data) for job in jobs]
        for each in left:
            if each.status is not Status.DONE:
                raise RnnbenchError(f"a run is {each.status}: {each.reason}")
