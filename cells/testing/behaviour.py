"""Tests of a cell's behaviour: shapes, determinism, causality, gradients."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import torch
from torch import Tensor

from cells.cell import Cell
from cells.testing.points import CLOSE, B, D, H, Point, T, alike, inputs


def _registered(build: Callable[..., Cell]) -> None:
    cell = type(build())
    for name in ("name", "title", "citation"):
        if not getattr(cell, name, ""):
            raise AssertionError(f"it has no {name}: decorate the class with @register(name, title=..., citation=...)")
    if not (cell.__doc__ or "").strip():
        raise AssertionError("its class has no docstring: write the formula there")


def _shapes(build: Callable[..., Cell]) -> None:
    for steps, batch, features, hidden in ((T, B, D, H), (1, 1, 1, 1), (2, 1, 7, 3)):
        try:
            cell = build(features, hidden)
        except ValueError:
            if hidden == H:
                raise
            continue  # a cell may ask for a larger hidden size
        h_TBH, state = cell(inputs(cell, steps, batch))
        if list(h_TBH.shape) != [steps, batch, hidden]:
            raise AssertionError(f"h has shape {list(h_TBH.shape)}, not {[steps, batch, hidden]}")
        wanted = [tuple(tensor.shape) for tensor in cell.initial_state(batch, h_TBH)]
        if [tuple(tensor.shape) for tensor in state] != wanted:
            raise AssertionError(f"the state has shapes {[tuple(s.shape) for s in state]}, not {wanted}")
        alike(state[0], h_TBH[-1], 0.0, "the state's h and the last output")


def _finite(build: Callable[..., Cell]) -> None:
    cell = build(D, 20)
    h_TBH, state = cell(inputs(cell, 300))
    if not bool(h_TBH.isfinite().all()) or not all(bool(tensor.isfinite().all()) for tensor in state):
        raise AssertionError("with its initial weights a value is not finite within 300 steps of N(0, 1) inputs")


def _repeatable(build: Callable[..., Cell]) -> None:
    cell = build()
    x = inputs(cell)
    alike(cell(x)[0], cell(x)[0], 0.0, "two runs on the same input")
    for name, twin in (("deepcopy", copy.deepcopy(cell)), ("pickle", pickle.loads(pickle.dumps(cell)))):  # noqa: S301
        alike(twin(x)[0], cell(x)[0], 0.0, f"the cell and its {name}")
    other = build()
    other.load_state_dict(cell.state_dict())
    alike(other(x)[0], cell(x)[0], 0.0, "the cell and another with its state_dict")


def _streams(build: Callable[..., Cell]) -> None:
    """Sample by sample, in two halves and whole: the same."""
    cell = build().double()
    x = inputs(cell)
    whole, last = cell(x)
    first, state = cell(x[:4])
    second, halves = cell(x[4:], state)
    alike(torch.cat([first, second]), whole, CLOSE, "a sequence in two halves and the whole")
    state, seen = cell.initial_state(B, x), []
    for x_BD in x:
        state = cell.stream(x_BD, state)
        seen.append(state[0])
    alike(torch.stack(seen), whole, CLOSE, "step by step and the sequence")
    for number, (one, other) in enumerate(zip(halves, last, strict=True)):
        alike(one, other, CLOSE, f"tensor {number} of the state after two halves and after the whole")


def _independent(build: Callable[..., Cell]) -> None:
    """The future does not reach back, and no row of a batch another."""
    cell = build().double()
    x = inputs(cell)
    h, changed = cell(x)[0], x.clone()
    changed[5:] += 1
    alike(cell(changed)[0][:5], h[:5], CLOSE, "outputs before a change of the input")
    alike(cell(x[:, :2])[0], h[:, :2], CLOSE, "rows alone and in a larger batch")


def _gradients(build: Callable[..., Cell]) -> None:
    cell = build(3, 4).double()
    x = inputs(cell, 3, 2).requires_grad_()
    torch.autograd.gradcheck(lambda x: cell(x)[0], (x,), atol=1e-6)
    names = [name for name, parameter in cell.named_parameters() if parameter.requires_grad]
    given = tuple(dict(cell.named_parameters())[name].detach().clone().requires_grad_() for name in names)

    def of_parameters(*values: Tensor) -> Tensor:
        h: Tensor = torch.func.functional_call(cell, dict(zip(names, values, strict=True)), (x.detach(),))[0]
        return h

    torch.autograd.gradcheck(of_parameters, given, atol=1e-6)
    cell(x)[0].sum().backward()
    idle = [name for name, parameter in cell.named_parameters() if parameter.grad is None]
    if idle:
        raise AssertionError(f"no gradient reaches {', '.join(idle)}: is it used?")


POINTS: tuple[Point, ...] = (
    ("is registered, with a title and a citation", _registered),
    ("gives outputs and states of the right shapes", _shapes),
    ("stays finite with its initial weights", _finite),
    ("is deterministic, and survives copying and saving", _repeatable),
    ("gives step by step what it gives over a sequence", _streams),
    ("does not see the future or other rows", _independent),
    ("has gradients that agree with finite differences", _gradients),
)
