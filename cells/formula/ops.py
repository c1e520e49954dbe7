"""The one table of operations: what a cell may do between its products, and what everything else knows of it.

A row gives an operation's names in torch, its derivative, its C++, its value on NumPy arrays or torch tensors, and the
integer kernel that computes it. Whoever reads a formula (the compiled scan, the integer program, float32 C, the trial)
reads this table; an operation that is not here is refused everywhere. To add one, add a row.

A comparison gives a mask, which only ``where`` reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from cells.formula.units import Units

Back = Callable[..., "tuple[int | None, ...]"]
"""``back(units, g, y, *operands)``: for each operand the node of its gradient, ``None`` for none.

``g`` is the gradient of the result, ``y`` the result.
"""
Form = Literal["sum", "product", "quotient", "negative", "limit", "table", "extreme", "greater", "select"]


@dataclass(frozen=True)
class Op:
    """One operation on vectors, element by element.

    Attributes:
        torch: the names under which torch dispatches it.
        back: its derivative.
        cpp: the expression in C++ on vectors of floats; ``{0}`` is the first operand, ``{low}`` a number.
        real: its value by a module like ``numpy`` or ``torch``: ``real(module, *operands, *numbers)``.
        form: the kind of integer kernel: ``table`` for any function of one variable.
        dear: whether the result is worth keeping for backward, rather than computing it again.
    """

    torch: tuple[str, ...]
    back: Back
    cpp: str
    real: Callable[..., Any]
    form: Form
    dear: bool = False


def _flag(u: Units, mask: int, g: int, other: int | None = None) -> int:
    return u.put("where", mask, g, u.number(0.0) if other is None else other)


def _clamp_back(u: Units, g: int, y: int, x: int) -> tuple[int | None, ...]:
    low, high = u.nodes[y].numbers
    for mask, bound in ((0, low), (1, high)):
        if math.isfinite(bound):
            pair = (u.number(bound), x) if mask == 0 else (x, u.number(bound))
            g = u.put("where", u.put("greater", *pair), u.number(0.0), g)
    return (g,)


def _extreme_back(sign: int) -> Back:
    def back(u: Units, g: int, y: int, a: int, b: int) -> tuple[int | None, ...]:
        first, second = u.put("greater", a, b), u.put("greater", b, a)
        half = u.put("mul", u.number(0.5), g)
        if sign < 0:
            first, second = second, first
        return _flag(u, first, g, _flag(u, second, u.number(0.0), half)), _flag(
            u, second, g, _flag(u, first, u.number(0.0), half)
        )

    return back


def _abs_back(u: Units, g: int, y: int, x: int) -> tuple[int | None, ...]:
    zero = u.number(0.0)
    return (_flag(u, u.put("greater", x, zero), g, _flag(u, u.put("greater", zero, x), u.put("neg", g))),)


def _silu_back(u: Units, g: int, y: int, x: int) -> tuple[int | None, ...]:
    s = u.put("sigmoid", x)
    return (u.put("mul", g, u.put("add", s, u.put("mul", y, u.put("sub", u.number(1.0), s)))),)


def _div_back(u: Units, g: int, y: int, a: int, b: int) -> tuple[int | None, ...]:
    over = u.put("div", g, b)
    return over, u.put("neg", u.put("mul", over, y)) if u.wanted(b) else None


def _complement(u: Units, y: int) -> int:
    return u.put("sub", u.number(1.0), y)


OPS: Mapping[str, Op] = {
    "add": Op(("add",), lambda u, g, y, a, b: (g, g), "{0} + {1}", lambda xp, a, b: a + b, "sum"),
    "sub": Op(
        ("sub",),
        lambda u, g, y, a, b: (g, u.put("neg", g) if u.wanted(b) else None),
        "{0} - {1}",
        lambda xp, a, b: a - b,
        "sum",
    ),
    "mul": Op(
        ("mul",),
        lambda u, g, y, a, b: (
            u.put("mul", g, b) if u.wanted(a) else None,
            u.put("mul", g, a) if u.wanted(b) else None,
        ),
        "{0} * {1}",
        lambda xp, a, b: a * b,
        "product",
    ),
    "div": Op(("div",), _div_back, "{0} / {1}", lambda xp, a, b: a / b, "quotient"),
    "neg": Op(("neg",), lambda u, g, y, x: (u.put("neg", g),), "-{0}", lambda xp, x: -x, "negative"),
    "exp": Op(
        ("exp",), lambda u, g, y, x: (u.put("mul", g, y),), "exp({0})", lambda xp, x: xp.exp(x), "table", dear=True
    ),
    "sqrt": Op(
        ("sqrt",),
        lambda u, g, y, x: (u.put("div", g, u.put("mul", u.number(2.0), y)),),
        "sqrt({0})",
        lambda xp, x: xp.sqrt(x),
        "table",
        dear=True,
    ),
    "sin": Op(
        ("sin",),
        lambda u, g, y, x: (u.put("mul", g, u.put("cos", x)),),
        "sin({0})",
        lambda xp, x: xp.sin(x),
        "table",
        dear=True,
    ),
    "cos": Op(
        ("cos",),
        lambda u, g, y, x: (u.put("neg", u.put("mul", g, u.put("sin", x))),),
        "cos({0})",
        lambda xp, x: xp.cos(x),
        "table",
        dear=True,
    ),
    "sigmoid": Op(
        ("sigmoid",),
        lambda u, g, y, x: (u.put("mul", g, u.put("mul", y, _complement(u, y))),),
        "sigmoid({0})",
        lambda xp, x: (1 + xp.tanh(x / 2)) / 2,
        "table",
        dear=True,
    ),
    "tanh": Op(
        ("tanh",),
        lambda u, g, y, x: (u.put("mul", g, _complement(u, u.put("mul", y, y))),),
        "tanh({0})",
        lambda xp, x: xp.tanh(x),
        "table",
        dear=True,
    ),
    "silu": Op(
        ("silu",),
        _silu_back,
        "{0} * sigmoid({0})",
        lambda xp, x: x * (1 + xp.tanh(x / 2)) / 2,
        "table",
        dear=True,
    ),
    "softplus": Op(  # torch's is x itself above 20, where the two differ by less than float32 can say
        ("softplus",),
        lambda u, g, y, x: (u.put("mul", g, u.put("sigmoid", x)),),
        "softplus({0})",
        lambda xp, x: xp.log1p(xp.exp(-abs(x))) + (x + abs(x)) / 2,
        "table",
        dear=True,
    ),
    "relu": Op(
        ("relu",),
        lambda u, g, y, x: (_flag(u, u.put("greater", y, u.number(0.0)), g),),
        "relu({0})",
        lambda xp, x: (x + abs(x)) / 2,
        "limit",
        dear=True,
    ),
    "abs": Op(("abs",), _abs_back, "absolute({0})", lambda xp, x: abs(x), "extreme"),
    "clamp": Op(
        ("clamp", "hardtanh"),
        _clamp_back,
        "clamp({0}, {low}, {high})",
        lambda xp, x, low, high: xp.clip(x, low, high),
        "limit",
    ),
    "maximum": Op(("maximum",), _extreme_back(1), "maximum({0}, {1})", lambda xp, a, b: xp.maximum(a, b), "extreme"),
    "minimum": Op(("minimum",), _extreme_back(-1), "minimum({0}, {1})", lambda xp, a, b: xp.minimum(a, b), "extreme"),
    "greater": Op(("gt",), lambda u, g, y, a, b: (None, None), "{0} > {1}", lambda xp, a, b: a > b, "greater"),
    "where": Op(
        ("where",),
        lambda u, g, y, mask, a, b: (
            None,
            _flag(u, mask, g) if u.wanted(a) else None,
            u.put("where", mask, u.number(0.0), g) if u.wanted(b) else None,
        ),
        "{0} ? {1} : {2}",
        lambda xp, mask, a, b: xp.where(mask, a, b),
        "select",
    ),
}
"""By name. ``{low}`` and ``{high}`` of ``clamp`` are its numbers, infinite where there is no bound."""

DEAR = frozenset(name for name, op in OPS.items() if op.dear)
