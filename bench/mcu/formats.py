"""Which buffers must share a format, and the format of each: how many bits, how many after the binary point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from bench.mcu.graph import SATURATING, Binary, Clamp, Floats, Gather, Graph, Linear, Unary, Where, reads
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
class Format:
    """Of a group of buffers."""

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
        self.graph = graph
        self.parent = list(range(len(graph.buffers)))
        self.operations = graph.step + graph.head
        self._unite()
        self.largest = [0.0] * len(largest)
        for number, value in enumerate(largest):
            root = self.root(number)
            self.largest[root] = max(self.largest[root], value)
        for each in self.operations:
            if isinstance(each, Binary) and each.function == "greater":  # which may be 1 though calibration saw but 0
                root = self.root(each.out.buffer)
                self.largest[root] = max(self.largest[root], 1.0)
        self.of_root = {root: self._first(root) for root in map(self.root, range(len(graph.buffers)))}
        for root in self.of_root:
            self._narrow(root)
        for root in self.of_root:
            self._align(root)
        while self._repair():
            pass

    def __getitem__(self, buffer: int) -> Format:
        return self.of_root[self.root(buffer)]

    def root(self, buffer: int) -> int:
        """The buffer that stands for a group."""
        while self.parent[buffer] != buffer:
            buffer = self.parent[buffer]
        return buffer

    def _unite(self) -> None:
        for each in self.operations:
            same: tuple[int, ...] = ()
            if isinstance(each, Gather):
                same = tuple(part.buffer for part in each.parts)
            elif isinstance(each, Clamp):
                same = (each.a.buffer,)
            elif isinstance(each, Where) or (isinstance(each, Binary) and each.function in ("maximum", "minimum")):
                same = (each.a.buffer, each.b.buffer)
            elif isinstance(each, Linear) and each.add is not None:
                same = (each.add.buffer,)
            for other in same:
                self.parent[self.root(other)] = self.root(each.out.buffer)

    def _products(self, root: int) -> list[Linear]:
        """Those whose factors are in a group."""
        return [each for each in self.operations if isinstance(each, Linear) and self.root(each.x.buffer) == root]

    def _only_saturated(self, root: int) -> bool:
        """Whether a group is read by saturating functions and by sums within the group alone."""
        read = False
        for each in self.operations:
            if not any(self.root(ref.buffer) == root for ref in reads(each)):
                continue
            inside = isinstance(each, Linear) and self.root(each.x.buffer) != root
            if not (inside or (isinstance(each, Unary) and each.function in SATURATING)):
                return False
            read = True
        return read

    def _first(self, root: int) -> Format:
        if self._only_saturated(root):
            return Format(16, 12 if self.largest[root] <= 8 else 11)
        return Format(16, fraction_for(self.largest[root], 16))

    def _narrow(self, root: int) -> None:
        products = self._products(root)
        if not products:
            return
        for bits in (*FACTOR_BITS, FACTOR_BITS[0]):
            self.of_root[root] = Format(bits, fraction_for(self.largest[root], bits))
            if all(self.bound(each) < 2**23 for each in products):
                return

    def bound(self, product: Linear) -> float:
        """Above every partial sum's magnitude."""
        form, fraction = self[product.x.buffer], weight_fraction(product.weight)
        rows = np.abs(np.rint(product.weight * 2.0**fraction)).sum(1) * 2.0 ** (form.bits - 1)
        bias = 0.0 if product.bias is None else np.abs(product.bias) * 2.0 ** (fraction + form.fraction) + 1
        return float((rows + bias).max()) + 2**14

    def _align(self, root: int) -> None:
        """Moves the point of a result so that its largest product shifts by one byte, where that loses little."""
        made = [each for each in self.operations if isinstance(each, Linear) and self.root(each.out.buffer) == root]
        if not made or self._products(root):
            return
        main = max(made, key=lambda each: each.weight.size)
        wanted = weight_fraction(main.weight) + self[main.x.buffer].fraction - 8
        form = self.of_root[root]
        allowed = _TABLE_FRACTIONS if self._only_saturated(root) else range(form.fraction - 3, form.fraction + 1)
        if wanted in allowed and 0 <= wanted <= MOST_FRACTION:
            form.fraction = wanted

    def _repair(self) -> bool:
        """Lowers a fraction that no right shift can reach; whether it had to."""
        for each in self.operations:
            form = self[each.out.buffer]
            most = MOST_FRACTION
            if isinstance(each, Binary) and each.function in ("mul", "div"):
                a, b = self[each.a.buffer].fraction, self[each.b.buffer].fraction
                most = a + b if each.function == "mul" else MOST_SHIFT + a - b
            elif isinstance(each, Linear):
                most = max(0, weight_fraction(each.weight) + self[each.x.buffer].fraction)
            if form.fraction > most:
                form.fraction = most
                return True
        return False
