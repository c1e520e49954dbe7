"""Cells that a kernel serves, and how a kernel is compared with the plain loop in float64."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from own_cells import (
    Blocks,
    Exponential,
    Gated,
    GatedOnce,
    Halved,
    Joined,
    Linear,
    LookBack,
    Odd,
    Skip,
    Third,
    Three,
    Through,
    Tied,
    Trading,
    Twice,
    TwoMatrices,
    Waves,
    Wide,
)
from published_cells import Peephole
from torch import Tensor

from bench.zoo import all_cells
from cells import Cell
from cells.gates import PIECEWISE

torch.set_num_threads(1)

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *(("fastgrnn", {"gate": gate}) for gate in ("sigmoid", "tanh", "relu")),
    *(
        ("fastrnn", {"activation": activation, "residual": residual})
        for activation in ("tanh", "relu")
        for residual in ("scalar", "vector", "tied")
    ),
    ("rnn", {}),
    *(("spectralrnn", {"activation": activation, "reflectors": 1}) for activation in ("tanh", "relu")),
    ("ugrnn", {}),
    *(("gru", {"reset": reset}) for reset in ("after", "before")),
    ("lstm", {}),
    *(("qrnn", {"pooling": pooling, "window": window}) for pooling, window in (("fo", 1), ("fo", 2), ("ifo", 4))),
    *(("qrnn", {"pooling": pooling, "window": window, "zoneout": 0.25}) for pooling, window in (("f", 2), ("ifo", 1))),
    *((name, {"gates": "piecewise"}) for name in ("fastgrnn", "gru", "lstm", "qrnn")),
    *((name, {}) for name in ("mingru", "indrnn", "janet", "mgu", "cornn", "lem", "lru", "lmu")),
    ("lru", {"readout": "real"}),
    *(("slstm", {"forget": forget}) for forget in ("sigmoid", "exp")),
    ("s6", {"order": 2}),
]
"""Of the cells here: every formula that an option leads to. In evaluation, for zoneout draws in training."""
OTHERS: tuple[type[Cell], ...] = (
    *(Halved, TwoMatrices, Odd, Trading, Linear, Exponential, Gated, GatedOnce, Twice, Three, Wide, Third, LookBack),
    *(Blocks, Skip, Through, Tied, Joined, Waves, Peephole),
)
"""Of cells that are not here, those that a kernel serves."""
TOLERANCE = 1e-5


class Shape(NamedTuple):
    """Steps, batch, inputs, hidden units."""

    T: int
    B: int
    D: int
    H: int


def made(name: str, options: dict[str, Any], inputs: int, hidden: int) -> Cell:
    """A cell off its initial values, and with states that stay small over a few steps."""
    torch.manual_seed(0)
    options = dict(options)
    piecewise = options.pop("gates", "smooth") == "piecewise"
    cell = all_cells()[name](inputs, hidden, **options).eval()
    if piecewise:
        cell.nonlinearities.update(PIECEWISE)
    with torch.no_grad():
        for key, parameter in cell.named_parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1 if parameter.dim() < 2 else 0.02)
            if options.get("gate") == "relu" and key == "b_z":
                parameter.sub_(1.5)
    return cell


def own(cls: type[Cell], inputs: int, hidden: int) -> Cell:
    """A cell of somebody else; one that adds the sample to vectors of H gets D = H."""
    torch.manual_seed(0)
    return cls(hidden if getattr(cls, "square", False) else inputs, hidden)


Maker = Callable[[int, int], Cell]
CASES = [
    *(
        pytest.param(lambda D, H, n=name, o=options: made(n, o, D, H), id="-".join([name, *map(str, options.values())]))
        for name, options in VARIANTS
    ),
    *(pytest.param(lambda D, H, cls=cls: own(cls, D, H), id=cls.__name__) for cls in OTHERS),
]
each_cell = pytest.mark.parametrize("make", CASES)
SOME = [case for case in CASES if case.id in ("gru-before", "lstm", "qrnn-ifo-4", "lem", "Third", "Skip", "Wide")]
some_cells = pytest.mark.parametrize("make", SOME)
"""Those whose kernels differ most: stages, states, a window, samples as they are, pre-activations that are given."""


def tensors(cell: Cell, T: int, B: int, given: bool, dtype: torch.dtype) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """Leaves: x, and a state or None; equal numbers for every dtype."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(T, B, cell.input_size, generator=generator)
    state = [torch.randn(zero.shape, generator=generator) for zero in cell.initial_state(B, x)] if given else []
    if given and getattr(cell, "name", "") == "slstm":
        state[2] = state[2].abs() + 1  # the normaliser is a sum of exponentials, and divided by
    x, *state = (tensor.to(dtype, copy=True).requires_grad_() for tensor in (x, *state))
    return x, tuple(state) if given else None


def results(cell: Cell, T: int, B: int, given: bool = True, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """Outputs, and every gradient of a random linear form of all outputs."""
    cell.zero_grad()
    x, state = tensors(cell, T, B, given, dtype)
    h, after = cell(x, state)
    generator = torch.Generator().manual_seed(2)
    form = x.new_zeros(())
    for output in (h, *after[: cell.states]):
        form = form + (output * torch.randn(output.shape, generator=generator).to(dtype)).sum()
    torch.autograd.backward([form])
    values = {f"output {n}": output.detach() for n, output in enumerate((h, *after))}
    leaves = {"x": x, **{f"state {n}": leaf for n, leaf in enumerate(state or ())}, **dict(cell.named_parameters())}
    gradients = {f"gradient of {key}": leaf.grad for key, leaf in leaves.items() if leaf.grad is not None}
    return values | {key: gradient.clone() for key, gradient in gradients.items()}


def wanted(cell: Cell, T: int, B: int, given: bool = True) -> dict[str, Tensor]:
    """:func:`results` of the plain loop in float64, which no kernel serves."""
    return results(copy.deepcopy(cell).double(), T, B, given, torch.float64)


def agree(ours: dict[str, Tensor], exact: dict[str, Tensor]) -> None:
    """Within 1e-5 of the largest. A single number is a sum that may cancel: the largest of a vector is its measure."""
    assert exact.keys() <= ours.keys()
    assert all(not ours[key].any() for key in ours.keys() - exact.keys())  # zeros where the loop gives no gradient
    largest = max(float(value.abs().max()) for key, value in exact.items() if value.dim() == 1 or key == "output 0")
    for key, value in exact.items():
        scale = max(float(value.abs().max()), largest if value.numel() == 1 else 1e-6)
        error = float((ours[key].double() - value).abs().max())
        assert error <= TOLERANCE * scale, f"{key}: {error / scale:.1e}"
