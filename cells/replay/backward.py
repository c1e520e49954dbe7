"""From the gradients of the states to those of everything that they were made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cells.replay.forward import Kept, Values, constants, section
from cells.replay.plan import Place, Plan, Term

_TOGETHER = 160 * 1024
"""Numbers of a vector of units over the steps that are done together: those of a processor's cache."""
_TOGETHER_ELSEWHERE = 4 * 1024 * 1024


@dataclass
class Incoming:
    """The gradients of what a sequence gave.

    Attributes:
        every: of h after each step [T, B, H].
        rows: of h after some steps: which rows of the batch, and their gradients.
        last: of each state after the last step.
    """

    every: Tensor | None
    rows: Mapping[int, tuple[Tensor, Tensor]]
    last: Sequence[Tensor | None]


@dataclass
class Outgoing:
    """The gradients of what a sequence was given; of a constant in the shape of its section sums."""

    pre: Tensor
    state: list[Tensor]
    constants: list[Tensor | None]


def _write(source: Tensor, slope: Tensor, to: Tensor) -> None:
    torch.mul(source, slope, out=to)


def _write_whole(source: Tensor, _: Any, to: Tensor) -> None:
    to.copy_(source)


def _add(source: Tensor, slope: Tensor, to: Tensor) -> None:
    to.addcmul_(source, slope)


def _add_whole(source: Tensor, _: Any, to: Tensor) -> None:
    to.add_(source)


def _multiply(source: Tensor, matrix: Tensor, to: Tensor) -> None:
    torch.mm(source, matrix, out=to)


def _add_multiplied(source: Tensor, matrix: Tensor, to: Tensor) -> None:
    to.addmm_(source, matrix)


def _function(term: Term, first: bool) -> Callable[[Tensor, Any, Tensor], None]:
    if term.product is not None:
        return _multiply if first else _add_multiplied
    if term.derivative is None:
        return _write_whole if first else _add_whole
    return _write if first else _add


class Sweep:
    """From the last step to the first, some steps at a time.

    Args:
        plan: of the step.
        pre_TBG: as forward had them.
        kept: what forward kept.
        given: the constants.
        wanted: of which constants the gradients are wanted.
    """

    def __init__(
        self, plan: Plan, pre_TBG: Tensor, kept: Kept, given: Sequence[Tensor | None], wanted: Sequence[bool]
    ) -> None:
        self.plan, self.pre, self.kept, self.given, self.wanted = plan, pre_TBG, kept, given, wanted
        self.T, self.B, self.H = *pre_TBG.shape[:2], kept.states[0].shape[-1]
        most = _TOGETHER if pre_TBG.device.type == "cpu" else _TOGETHER_ELSEWHERE
        self.n = max(1, min(self.T, most // (self.B * self.H)))
        self.fixed = constants(plan, given, self.H, pre_TBG)
        self.transposed = [given[each.matrix].t() for each in plan.formula.products]  # type: ignore[union-attr]
        self.cotangents = [pre_TBG.new_zeros(self.n + 1, self.B, self.H) for _ in kept.states]
        self.multiplied = {
            term.to: pre_TBG.new_empty(self.n, self.B, self.H) for term in plan.steps if term.to[0] == "multiplied"
        }
        shapes = [(self.n, self.B, each.sections * self.H) for each in plan.formula.products]
        self.products = [
            pre_TBG.new_zeros(shape) if each.add is None else None
            for each, shape in zip(plan.formula.products, shapes, strict=True)
        ]
        self.out = Outgoing(
            torch.empty_like(pre_TBG),
            self.cotangents,
            [
                None if each is None or not want else torch.zeros_like(each)
                for each, want in zip(given, wanted, strict=True)
            ],
        )

    def run(self, incoming: Incoming) -> Outgoing:
        """All steps."""
        reached = {term.to for term in (*self.plan.steps, *self.plan.rest)}
        for number in range(self.pre.shape[-1] // self.H):
            if ("pre", number, 0) not in reached:
                section(self.out.pre, number, self.H).zero_()
        for number, each in enumerate(incoming.last):
            if each is not None:
                self.cotangents[number][self.n] += each
        ends = range(self.T, 0, -self.n)
        for end in ends:
            begin = max(0, end - self.n)
            steps = end - begin
            if end < self.T:
                for each in self.cotangents:
                    each[steps] = each[0]
            else:
                self._arrive(incoming, end, self.cotangents[0][steps])
            values = self._fold(begin, end)
            self._steps(incoming, begin, end, values)
            self._rest(begin, end, values)
        self.out.state = [each[0] for each in self.cotangents]
        return self.out

    def _arrive(self, incoming: Incoming, after: int, to: Tensor) -> None:
        """Adds the gradients of h after so many steps."""
        if after and incoming.every is not None:
            to.add_(incoming.every[after - 1])
        if after - 1 in incoming.rows:
            rows, gradients = incoming.rows[after - 1]
            to.index_add_(0, rows, gradients)

    def _fold(self, begin: int, end: int) -> Values:
        """The values of all nodes that backward reads, steps and batch in one dimension."""
        f, plan = self.plan.formula, self.plan
        values = list(self.fixed)
        for place, node in enumerate(f.nodes):
            if node.op == "state":
                values[place] = self.kept.states[node.numbers[0]][begin:end].flatten(0, 1)
            elif node.op == "pre":
                values[place] = section(self.pre[begin:end].flatten(0, 1), node.numbers[0], self.H)
        for place, rows in zip(f.after, self.kept.states, strict=True):
            values[place] = rows[begin + 1 : end + 1].flatten(0, 1)
        for place, rows in zip(plan.kept, self.kept.nodes, strict=True):
            values[place] = rows[begin:end].flatten(0, 1)
        for number, rows in zip(plan.products, self.kept.products, strict=True):
            for j in range(f.products[number].sections):
                values[f.products[number].leaves + j] = section(rows[begin:end].flatten(0, 1), j, self.H)
        for function, reads, numbers, place in plan.folded:
            values[place] = function(*[values[each] for each in reads], *numbers)
        return values

    def _place(self, place: Place, begin: int, end: int) -> Tensor:
        """A cotangent of some steps: [n, B, H], or of a whole product [n, B, kH] when its section is -1."""
        kind, number, part = place
        steps = end - begin
        if kind in ("after", "before"):
            return self.cotangents[number][kind == "after" :][:steps]
        if kind == "multiplied":
            return self.multiplied[place][:steps]
        if kind == "pre":
            return section(self.out.pre[begin:end], number, self.H)
        each, own = self.plan.formula.products[number], self.products[number]
        if own is None:
            assert each.add is not None  # noqa: S101
            whole = self.out.pre[begin:end].narrow(-1, each.add * self.H, each.sections * self.H)
        else:
            whole = own[:steps]
        return whole if part < 0 else section(whole, part, self.H)

    def _steps(self, incoming: Incoming, begin: int, end: int, values: Values) -> None:
        """What goes from step to step."""
        steps, code = end - begin, []
        for term, first in zip(self.plan.steps, self.plan.first, strict=False):
            slope: Any = [None] * steps
            if term.product is not None:
                slope = [self.transposed[term.product]] * steps
            elif term.derivative is not None:
                slope = self._slope(term.derivative, values, steps)
            source = self._place(term.source, begin, end).unbind(0)
            code.append((_function(term, first), source, slope, self._place(term.to, begin, end).unbind(0)))
        reached = {term.to[1] for term in self.plan.steps if term.to[0] == "before"}
        idle = [each for number, each in enumerate(self.cotangents) if number not in reached]
        for step in range(steps - 1, -1, -1):
            for function, source, slope, to in code:
                function(source[step], slope[step], to[step])
            for each in idle:
                each[step].zero_()
            self._arrive(incoming, begin + step, self.cotangents[0][step])

    def _slope(self, node: int, values: Values, steps: int) -> Any:
        if not self.plan.formula.varies[node]:
            return [values[node]] * steps
        return values[node].unflatten(0, (steps, self.B)).unbind(0)

    def _rest(self, begin: int, end: int, values: Values) -> None:
        """The gradients that no other step waits for."""
        f, steps = self.plan.formula, end - begin
        for number, product in enumerate(f.products):
            gradient = self.out.constants[product.matrix]
            if gradient is not None:
                cotangent = self._place(("product", number, -1), begin, end).flatten(0, 1)
                gradient.addmm_(values[product.x].t(), cotangent)
        for term, first in zip(self.plan.rest, self.plan.first[len(self.plan.steps) :], strict=True):
            source = self._place(term.source, begin, end)
            slope = None if term.derivative is None else values[term.derivative]
            if term.to[0] == "pre":
                if slope is not None and f.varies[term.derivative or 0]:
                    slope = slope.view(steps, self.B, self.H)
                _function(term, first)(source, slope, self._place(term.to, begin, end))
            else:
                self._reduce(term, source.flatten(0, 1), slope)

    def _reduce(self, term: Term, source: Tensor, slope: Tensor | None) -> None:
        """Adds to the gradient of a constant: a sum over steps and rows, and over units when it is one number."""
        gradient = self.out.constants[term.to[1]]
        if gradient is None:
            return
        number = self.plan.formula.nodes[term.to[2]].numbers[1]
        if number is None:
            gradient.add_(_sum(source, slope))
        else:
            section(gradient, number, self.H).add_((source if slope is None else source * slope).sum(0))


def _sum(source: Tensor, slope: Tensor | None) -> Tensor:
    if slope is None:
        return source.sum()
    return torch.dot(source.view(-1), slope.reshape(-1)) if slope.shape == source.shape else (source * slope).sum()
