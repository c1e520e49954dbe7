"""Cells with a kernel, in every variant, and how a kernel is compared with the scan."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from bench.zoo import all_cells
from cells import Cell, kernels
from cells.gates import PIECEWISE, SMOOTH

torch.set_num_threads(1)

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *(("fastgrnn", {"gate": gate}) for gate in ("sigmoid", "tanh", "relu")),
    *(
        ("fastrnn", {"activation": activation, "residual": residual})
        for activation in ("tanh", "relu")
        for residual in ("scalar", "vector")
    ),
    ("rnn", {}),
    *(("spectralrnn", {"activation": activation, "reflectors": 1}) for activation in ("tanh", "relu")),
    ("ugrnn", {}),
    *(("gru", {"reset": reset}) for reset in ("after", "before")),
    ("lstm", {}),
    *(
        ("qrnn", {"pooling": pooling, "window": window, "zoneout": zoneout})
        for pooling in ("f", "fo", "ifo")
        for window, zoneout in ((1, 0.0), (2, 0.25), (4, 0.0))
    ),
    *((name, {"gates": "piecewise"}) for name in ("fastgrnn", "fastrnn", "rnn", "ugrnn", "gru", "lstm", "qrnn")),
]
TOLERANCE = 1e-5


def made(name: str, options: dict[str, Any], inputs: int, hidden: int, seed: int = 0) -> Cell:
    """A cell off its initial values, and with states that stay small over a few steps."""
    torch.manual_seed(seed)
    options = dict(options)
    gates = PIECEWISE if options.pop("gates", "smooth") == "piecewise" else SMOOTH
    cell = all_cells()[name](inputs, hidden, **options).eval()
    cell.nonlinearities.update(gates)
    with torch.no_grad():
        for key, parameter in cell.named_parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1 if parameter.dim() < 2 else 0.02)
            if options.get("gate") == "relu" and key == "b_z":
                parameter.sub_(0.8)
    kernels.use("auto")
    if not kernels.ready(cell):
        pytest.skip("there is no C++ compiler")
    return cell


def tensors(cell: Cell, T: int, B: int, given: bool, dtype: torch.dtype) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """Leaves: x, and a state or None; equal numbers for every dtype."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(T, B, cell.input_size, generator=generator)
    state = [torch.randn(each.shape, generator=generator) for each in cell.initial_state(B, x)] if given else []
    x, *state = (each.to(dtype, copy=True).requires_grad_() for each in (x, *state))
    return x, tuple(state) if given else None


def results(cell: Cell, shape: tuple[int, ...], given: bool, dtype: torch.dtype) -> dict[str, Tensor]:
    """Outputs and every gradient of a random linear form of all outputs."""
    x, state = tensors(cell, shape[0], shape[1], given, dtype)
    h, after = cell(x, state)
    generator = torch.Generator().manual_seed(2)
    outputs = (h, *after[: cell.states])
    sum((o * torch.randn(o.shape, generator=generator).to(dtype)).sum() for o in outputs).backward()  # type: ignore[union-attr]
    values = {f"output {n}": each.detach() for n, each in enumerate((h, *after))}
    leaves = {"x": x, **{f"state {n}": each for n, each in enumerate(state or ())}, **dict(cell.named_parameters())}
    return values | {f"gradient of {key}": leaf.grad for key, leaf in leaves.items() if leaf.grad is not None}


def agree(ours: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Within 1e-5 of the largest. A scalar's gradient is a sum over units that may cancel: a bias's is its measure."""
    assert wanted.keys() <= ours.keys()
    assert all(not ours[key].any() for key in ours.keys() - wanted.keys())  # what the scan gives no gradient gets zeros
    bias = max(float(each.abs().max()) for key, each in wanted.items() if each.dim() == 1 or key == "output 0")
    for key, value in wanted.items():
        scale = max(float(value.abs().max()), bias if value.dim() == 0 else 1e-6)
        error = float((ours[key].double() - value).abs().max())
        assert error <= TOLERANCE * scale, f"{key}: {error / scale:.1e}"
