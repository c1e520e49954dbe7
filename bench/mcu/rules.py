"""One rule for each operation of PyTorch that has an integer form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, fx

from bench.mcu.builder import Dynamic, number
from bench.mcu.graph import TABLES, Clamp, Linear, Unary
from bench.mcu.kinds import value_of

if TYPE_CHECKING:
    from bench.mcu.lowering import Lowering


def _sum(sign: int) -> Any:
    def rule(low: Lowering, node: fx.Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
        alpha = float(kwargs.get("alpha", 1)) * sign
        if len(args) != 2 or abs(alpha) != 1:
            return None
        return low.sum_of(node, args[0], args[1], int(alpha))

    return rule


def _rsub(low: Lowering, node: fx.Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return low.sum_of(node, args[1], args[0], -1) if kwargs.get("alpha", 1) == 1 else None


def _mul(low: Lowering, node: fx.Node, args: list[Any], _: dict[str, Any]) -> Any:
    return low.product(node, args[0], args[1])


def _div(low: Lowering, node: fx.Node, args: list[Any], _: dict[str, Any]) -> Any:
    divisor = args[1]
    return None if isinstance(divisor, Dynamic) or len(args) > 2 else low.product(node, args[0], 1 / divisor)


def _clamp(low: Lowering, node: fx.Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
    bounds = [*args[1:], None, None]
    least, most = kwargs.get("min", bounds[0]), kwargs.get("max", bounds[1])
    ends = (-np.inf if least is None else number(least), np.inf if most is None else number(most))
    if None in ends:
        return None
    a = low.wide(node, args[0])
    return low.emit(node, lambda out: Clamp(out, a, float(ends[0] or 0), float(ends[1] or 0)))


def _unary(name: str) -> Any:
    def rule(low: Lowering, node: fx.Node, args: list[Any], _: dict[str, Any]) -> Any:
        a = low.wide(node, args[0])
        return low.emit(node, lambda out: Unary(out, a, name))

    return rule


def _matrix(low: Lowering, node: fx.Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
    *add, x, weight = args
    if not isinstance(x, Dynamic) or not isinstance(weight, Tensor) or any(v != 1 for v in kwargs.values()):
        return None
    if x.ids.numel() != weight.shape[0]:
        return None
    matrix = weight.t().double().numpy().copy()
    source = low.builder.word(x)
    bias = add[0].expand(value_of(node).shape).flatten() if add and isinstance(add[0], Tensor) else None
    extra = low.wide(node, add[0]) if add and isinstance(add[0], Dynamic) else None
    offsets = None if bias is None else bias.double().numpy().copy()
    return low.emit(node, lambda out: Linear(out, source, matrix, offsets, extra))


def _total(low: Lowering, node: fx.Node, args: list[Any], _: dict[str, Any]) -> Any:
    """A sum over everything or over the last dimension: a product with a matrix of ones and zeros."""
    value = args[0]
    dims = args[1] if len(args) > 1 and args[1] else None
    length = value.ids.numel() if dims is None else value.ids.shape[-1]
    if dims is not None and list(dims) not in ([-1], [value.ids.dim() - 1]):
        return None
    x = low.builder.word(value)
    matrix = np.kron(np.eye(x.size // length), np.ones((1, length))).astype(np.float64)
    return low.emit(node, lambda out: Linear(out, x, matrix))


RULES: Mapping[str, Any] = {
    "add": _sum(1),
    "sub": _sum(-1),
    "rsub": _rsub,
    "mul": _mul,
    "div": _div,
    "neg": lambda low, node, args, _: low.affine(node, args[0], -1.0, 0.0),
    "relu": lambda low, node, args, _: _clamp(low, node, [args[0], 0.0], {}),
    **dict.fromkeys(("clamp", "clamp_min", "hardtanh"), _clamp),
    **{name: _unary(name) for name in TABLES},
    **dict.fromkeys(("mm", "addmm"), _matrix),
    "sum": _total,
}
SUPPORTED = sorted(RULES)
"""The operations with a rule, for messages; views and concatenations need none."""
