"""A data set small enough to train on in a second, in place of a real one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import RunTiny, stand_in

from bench import record
from bench.data import Dataset, DatasetInfo
from bench.data.dataset import RawSplit, build
from bench.spec import RunSpec, parse
from bench.train import Job, run

STEPS, FEATURES, CLASSES = 9, 2, 3


def _raw(rng: np.random.Generator, count: int, first_group: int) -> RawSplit:
    """Sequences of a level that tells the class, in noise, of many lengths."""
    y = np.arange(count) % CLASSES
    lengths = [STEPS, *rng.integers(1, STEPS + 1, count - 1)]
    sequences = [(each - 1) + 0.7 * rng.standard_normal((n, FEATURES)) for each, n in zip(y, lengths, strict=True)]
    return RawSplit(sequences, y, first_group + np.arange(count))


@pytest.fixture(autouse=True)
def denormals() -> Iterator[None]:
    """Training in this process flushes small numbers to zero; the tests that come after must not."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def tiny() -> Dataset:
    """Three classes told apart by their level: 60 / 30 / 33 sequences of up to 9 steps."""
    info = DatasetInfo(
        name="tiny",
        title="Tiny",
        task="classification",
        metric="accuracy",
        higher_is_better=True,
        steps=STEPS,
        features=FEATURES,
        classes=CLASSES,
        about="made up",
        protocol="by sequence",
        licence="none",
        citation="none",
        source="made up",
        sample_hz=None,
    )
    rng = np.random.default_rng(0)
    return build(info, _raw(rng, 60, 0), _raw(rng, 30, 100), _raw(rng, 33, 200), ["low", "middle", "high"])


@pytest.fixture
def run_tiny(tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunTiny:
    """Runs a specification on the tiny set in this process; returns its record and its folder."""
    stand_in(monkeypatch, tiny)
    count = iter(range(100))

    def go(listener: Callable[[int], None] = lambda epoch: None, **changes: Any) -> tuple[record.Record, Path]:
        wandb = changes.pop("wandb", "disabled")
        raw: dict[str, Any] = {"data": "tiny", "cell": {"name": "gru", "hidden_size": 6}, **changes}
        raw["train"] = {"epochs": 3, "batch_size": 16, **raw.get("train", {})}
        spec = parse(RunSpec, raw, "test")
        folder = tmp_path / str(next(count)) / spec.id
        folder.mkdir(parents=True)
        return run(Job(spec, folder, "tests", wandb), listener), folder

    return go
