"""From traced operations of PyTorch to a :class:`bench.mcu.graph.Graph`: a table of operations, nothing about any cell.

Views move nothing: every element of a traced tensor has a number, and PyTorch's own views, slices and
concatenations are run on tensors of those numbers. An operation that reads a run of consecutive numbers reads a buffer
in place; anything else is gathered first. What depends on no input is computed at once and becomes a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn

from bench.errors import RnnbenchError
from bench.mcu.graph import (
    FUNCTIONS,
    Add,
    Affine,
    Buffer,
    Clamp,
    Floats,
    Gather,
    Graph,
    Linear,
    Mul,
    Operation,
    Ref,
    Role,
    Unary,
)
from bench.mcu.kinds import GENERATORS, VIEWS, value_of
from bench.mcu.peephole import simplify
from bench.mcu.trace import Traced, trace_head, trace_step
from cells import Cell, Weight, materialised

_MOVES = frozenset({"cat", "stack", "flip", "roll", "repeat", "index_select"})
_SAME = frozenset({"clone", "copy", "_to_copy", "detach", "alias"})


class Dynamic:
    """A traced tensor that depends on the inputs: the numbers of its elements."""

    def __init__(self, ids: Tensor) -> None:
        self.ids = ids


class _Builder:
    """Buffers and operations while they are collected."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self.starts: list[int] = []
        self.operations: list[Operation] = []
        self.elements = 0

    def buffer(self, name: str, size: int, role: Role, value: Floats | None = None) -> Ref:
        self.buffers.append(Buffer(name, size, role, value))
        self.starts.append(self.elements)
        self.elements += size
        return Ref(len(self.buffers) - 1, 0, size)

    def temporary(self, size: int) -> Ref:
        return self.buffer(f"t{len(self.buffers)}", size, "temporary")

    def constant(self, value: Tensor) -> Dynamic:
        flat = value.detach().double().flatten().numpy()
        return self.ids(self.buffer(f"k{len(self.buffers)}", flat.size, "constant", flat), value.shape)

    def ids(self, ref: Ref, shape: Any) -> Dynamic:
        start = self.starts[ref.buffer] + ref.offset
        return Dynamic(torch.arange(start, start + ref.size).reshape(shape))

    def ref(self, value: Dynamic) -> Ref:
        """Where a value's elements stand, gathered when they do not stand together."""
        parts = self._runs(value.ids.flatten().tolist())
        if len(parts) == 1:
            return parts[0]
        out = self.temporary(sum(each.size for each in parts))
        self.operations.append(Gather(out, tuple(parts)))
        return out

    def word(self, value: Dynamic) -> Ref:
        """Where a value's elements stand from a multiple of four on, as kernels that read words want them."""
        ref = self.ref(value)
        if ref.offset % 4 == 0:
            return ref
        self.operations.append(Gather(self.temporary(ref.size), (ref,)))
        return self.operations[-1].out

    def _runs(self, ids: list[int]) -> list[Ref]:
        runs: list[Ref] = []
        starts = np.array(self.starts)
        for each in ids:
            owner = int(np.searchsorted(starts, each, side="right")) - 1
            offset = each - self.starts[owner]
            last = runs[-1] if runs else None
            if last is not None and last.buffer == owner and last.offset + last.size == offset:
                runs[-1] = Ref(owner, last.offset, last.size + 1)
            else:
                runs.append(Ref(owner, offset, 1))
        return runs


class _Lowering:
    """One traced function, operation by operation."""

    def __init__(self, builder: _Builder, traced: Traced, inputs: list[Dynamic]) -> None:
        self.builder = builder
        self.traced = traced
        self.inputs = iter(inputs)
        self.values: dict[fx.Node, Any] = {}

    def run(self) -> tuple[Dynamic, ...]:
        for node in self.traced.graph.nodes:
            if node.op == "placeholder":
                self.values[node] = next(self.inputs)
            elif node.op == "get_attr":
                self.values[node] = self.traced.parameters[str(node.target)].detach()
            elif node.op == "output":
                results = self._resolve(node.args[0])
                return tuple(each if isinstance(each, Dynamic) else self.builder.constant(each) for each in results)
            else:
                self.values[node] = self._call(node)
        raise AssertionError("a traced graph has an output")

    def _resolve(self, value: Any) -> Any:
        return fx.node.map_arg(value, lambda node: self.values[node])

    def _call(self, node: fx.Node) -> Any:
        args, kwargs = list(self._resolve(node.args)), dict(self._resolve(node.kwargs))
        target: Any = node.target
        if not any(isinstance(self.values[each], Dynamic | tuple) for each in node.all_input_nodes):
            return target(*args, **kwargs)
        if target.__name__ == "getitem":
            return args[0][args[1]]
        name = str(target.overloadpacket.__name__).removesuffix("_") if hasattr(target, "overloadpacket") else "?"
        if name in GENERATORS:
            return target(torch.zeros(value_of(node.all_input_nodes[0]).shape), *args[1:], **kwargs)
        if name in _SAME:
            return args[0]
        if name in VIEWS or name in _MOVES:
            return self._view(target, args, kwargs)
        rule = _RULES.get(name)
        found = rule(self, node, args, kwargs) if rule is not None else None
        if found is None:
            line = self.traced.line_of(target)
            raise RnnbenchError(
                f"{self.traced.subject} cannot be lowered to integers: it uses {name!r}"
                f"{f' at {line}' if line else ''}; what can be: {', '.join(SUPPORTED)}"
            )
        return found

    def _view(self, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        def ids(value: Any) -> Any:
            if isinstance(value, list | tuple):
                return [ids(each) for each in value]
            if isinstance(value, Tensor) and value.is_floating_point():
                value = self.builder.constant(value)
            return value.ids if isinstance(value, Dynamic) else value

        moved = target(*[ids(each) for each in args], **kwargs)
        return tuple(map(Dynamic, moved)) if isinstance(moved, tuple | list) else Dynamic(moved)

    # What the rules below are made of.

    def emit(self, node: fx.Node, make: Callable[[Ref], Operation]) -> Dynamic:
        shape = value_of(node).shape
        out = self.builder.temporary(shape.numel())
        self.builder.operations.append(make(out))
        return self.builder.ids(out, shape)

    def affine(self, node: fx.Node, value: Dynamic, scale: float, offset: float) -> Dynamic:
        a = self.builder.ref(Dynamic(value.ids.expand(value_of(node).shape)))
        return self.emit(node, lambda out: Affine(out, a, scale, offset))

    def wide(self, node: fx.Node, value: Any) -> Ref:
        """An operand, broadcast to the result's shape."""
        shape = value_of(node).shape
        if isinstance(value, Dynamic):
            return self.builder.ref(Dynamic(value.ids.expand(shape)))
        return self.builder.ref(self.builder.constant(value.expand(shape)))

    def sum_of(self, node: fx.Node, a: Any, b: Any, sign: int) -> Dynamic:
        """The sum a + sign b, either of them a number."""
        for one, other, s_one, s_other in ((a, b, 1, sign), (b, a, sign, 1)):
            number = _number(one)
            if number is not None:
                return self.affine(node, other, s_other, s_one * number)
        if not isinstance(a, Dynamic):  # constants come second
            a, b, sign = b if sign == 1 else self.affine(node, b, -1.0, 0.0), a, 1
        left, right = self.wide(node, a), self.wide(node, b)
        return self.emit(node, lambda out: Add(out, left, right, 1 if sign > 0 else -1))

    def product(self, node: fx.Node, a: Any, b: Any) -> Dynamic:
        for one, other in ((a, b), (b, a)):
            number = _number(one)
            if number is not None:
                return self.affine(node, other, number, 0.0)
        if not isinstance(a, Dynamic):
            a, b = b, a
        left, right = self.wide(node, a), self.wide(node, b)
        return self.emit(node, lambda out: Mul(out, left, right))


def _number(value: Any) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Tensor) and value.numel() and bool((value == value.flatten()[0]).all()):
        return float(value.flatten()[0])
    return None


def _sum(sign: int) -> Any:
    def rule(low: _Lowering, node: fx.Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
        alpha = float(kwargs.get("alpha", 1)) * sign
        if len(args) != 2 or abs(alpha) != 1:
            return None
        return low.sum_of(node, args[0], args[1], int(alpha))

    return rule


def _rsub(low: _Lowering, node: fx.Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return low.sum_of(node, args[1], args[0], -1) if kwargs.get("alpha", 1) == 1 else None


def _mul(low: _Lowering, node: fx.Node, args: list[Any], _: dict[str, Any]) -> Any:
    return low.product(node, args[0], args[1])


def _div(low: _Lowering, node: fx.Node, args: list[Any], _: dict[str, Any]) -> Any:
    divisor = args[1]
    return None if isinstance(divisor, Dynamic) or len(args) > 2 else low.product(node, args[0], 1 / divisor)


def _clamp(low: _Lowering, node: fx.Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
    bounds = [*args[1:], None, None]
    least, most = kwargs.get("min", bounds[0]), kwargs.get("max", bounds[1])
    ends = (-np.inf if least is None else _number(least), np.inf if most is None else _number(most))
    if None in ends:
        return None
    a = low.wide(node, args[0])
    return low.emit(node, lambda out: Clamp(out, a, float(ends[0] or 0), float(ends[1] or 0)))


def _unary(name: str) -> Any:
    def rule(low: _Lowering, node: fx.Node, args: list[Any], _: dict[str, Any]) -> Any:
        a = low.wide(node, args[0])
        return low.emit(node, lambda out: Unary(out, a, name))

    return rule


def _matrix(low: _Lowering, node: fx.Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
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


def _total(low: _Lowering, node: fx.Node, args: list[Any], _: dict[str, Any]) -> Any:
    """A sum over everything or over the last dimension: a product with a matrix of ones and zeros."""
    value = args[0]
    dims = args[1] if len(args) > 1 and args[1] else None
    length = value.ids.numel() if dims is None else value.ids.shape[-1]
    if dims is not None and list(dims) not in ([-1], [value.ids.dim() - 1]):
        return None
    x = low.builder.word(value)
    matrix = np.kron(np.eye(x.size // length), np.ones((1, length))).astype(np.float64)
    return low.emit(node, lambda out: Linear(out, x, matrix))


_RULES: Mapping[str, Any] = {
    "add": _sum(1),
    "sub": _sum(-1),
    "rsub": _rsub,
    "mul": _mul,
    "div": _div,
    "neg": lambda low, node, args, _: low.affine(node, args[0], -1.0, 0.0),
    "relu": lambda low, node, args, _: _clamp(low, node, [args[0], 0.0], {}),
    **dict.fromkeys(("clamp", "clamp_min", "hardtanh"), _clamp),
    **{name: _unary(name) for name in FUNCTIONS},
    **dict.fromkeys(("mm", "addmm"), _matrix),
    "sum": _total,
}
SUPPORTED = sorted(_RULES)
"""The operations with a rule, for messages; views and concatenations need none."""


def _denser(weight: Weight) -> bool:
    """Whether the dense matrix costs no more multiplications than the factors; reflections always cost as many."""
    return weight.rank is None or weight.rank * (weight.outputs + weight.inputs) >= weight.outputs * weight.inputs


def lower(cell: Cell, head: nn.Module) -> Graph:
    """A trained cell and its classifier as vector operations.

    A matrix of low rank is two products where that takes fewer multiplications, else one. SpectralRNN's recurrent
    matrix is the dense one: 2 R reflections cost 4 R H multiplications and round 4 R times, the dense product H^2 and
    once, and the authors' R is H / 4.

    Args:
        cell: in its trained state.
        head: a module from [1, H] to scores [1, C].

    Raises:
        RnnbenchError: when the cell cannot be traced, or uses an operation that has no integer form; names the cell,
            the operation, its source line and what is supported.
    """
    with materialised(cell, _denser), torch.no_grad():
        traced = trace_step(cell)
        builder = _Builder()
        state = cell.initial_state(1, torch.zeros(1, cell.input_size))
        inputs = [builder.ids(builder.buffer("x", cell.input_size, "input"), (1, cell.input_size))]
        for number, each in enumerate(state):
            inputs.append(builder.ids(builder.buffer(f"s{number}", each.numel(), "state"), each.shape))
        outputs = _Lowering(builder, traced, list(inputs)).run()
        new = [builder.ref(each) for each in outputs]
    step, builder.operations = builder.operations, []
    with torch.no_grad():
        (scores,) = _Lowering(builder, trace_head(head, cell.hidden_size), [inputs[1]]).run()
        answer = builder.ref(scores)
    return simplify(traced.subject, builder.buffers, step, new, builder.operations, answer)
