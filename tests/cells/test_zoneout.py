"""QRNN's zoneout: in training a unit keeps its state with probability p; in evaluation the expectation is taken."""

from __future__ import annotations

import math

import pytest
import torch
from cell_cases import build, close, inputs_of, state_of
from torch import Tensor

from cells import Cell

INPUTS, HIDDEN, BATCH = 4, 64, 128
each_pooling = pytest.mark.parametrize("pooling", ["f", "fo", "ifo"])


def qrnn(pooling: str, zoneout: float, train: bool = True) -> Cell:
    """The same weights whatever the zoneout."""
    return build("qrnn", {"pooling": pooling, "zoneout": zoneout}, INPUTS, HIDDEN).train(train)


def memory(cell: Cell, x: Tensor, seed: int = 11) -> Tensor:
    """The memory (h of f-pooling, else c) after each step from a random state: [T + 1, B, H], the start first."""
    torch.manual_seed(seed)
    state = state_of(cell, x.shape[1])
    trace = [state[-1]]
    for pre in cell.project(x):
        state = cell.step(pre, state)
        trace.append(state[-1])
    return torch.stack(trace).detach()


@each_pooling
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_fraction_that_keeps_its_state(pooling: str, p: float) -> None:
    cell = qrnn(pooling, p)
    after = memory(cell, inputs_of(cell, 5, BATCH))
    kept = after[1:] == after[:-1]  # exactly: any other unit moves
    for count, chance in ((kept, p), (kept[1:] & kept[:-1], p * p)):  # a step, and two in a row: steps are independent
        bound = 4.5 * math.sqrt(chance * (1 - chance) / count.numel()) * (1 if chance == p else 2)
        assert float(count.double().mean()) == pytest.approx(chance, abs=bound)
    # Every row of the batch and every unit has a mask of its own.
    assert kept.double().mean(dim=(0, 1)).std() > 0
    assert kept.double().mean(dim=(0, 2)).std() > 0


@each_pooling
def test_other_units_do_the_plain_step(pooling: str) -> None:
    dropping, plain = qrnn(pooling, 0.5), qrnn(pooling, 0.0)
    x = inputs_of(plain, 1, BATCH)
    before, after = memory(dropping, x)
    wanted = memory(plain, x)[1]
    kept = after == before
    assert 0 < kept.sum() < kept.numel()
    close(after[~kept], wanted[~kept])


@each_pooling
def test_evaluation_takes_the_expectation(pooling: str) -> None:
    p, draws = 0.3, 200
    x = inputs_of(qrnn(pooling, p), 3, 8)
    wanted = memory(qrnn(pooling, p, train=False), x)[-1]
    cell = qrnn(pooling, p)
    sample = torch.stack([memory(cell, x, seed)[-1] for seed in range(draws)])
    z = (sample.mean(0) - wanted) / (sample.std(0) / math.sqrt(draws))
    # 512 standard normal deviates, nearly: their squares average 1 with a deviation of sqrt(2 / 512).
    assert float(z.square().mean()) == pytest.approx(1, abs=5 * math.sqrt(2 / z.numel()))
    assert float(z.abs().max()) < 5.5


@each_pooling
def test_evaluation_is_the_mixture_by_formula(pooling: str) -> None:
    p = 0.3
    x = inputs_of(qrnn(pooling, p), 1, BATCH)
    before, after = memory(qrnn(pooling, p, train=False), x)
    plain = memory(qrnn(pooling, 0.0), x)[1]
    close(after, p * before + (1 - p) * plain)


@each_pooling
def test_no_zoneout_is_exact(pooling: str) -> None:
    x = inputs_of(qrnn(pooling, 0.0), 4, BATCH)
    assert torch.equal(memory(qrnn(pooling, 0.0), x), memory(qrnn(pooling, 0.0, train=False), x))


@each_pooling
def test_same_seed_same_mask_and_another_seed_another(pooling: str) -> None:
    cell = qrnn(pooling, 0.5)
    x = inputs_of(cell, 4, BATCH)
    assert torch.equal(memory(cell, x, 1), memory(cell, x, 1))
    assert not torch.equal(memory(cell, x, 1), memory(cell, x, 2))
