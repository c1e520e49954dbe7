"""Quantised in training, a model's integers say what its floats say."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job, run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "epochs", "rank", "keep"),
    [("watch7", 16, {"U": 40}, {"W": 0.5, "U": 0.3}), ("hapt2", 6, {"W": 5, "U": 40}, {"W": 0.2, "U": 0.3})],
)
def test_integers_are_within_a_point_of_floats(
    tmp_path: Path, data: str, epochs: int, rank: dict[str, int], keep: dict[str, float]
) -> None:
    integer, real, plain = [], [], []
    for seed, quantised in itertools.product((0, 1, 2), (False, True)):
        raw: dict[str, Any] = {
            "data": data,
            "cell": {"name": "fastgrnn", "hidden_size": 80, "rank": rank},
            "compress": {"keep": keep, "quantise": "piecewise" if quantised else None},
            "train": {"epochs": epochs, "batch_size": 100, "learning_rate": 0.003},
            "seed": seed,
        }
        spec = parse(RunSpec, raw, "test")
        folder = tmp_path / spec.id
        folder.mkdir()
        done = run(Job(spec, folder, "tests", "disabled"))
        assert done.status is Status.DONE, done.reason
        assert done.result is not None
        assert done.data is not None
        assert done.result.test_accuracy is not None
        if not quantised:
            plain.append(done.result.test_accuracy)
            continue
        assert done.result.integer_accuracy is not None
        assert done.result.integer_accuracy > done.data.majority + 0.2
        integer.append(done.result.integer_accuracy)
        real.append(done.result.test_accuracy)
    assert sum(integer) / 3 > sum(real) / 3 - 0.01, "what integers cost"
    assert sum(integer) / 3 > sum(plain) / 3 - 0.01, "what all of quantisation costs"
