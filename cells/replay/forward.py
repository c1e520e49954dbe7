"""The steps of a formula, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from cells.replay.formula import Formula, Product
from cells.replay.plan import Plan

Values = list[Any]
"""What each node is at the moment."""
_Entry = tuple[float, Any, tuple[int, ...], tuple[Any, ...], int, Any]
"""When, what, of which values, with which numbers, to which value, written where at each step."""


class Kept(NamedTuple):
    """What backward reads.

    Attributes:
        states: of each state [T + 1, B, H], the first included.
        nodes: of each node that is kept [T, B, H].
        products: of each product that is kept [T, B, kH].
    """

    states: list[Tensor]
    nodes: list[Tensor]
    products: list[Tensor]


def section(wide: Tensor, number: int, width: int) -> Tensor:
    """One of the sections of the last dimension."""
    return wide if wide.shape[-1] == width else wide.narrow(-1, number * width, width)


def constants(plan: Plan, given: Sequence[Tensor | None], H: int, like: Tensor) -> Values:
    """The values of all nodes that do not differ from row to row."""
    values: Values = [None] * len(plan.formula.nodes)
    for place, node in enumerate(plan.formula.nodes):
        if node.op == "number":
            values[place] = like.new_tensor(node.numbers[0])
        elif node.op == "constant":
            whole, number = given[node.numbers[0]], node.numbers[1]
            assert whole is not None  # noqa: S101
            values[place] = whole.reshape(()) if number is None else section(whole, number, H)
    for function, reads, numbers, place in plan.constant:
        values[place] = function(*[values[each] for each in reads], *numbers)
    return values


def buffers(plan: Plan, pre_TBG: Tensor, state: Sequence[Tensor], keep: bool) -> Kept:
    """Where the steps write."""
    T, B, H = *pre_TBG.shape[:2], state[0].shape[-1]
    states = [pre_TBG.new_empty(T + 1, B, H) for _ in state]
    for rows, first in zip(states, state, strict=True):
        rows[0] = first
    long = T if keep else 0
    nodes = [pre_TBG.new_empty(long, B, H) for _ in plan.kept]
    wide = [plan.formula.products[each].sections * H for each in plan.products]
    return Kept(states, nodes, [pre_TBG.new_empty(long, B, each) for each in wide])


def run(plan: Plan, pre_TBG: Tensor, state: Sequence[Tensor], given: Sequence[Tensor | None], keep: bool) -> Kept:
    """Every step.

    Args:
        plan: of the step.
        pre_TBG: its pre-activations.
        state: before the first.
        given: the constants that the plan names.
        keep: what backward reads, beside the states.
    """
    f = plan.formula
    made, values = buffers(plan, pre_TBG, state, keep), constants(plan, given, state[0].shape[-1], pre_TBG)
    feeds, into = _sources(f, pre_TBG, made.states), dict(zip(f.after, (each[1:] for each in made.states), strict=True))
    if keep:
        into.update(zip(plan.kept, made.nodes, strict=True))
    code: list[_Entry] = [
        (place, function, reads, numbers, place, into[place].unbind(0) if place in into else None)
        for function, reads, numbers, place in plan.forward
    ]
    for number, product in enumerate(f.products):
        wide = made.products[plan.products.index(number)] if keep and number in plan.products else None
        code.append(_product(product, wide, pre_TBG, given, values, feeds))
    code.sort(key=lambda entry: entry[0])
    for t in range(len(pre_TBG)):
        for place, rows in feeds:
            values[place] = rows[t]
        for _, function, reads, numbers, place, out in code:
            operands = [values[each] for each in reads]
            if out is None:
                values[place] = function(*operands, *numbers)
            else:
                values[place] = function(*operands, *numbers, out=out[t])
    return made


def _product(
    product: Product,
    wide: Tensor | None,
    pre_TBG: Tensor,
    given: Sequence[Tensor | None],
    values: Values,
    feeds: list[tuple[int, Any]],
) -> _Entry:
    """A product's entry: it writes to ``wide``, or without it always to the same place."""
    sections, count = product.sections, len(pre_TBG)
    matrix = given[product.matrix]
    assert matrix is not None  # noqa: S101
    H, kept = matrix.shape[1] // sections, wide is not None
    if wide is None:
        wide = pre_TBG.new_empty(1, pre_TBG.shape[1], sections * H)
    for j in range(sections):
        feeds.append((product.leaves + j, section(wide, j, H).unbind(0) * (1 if kept else count)))
    first = len(values)
    values += [matrix, None, None]
    rows = wide.unbind(0) * (1 if kept else count)
    if product.add is None:
        return product.leaves - 0.5, torch.mm, (product.x, first), (), first + 1, rows
    feeds.append((first + 2, pre_TBG.narrow(-1, product.add * H, sections * H).unbind(0)))
    return product.leaves - 0.5, torch.addmm, (first + 2, product.x, first), (), first + 1, rows


def differentiable(
    plan: Plan, pre_TBG: Tensor, state: Sequence[Tensor], given: Sequence[Tensor | None]
) -> tuple[Tensor, ...]:
    """H of every step and the last states, as autograd records it: for a gradient of a gradient."""
    f, H, now, steps = plan.formula, state[0].shape[-1], list(state), []
    values = constants(plan, given, H, pre_TBG)
    todo: list[tuple[float, Any]] = [(each[3], each) for each in plan.forward]
    todo += [(each.leaves - 0.5, each) for each in f.products]
    for pre_BG in pre_TBG.unbind(0):
        for place, node in enumerate(f.nodes):
            if node.op in ("pre", "state"):
                values[place] = now[node.numbers[0]] if node.op == "state" else section(pre_BG, node.numbers[0], H)
        for _, each in sorted(todo, key=lambda entry: entry[0]):
            if isinstance(each, Product):
                wide = torch.mm(values[each.x], given[each.matrix])  # type: ignore[arg-type]
                if each.add is not None:
                    wide = wide + pre_BG.narrow(-1, each.add * H, each.sections * H)
                values[each.leaves : each.leaves + each.sections] = [section(wide, j, H) for j in range(each.sections)]
            else:
                function, reads, numbers, place = each
                values[place] = function(*[values[one] for one in reads], *numbers)
        now = [values[each] for each in f.after]
        steps.append(now[0])
    return torch.stack(steps), *now


def _sources(f: Formula, pre_TBG: Tensor, states: Sequence[Tensor]) -> list[tuple[int, Any]]:
    """Where each leaf that moves on with time finds its rows."""
    H = states[0].shape[-1]
    feeds = []
    for place, node in enumerate(f.nodes):
        if node.op == "state":
            feeds.append((place, states[node.numbers[0]].unbind(0)))
        elif node.op == "pre":
            feeds.append((place, section(pre_TBG, node.numbers[0], H).unbind(0)))
    return feeds
