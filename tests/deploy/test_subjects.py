"""Models to predict that are not trained."""

from __future__ import annotations

from typing import Any

import pytest

from bench import mcu
from bench.deploy import model as models
from bench.spec import RunSpec, parse

SPARSE: dict[str, Any] = {"keep": {"W": 0.25, "U": 0.25}}


def _untrained(compress: dict[str, Any]) -> mcu.Program:
    raw = {"data": "watch7", "cell": {"name": "fastgrnn", "hidden_size": 40}, "compress": compress}
    spec = parse(RunSpec, raw, "test")
    return models.untrained(spec, features=6, classes=7, steps=16)[1]


@pytest.mark.parametrize("board", ["uno", "mkr1000", "due", "nano33ble"])
def test_a_sparse_model_is_as_sparse_before_it_is_trained(board: str) -> None:
    dense, sparse = (mcu.predict(_untrained(each), mcu.board(board), steps=16) for each in ({}, SPARSE))
    # A weight that rounds to 0 takes no product either.
    assert 0.9 * 0.25 * 40 * (40 + 6) <= sparse.products <= 0.25 * 40 * (40 + 6)
    assert dense.products == 40 * (40 + 6)
    if (
        board != "nano33ble"
    ):  # its core multiplies two dense pairs a cycle: a quarter of them, one by one, is not quicker
        assert sparse.cycles_per_step < dense.cycles_per_step
    assert sparse.flash_bytes < dense.flash_bytes
