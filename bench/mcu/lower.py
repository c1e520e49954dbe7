"""From a cell's formula to a :class:`bench.mcu.graph.Graph`: one vector operation for one node, however wide.

A value is a constant, or the places in memory where its numbers stand: slices and concatenations move nothing, and an
operation that needs numbers side by side has them gathered first. A sum with the result of a product is part of the
product, whose accumulator holds it anyway; scalings of scalings are one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from bench.errors import RnnbenchError
from bench.mcu.graph import Affine, Binary, Clamp, Floats, Gather, Graph, Linear, Ref, Unary, Where
from bench.mcu.inplace import finished
from bench.mcu.places import Parts, Places, Value, cut, joined
from cells import Cell, materialised
from cells.formula import OPS, Formula, RefusedError, constants_of, formula_of


class Multiplied(Protocol):
    """A matrix in its stored form."""

    def multiplied(self) -> tuple[Tensor, ...]:
        """The matrices that a device multiplies by, the first first."""


class Head(Protocol):
    """A linear classifier: W h + b."""

    @property
    def W(self) -> Multiplied:  # noqa: N802 -- its name in formulas
        """The matrix [C, H]."""

    @property
    def b(self) -> Tensor:
        """The bias [C]."""


def lower(cell: Cell, head: Head) -> Graph:
    """The vector operations of a trained cell and its classifier.

    A product is with a weight in its stored form: two matrices where a low rank saves multiplications, else one.

    Args:
        cell: in its trained state.
        head: the classifier.

    Raises:
        RnnbenchError: when the cell is no formula; names the cell, says why and at which line.
    """
    name = getattr(cell, "name", type(cell).__name__)
    with _evaluating(cell), torch.no_grad():
        try:
            formula = formula_of(cell)
        except RefusedError as error:
            raise RnnbenchError(f"cell {name!r} is no formula: {error}") from None
        if formula.given:
            raise RnnbenchError(f"cell {name!r}: its project is no formula: {formula.why}")
        with materialised(cell):
            lowering = _Lowering(cell, formula)
        after = [lowering.ref(value) for value in lowering.run()]
        step, lowering.operations = lowering.operations, []
        lowering.product(Ref(1, 0, cell.hidden_size), _stored(head.W), _floats(head.b))
    graph = finished(f"cell {name!r}", lowering, step, after, lowering.operations)
    numbers = [
        value for product in graph.kernels if isinstance(product, Linear) for value in (product.weight, product.bias)
    ]
    numbers += [buffer.value for buffer in graph.buffers]
    if not all(np.isfinite(value).all() for value in numbers if value is not None):
        raise RnnbenchError(f"cell {name!r} or its classifier has a weight that is not finite: its training diverged")
    return graph


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode; each submodule's own mode comes back after."""
    training = [(part, part.training) for part in module.modules()]
    try:
        module.eval()
        yield
    finally:
        for part, mode in training:
            part.training = mode


def _floats(tensor: Tensor) -> Floats:
    return tensor.detach().double().numpy().copy()


def _stored(weight: Multiplied) -> list[Floats]:
    return [_floats(matrix) for matrix in weight.multiplied()]


def _number(value: Value) -> float | None:
    """A number, or the one number that a constant vector repeats; ``None`` for anything else."""
    if isinstance(value, tuple) or not value.size or (value != value[0]).any():
        return None
    return float(value[0])


class _Lowering(Places):
    """A formula, node by node.

    Attributes:
        products: by node, those that a sum may still become part of.
    """

    def __init__(self, cell: Cell, formula: Formula) -> None:
        super().__init__()
        self.formula, self.hidden, self.features = formula, cell.hidden_size, cell.input_size
        self.constants = [_floats(constant) for constant in constants_of(cell, formula)]
        self.weights = cell.weights()
        self.products: dict[int, Linear] = {}
        self.scalings: dict[int, Affine] = {}
        self.values: dict[int, Value] = {}
        self.x = self.buffer(self.features, "input")
        self.states = [self.buffer(self.hidden, "state") for _ in range(cell.states)]
        self.past = self.buffer((cell.window - 1) * self.features, "state") if cell.window > 1 else None
        self.reads = Counter(read for here in formula.needed() for read in formula.nodes[here].reads)
        self.reads.update(formula.after)

    def run(self) -> list[Value]:
        """Lowers every node; the new states, the past samples last where there are any."""
        for here in self.formula.needed():
            self.values[here] = self._value(here)
        after = [self.values[here] for here in self.formula.after]
        if self.past is not None:
            after.append(cut((self.past, self.x), self.features, self.past.size + self.features))
        return after

    def _value(self, here: int) -> Value:
        op, reads, numbers, width = self.formula.nodes[here]
        operands = [self.values[read] for read in reads]
        match op:
            case "number":
                return np.array(numbers)
            case "constant":
                constant: Floats = self.constants[numbers[0]]
                return constant.ravel()
            case "input":
                return (self._sample(numbers[0]),)
            case "state":
                return (self.states[numbers[0]],)
            case "slice":
                first, end = (number * self.hidden for number in numbers)
                (value,) = operands
                return cut(value, first, end) if isinstance(value, tuple) else value[first:end]
            case "cat":
                return joined([part for value in operands for part in self.parts(value)])
            case "product":
                return self._product(here, self.ref(operands[0]), numbers[0])
        if not any(isinstance(value, tuple) for value in operands):
            return np.asarray(OPS[op].real(np, *operands, *numbers), np.float64)
        return (self._elementwise(here, op, operands, width * self.hidden),)

    def _sample(self, lag: int) -> Ref:
        if lag == 0:
            return self.x
        assert self.past is not None  # noqa: S101 -- a formula that looks back has a window
        return Ref(self.past.buffer, self.past.size - lag * self.features, self.features)

    # Products, and the sums that are part of them.

    def _product(self, here: int, x: Ref, constant: int) -> Parts:
        name = self.formula.weight_of(constant)
        matrices = [self.constants[constant].T] if name is None else _stored(self.weights[name])
        self.products[here] = self.product(x, matrices)
        return (self.products[here].out,)

    def product(self, x: Ref, matrices: list[Floats], bias: Floats | None = None) -> Linear:
        """A product with matrices, one after the other."""
        for matrix in matrices[:-1]:
            x = self.emit(Linear(self.temporary(len(matrix)), self._aligned(x), matrix))
        product = Linear(self.temporary(len(matrices[-1])), self._aligned(x), matrices[-1], bias)
        self.emit(product)
        return product

    def _aligned(self, x: Ref) -> Ref:
        """Numbers that stand from a multiple of four on, as kernels that read words want them."""
        return x if x.offset % 4 == 0 else self.emit(Gather(self.temporary(x.size), (x,)))

    def _merged(self, here: int, size: int) -> Ref | None:
        """The result of a sum that becomes part of a product, which nothing else reads."""
        reads = self.formula.nodes[here].reads
        for part, other in (reads, reads[::-1]):
            product, value = self.products.get(part), self.values[other]
            if product is None or self.reads[part] != 1 or product.add is not None:
                continue
            if isinstance(value, tuple):
                merged = replace(product, add=self.ref(value))
            elif product.bias is None:
                merged = replace(product, bias=np.broadcast_to(value, size).copy())
            else:
                continue
            self.operations = [operation for operation in self.operations if operation is not product]
            self.products[here] = merged
            return self.emit(merged)
        return None

    # Operations element by element.

    def _elementwise(self, here: int, op: str, operands: list[Value], size: int) -> Ref:
        match OPS[op].form, operands:
            case "sum", [a, b]:
                merged = self._merged(here, size) if op == "add" else None
                return merged or self._sum(a, b, 1 if op == "add" else -1, size)
            case "product", [a, b]:
                return self._times(a, b, size)
            case "quotient", [a, b]:
                return self._pair("div", a, b, size) if isinstance(b, tuple) else self._times(a, 1 / b, size)
            case "negative", [a]:
                return self._affine(a, -1.0, 0.0)
            case "limit", [a]:
                low, high = self.formula.nodes[here].numbers or (0.0, math.inf)
                return self._limit(a, low, high)
            case "table", [a]:
                x = self.ref(a)
                return self.emit(Unary(self.temporary(size), x, op))
            case "extreme", [a]:
                return self._pair("maximum", a, (self._affine(a, -1.0, 0.0),), size)
            case "extreme", [a, b]:
                return self._extreme(op, a, b, size)
            case "greater", [a, b]:
                return self._pair("greater", a, b, size)
            case "select", [mask, a, b]:
                return self._select(mask, a, b, size)
        raise AssertionError(f"the table has a form that nothing lowers: {op}")

    def _sum(self, a: Value, b: Value, sign: int, size: int) -> Ref:
        for value, other, own, others in ((a, b, 1, sign), (b, a, sign, 1)):
            number = _number(value)
            if number is not None:
                return self._affine(other, others, own * number)
        if not isinstance(a, tuple):  # a constant minus something
            return self._pair("add", b if sign > 0 else (self._affine(b, -1.0, 0.0),), a, size)
        return self._pair("add" if sign > 0 else "sub", a, b, size)

    def _times(self, a: Value, b: Value, size: int) -> Ref:
        for value, other in ((a, b), (b, a)):
            number = _number(value)
            if number is not None:
                return self._affine(other, number, 0.0)
        first, second = (a, b) if isinstance(a, tuple) else (b, a)
        return self._pair("mul", first, second, size)

    def _extreme(self, op: str, a: Value, b: Value, size: int) -> Ref:
        a, b = (a, b) if isinstance(a, tuple) else (b, a)
        number = _number(b)
        if number is None:
            return self._pair(op, a, b, size)
        return self._limit(a, number, math.inf) if op == "maximum" else self._limit(a, -math.inf, number)

    def _select(self, mask: Value, a: Value, b: Value, size: int) -> Ref:
        one, other = _number(a), _number(b)
        if one is not None and other is not None:
            return self._affine(mask, one - other, other)
        condition, first, second = self.ref(mask), self.in_memory(a, size), self.ref(b, size)
        return self.emit(Where(self.temporary(size), condition, first, second))

    def _pair(self, function: str, a: Value, b: Value, size: int) -> Ref:
        first, second = self.in_memory(a, size), self.ref(b, size)
        return self.emit(Binary(self.temporary(size), first, second, function))

    def _limit(self, a: Value, low: float, high: float) -> Ref:
        x = self.ref(a)
        return self.emit(Clamp(self.temporary(x.size), x, low, high))

    def _affine(self, a: Value, scale: float, offset: float) -> Ref:
        x = self.ref(a)
        before = self.scalings.get(x.buffer)
        if before is not None and x == before.out:
            x, scale, offset = before.a, scale * before.scale, scale * before.offset + offset
        if (scale, offset) == (1.0, 0.0):
            return x
        out = self.emit(Affine(self.temporary(x.size), x, scale, offset))
        self.scalings[out.buffer] = Affine(out, x, scale, offset)
        return out
