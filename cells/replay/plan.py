"""What one step of a formula does, forward and backward, as lists of operations: made once, used at every step.

Backward works on cotangents: of each new state, of each product, and of what a product multiplies where that is no
state. A cotangent is the sum of others, each times a derivative, and of products with a matrix: nothing else happens
from step to step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cells.replay.formula import DEAR, LEAVES, Formula, Instruction, instructions
from cells.replay.recorded import Recorded, RefusedError

Place = tuple[str, int, int]
"""A cotangent: ``after`` or ``before`` a step and which state, ``multiplied`` and which product, ``product`` or ``pre``
or ``constant``, which, and its section."""


class Term(NamedTuple):
    """``to += source * derivative``, or for a product ``to += source @ matrix.T``.

    Attributes:
        derivative: a node; ``None`` for 1.
        product: which, or ``None``.
    """

    to: Place
    source: Place
    derivative: int | None = None
    product: int | None = None


@dataclass(eq=False)
class Plan:
    """A formula made ready.

    Attributes:
        recorded: the step.
        forward: what to compute at each step, the products apart.
        kept: nodes whose results backward wants, beside the states.
        products: those whose results backward wants.
        steps: the terms between one step and the one before, in order.
        rest: the terms of pre-activations and constants, for many steps at once.
        folded: how backward computes derivatives and what is multiplied, for many steps at once.
        constant: how to compute what does not differ from row to row.
        first: of each of ``steps`` and ``rest``, whether no other adds to its cotangent before.
    """

    recorded: Recorded
    forward: list[Instruction]
    kept: list[int]
    products: list[int]
    steps: list[Term]
    rest: list[Term]
    folded: list[Instruction]
    constant: list[Instruction]
    first: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        """Finds the terms that are the first of their cotangent; what comes after a step holds something before."""
        seen: set[Place] = set()
        self.first = []
        for term in (*self.steps, *self.rest):
            self.first.append(term.to[0] != "after" and term.to not in seen)
            seen.add(term.to)

    @property
    def used(self) -> set[int]:
        """The constants that the formula reads."""
        leaves = {each.numbers[0] for each in self.formula.nodes if each.op == "constant"}
        return leaves | {each.matrix for each in self.formula.products}

    @property
    def formula(self) -> Formula:
        """The step."""
        return self.recorded.formula


def plan(recorded: Recorded) -> Plan:
    """Makes a step ready.

    Raises:
        RefusedError: when a new state is the same for every row.
    """
    f = recorded.formula
    if not all(f.varies[each] for each in f.after):
        raise RefusedError("a state that is the same for every row")
    for number, node in enumerate(f.after):
        if f.nodes[node].op in LEAVES or node in f.after[:number]:
            f.after[number] = f.put("copy", node, numbers=(number,))
    multiplied = [each.x for each in f.products]
    forward = f.needed([*f.after, *multiplied])
    steps, rest = _terms(f)
    wanted = sorted({each.derivative for each in (*steps, *rest) if each.derivative is not None} | set(multiplied))
    varying = [each for each in wanted if f.varies[each]]
    dear = [each for each in forward if f.nodes[each].op in DEAR and f.varies[each]]
    backward = f.needed(varying, [*dear, *f.after])
    kept = [each for each in dear if each in backward and each not in f.after]
    return Plan(
        recorded=recorded,
        forward=[each for each in instructions(f, [*f.after, *multiplied]) if f.varies[each[3]]],
        kept=kept,
        products=sorted({f.nodes[each].numbers[0] for each in backward if f.nodes[each].op == "product"}),
        steps=steps,
        rest=rest,
        folded=[each for each in instructions(f, varying, [*kept, *f.after]) if f.varies[each[3]]],
        constant=instructions(f, [each for each in {*forward, *backward, *wanted} if not f.varies[each]]),
    )


def _terms(f: Formula) -> tuple[list[Term], list[Term]]:
    """The terms of every cotangent, each after the terms of its source."""
    sinks: dict[int, Place] = {node: ("after", number, 0) for number, node in enumerate(f.after)}
    for number, each in enumerate(f.products):
        if f.nodes[each.x].op != "state":
            sinks.setdefault(each.x, ("multiplied", number, 0))
    points: list[tuple[float, int]] = [(node, -1) for node in sinks]
    points += [(each.leaves - 0.5, number) for number, each in enumerate(f.products)]
    steps: list[Term] = []
    rest: list[Term] = []
    to: Place | None
    for node, product in sorted(points, reverse=True):
        if product >= 0:
            x = f.products[product].x
            to = ("before", f.nodes[x].numbers[0], 0) if f.nodes[x].op == "state" else sinks[x]
            steps.append(Term(to, ("product", product, -1), product=product))
            continue
        source = sinks[int(node)]
        for leaf, derivative in f.derivatives(int(node), list(sinks)).items():
            to = sinks[leaf] if leaf in sinks and leaf != node else _leaf(f, leaf)
            if to is not None:
                one = f.nodes[derivative] == ("number", (), (1.0,))
                (rest if to[0] in ("pre", "constant") and f.nodes[leaf].op != "product" else steps).append(
                    Term(to, source, None if one else derivative)
                )
    return steps, rest


def _leaf(f: Formula, leaf: int) -> Place | None:
    """The cotangent of a leaf; of a section of a product that of the pre-activations which were added to it."""
    op, _, numbers = f.nodes[leaf]
    if op == "product":
        add = f.products[numbers[0]].add
        return ("product", *numbers) if add is None else ("pre", add + numbers[1], 0)
    if op == "constant":
        return op, numbers[0], leaf
    return {"state": ("before", numbers[0], 0), "pre": ("pre", numbers[0], 0)}.get(op)
