"""Cells against torchrecurrent (MIT), an independent library, with equal weights.

Its LEM (0.2.5) is left out: it multiplies the state z of the step before, where the paper and its authors' code
multiply the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from cell_cases import build, close, inputs_of
from torch import Tensor

theirs = pytest.importorskip("torchrecurrent", reason="torchrecurrent is not installed: pip install -e '.[dev]'")


def load(cell: torch.nn.Module, **values: Tensor) -> Any:
    """A cell of theirs in float64 with these numbers, and biases of 0 elsewhere."""
    own = cell.double()
    with torch.no_grad():
        for name, parameter in own.named_parameters():
            if name in values:
                parameter.copy_(values[name])
            elif name.startswith("bias"):
                parameter.zero_()
    return own


def cat(cell: Any, *names: str) -> Tensor:
    return torch.cat([getattr(cell, name).matrix() for name in names])


PAIRS: dict[str, tuple[dict[str, Any], Callable[[Any], Any], int]] = {
    "mgu": (
        {},
        lambda c: load(theirs.MGUCell(3, 5), weight_ih=c.W.matrix(), weight_hh=cat(c, "U", "U_c"), bias_ih=c.b),
        1,
    ),
    "indrnn": (
        {"activation": "tanh"},
        lambda c: load(theirs.IndRNNCell(3, 5), weight_ih=c.W.matrix(), vector_u=c.u, bias_ih=c.b),
        1,
    ),
    "janet": (
        {"beta": 0.7},
        lambda c: load(theirs.JANETCell(3, 5, beta=0.7), weight_ih=c.W.matrix(), weight_hh=c.U.matrix(), bias_ih=c.b),
        2,
    ),
    "cornn": (
        {"dt": 0.2, "gamma": 2.7, "epsilon": 4.7},
        lambda c: load(
            theirs.coRNNCell(3, 5, dt=0.2, gamma=2.7, epsilon=4.7),
            weight_ih=c.W.matrix(),
            weight_hh=c.U.matrix(),
            weight_ch=c.U_z.matrix(),
            bias_ih=c.b,
        ),
        2,
    ),
}


@pytest.mark.parametrize("name", list(PAIRS))
def test_a_sequence_is_theirs(name: str) -> None:
    options, make, states = PAIRS[name]
    cell = build(name, options)
    x, other = inputs_of(cell, steps=9), make(cell)
    state: Any = tuple(torch.zeros(x.shape[1], 5, dtype=torch.float64) for _ in range(states))
    state = state if states > 1 else state[0]
    seen = []
    for x_BD in x:
        state = other(x_BD, state)
        seen.append(state[0] if states > 1 else state)
    close(cell(x)[0].detach(), torch.stack(seen).detach(), 1e-6)
