"""Gradients through a sequence: against autograd through the whole sequence, and where they are known exactly."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from tiny_runs import RunTiny
from torch.nn import functional

from bench.record import gradients
from bench.spec import RunSpec, parse
from bench.train.classification.gradients import course
from bench.train.classification.network import Network, build

LENGTHS = torch.tensor([5, 3, 5])


def network(cell: dict[str, Any]) -> Network:
    spec = parse(RunSpec, {"data": "tiny", "cell": {"hidden_size": 4, **cell}}, "test")
    return build(spec, 3, 2)


def batch(steps: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x_TBD = torch.randn(steps, 3, 3, generator=torch.Generator().manual_seed(0))
    return x_TBD, LENGTHS.clamp(max=steps), torch.tensor([0, 1, 0])


@pytest.mark.parametrize("name", ["rnn", "fastgrnn", "lstm"])
def test_they_are_those_of_autograd_through_the_sequence(name: str) -> None:
    """Norm and condition number of every state, the medians over two sequences of five steps and one of three."""
    net = network({"name": name})
    found = course(net, batch())
    twin, (x_TBD, _, y_B) = net.double(), batch()
    for place, back in enumerate(found.back):
        norms, conditions = [], []
        for b in (b for b in range(3) if LENGTHS[b] >= back):
            pre = twin.cell.project(x_TBD[:, b : b + 1].double())
            state = twin.cell.initial_state(1, pre)
            for t in range(int(LENGTHS[b]) - back):
                state = twin.cell.step(pre[t], state)
            start = torch.cat(state, dim=1).detach().requires_grad_()

            def last(flat: torch.Tensor, pre: Any = pre, b: int = b, back: int = back) -> torch.Tensor:
                state = flat.chunk(twin.cell.states, dim=1)
                for t in range(int(LENGTHS[b]) - back, int(LENGTHS[b])):
                    state = twin.cell.step(pre[t], state)
                return torch.cat(state, dim=1)

            loss = functional.cross_entropy(twin.head(last(start)[:, :4]), y_B[b : b + 1])
            norms.append(float(torch.autograd.grad(loss, start)[0].norm()))
            whole = torch.autograd.functional.jacobian(last, start)
            conditions.append(float(torch.linalg.cond(whole.reshape(start.numel(), -1))))
        norm, condition = found.log10_norm[place], found.log10_condition[place]
        middle = torch.tensor(norms).log10().quantile(0.5)
        assert norm == pytest.approx(float(middle), abs=2e-4)
        assert condition == pytest.approx(math.log10(sorted(conditions)[len(conditions) // 2]), abs=2e-3)


def test_a_cell_that_only_keeps_has_a_condition_number_of_1_over_any_length() -> None:
    """alpha = 0: each Jacobian is beta I, with beta .5; 2,000 steps shrink the norm by 2^2000, which no float holds."""
    x_TBD, _, y_B = batch(2000)
    net = network({"name": "fastrnn", "hold": {"alpha": 0, "beta": 0.5}})
    found = course(net, (x_TBD, torch.tensor([2000, 2000, 2000]), y_B))
    assert found.back[-1] == 2000
    assert found.log10_condition == pytest.approx([0] * len(found.back), abs=1e-3)
    assert found.log10_norm[0] is not None
    assert found.log10_norm[-1] == pytest.approx(found.log10_norm[0] - 2000 * math.log10(2), abs=0.1)


def test_a_step_that_forgets_has_no_condition_number() -> None:
    """U = 0: nothing of a state reaches the next."""
    net = network({"name": "rnn"})
    with torch.no_grad():
        net.cell.weights()["U"].value.zero_()
    found = course(net, batch())
    assert found.log10_condition[0] == 0
    assert set(found.log10_condition[1:]) == {None}
    assert set(found.log10_norm[1:]) == {None}


@pytest.mark.long
def test_a_run_leaves_them_beside_its_record_and_trains_as_without(run_tiny: RunTiny) -> None:
    cell = {"name": "fastrnn", "hidden_size": 6}
    plain, without = run_tiny(cell=cell)
    left, folder = run_tiny(cell=cell, evaluate={"gradients": True})
    assert (left.id, left.spec, left.result) == (plain.id, plain.spec, plain.result)
    found = gradients.read(folder)
    assert found is not None
    assert found.start != found.end
    assert found.end.log10_condition[0] == 0
    assert without == folder or gradients.read(without) is None
