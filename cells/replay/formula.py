"""One step of a cell as a formula: elementwise operations on vectors of H, and products with the state between them.

A :class:`Formula` is a graph whose nodes are numbered in the order of computation; every node is a vector of H numbers
for each row of a batch, or constant along the batch. Values that are wider are kept as sections of H each. So unit j
of a result depends on unit j of its operands and on nothing else, and a derivative is a vector of H as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Node(NamedTuple):
    """An operation, the nodes that it reads, and its numbers; or a leaf: what it is, and its place there."""

    op: str
    reads: tuple[int, ...] = ()
    numbers: tuple[Any, ...] = ()


class Product(NamedTuple):
    """``x @ matrix + add``: sections of H, each a leaf.

    Attributes:
        leaves: the first section's node; the others follow it.
        sections: how many.
        x: the node that is multiplied.
        matrix: which constant.
        add: the first of the sections of the pre-activations that are added, or ``None``.
    """

    leaves: int
    sections: int
    x: int
    matrix: int
    add: int | None


def _relu(x: Tensor, out: Tensor | None = None) -> Tensor:
    return torch.clamp_min(x, 0, out=out)


def _copy(x: Tensor, _: int = 0, out: Tensor | None = None) -> Tensor:
    return x if out is None else out.copy_(x)


def _positive(x: Tensor) -> Tensor:
    return (x > 0).to(x.dtype)


def _inside(x: Tensor, low: float | None, high: float | None) -> Tensor:
    inside = torch.ones_like(x, dtype=torch.bool) if low is None else x >= low
    return (inside if high is None else inside & (x <= high)).to(x.dtype)


FUNCTIONS: Mapping[str, Callable[..., Tensor]] = {
    **{name: getattr(torch, name) for name in ("add", "sub", "mul", "div", "neg", "exp", "sigmoid", "tanh", "clamp")},
    "relu": _relu,
    "addcmul": torch.addcmul,
    "sigmoid_backward": torch.ops.aten.sigmoid_backward.default,
    "tanh_backward": torch.ops.aten.tanh_backward.default,
    "positive": _positive,
    "inside": _inside,
    "copy": _copy,
}
"""What computes a node from what it reads; those of a step take ``out``."""

LEAVES = ("pre", "state", "product", "constant", "number")
DEAR = ("sigmoid", "tanh", "exp")
"""Operations that are worth keeping from forward for backward; their derivatives need their results only."""


@dataclass
class Formula:
    """The graph of one step.

    Attributes:
        nodes: in the order of computation; the same operation on the same nodes is there once.
        varies: for each node, whether it differs from row to row.
        products: in the order of computation.
        after: the node of each new state.
    """

    nodes: list[Node] = field(default_factory=list)
    varies: list[bool] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    _known: dict[Node, int] = field(default_factory=dict)

    def leaf(self, kind: str, *numbers: Any) -> int:
        """The node of a section of the pre-activations, a state, a product or a constant, or of a number."""
        return self._node(Node(kind, (), numbers), kind in ("pre", "state", "product"))

    def put(self, op: str, *reads: int, numbers: tuple[Any, ...] = ()) -> int:
        """The node of an operation, simplified where it multiplies by 1 or adds a negative."""
        one = self.leaf("number", 1.0)
        if op == "mul" and one in reads:
            return reads[1] if reads[0] == one else reads[0]
        if op == "div" and reads[1] == one:
            return reads[0]
        if op == "neg" and self.nodes[reads[0]].op == "neg":
            return self.nodes[reads[0]].reads[0]
        if op == "add":
            for left, right in (reads, reads[::-1]):
                if self.nodes[right].op == "neg":
                    return self.put("sub", left, self.nodes[right].reads[0])
        return self._node(Node(op, reads, numbers), any(self.varies[each] for each in reads))

    def _node(self, node: Node, varies: bool) -> int:
        if node not in self._known:
            self._known[node] = len(self.nodes)
            self.nodes.append(node)
            self.varies.append(varies)
        return self._known[node]

    def derivatives(self, of: int, stop: Sequence[int]) -> dict[int, int]:
        """The derivative of a node with respect to each leaf and each node of ``stop`` that it depends on.

        Args:
            of: the node.
            stop: taken for leaves, ``of`` itself apart.
        """
        if self.nodes[of].op in LEAVES:
            return {of: self.leaf("number", 1.0)}
        found, gradients = {}, {of: self.leaf("number", 1.0)}
        for here in range(of, -1, -1):
            gradient = gradients.get(here)
            if gradient is None:
                continue
            if self.nodes[here].op in LEAVES or (here in stop and here != of):
                found[here] = gradient
                continue
            for to, slope in self._back(here, gradient):
                gradients[to] = self.put("add", gradients[to], slope) if to in gradients else slope
        return found

    def _back(self, here: int, g: int) -> Iterator[tuple[int, int]]:
        """Each operand of a node, and the gradient that reaches it."""
        op, reads, numbers = self.nodes[here]
        if op == "copy":
            yield reads[0], g
        elif op in ("add", "sub"):
            yield reads[0], g
            yield reads[1], g if op == "add" else self.put("neg", g)
        elif op == "mul":
            yield reads[0], self.put("mul", g, reads[1])
            yield reads[1], self.put("mul", g, reads[0])
        elif op == "div":
            yield reads[0], self.put("div", g, reads[1])
            yield reads[1], self.put("neg", self.put("div", self.put("mul", g, here), reads[1]))
        elif op == "neg":
            yield reads[0], self.put("neg", g)
        elif op == "exp":
            yield reads[0], self.put("mul", g, here)
        elif op == "relu":
            yield reads[0], self.put("mul", g, self.put("positive", here))
        elif op == "clamp":
            yield reads[0], self.put("mul", g, self.put("inside", *reads, numbers=numbers))
        else:
            yield reads[0], self.put(f"{op}_backward", g, here)

    def needed(self, wanted: Sequence[int], given: Sequence[int] = ()) -> list[int]:
        """The nodes to compute for those wanted, in order, leaves included; nothing below what is given."""
        seen, todo = set(), list(wanted)
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo.extend(() if here in given else self.nodes[here].reads)
        return sorted(seen)


Instruction = tuple[Callable[..., Tensor], tuple[int, ...], tuple[Any, ...], int]


def instructions(formula: Formula, wanted: Sequence[int], given: Sequence[int] = ()) -> list[Instruction]:
    """How to compute nodes from leaves and from what is given: function, operands, numbers, result.

    A sum whose one part is a product that nobody else reads becomes one operation.
    """
    order = formula.needed(wanted, given)
    todo = [each for each in order if each not in given and formula.nodes[each].op not in LEAVES]
    readers: dict[int, int] = {}
    for each in todo:
        for read in formula.nodes[each].reads:
            readers[read] = readers.get(read, 0) + 1
    fused: dict[int, tuple[int, ...]] = {}
    inside: set[int] = set()
    for each in todo:
        op, reads, _ = formula.nodes[each]
        for rest, part in (reads, reads[::-1]) if op == "add" else ():
            times = formula.nodes[part]
            alone = part in todo and times.op == "mul" and readers[part] == 1 and part not in wanted
            if alone and all(formula.varies[one] for one in (rest, *times.reads)):
                fused[each] = (rest, *times.reads)
                inside.add(part)
                break
    return [
        (FUNCTIONS["addcmul"], fused[each], (), each)
        if each in fused
        else (FUNCTIONS[formula.nodes[each].op], formula.nodes[each].reads, formula.nodes[each].numbers, each)
        for each in todo
        if each not in inside
    ]
