"""The fixed-point format of every buffer: how many bits, how many after the binary point, and who must share one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from bench.mcu.graph import (
    SATURATING,
    Binary,
    Clamp,
    Floats,
    Gather,
    Graph,
    Linear,
    Operation,
    Ref,
    Unary,
    Where,
    reads,
)
from cells.compress import int8_fraction

MOST_FRACTION = 15
MOST_SHIFT = 15
"""To the left, so that 32 bits hold an int16."""
HEADROOM = 1.1
"""How far beyond the calibration batch's largest value a format reaches."""
FACTOR_BITS = (14, 13, 12)
"""Of a product's int16 factors, most first: the first that a 24-bit accumulator holds is taken, else the first."""
_TABLE_FRACTIONS = (12, 11)  # of what a saturating function reads: a table spans +-8 or +-16


@dataclass
class FixedPoint:
    """The format of a group of buffers: bits, the sign included, and how many of them after the binary point."""

    bits: int
    fraction: int


def weight_fraction(weight: Floats) -> int:
    """Bits after the binary point with which the largest weight just fits an int8: what training rounded it to."""
    return int(int8_fraction(torch.from_numpy(np.ascontiguousarray(weight))))


def fraction_for(largest: float, bits: int) -> int:
    """Bits after the binary point with which values up to ``largest`` fit into ``bits``."""
    needed = math.ceil(math.log2(max(largest * HEADROOM, 2.0**-20)))
    return max(0, min(MOST_FRACTION, bits - 1 - needed))


class Formats:
    """The formats of a graph's buffers.

    Args:
        graph: from :func:`bench.mcu.lower`.
        largest: by buffer, the largest magnitude that calibration saw.
    """

    def __init__(self, graph: Graph, largest: list[float]) -> None:
        self.parent = list(range(len(graph.buffers)))
        self.operations = graph.kernels
        self.products = [operation for operation in graph.kernels if isinstance(operation, Linear)]
        self._unite()
        self.largest = [0.0] * len(largest)
        for number, value in enumerate(largest):
            self._reach(number, value)
        for operation in self.operations:
            if isinstance(operation, Binary) and operation.function == "greater":
                self._reach(operation.out.buffer, 1.0)  # though calibration may have seen but 0
        self.of_root = {root: self._first(root) for root in map(self.root, range(len(graph.buffers)))}
        for root in self.of_root:
            self._narrow(root)
        for root in self.of_root:
            self._align(root)
        while self._repair():
            pass

    def __getitem__(self, buffer: int) -> FixedPoint:
        return self.of_root[self.root(buffer)]

    def root(self, buffer: int) -> int:
        """The buffer that stands for a group."""
        while self.parent[buffer] != buffer:
            buffer = self.parent[buffer]
        return buffer

    def _reach(self, buffer: int, value: float) -> None:
        root = self.root(buffer)
        self.largest[root] = max(self.largest[root], value)

    def _unite(self) -> None:
        for operation in self.operations:
            for ref in _unshifted(operation):
                self.parent[self.root(ref.buffer)] = self.root(operation.out.buffer)

    def _reading(self, root: int) -> list[Linear]:
        """The products whose factors are in a group."""
        return [product for product in self.products if self.root(product.x.buffer) == root]

    def _only_saturated(self, root: int) -> bool:
        """Whether a group is read by saturating functions and by sums within the group alone."""
        read = False
        for operation in self.operations:
            if not any(self.root(ref.buffer) == root for ref in reads(operation)):
                continue
            inside = isinstance(operation, Linear) and self.root(operation.x.buffer) != root
            if not (inside or (isinstance(operation, Unary) and operation.function in SATURATING)):
                return False
            read = True
        return read

    def _first(self, root: int) -> FixedPoint:
        if self._only_saturated(root):
            return FixedPoint(16, 12 if self.largest[root] <= 8 else 11)
        return FixedPoint(16, fraction_for(self.largest[root], 16))

    def _narrow(self, root: int) -> None:
        """Gives factors as many bits as leave their products 24, where any number of bits does."""
        products = self._reading(root)
        for bits in (*FACTOR_BITS, FACTOR_BITS[0]) if products else ():
            self.of_root[root] = FixedPoint(bits, fraction_for(self.largest[root], bits))
            if all(self.bound(product) < 2**23 for product in products):
                return

    def bound(self, product: Linear) -> float:
        """A number that no partial sum exceeds in magnitude."""
        form, fraction = self[product.x.buffer], weight_fraction(product.weight)
        rows = np.abs(np.rint(product.weight * 2.0**fraction)).sum(1) * 2.0 ** (form.bits - 1)
        bias = 0.0 if product.bias is None else np.abs(product.bias) * 2.0 ** (fraction + form.fraction) + 1
        return float((rows + bias).max()) + 2**14

    def _align(self, root: int) -> None:
        """Moves the point of a result so that its largest product shifts by one byte, where that loses little."""
        made = [product for product in self.products if self.root(product.out.buffer) == root]
        if not made or self._reading(root):
            return
        main = max(made, key=lambda product: product.weight.size)
        wanted = weight_fraction(main.weight) + self[main.x.buffer].fraction - 8
        form = self.of_root[root]
        allowed = _TABLE_FRACTIONS if self._only_saturated(root) else range(form.fraction - 3, form.fraction + 1)
        if wanted in allowed and 0 <= wanted <= MOST_FRACTION:
            form.fraction = wanted

    def _repair(self) -> bool:
        """Lowers one fraction that no shift can reach; whether there was one."""
        for operation in self.operations:
            form, most = self[operation.out.buffer], self._most(operation)
            if form.fraction > most:
                form.fraction = most
                return True
        return False

    def _most(self, operation: Operation) -> int:
        match operation:
            case Binary(function="mul", a=a, b=b):
                return self[a.buffer].fraction + self[b.buffer].fraction
            case Binary(function="div", a=a, b=b):
                return MOST_SHIFT + self[a.buffer].fraction - self[b.buffer].fraction
            case Linear(weight=weight, x=x):
                return max(0, weight_fraction(weight) + self[x.buffer].fraction)
        return MOST_FRACTION


def _unshifted(operation: Operation) -> tuple[Ref, ...]:
    """The operands that a kernel takes as they are: they share the format of its result."""
    match operation:
        case Gather(parts=parts):
            return parts
        case Clamp(a=a):
            return (a,)
        case Where(a=a, b=b) | Binary(function="maximum" | "minimum", a=a, b=b):
            return (a, b)
        case Linear(add=Ref() as add):
            return (add,)
    return ()
