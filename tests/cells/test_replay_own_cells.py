"""Cells of others: which steps are repeated as formulas, and that no other is."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from replay_cases import refusal, replayed, same
from torch import Tensor, nn
from torch.nn import functional

from cells import Cell, State, Weight, replay

_replayed = pytest.fixture(autouse=True)(replayed)


class Own(Cell):
    """A cell of somebody's whose step is one function of itself, pre-activations and state."""

    def __init__(self, function: Any, states: int = 1, gates: int = 1) -> None:
        super().__init__(3, 4)
        self.states, self.function = states, function
        self.W, self.U, self.V = Weight(gates * 4, 3), Weight(gates * 4, 4), Weight(4, 4)
        self.b, self.scale = nn.Parameter(torch.randn(4)), nn.Parameter(torch.rand(1))
        self.square, self.kept = nn.Parameter(torch.randn(4, 4)), nn.Buffer(torch.rand(4))
        self.double()

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        made = self.function(self, pre_BG, *state)
        return made if isinstance(made, tuple) else (made,)


def projected(cell: Any, p: Tensor, h: Tensor, c: Tensor) -> State:
    """A product of the gated new state, a state that moves on, a slice, a sum of three."""
    i, f = cell.U(h).split([4, 4], dim=-1)
    c = torch.sigmoid(f + p[:, 4:]) * c - torch.exp(-i.relu()) / (2.0 + cell.scale) * (1 - p[:, :4])
    return cell.V(torch.tanh(c) * cell.b, add=cell.kept), c


SERVED: dict[str, tuple[Any, int, int]] = {
    "elementwise": (lambda s, p, h: torch.tanh(p) * torch.sigmoid(s.scale * h - s.b) + 0.5 * h, 1, 1),
    "a gated state": (lambda s, p, h: torch.tanh(s.V(torch.sigmoid(s.U(h, add=p)) * h)) + h / 3, 1, 1),
    "two products of one value": (lambda s, p, h: torch.tanh(s.U(h.relu()) * s.V(h.relu(), add=s.b) + p), 1, 1),
    "projected": (projected, 2, 2),
    "states that trade places": (lambda s, p, h, c: (c, torch.tanh(s.U(h, add=p) - c)), 2, 1),
    "one value as two states": (lambda s, p, h, c: (torch.tanh(s.U(h, add=p) * c),) * 2, 2, 1),
    "the other way round": (lambda s, p, h: torch.rsub(torch.tanh(h), p, alpha=3), 1, 1),
    "linear": (lambda s, p, h: s.U(h, add=p), 1, 1),
    "no state": (lambda s, p, h: p, 1, 1),
    "put together": (lambda s, p, h: torch.cat([s.U(h).neg(), p], -1).sigmoid().chunk(2, -1)[1] * h, 1, 1),
    "a state of use only to another": (lambda s, p, h, c: (torch.tanh(p * c), s.b * c.clamp(-1, 0.5)), 2, 1),
    "added twice": (lambda s, p, h: torch.tanh(s.U(h, add=p)) + s.V(h, add=p), 1, 1),
}


@pytest.mark.parametrize("what", SERVED)
def test_cells_of_others_are_served(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    cell = Own(*SERVED[what])
    x, state = torch.randn(11, 3, 3).double(), tuple(torch.randn(3, 4).double() for _ in range(cell.states))
    assert refusal(cell, x) == ""
    same(cell, x, state, monkeypatch)


class Clamp(torch.autograd.Function):
    """Named as torch's own is; straight through."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clamp(-0.5, 0.5)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient


class _Backwards(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 1.0

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return -gradient


def _hooked(s: Any, p: Tensor, h: Tensor) -> Tensor:
    a = p + h
    if a.requires_grad:
        a.register_hook(lambda gradient: 2 * gradient)
    return torch.tanh(a)


def _without(s: Any, p: Tensor, h: Tensor) -> Tensor:
    with torch.no_grad():
        gate = torch.sigmoid(h)
    return gate * p + h


def _counting(s: Any, p: Tensor, h: Tensor) -> Tensor:
    s.steps = getattr(s, "steps", 0) + 1
    return torch.tanh(p + s.steps * h)


REFUSED = {
    "layer norm": lambda s, p, h: functional.layer_norm(p + h, (4,)),
    "softmax": lambda s, p, h: torch.softmax(p + h, -1),
    "a sum over units": lambda s, p, h: p + h.sum(-1, keepdim=True),
    "units in another order": lambda s, p, h: p + h.flip(-1),
    "units shifted": lambda s, p, h: p + torch.cat([h[:, 1:], h[:, :1]], -1),
    "rows in another order": lambda s, p, h: p + h.roll(1, 0),
    "a product of states": lambda s, p, h: torch.tanh(p + h @ (h.t() @ h)),
    "a mean of the batch": lambda s, p, h: p + h - h.mean(0),
    "a mask of its own": lambda s, p, h: functional.dropout(p + h, 0.5),
    "a branch on numbers": lambda s, p, h: p + h if h.sum() > 0 else p - h,
    "in place": lambda s, p, h: (p + h).mul_(2),
    "detached": lambda s, p, h: p + h.detach(),
    "its data": lambda s, p, h: p * h.data + h,
    "its parameter's data": lambda s, p, h: p + h * s.b.data,
    "no gradient": _without,
    "a gradient of its own": lambda s, p, h: _Backwards.apply(p + h),  # type: ignore[no-untyped-call]
    "a gradient of its own under torch's name": lambda s, p, h: Clamp.apply(p + h),  # type: ignore[no-untyped-call]
    "a branch on a number that no operation shows": lambda s, p, h: p + h if h.tolist()[0][0] > 0 else p - h,
    "a buffer read as numbers": lambda s, p, h: p + s.kept.tolist()[0] * h,
    "a random number of Python's": lambda s, p, h: p + random.random() * h,
    "halves of the batch": lambda s, p, h: p + torch.cat(h.split(2)),
    "a hook": _hooked,
    "a tensor made here": lambda s, p, h: p + h * torch.tensor(2.0),
    "a step that counts": _counting,
    "a constant of the batch": lambda s, p, h: p + h * torch.ones(3, 1).double(),
    "a state alike in every row": lambda s, p, h: s.b.expand(3, 4),
    "a rounding": lambda s, p, h: torch.round(p + h),
}


@pytest.mark.parametrize("what", REFUSED)
def test_any_other_step_is_scanned_as_it_is(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    cell = Own(REFUSED[what])
    x = torch.randn(5, 3, 3).double()
    if what in ("a step that counts", "a random number of Python's"):
        assert refusal(cell, x)
        return
    assert refusal(cell, x)
    same(cell, x, (torch.randn(3, 4).double(),), monkeypatch)


def _moves_on(s: Any, p: Tensor, h: Tensor) -> Tensor:
    s.kept.add_(1.0)
    return torch.tanh(p + torch.rand_like(h) * s.kept)


@pytest.mark.parametrize("function", [_moves_on, _counting])
def test_reading_a_step_leaves_no_trace(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x, seen = torch.randn(5, 3, 3).double(), []
    for plainly in (False, True):
        with monkeypatch.context() as patched:
            if plainly:
                patched.setattr(replay, "scan", lambda *_: None)
            torch.manual_seed(0)
            cell = Own(function)
            seen.append((cell(x)[0], cell.kept, getattr(cell, "steps", 0), torch.rand(3)))
    for ours, wanted in zip(*seen, strict=True):
        torch.testing.assert_close(ours, wanted, rtol=0, atol=0)


def test_an_attribute_that_may_change_unseen() -> None:
    odd = Own(lambda s, p, h: p + h * s.list[0])
    odd.list = [2.0]  # type: ignore[assignment]
    assert refusal(odd, torch.randn(4, 3, 3).double())
