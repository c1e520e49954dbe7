"""How torch's operations are said with those of the table, and how views take values apart and put them together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

from cells.formula.tensors import place

if TYPE_CHECKING:
    from cells.formula.record import Recorder

Operand = Tensor | float


def _alpha(r: Recorder, operand: Operand, alpha: float) -> int:
    node = r.node(operand)
    return node if alpha == 1 else r.put("mul", r.formula.number(float(alpha)), node)


def _mask(r: Recorder, mask: Tensor, a: int, b: int) -> int:
    value = r.values.get(place(mask))
    if value is None or value.node is None:
        raise ValueError("a mask that depends on neither sample nor state")
    return r.put("where", value.node, *((b, a) if value.negated else (a, b)))


def _compare(swap: bool, negated: bool) -> Callable[..., Any]:
    """``a > b`` in all its forms: ``a < b`` swaps, ``a <= b`` is not ``a > b``."""

    def spell(r: Recorder, a: Operand, b: Operand) -> Any:
        value = r.values[place(a if isinstance(a, Tensor) and place(a) in r.values else b)]  # type: ignore[arg-type]
        return value._replace(node=r.pointwise("greater", *((b, a) if swap else (a, b))), start=r.base, negated=negated)

    return spell


def _not(r: Recorder, mask: Tensor) -> Any:
    value = r.values[place(mask)]
    return value._replace(negated=not value.negated)


def _lerp(r: Recorder, a: Operand, b: Operand, weight: Operand) -> int:
    start = r.node(a)
    return r.put("add", start, r.put("mul", r.node(weight), r.put("sub", r.node(b), start)))


def _bounds(r: Recorder, x: Operand, low: Any = None, high: Any = None, **named: Any) -> int:
    low, high = named.get("min", low), named.get("max", high)
    node = r.node(x)
    for op, bound in (("maximum", low), ("minimum", high)):
        if isinstance(bound, Tensor):
            node = r.put(op, node, r.node(bound))
    numbers = [None if isinstance(bound, Tensor) else bound for bound in (low, high)]
    if numbers == [None, None]:
        return node
    ends = [end if bound is None else float(bound) for bound, end in zip(numbers, (-math.inf, math.inf), strict=True)]
    return r.put("clamp", node, numbers=tuple(ends))


def _power(r: Recorder, x: Operand, exponent: Any) -> int:
    node, one = r.node(x), r.formula.number(1.0)
    if exponent == 0.5:
        return r.put("sqrt", node)
    if exponent in (2, 3):
        square = r.put("mul", node, node)
        return square if exponent == 2 else r.put("mul", square, node)
    if exponent == -1:
        return r.put("div", one, node)
    raise ValueError(f"a power of {exponent}")


def _softplus(r: Recorder, x: Operand, beta: float = 1, threshold: float = 20) -> int:
    if beta == 1:
        return r.pointwise("softplus", x)
    scale = r.formula.number(float(beta))
    return r.put("div", r.put("softplus", r.put("mul", scale, r.node(x))), scale)


def _leaky(r: Recorder, x: Operand, slope: float = 0.01) -> int:
    node = r.node(x)
    over = r.put("greater", node, r.formula.number(0.0))
    return r.put("where", over, node, r.put("mul", r.formula.number(slope), node))


def _addmm(r: Recorder, add: Operand, x: Tensor, matrix: Tensor) -> int:
    return r.put("add", r.product(x, matrix), r.node(add))


SPELLINGS: Mapping[str, Callable[..., Any]] = {
    **{
        op: lambda r, x, _op=op: r.pointwise(_op, x)
        for op in ("neg", "exp", "sqrt", "sin", "cos", "sigmoid", "tanh", "silu", "relu", "abs")
    },
    **{op: lambda r, a, b, _op=op: r.pointwise(_op, a, b) for op in ("mul", "div", "maximum", "minimum")},
    "add": lambda r, a, b, alpha=1: r.put("add", r.node(a), _alpha(r, b, alpha)),
    "sub": lambda r, a, b, alpha=1: r.put("sub", r.node(a), _alpha(r, b, alpha)),
    "rsub": lambda r, a, b, alpha=1: r.put("sub", r.node(b), _alpha(r, a, alpha)),
    "addcmul": lambda r, a, b, c, value=1: r.put("add", r.node(a), r.put("mul", _alpha(r, b, value), r.node(c))),
    "reciprocal": lambda r, x: r.put("div", r.formula.number(1.0), r.node(x)),
    "rsqrt": lambda r, x: r.put("div", r.formula.number(1.0), r.put("sqrt", r.node(x))),
    "pow": _power,
    "lerp": _lerp,
    "softplus": _softplus,
    "leaky_relu": _leaky,
    "hardtanh": lambda r, x, low=-1, high=1: _bounds(r, x, low, high),
    "clamp": _bounds,
    "clamp_min": _bounds,
    "clamp_max": lambda r, x, high: _bounds(r, x, None, high),
    "gt": _compare(swap=False, negated=False),
    "lt": _compare(swap=True, negated=False),
    "le": _compare(swap=False, negated=True),
    "ge": _compare(swap=True, negated=True),
    **dict.fromkeys(("logical_not", "bitwise_not"), _not),
    "where": lambda r, mask, a, b: _mask(r, mask, r.node(a), r.node(b)),
    "mm": lambda r, x, matrix: r.product(x, matrix),
    "addmm": _addmm,
}
"""By the name that torch dispatches: ``spell(recorder, *operands)`` gives the node."""

GENERATORS: Mapping[str, Callable[..., float]] = {
    "zeros_like": lambda *_: 0.0,
    "new_zeros": lambda *_: 0.0,
    "ones_like": lambda *_: 1.0,
    "new_ones": lambda *_: 1.0,
    "full_like": lambda *given: float(given[-1]),
    "new_full": lambda *given: float(given[-1]),
    "scalar_tensor": lambda *given: float(given[0]),
}
"""Operations whose result is one number everywhere."""

SAME = ("clone", "_to_copy", "alias", "contiguous")
"""Operations that change nothing; of a mask, ``_to_copy`` gives 0 and 1."""


def _along(r: Recorder, value: Tensor, dim: int) -> str:
    """``units``, ``time``, or ``batch``: which dimension of a value this is."""
    dim = dim % value.dim()
    return "units" if dim == value.dim() - 1 else "time" if value.dim() == 3 and dim == 0 else "batch"


def _reshaped(r: Recorder, made: Any, value: Tensor, *_: Any, **__: Any) -> list[Any]:
    if made[0].shape[-1] != value.shape[-1]:
        raise ValueError("a view across rows")
    return [r.values[place(value)]]


def _selected(r: Recorder, made: Any, value: Tensor, dim: int, index: int) -> list[Any]:
    if _along(r, value, dim) != "time":
        raise ValueError("a selection that is not of a step")
    return [r.values[place(value)]._replace(node=r.node(value), start=r.base)]


def _sliced(
    r: Recorder, made: Any, value: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> list[Any]:
    total, known = value.shape[dim], r.values[place(value)]
    first, last, _ = slice(start, end).indices(total)
    if (first, last, step) == (0, total, 1):
        return [known]
    if step != 1:
        raise ValueError("a slice with gaps")
    if _along(r, value, dim) == "time" and known.node is None:
        return [known._replace(start=known.start + first)]
    return [_part(r, value, dim, first, last)]


def _part(r: Recorder, value: Tensor, dim: int, first: int, last: int) -> Any:
    if _along(r, value, dim) != "units" or first % r.width or last % r.width:
        raise ValueError("a part that is no multiple of the hidden size")
    ends = (first // r.width, last // r.width)
    node = r.node(value)
    if not r.formula.nodes[node].width:
        raise ValueError("a part of a sample")
    return r.values[place(value)]._replace(
        node=r.formula.put("slice", node, numbers=ends, width=ends[1] - ends[0]), start=r.base
    )


def _split(r: Recorder, made: Any, value: Tensor, sizes: Any, dim: int = 0) -> list[Any]:
    parts, first = [], 0
    for result in made:
        size = result.shape[dim]
        parts.append(_part(r, value, dim, first, first + size) if len(made) > 1 else r.values[place(value)])
        first += size
    return parts


def _joined(r: Recorder, made: Any, values: list[Tensor], dim: int = 0) -> list[Any]:
    if _along(r, made[0], dim) == "time":
        known = [r.values[place(value)] for value in values]
        ends = [one.start + len(value) for one, value in zip(known, values, strict=True)]
        if any(one.node is not None for one in known) or ends[:-1] != [one.start for one in known[1:]]:
            raise ValueError("steps put together that are not consecutive samples")
        return [known[0]]
    if _along(r, made[0], dim) != "units":
        raise ValueError("rows put together")
    nodes = [r.node(value) for value in values]
    widths = [r.formula.nodes[node].width for node in nodes]
    samples = [r.formula.nodes[node].op == "input" for node in nodes]
    if any(not width and not sample for width, sample in zip(widths, samples, strict=True)):
        raise ValueError("a number put beside vectors")
    whole = 0 if 0 in widths else sum(widths)
    known_as = next(r.values[place(value)] for value in values if place(value) in r.values)
    return [known_as._replace(node=r.formula.put("cat", *nodes, width=whole), start=r.base, negated=False)]


VIEWS: Mapping[str, Callable[..., list[Any]]] = {
    **dict.fromkeys(("view", "_unsafe_view", "reshape"), _reshaped),
    "select": _selected,
    "slice": _sliced,
    "split": _split,
    "split_with_sizes": _split,
    "cat": _joined,
}
"""By the name that torch dispatches: ``view(recorder, results, *operands)`` gives the value of each result."""
