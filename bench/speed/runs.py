"""Short runs of the harness on made-up data, which write all files of a run except W&B's."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from bench.data import Dataset, DatasetInfo, Split
from bench.errors import RnnbenchError
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job, run, run_pack

CLASSES = 12
_BATCHES = 20
"""How many batches an epoch has."""


def dataset(T: int, B: int, D: int) -> Dataset:
    """A data set of noise: 20 batches to train on, a batch to validate, a batch to test."""
    info = DatasetInfo(
        name="noise",
        title="Noise",
        steps=T,
        features=D,
        classes=CLASSES,
        about="made up",
        protocol="none",
        licence="none",
        citation="none",
        source="made up",
    )
    labels = tuple(str(number) for number in range(CLASSES))
    return Dataset(info, noise(B * _BATCHES, T, D), noise(B, T, D), noise(B, T, D), "none", labels)


def noise(count: int, T: int, D: int) -> Split:
    """A split of ``count`` random sequences of full length, with random classes."""
    return Split(
        x=torch.randn(count, T, D),
        lengths=torch.full((count,), T),
        y=torch.randint(0, CLASSES, (count,)),
        group=torch.arange(count),
    )


def spec(B: int, H: int, steps: int, seed: int) -> RunSpec:
    """The specification of a FastGRNN run with so many optimizer steps."""
    raw = {
        "data": "noise",
        "cell": {"name": "fastgrnn", "hidden_size": H},
        "train": {"epochs": max(1, steps // _BATCHES), "batch_size": B},
        "seed": seed,
    }
    return parse(RunSpec, raw, "a short run")


def do(specs: list[RunSpec], data: Dataset, together: bool) -> None:
    """Trains runs, together or one after another.

    Raises:
        RnnbenchError: when a run fails.
    """
    with tempfile.TemporaryDirectory() as base:
        jobs = [Job(run, Path(base) / "runs" / run.id, "speed", "disabled") for run in specs]
        for job in jobs:
            job.folder.mkdir(parents=True)
        left = run_pack(jobs, data=data) if together else [run(job, data=data) for job in jobs]
        for each in left:
            if each.status is not Status.DONE:
                raise RnnbenchError(f"a run is {each.status}: {each.reason}")
