"""What an operation of PyTorch costs, as numbers of elementary operations: one table, nothing about any cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from torch import Tensor, fx


@dataclass(frozen=True)
class Counts:
    """How many operations of each kind.

    Attributes:
        mac: multiplications that accumulate into a matrix-vector product, without its rows' and calls' overhead.
        row: results of matrix-vector products; each accumulator starts at the bias where there is one.
        call: matrix-vector products.
        add: additions and subtractions of elements, sums included.
        mul: multiplications of elements.
        div: divisions.
        sqrt: square roots.
        exp: exponentials, those inside sigmoid and tanh not included.
        sigmoid: logistic functions.
        tanh: hyperbolic tangents.
        compare: comparisons and selections: ReLU, maximum, each bound of a clamp, where.
        move: elements moved without arithmetic, changes of sign included.
    """

    mac: int = 0
    row: int = 0
    call: int = 0
    add: int = 0
    mul: int = 0
    div: int = 0
    sqrt: int = 0
    exp: int = 0
    sigmoid: int = 0
    tanh: int = 0
    compare: int = 0
    move: int = 0

    def items(self) -> list[tuple[str, int]]:
        """Each kind and its number, in the order of the attributes."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{kind: number + getattr(other, kind) for kind, number in self.items()})

    def __mul__(self, times: int) -> Counts:
        return Counts(**{kind: number * times for kind, number in self.items()})


_RESHAPES = {"view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "expand", "expand_as", "detach", "alias"}
_STRIDES = {"t", "numpy_T", "transpose", "permute", "movedim", "diagonal", "as_strided"}
_PARTS = {"slice", "select", "narrow", "split", "split_with_sizes", "chunk", "unbind"}
VIEWS = frozenset(_RESHAPES | _STRIDES | _PARTS)
"""Operations that move nothing: another way of reading the same memory."""

_FILLS = {"zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"}
GENERATORS = frozenset(_FILLS | {"eye", "arange", "linspace", "scalar_tensor"})
"""Operations whose result depends on no value of their inputs."""

_CHOICES = ("relu", "maximum", "minimum", "clamp_min", "clamp_max", "where", "gt", "ge", "lt", "le", "eq", "ne")
_ELEMENT: Mapping[str, Counts] = {
    **dict.fromkeys(("add", "sub", "rsub"), Counts(add=1)),
    "mul": Counts(mul=1),
    **dict.fromkeys(("div", "reciprocal"), Counts(div=1)),
    "sqrt": Counts(sqrt=1),
    "rsqrt": Counts(sqrt=1, div=1),
    "exp": Counts(exp=1),
    "sigmoid": Counts(sigmoid=1),
    "tanh": Counts(tanh=1),
    **dict.fromkeys(_CHOICES, Counts(compare=1)),
    "hardtanh": Counts(compare=2),
    "hardsigmoid": Counts(add=1, mul=1, compare=2),
    "leaky_relu": Counts(compare=1, mul=1),
    "silu": Counts(sigmoid=1, mul=1),
    "addcmul": Counts(mul=1, add=1),
    "lerp": Counts(add=2, mul=1),
    **dict.fromkeys(("neg", "abs"), Counts(move=1)),
}
_MOVES = frozenset({"cat", "stack", "clone", "copy", "_to_copy", "flip", "roll", "repeat", "index_select"})
_MATRIX = frozenset({"mm", "addmm", "mv", "addmv", "bmm", "baddbmm", "dot"})


def value_of(node: fx.Node) -> Tensor:
    """The (fake) tensor that a node computes."""
    value: Tensor = node.meta["val"]
    return value


def numel(node: fx.Node) -> int:
    """How many numbers a node computes, all its results together."""
    value = node.meta["val"]
    return sum(each.numel() for each in (value if isinstance(value, tuple | list) else [value]))


def _scale(node: fx.Node) -> int:
    """How many of the factors ``alpha``, ``beta`` and ``value`` cost a multiplication."""
    factors: list[Any] = [node.kwargs.get(name, 1) for name in ("alpha", "beta", "value")]
    return sum(bool(factor != 1) for factor in factors)


def _elementwise(node: fx.Node, name: str) -> Counts:
    return (_ELEMENT[name] + Counts(mul=_scale(node))) * numel(node)


def _matrix(node: fx.Node, name: str) -> Counts:
    out = value_of(node)
    left: Any = node.args[-2]
    rows = out.numel()
    calls = rows // out.shape[-1] if name.endswith("mm") else 1
    return Counts(mac=rows * value_of(left).shape[-1], row=rows, call=calls, mul=rows * _scale(node))


def _clamp(node: fx.Node) -> Counts:
    bounds = [*node.args[1:], *node.kwargs.values()]
    return Counts(compare=sum(bound is not None for bound in bounds)) * numel(node)


def _power(node: fx.Node) -> Counts | None:
    each = {2: Counts(mul=1), 3: Counts(mul=2), 0.5: Counts(sqrt=1), -1: Counts(div=1)}
    exponent = node.args[1]
    found = each.get(exponent) if isinstance(exponent, int | float) else None
    return None if found is None else found * numel(node)


def _norm(node: fx.Node) -> Counts | None:
    if len(node.args) > 1 and node.args[1] != 2:
        return None
    return Counts(mul=1, add=1) * _inputs(node) + Counts(sqrt=1) * numel(node)


def _inputs(node: fx.Node) -> int:
    return math.prod(value_of(node.all_input_nodes[0]).shape)


_SPECIAL: Mapping[str, Callable[[fx.Node], Counts | None]] = {
    "sum": lambda node: Counts(add=1) * _inputs(node),
    "mean": lambda node: Counts(add=1) * _inputs(node) + Counts(mul=1) * numel(node),
    "amax": lambda node: Counts(compare=1) * _inputs(node),
    "amin": lambda node: Counts(compare=1) * _inputs(node),
    "clamp": _clamp,
    "pow": _power,
    "linalg_vector_norm": _norm,
    # The maximum is subtracted first; then a sum, and one division each.
    "_softmax": lambda node: Counts(compare=1, add=2, exp=1, div=1) * numel(node),
}

SUPPORTED = sorted({name.lstrip("_") for name in _ELEMENT.keys() | _MOVES | _MATRIX | _SPECIAL.keys()})
"""The operations that :func:`cost` charges, for messages."""


def in_place(name: str) -> bool:
    """Whether a generated program may write the result over an operand of the same size that it needs no more."""
    return name in _ELEMENT or name in ("clamp", "pow")


def cost(node: fx.Node, name: str) -> Counts | None:
    """The operations of one node, or ``None`` when the model does not know it."""
    if name in VIEWS:
        return Counts()
    if name in _ELEMENT:
        return _elementwise(node, name)
    if name in _MOVES:
        return Counts(move=numel(node))
    if name in _MATRIX:
        return _matrix(node, name)
    special = _SPECIAL.get(name)
    return None if special is None else special(node)
