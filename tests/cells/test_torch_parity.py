"""LSTM and GRU equal torch's own, in value and in gradient. Torch's second bias vector is zero: here there is one."""

from __future__ import annotations

import pytest
import torch
from cell_cases import backward, build, close, inputs_of, state_of
from torch import Tensor, nn

STEPS = 11
SIZES = [(3, 5, 2), (1, 1, 1), (7, 4, 3)]


def weighted(outputs: tuple[Tensor, ...]) -> Tensor:
    """A scalar that depends on every output differently."""
    generator = torch.Generator().manual_seed(5)
    return torch.stack(
        [(each * torch.randn(each.shape, generator=generator, dtype=each.dtype)).sum() for each in outputs]
    ).sum()


@pytest.mark.parametrize(("inputs", "hidden", "batch"), SIZES)
@pytest.mark.parametrize(("name", "module"), [("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_equals_torch(name: str, module: type[nn.LSTM] | type[nn.GRU], inputs: int, hidden: int, batch: int) -> None:
    cell = build(name, {}, inputs, hidden)
    theirs = module(inputs, hidden).double()
    ours_to_theirs = {"W.value": "weight_ih_l0", "U.value": "weight_hh_l0", "b": "bias_ih_l0"}
    with torch.no_grad():
        for ours, other in ours_to_theirs.items():
            theirs.get_parameter(other).copy_(cell.get_parameter(ours))
        theirs.get_parameter("bias_hh_l0").zero_()

    x = inputs_of(cell, STEPS, batch).requires_grad_()
    state = tuple(each.requires_grad_() for each in state_of(cell, batch))
    h, after = cell(x, state)
    backward(weighted((h, *after)))

    their_x = x.detach().clone().requires_grad_()
    their_state = tuple(each.detach().clone().requires_grad_() for each in state)
    layered = tuple(each.unsqueeze(0) for each in their_state)
    their_h, their_after = theirs(their_x, layered if name == "lstm" else layered[0])
    their_last = tuple(each[0] for each in (their_after if name == "lstm" else (their_after,)))
    backward(weighted((their_h, *their_last)))

    for one, other_output in zip((h, *after), (their_h, *their_last), strict=True):
        close(one.detach(), other_output.detach())
    for one, other_input in zip((x, *state), (their_x, *their_state), strict=True):
        close(one.grad, other_input.grad)
    for ours, other in ours_to_theirs.items():
        close(cell.get_parameter(ours).grad, theirs.get_parameter(other).grad)
