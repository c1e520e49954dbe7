"""A formula in single sections: what one vector of hidden units computes, and its derivative.

A kernel works on a few hidden units at a time, so wide values come apart here: a node is one section of H. Slices and
concatenations vanish, a product of something wide becomes a sum of products. Leaves are those of
:mod:`cells.formula.graph`, and

    product   reads (x,), numbers (constant, gate, column): x times rows ``gate * H`` on and columns ``column`` on of
              the transposed matrix
    section   numbers (s,): a sum of products that a kernel computes at once (see :mod:`cells.scan.native.layout`)
    seed      numbers (i,): the gradient that arrives at the i-th result of a sweep
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from cells.formula.graph import Formula
from cells.formula.ops import OPS

LEAVES = ("input", "state", "constant", "number", "product", "section", "seed")


class Unit(NamedTuple):
    """An operation on sections, or a leaf."""

    op: str
    reads: tuple[int, ...] = ()
    numbers: tuple[Any, ...] = ()


@dataclass
class Units:
    """A graph of sections.

    Attributes:
        nodes: in the order of computation; the same operation on the same operands is there once.
        after: the node of each new state.
    """

    nodes: list[Unit] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    _known: dict[Unit, int] = field(default_factory=dict)

    def number(self, value: float) -> int:
        """The node of a literal."""
        return self.leaf("number", value)

    def leaf(self, kind: str, *numbers: Any) -> int:
        """The node of a leaf."""
        return self._node(Unit(kind, (), numbers))

    def _node(self, unit: Unit) -> int:
        if unit not in self._known:
            self._known[unit] = len(self.nodes)
            self.nodes.append(unit)
        return self._known[unit]

    def forget(self) -> None:
        """To be called when nodes were renamed in place: finds them by their new names from now on."""
        self._known = {unit: number for number, unit in enumerate(self.nodes)}

    def is_number(self, node: int, value: float) -> bool:
        """Whether a node is this literal."""
        return self.nodes[node] == Unit("number", (), (value,))

    def wanted(self, node: int) -> bool:
        """Whether anybody can want the gradient of a node."""
        return self.nodes[node].op != "number"

    def put(self, op: str, *reads: int, numbers: tuple[Any, ...] = ()) -> int:
        """The node of an operation, simplified where an operand is 0, 1, a literal or a negative."""
        if reads and all(self.nodes[read].op == "number" for read in reads) and op != "greater":
            values = [torch.tensor(self.nodes[read].numbers[0], dtype=torch.float64) for read in reads]
            return self.number(float(OPS[op].real(torch, *values, *numbers)))
        simple = self._simplified(op, reads)
        return self._node(Unit(op, reads, numbers)) if simple is None else simple

    def _simplified(self, op: str, reads: tuple[int, ...]) -> int | None:
        if op in ("add", "mul"):
            for here, other in (reads, reads[::-1]):
                if self.is_number(here, 0.0):
                    return other if op == "add" else here
                if op == "mul" and self.is_number(here, 1.0):
                    return other
                if op == "add" and self.nodes[other].op == "neg":
                    return self.put("sub", here, self.nodes[other].reads[0])
        elif op == "sub" and self.is_number(reads[0], 0.0):
            return self.put("neg", reads[1])
        elif (op == "sub" and self.is_number(reads[1], 0.0)) or (op == "div" and self.is_number(reads[1], 1.0)):
            return reads[0]
        elif op == "neg" and self.nodes[reads[0]].op == "neg":
            return self.nodes[reads[0]].reads[0]
        elif op == "where" and reads[1] == reads[2]:
            return reads[1]
        return None

    def needed(self, wanted: Iterable[int], given: Iterable[int] = ()) -> list[int]:
        """The nodes to compute for those wanted, in order, leaves included; nothing below what is given."""
        seen, todo, stop = set[int](), list(wanted), set(given)
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo.extend(() if here in stop else self.nodes[here].reads)
        return sorted(seen)

    def sweep(self, seeds: Mapping[int, int], stop: Sequence[int]) -> dict[int, int]:
        """Derives backward: the gradient of every leaf, and of every node of ``stop``, as nodes.

        Args:
            seeds: by node, the node of the gradient that arrives there.
            stop: nodes below which nothing is derived, unless a seed is theirs.
        """
        gradients, found = dict(seeds), dict[int, int]()
        for here in range(max(seeds), -1, -1):
            gradient, unit = gradients.get(here), self.nodes[here]
            if gradient is None or unit.op == "number" or self.is_number(gradient, 0.0):
                continue
            if unit.op in LEAVES or (here in stop and here not in seeds):
                found[here] = gradient
                continue
            for read, part in zip(unit.reads, OPS[unit.op].back(self, gradient, here, *unit.reads), strict=True):
                if part is not None:
                    gradients[read] = self.put("add", gradients[read], part) if read in gradients else part
        return found


def expand(formula: Formula, H: int, D: int) -> Units:
    """The sections of a formula.

    Args:
        formula: of a cell.
        H: hidden size.
        D: numbers of a sample, or of the pre-activations of a formula that is given them.
    """
    units = Units()
    wide: dict[int, list[int]] = {}
    for here in formula.needed():
        op, reads, numbers, width = formula.nodes[here]
        if op in ("state", "number"):
            wide[here] = [units.leaf(op, *numbers)]
        elif op == "constant":
            wide[here] = [units.leaf(op, *numbers, part) for part in (range(width) if width else (None,))]
        elif op == "input":
            wide[here] = [units.leaf(op, *numbers, part) for part in range(width)]
        elif op == "slice":
            wide[here] = wide[reads[0]][slice(*numbers)]
        elif op == "cat":
            wide[here] = [part for read in reads for part in wide[read]]
        elif op == "product":
            pieces = list(_pieces(formula, reads[0], wide, units, H, D))
            wide[here] = [_products(units, pieces, numbers[0], gate) for gate in range(width)]
        else:
            operands = [wide[read] if len(wide[read]) > 1 else wide[read] * max(width, 1) for read in reads]
            wide[here] = [units.put(op, *parts, numbers=numbers) for parts in zip(*operands, strict=True)]
    units.after = [wide[here][0] for here in formula.after]
    return units


def _pieces(
    formula: Formula, node: int, wide: Mapping[int, list[int]], units: Units, H: int, D: int
) -> Iterable[tuple[int, int]]:
    """The operands of a product, piece by piece, with the numbers in each piece; a sample is one piece."""
    op, reads, numbers, _ = formula.nodes[node]
    if op == "input":
        yield units.leaf("input", *numbers, None), D
    elif op == "cat":
        for read in reads:
            yield from _pieces(formula, read, wide, units, H, D)
    else:
        yield from ((part, H) for part in wide[node])


def _products(units: Units, pieces: Sequence[tuple[int, int]], constant: int, gate: int) -> int:
    total, column = None, 0
    for piece, numbers in pieces:
        product = units._node(Unit("product", (piece,), (constant, gate, column)))
        total = product if total is None else units.put("add", total, product)
        column += numbers
    assert total is not None  # noqa: S101
    return total
