"""From traced operations of PyTorch to a :class:`bench.mcu.graph.Graph`: a table of operations, nothing about any cell.

Views move nothing: every element of a traced tensor has a number, and PyTorch's own views, slices and
concatenations are run on tensors of those numbers. An operation that reads a run of consecutive numbers reads a buffer
in place; anything else is gathered first. What depends on no input is computed at once and becomes a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn

from bench.errors import RnnbenchError
from bench.mcu.builder import Builder, Dynamic, number
from bench.mcu.graph import Affine, Binary, Graph, Operation, Ref
from bench.mcu.kinds import GENERATORS, VIEWS, value_of
from bench.mcu.peephole import simplify
from bench.mcu.rules import RULES, SUPPORTED
from bench.mcu.trace import Traced, trace_head, trace_step
from cells import Cell, Weight, materialised

_MOVES = frozenset({"cat", "stack", "flip", "roll", "repeat", "index_select"})
_SAME = frozenset({"clone", "copy", "_to_copy", "detach", "alias"})


class Lowering:
    """One traced function, operation by operation."""

    def __init__(self, builder: Builder, traced: Traced, inputs: list[Dynamic]) -> None:
        self.builder = builder
        self.traced = traced
        self.inputs = iter(inputs)
        self.values: dict[fx.Node, Any] = {}

    def run(self) -> tuple[Dynamic, ...]:
        """Every operation in order; the values of the outputs."""
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
        rule = RULES.get(name)
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
        """An operation whose result is the node's."""
        shape = value_of(node).shape
        out = self.builder.temporary(shape.numel())
        self.builder.operations.append(make(out))
        return self.builder.ids(out, shape)

    def affine(self, node: fx.Node, value: Dynamic, scale: float, offset: float) -> Dynamic:
        """A value scaled and shifted by numbers."""
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
            value = number(one)
            if value is not None:
                return self.affine(node, other, s_other, s_one * value)
        if not isinstance(a, Dynamic):  # constants come second
            a, b, sign = b if sign == 1 else self.affine(node, b, -1.0, 0.0), a, 1
        left, right = self.wide(node, a), self.wide(node, b)
        return self.emit(node, lambda out: Binary(out, left, right, "add" if sign > 0 else "sub"))

    def product(self, node: fx.Node, a: Any, b: Any) -> Dynamic:
        """The product a b, either of them a number."""
        for one, other in ((a, b), (b, a)):
            value = number(one)
            if value is not None:
                return self.affine(node, other, value, 0.0)
        if not isinstance(a, Dynamic):
            a, b = b, a
        left, right = self.wide(node, a), self.wide(node, b)
        return self.emit(node, lambda out: Binary(out, left, right, "mul"))


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
    with materialised(cell, Weight.stored_dense), torch.no_grad():
        traced = trace_step(cell)
        builder = Builder()
        state = cell.initial_state(1, torch.zeros(1, cell.input_size))
        inputs = [builder.ids(builder.buffer("x", cell.input_size, "input"), (1, cell.input_size))]
        for number, each in enumerate(state):
            inputs.append(builder.ids(builder.buffer(f"s{number}", each.numel(), "state"), each.shape))
        outputs = Lowering(builder, traced, list(inputs)).run()
        new = [builder.ref(each) for each in outputs]
    step, builder.operations = builder.operations, []
    with torch.no_grad():
        (scores,) = Lowering(builder, trace_head(head, cell.hidden_size), [inputs[1]]).run()
        answer = builder.ref(scores)
    return simplify(traced.subject, builder.buffers, step, new, builder.operations, answer)
