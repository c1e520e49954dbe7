"""Steps that are no formula: each is refused with the reason, and the line where there is one."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest
import torch
from formula_cases import H, Own
from torch import Tensor, nn
from torch.nn import functional

from cells.formula import RefusedError, formula_of


class Clamp(torch.autograd.Function):
    """Named as torch's own is; straight through."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clamp(-0.5, 0.5)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient


class Backwards(torch.autograd.Function):
    """The other way round."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 1.0

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return -gradient


def hooked(s: Any, p: Tensor, h: Tensor) -> Tensor:
    a = p + h
    if a.requires_grad:
        a.register_hook(lambda gradient: 2 * gradient)
    return torch.tanh(a)


def without(s: Any, p: Tensor, h: Tensor) -> Tensor:
    with torch.no_grad():
        gate = torch.sigmoid(h)
    return gate * p + h


def counting(s: Any, p: Tensor, h: Tensor) -> Tensor:
    s.steps = getattr(s, "steps", 0) + 1
    return torch.tanh(p + s.steps * h)


def failing(s: Any, p: Tensor, h: Tensor) -> Tensor:
    raise KeyError("what")


def cached(s: Any, p: Tensor, h: Tensor) -> Tensor:
    if not hasattr(s, "first"):
        s.first = 2.0
    return p + s.first * h


def moving(s: Any, p: Tensor, h: Tensor) -> Tensor:
    s.kept.add_(1.0)
    return torch.tanh(p + s.kept * h)


WITH_A_LINE = {
    "layer norm": (lambda s, p, h: functional.layer_norm(p + h, (H,)), "the operation native_layer_norm"),
    "softmax": (lambda s, p, h: torch.softmax(p + h, -1), "the operation _softmax"),
    "a sum over units": (lambda s, p, h: p + h.sum(-1, keepdim=True), "the operation sum"),
    "units in another order": (lambda s, p, h: p + h.flip(-1), "the operation flip"),
    "units shifted": (lambda s, p, h: p + torch.cat([h[:, 1:], h[:, :1]], -1), "the operation slice: ValueError: a p"),
    "every other unit": (lambda s, p, h: torch.cat([h[:, ::2], p[:, ::2]], 1), "the operation slice: ValueError: a s"),
    "one unit": (lambda s, p, h: p + h[:, 0:1], "the operation slice: ValueError: a part that is no multiple"),
    "one column": (lambda s, p, h: p + h[:, 0].unsqueeze(1), "the operation select: ValueError: a selection"),
    "rows in another order": (lambda s, p, h: p + h.roll(1, 0), "the operation roll"),
    "a product of states": (lambda s, p, h: torch.tanh(p + h @ (h.t() @ h)), "the operation t"),
    "a product with pre-activations": (lambda s, p, h: p + (p @ p.mT) @ h, "the operation transpose"),
    "a mean of the batch": (lambda s, p, h: p + h - h.mean(0), "the operation mean"),
    "dropout": (lambda s, p, h: functional.dropout(p + h, 0.5), "the operation empty_like"),
    "random numbers": (lambda s, p, h: p + torch.rand_like(h), "the random operation rand_like"),
    "noise made here": (lambda s, p, h: p + torch.rand(2, H) * h, "the operation rand"),
    "a branch on numbers": (lambda s, p, h: p + h if h.sum() > 0 else p - h, "the operation sum"),
    "a number of one unit": (lambda s, p, h: p + h[0, 0].item() * h, "the operation select: ValueError"),
    "in place": (lambda s, p, h: (p + h).mul_(2), "the operation mul_"),
    "a tensor made here": (lambda s, p, h: p + h * torch.tensor(2.0), "a tensor that is neither the cell's nor made"),
    "halves of the batch": (lambda s, p, h: p + torch.cat(h.split(1)), "the operation split: ValueError: a part"),
    "rows put together": (lambda s, p, h: torch.cat([h, p])[:2], "the operation cat: ValueError: rows put together"),
    "a constant of the batch": (lambda s, p, h: p + h * torch.ones_like(h[:, :1]), "the operation slice"),
    "a rounding": (lambda s, p, h: torch.round(p + h), "the operation round"),
    "another power": (lambda s, p, h: p + h.abs() ** 1.7, "the operation pow: ValueError: a power of 1.7"),
    "a power of a vector": (lambda s, p, h: p + torch.pow(2.0, h), "the operation pow"),
    "a comparison for equality": (lambda s, p, h: torch.where(h == p, h, p), "the operation eq"),
    "a mask of constants": (lambda s, p, h: torch.where(s.b > 0, h, p), "the operation where: ValueError: a mask"),
    "both of two masks": (lambda s, p, h: torch.where((h > 0) & (p > 0), h, p), "the operation bitwise_and"),
    "a larger matrix": (
        lambda s, p, h: s.V(s.c.view(2, H) + h).chunk(2, 1)[0] + p,
        "a constant of torch.float32 [2, 4]",
    ),
    "halves": (lambda s, p, h: p + torch.cat([h, s.c[:2].expand(2, 2)], -1)[:, :H], "a constant of torch.float32"),
    "other numbers": (lambda s, p, h: p + h.half().float(), "the operation _to_copy"),
    "whole numbers": (lambda s, p, h: p + h.int(), "the operation _to_copy"),
    "a sum of both": (lambda s, p, h: s.V(h).unflatten(1, (2, H)).sum(1), "the operation view: ValueError: a view"),
    "a view across rows": (lambda s, p, h: p + h.view(-1, 2).view(2, H), "the operation view: ValueError: a view"),
    "too few rows": (lambda s, p, h: p + functional.linear(h, s.square[:3]).sum(), "a product with a matrix of [4, 3]"),
}


@pytest.mark.parametrize("what", WITH_A_LINE)
def test_an_operation_is_refused_with_its_line(what: str) -> None:
    function, why = WITH_A_LINE[what]
    with pytest.raises(RefusedError) as refusal:
        formula_of(Own(function))
    text = str(refusal.value)
    assert text.startswith(why)
    source = re.search(r" at test_refused\.py:(\d+): `(.*)`$", text)
    assert source is not None, text
    with open(__file__) as file:
        assert file.read().splitlines()[int(source[1]) - 1].strip() == source[2]


WITHOUT = {
    "detached": (lambda s, p, h: p + h.detach(), "a gradient that is stopped or changed"),
    "its data": (lambda s, p, h: p * h.data + h, "a gradient that is stopped or changed"),
    "its parameter's data": (lambda s, p, h: p + h * s.b.data, "a gradient that is stopped or changed"),
    "no gradient": (without, "a gradient that is stopped or changed"),
    "a hook": (hooked, "a gradient that is stopped or changed"),
    "a gradient of its own": (lambda s, p, h: Backwards.apply(p + h), "a gradient of mul that is not torch's"),
    "one of torch's name": (lambda s, p, h: Clamp.apply(p + h), "it is more than the operations that it shows"),
    "a branch that no operation shows": (
        lambda s, p, h: p + h if h.tolist()[0][0] > 0 else p - h,
        "it is more than the operations that it shows",
    ),
    "a buffer read as numbers": (lambda s, p, h: p + s.kept.tolist()[0] * h, "it is more than the operations"),
    "a parameter read as numbers": (lambda s, p, h: p + float(s.b.tolist()[1]) * h, "it is more than the operations"),
    "a random number of Python's": (lambda s, p, h: p + random.random() * h, "it is more than the operations"),
    "a random number of NumPy's": (lambda s, p, h: p + float(np.random.rand()) * h, "it is more than the operations"),
    "a step that counts": (counting, "it is more than the operations that it shows"),
    "a step that remembers": (cached, "running it changes the cell"),
    "a buffer that moves on": (moving, "the operation add_"),
    "a state alike in every row": (lambda s, p, h: s.b.expand(2, H), "step returns other states than it was given"),
    "states too many": (lambda s, p, h: (p + h, h), "step returns other states than it was given"),
    "a state of another shape": (lambda s, p, h: s.V(h), "step returns other states than it was given"),
    "no tensor": (lambda s, p, h: (p + h).tolist(), "it fails on random numbers: AttributeError"),
    "a failure": (failing, "it fails on random numbers: KeyError: 'what'"),
}


@pytest.mark.parametrize("what", WITHOUT)
def test_what_no_operation_shows_is_refused(what: str) -> None:
    function, why = WITHOUT[what]
    for _ in range(2):  # remembered
        with pytest.raises(RefusedError, match=f"^{re.escape(why)}"):
            formula_of(Own(function))


@pytest.mark.parametrize("what", ["detached", "its data"])
def test_a_stopped_gradient_is_refused_with_its_line(what: str) -> None:
    with pytest.raises(RefusedError, match=rf" at test_refused\.py:\d+: `\"{what}\": "):
        formula_of(Own(WITHOUT[what][0]))


@pytest.mark.parametrize("function", [counting, cached, moving, failing, WITHOUT["a random number of Python's"][0]])
def test_reading_leaves_no_trace(function: Any) -> None:
    cell = Own(function)
    cell.b.grad = torch.ones(H)
    before = {key: value.clone() for key, value in cell.state_dict().items()}
    attributes = dict(vars(cell))
    torch.manual_seed(1)
    random.seed(1)
    streams = torch.get_rng_state(), random.getstate()
    with pytest.raises(RefusedError):
        formula_of(cell)
    assert torch.equal(torch.get_rng_state(), streams[0])
    assert random.getstate() == streams[1]
    assert vars(cell) == attributes
    assert all(torch.equal(value, before[key]) for key, value in cell.state_dict().items())
    assert torch.equal(cell.b.grad, torch.ones(H))
    assert cell.W.value.grad is None


def add(s: Any, p: Tensor, h: Tensor) -> Tensor:
    return torch.tanh(s.U(h, add=p) + s.b)


def changed(change: Any) -> tuple[Own, Own]:
    """A cell, and one that was changed after its formula was read."""
    one, other = Own(add), Own(add)
    formula_of(other)
    change(other)
    return one, other


OTHER_FORMULAS = {
    "another function": lambda cell: setattr(cell, "function", lambda s, p, h: p - h),
    "a number": lambda cell: setattr(cell, "size", 3.5),
    "a word": lambda cell: setattr(cell, "mode", "odd"),
    "numbers": lambda cell: setattr(cell, "sizes", (1, 2)),
    "a gate": lambda cell: cell.nonlinearities.update(tanh=torch.relu),
    "evaluation": lambda cell: cell.eval(),
    "a shape": lambda cell: setattr(cell, "b", nn.Parameter(torch.randn(1))),
    "a dtype": lambda cell: cell.double(),
    "a frozen vector": lambda cell: cell.b.requires_grad_(False),
    "a frozen matrix": lambda cell: cell.U.value.requires_grad_(False),
    "a low rank": lambda cell: cell.U.factorise(2),
    "a further parameter": lambda cell: setattr(cell, "extra", nn.Parameter(torch.ones(2))),
}


@pytest.mark.parametrize("what", OTHER_FORMULAS)
def test_a_change_is_read_anew(what: str) -> None:
    one, other = changed(OTHER_FORMULAS[what])
    assert formula_of(one) is formula_of(Own(add))
    assert formula_of(other) is not formula_of(one)


def test_numbers_in_tensors_are_not_read_anew() -> None:
    one, other = changed(lambda cell: cell.b.data.add_(1))
    assert formula_of(other) is formula_of(one)


def test_a_method_put_in_its_place_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = Own(add)
    before = formula_of(cell)
    monkeypatch.setattr(Own, "step", lambda self, pre, state: (torch.sigmoid(pre),))
    assert formula_of(cell) is not before
    monkeypatch.undo()
    assert formula_of(cell) is before
    monkeypatch.setattr(Own, "project", lambda self, x: torch.relu(self.W(x)))
    assert formula_of(cell) is not before


def closure() -> Any:
    factor = 2.0
    return lambda s, p, h: p + factor * h


UNSEEN = {
    "a list": lambda cell: setattr(cell, "sizes", [2.0]),
    "a dictionary": lambda cell: setattr(cell, "sizes", {"a": 2.0}),
    "a closure": lambda cell: setattr(cell, "function", closure()),
    "an array": lambda cell: setattr(cell, "array", np.ones(2)),
    "an object": lambda cell: setattr(cell, "thing", object()),
    "a list in a tuple": lambda cell: setattr(cell, "sizes", (1, [2])),
    "a module that is no weight": lambda cell: setattr(cell, "norm", nn.LayerNorm(H)),
    "a hook": lambda cell: cell.register_forward_hook(lambda *_: None),
    "a hook before": lambda cell: cell.register_forward_pre_hook(lambda *_: None),
    "a matrix's hook": lambda cell: cell.U.register_forward_hook(lambda *_: None),
    "a matrix's hook backward": lambda cell: cell.U.register_full_backward_hook(lambda *_: None),
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_may_change_unseen_is_refused(what: str) -> None:
    _, other = changed(UNSEEN[what])
    with pytest.raises(RefusedError, match="an attribute or a module that may change unseen"):
        formula_of(other)


def test_a_detached_part_of_a_frozen_parameter_is_noticed_when_it_is_free() -> None:
    cell = Own(WITHOUT["its parameter's data"][0])
    cell.b.requires_grad_(False)
    assert formula_of(cell).sources
    cell.b.requires_grad_()
    with pytest.raises(RefusedError, match="stopped or changed"):
        formula_of(cell)
