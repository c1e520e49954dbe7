"""Every way in which torch says an operation of the table: what is read of it, and that it trains as the loop does."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from formula_cases import H, Own, texts
from scan_cases import agree, results, wanted
from torch import Tensor
from torch.nn import functional

from cells import scan
from cells.formula import formula_of
from cells.formula.spellings import GENERATORS, SAME, SPELLINGS, VIEWS

SPELLED: dict[str, tuple[Any, str]] = {
    "add": (lambda s, p, h: p + h, "(W(x) + h)"),
    "add a multiple": (lambda s, p, h: torch.add(p, h, alpha=3), "(W(x) + (3 * h))"),
    "add a number": (lambda s, p, h: 1.5 + h, "(h + 1.5)"),
    "sub": (lambda s, p, h: p - h, "(W(x) - h)"),
    "sub a multiple": (lambda s, p, h: torch.sub(p, h, alpha=2), "(W(x) - (2 * h))"),
    "a number less": (lambda s, p, h: 1 - h, "(1 - h)"),
    "rsub": (lambda s, p, h: torch.rsub(h, p, alpha=3), "(W(x) - (3 * h))"),
    "mul": (lambda s, p, h: h * p, "(h * W(x))"),
    "mul a vector": (lambda s, p, h: s.b * p, "(b * W(x))"),
    "mul one number": (lambda s, p, h: s.scale * h, "(scale * h)"),
    "div": (lambda s, p, h: h / (p.abs() + 1), "(h / (abs(W(x)) + 1))"),
    "a number over": (lambda s, p, h: 2 / (p.abs() + 1), "((1 / (abs(W(x)) + 1)) * 2)"),
    "reciprocal": (lambda s, p, h: (p.abs() + 1).reciprocal(), "(1 / (abs(W(x)) + 1))"),
    "addcmul": (lambda s, p, h: torch.addcmul(h, p, s.b, value=2), "(h + ((2 * W(x)) * b))"),
    "neg": (lambda s, p, h: -h, "neg(h)"),
    "functions of one variable": (
        lambda s, p, h: torch.sin(torch.cos(torch.tanh(torch.sigmoid(torch.relu(h))))).exp(),
        "exp(sin(cos(tanh(sigmoid(relu(h))))))",
    ),
    "silu": (lambda s, p, h: functional.silu(h), "silu(h)"),
    "softplus": (lambda s, p, h: functional.softplus(h), "softplus(h)"),
    "softplus with a scale": (lambda s, p, h: functional.softplus(h, beta=2), "(softplus((2 * h)) / 2)"),
    "leaky_relu": (lambda s, p, h: functional.leaky_relu(h, 0.1), "where((h > 0), h, (0.1 * h))"),
    "pow 2": (lambda s, p, h: h**2, "(h * h)"),
    "square": (lambda s, p, h: torch.square(h), "(h * h)"),
    "pow 3": (lambda s, p, h: h**3, "((h * h) * h)"),
    "pow 1/2": (lambda s, p, h: (h.abs() + 1) ** 0.5, "sqrt((abs(h) + 1))"),
    "pow -1": (lambda s, p, h: (h.abs() + 1) ** -1, "(1 / (abs(h) + 1))"),
    "sqrt": (lambda s, p, h: (h.abs() + 1).sqrt(), "sqrt((abs(h) + 1))"),
    "rsqrt": (lambda s, p, h: (h.abs() + 1).rsqrt(), "(1 / sqrt((abs(h) + 1)))"),
    "lerp": (lambda s, p, h: torch.lerp(h, p, 0.3), "(h + (0.3 * (W(x) - h)))"),
    "lerp by a vector": (lambda s, p, h: torch.lerp(h, p, torch.sigmoid(p)), "(h + (sigmoid(W(x)) * (W(x) - h)))"),
    "hardtanh": (lambda s, p, h: functional.hardtanh(h), "clamp(h, -1, 1)"),
    "hardtanh between": (lambda s, p, h: functional.hardtanh(h, -0.5, 0.25), "clamp(h, -0.5, 0.25)"),
    "relu6": (lambda s, p, h: functional.relu6(h + 0.5), "clamp((h + 0.5), 0, 6)"),
    "clamp": (lambda s, p, h: h.clamp(-0.5, 0.25), "clamp(h, -0.5, 0.25)"),
    "clamp below": (lambda s, p, h: h.clamp(min=-0.5), "clamp(h, -0.5, inf)"),
    "clamp above": (lambda s, p, h: h.clamp(max=0.25), "clamp(h, -inf, 0.25)"),
    "clamp_min": (lambda s, p, h: torch.clamp_min(h, -0.5), "clamp(h, -0.5, inf)"),
    "clamp_max": (lambda s, p, h: torch.clamp_max(h, 0.25), "clamp(h, -inf, 0.25)"),
    "clamp between vectors": (lambda s, p, h: h.clamp(p - 1, s.b.abs()), "minimum(maximum(h, (W(x) - 1)), abs(b))"),
    "clamp_min by a vector": (lambda s, p, h: torch.clamp_min(h, p), "maximum(h, W(x))"),
    "clamp_max by a vector": (lambda s, p, h: torch.clamp_max(h, p), "minimum(h, W(x))"),
    "maximum": (lambda s, p, h: torch.maximum(h, p), "maximum(h, W(x))"),
    "minimum": (lambda s, p, h: h.minimum(p), "minimum(h, W(x))"),
    "gt": (lambda s, p, h: torch.where(h > p, h, p / 2), "where((h > W(x)), h, (W(x) / 2))"),
    "lt": (lambda s, p, h: torch.where(h < p, h, p / 2), "where((W(x) > h), h, (W(x) / 2))"),
    "le": (lambda s, p, h: torch.where(h <= p, h, p / 2), "where((h > W(x)), (W(x) / 2), h)"),
    "ge": (lambda s, p, h: torch.where(h >= p, h, p / 2), "where((W(x) > h), (W(x) / 2), h)"),
    "gt a number": (lambda s, p, h: torch.where(h > 0.5, p, 0.25), "where((h > 0.5), W(x), 0.25)"),
    "a vector gt": (lambda s, p, h: torch.where(s.b > h, p, -0.25), "where((b > h), W(x), -0.25)"),
    "le a number": (lambda s, p, h: torch.where(h <= 0.5, -1.0, p), "where((h > 0.5), W(x), -1)"),
    "where between numbers": (lambda s, p, h: p * torch.where(h > 0, 1.0, -1.0), "(W(x) * where((h > 0), 1, -1))"),
    "logical_not": (
        lambda s, p, h: torch.where((h > p).logical_not(), h, p / 2),
        "where((h > W(x)), (W(x) / 2), h)",
    ),
    "bitwise_not": (lambda s, p, h: torch.where(~(h <= p), h, p / 2), "where((h > W(x)), h, (W(x) / 2))"),
    "a mask as numbers": (lambda s, p, h: (h > p).to(h.dtype) * p, "(where((h > W(x)), 1, 0) * W(x))"),
    "the opposite as numbers": (lambda s, p, h: (h <= p).to(h.dtype) * p, "(where((h > W(x)), 0, 1) * W(x))"),
    "a mask that is multiplied": (lambda s, p, h: (h > 0) * p, "(where((h > 0), 1, 0) * W(x))"),
    "zeros_like": (lambda s, p, h: torch.zeros_like(h) - p, "(0 - W(x))"),
    "ones_like": (lambda s, p, h: torch.ones_like(h) * p, "(1 * W(x))"),
    "full_like": (lambda s, p, h: torch.full_like(h, 2.5) * p, "(2.5 * W(x))"),
    "new_zeros": (lambda s, p, h: p + h.new_zeros(h.shape), "(W(x) + 0)"),
    "new_ones": (lambda s, p, h: p - h.new_ones(h.shape), "(W(x) - 1)"),
    "new_full": (lambda s, p, h: p - h.new_full(h.shape, 0.75), "(W(x) - 0.75)"),
    "a product": (lambda s, p, h: s.U(h), "U(h)"),
    "a product and a vector": (lambda s, p, h: s.U(h, add=s.b), "(U(h) + b)"),
    "a product and a sum": (lambda s, p, h: s.U(h, add=p), "(U(h) + W(x))"),
    "a matrix from the right": (lambda s, p, h: p + h @ s.square, "(W(x) + (h @ square))"),
    "linear": (lambda s, p, h: functional.linear(h, s.square, s.b) * p, "((square(h) + b) * W(x))"),
    "addmm": (lambda s, p, h: torch.addmm(p, h, s.square), "((h @ square) + W(x))"),
    "a matrix that is computed": (lambda s, p, h: p + functional.linear(h, 2 * s.square), "(W(x) + mul(square, 2)(h))"),
    "a constant that is computed": (lambda s, p, h: p * torch.sigmoid(s.b), "(W(x) * sigmoid(b))"),
    "chunk": (lambda s, p, h: s.V(h).chunk(2, dim=-1)[1] * p, "(V(h)[1:2] * W(x))"),
    "split": (lambda s, p, h: torch.split(s.V(h), H, dim=-1)[0] * p, "(V(h)[0:1] * W(x))"),
    "split in parts": (lambda s, p, h: torch.split(s.V(h), [H, H], dim=1)[1] * p, "(V(h)[1:2] * W(x))"),
    "a slice": (lambda s, p, h: s.V(h)[:, H:] * p, "(V(h)[1:2] * W(x))"),
    "a slice from the end": (lambda s, p, h: s.V(h)[..., -H:] * p, "(V(h)[1:2] * W(x))"),
    "all of it": (lambda s, p, h: h[:, :] * p[..., 0:H], "(h * W(x))"),
    "narrow": (lambda s, p, h: s.V(h).narrow(1, 0, H) * p, "(V(h)[0:1] * W(x))"),
    "a vector's part": (lambda s, p, h: s.c[H:] * p, "(slice(c, 0, 4, 9223372036854775807) * W(x))"),
    "cat": (lambda s, p, h: torch.cat([h, p], 1).tanh()[:, H:], "tanh([h, W(x)])[1:2]"),
    "clone": (lambda s, p, h: h.clone() * p.contiguous(), "(h * W(x))"),
    "views": (lambda s, p, h: h.view(-1, H) * p.reshape(-1, H), "(h * W(x))"),
    "a wide value": (lambda s, p, h: (s.V(h) * s.c).sin().chunk(2, -1)[1] * p, "(sin((V(h) * c))[1:2] * W(x))"),
}


@pytest.mark.parametrize("what", SPELLED)
def test_what_is_read(what: str) -> None:
    function, text = SPELLED[what]
    formula = formula_of(Own(function))
    assert texts(formula) == [text]
    assert not formula.given


def test_all_of_them_train_as_the_loop_does(quick_kernels: None) -> None:
    """By one kernel, which has a state for each."""

    def step(s: Any, p: Tensor, h: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        return tuple(function(s, p, h) for function, _ in SPELLED.values())

    cell = Own(step, len(SPELLED))
    assert scan.why_not(cell) == ""
    agree(results(cell, 2, 5), wanted(cell, 2, 5))


class Noted(dict):  # type: ignore[type-arg]
    """Remembers what was looked up."""

    def __init__(self, table: Any) -> None:
        super().__init__(table)
        self.used: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.used.add(key)
        return super().__getitem__(key)


def test_every_spelling_is_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from cells.formula import record

    tables = {name: Noted(getattr(record, name)) for name in ("SPELLINGS", "GENERATORS", "VIEWS")}
    for name, table in tables.items():
        monkeypatch.setattr(record, name, table)
    for number, (function, _) in enumerate(SPELLED.values()):
        cell = Own(function)
        cell.tag = number  # type: ignore[assignment]  # so that it is read anew
        formula_of(cell)
    assert tables["SPELLINGS"].used >= SPELLINGS.keys()
    assert tables["GENERATORS"].used >= GENERATORS.keys()
    assert tables["VIEWS"].used >= VIEWS.keys() - {"select", "_unsafe_view", "reshape"}
    assert "clone" in SAME
