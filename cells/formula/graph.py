"""A cell's formula: what ``project`` and ``step`` compute for one sample, as a graph of operations on vectors.

A node is a vector of ``width`` sections of H numbers, for every row of a batch; nodes are numbered in the order of
computation. Unit j of a section depends on unit j of its operands and on nothing else, products apart. Leaves:

    input     numbers (lag,): the sample [D] of ``lag`` steps ago; where the formula is ``given``
              its pre-activations, those [width * H]
    state     numbers (i,): the i-th tensor of the state, before the step
    constant  numbers (i,): a vector that does not depend on the batch, or one number (width 0)
    number    numbers (value,): a literal (width 0)

and beside the operations of :mod:`cells.formula.ops`:

    product   reads (x,), numbers (i,): ``x @ constants[i]``, with no bias
    slice     reads (x,), numbers (first, end): sections of x
    cat       reads (x, y, ...): sections one after the other
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from cells.formula.ops import OPS

if TYPE_CHECKING:
    from cells.cell import Cell

LEAVES = ("input", "state", "constant", "number")


class Node(NamedTuple):
    """An operation or a leaf."""

    op: str
    reads: tuple[int, ...]
    numbers: tuple[Any, ...]
    width: int


class Hoisted(NamedTuple):
    """A torch operation on constants, done once a sequence; its results are constants too."""

    function: Any
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    results: int


class Constant(NamedTuple):
    """The place of a constant among the arguments of a :class:`Hoisted`."""

    number: int


Recipe = tuple[list[tuple[str, str] | None], list[tuple[Hoisted, bool]]]
"""The sources of some constants, ``None`` where not needed, and the hoisted operations with whether they are."""


@dataclass
class Formula:
    """The graph of one sample.

    Attributes:
        given: whether the input is the pre-activations of a ``project`` that is no formula.
        window: how many samples ``project`` looks back at, the present one included.
        nodes: in the order of computation; the same operation on the same operands is there once.
        after: the node of each new state.
        sources: (``parameter`` or ``matrix``, name): the first constants.
        hoisted: what computes the others from them.
        why: of a given formula, why ``project`` is none.
    """

    given: bool
    window: int
    nodes: list[Node] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)
    hoisted: list[Hoisted] = field(default_factory=list)
    why: str = ""
    _known: dict[Node, int] = field(default_factory=dict)
    _recipes: dict[tuple[int, ...] | None, Recipe] = field(default_factory=dict)

    def put(self, op: str, *reads: int, numbers: tuple[Any, ...] = (), width: int | None = None) -> int:
        """The number of a node, new or known."""
        if width is None:
            width = max((self.nodes[read].width for read in reads), default=0)
        node = Node(op, reads, numbers, width)
        if node not in self._known:
            self._known[node] = len(self.nodes)
            self.nodes.append(node)
        return self._known[node]

    def number(self, value: float) -> int:
        """The node of a literal."""
        return self.put("number", numbers=(float(value),))

    def needed(self) -> list[int]:
        """The nodes that the new states depend on, in order."""
        seen: set[int] = set()
        todo = list(self.after)
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo.extend(self.nodes[here].reads)
        return sorted(seen)

    def recipe(self, wanted: tuple[int, ...] | None) -> Recipe:
        """Which sources and which hoisted operations some constants need."""
        if wanted not in self._recipes:
            count = len(self.sources) + sum(operation.results for operation in self.hoisted)
            needed = set(range(count) if wanted is None else wanted)
            steps, end = list[tuple[Hoisted, bool]](), count
            for operation in self.hoisted[::-1]:
                end -= operation.results
                used = not needed.isdisjoint(range(end, end + operation.results))
                needed.update(_numbers(operation.arguments) if used else ())
                steps.append((operation, used))
            sources = [source if number in needed else None for number, source in enumerate(self.sources)]
            self._recipes[wanted] = sources, steps[::-1]
        return self._recipes[wanted]

    def transposed(self, constant: int) -> int | None:
        """The constant whose transpose a constant is, or ``None``."""
        place = len(self.sources)
        for made in self.hoisted:
            if place == constant and made.function is torch.ops.aten.t.default:
                argument = made.arguments[0]
                return argument.number if isinstance(argument, Constant) else None
            place += made.results
        return None

    def weight_of(self, constant: int) -> str | None:
        """The name of the :class:`cells.Weight` whose transpose a constant is, or ``None``."""
        number = self.transposed(constant)
        if number is None or number >= len(self.sources):
            return None
        kind, name = self.sources[number]
        return name if kind == "matrix" else None


def constants_of(cell: Cell, formula: Formula, wanted: Sequence[int] | None = None) -> list[Any]:
    """The constants of a formula as they are now, differentiable.

    Args:
        cell: its matrices should be materialised.
        formula: of the cell.
        wanted: those to compute; all when ``None``. In the place of the others stands ``None``, unless they are needed.
    """
    sources, hoisted = formula.recipe(None if wanted is None else tuple(wanted))
    found: list[Any] = [None if source is None else _stored(cell, *source) for source in sources]
    for operation, needed in hoisted:
        if not needed:
            found += [None] * operation.results
            continue
        made = operation.function(*_filled(operation.arguments, found), **operation.options)
        found.extend(made if isinstance(made, tuple | list) else [made])
    return found


def _numbers(arguments: Any) -> set[int]:
    """The constants among arguments."""
    if isinstance(arguments, Constant):
        return {arguments.number}
    return {n for a in arguments for n in _numbers(a)} if type(arguments) in (list, tuple) else set()


def _stored(cell: nn.Module, kind: str, name: str) -> Tensor:
    """A parameter, a buffer, or the matrix of a weight, by its dotted name."""
    *owners, last = name.split(".")
    at = cell
    for owner in owners:
        at = at._modules[owner]  # type: ignore[assignment]
    if kind == "matrix":
        matrix: Tensor = at._modules[last].matrix()  # type: ignore[operator,union-attr]
        return matrix
    found = at._parameters.get(last)
    return at._buffers[last] if found is None else found  # type: ignore[return-value]


def _filled(arguments: Any, found: Sequence[Tensor | None]) -> Any:
    if isinstance(arguments, Constant):
        return found[arguments.number]
    if type(arguments) in (list, tuple):
        return type(arguments)(_filled(argument, found) for argument in arguments)
    return arguments


def evaluate(
    formula: Formula, H: int, constants: Sequence[Any], inputs: Mapping[int, Tensor], state: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """One step by the table of operations, in torch and differentiable: the reference that kernels are held to.

    Args:
        formula: of the cell.
        H: hidden size.
        constants: from :func:`constants_of`.
        inputs: by lag, [B, D].
        state: before the step, tensors [B, H].

    Returns:
        The new state.
    """
    like = state[0]
    values: dict[int, Any] = {}
    for here in formula.needed():
        op, reads, numbers, _ = formula.nodes[here]
        operands = [values[read] for read in reads]
        if op == "number":
            values[here] = like.new_tensor(numbers[0])
        elif op == "constant":
            constant = constants[numbers[0]]
            values[here] = constant.reshape(()) if constant.numel() == 1 else constant.reshape(-1)
        elif op in ("input", "state"):
            values[here] = inputs[numbers[0]] if op == "input" else state[numbers[0]]
        elif op == "product":
            values[here] = operands[0] @ constants[numbers[0]]
        elif op == "slice":
            values[here] = operands[0][..., numbers[0] * H : numbers[1] * H]
        elif op == "cat":
            values[here] = torch.cat([operand.expand(len(like), -1) for operand in operands], dim=-1)
        else:
            values[here] = OPS[op].real(torch, *operands, *numbers)
    return tuple(values[here].expand(like.shape) for here in formula.after)
