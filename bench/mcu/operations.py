"""Counts what a streamed model does and needs: operations by kind, constants to store, memory to hold."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import fx, nn

from bench.errors import RnnbenchError
from bench.mcu.kinds import GENERATORS, SUPPORTED, VIEWS, Counts, cost, in_place, numel
from bench.mcu.trace import Traced, trace_head, trace_step
from cells import Cell


@dataclass(frozen=True)
class OpCounts:
    """What a model does and needs.

    Attributes:
        step: operations of one sample through all layers.
        head: operations of the head on one hidden state.
        constants: numbers to store. What depends on parameters alone is computed beforehand and stored; it never
            counts for more numbers than the parameters it comes from (a reflector and its double are one vector).
        state: numbers that live from one sample to the next.
        live: the most numbers that live at once beside the state: the sample, the intermediates, the head's outputs.
    """

    step: Counts
    head: Counts
    constants: int
    state: int
    live: int


@dataclass(frozen=True)
class _Part:
    counts: Counts
    constants: int
    live: int


def _name(node: fx.Node) -> str:
    if node.target is operator.getitem:
        return "getitem"
    packet = getattr(node.target, "overloadpacket", node.target)
    return str(getattr(packet, "__name__", packet))


def _refuse(traced: Traced, node: fx.Node, what: str) -> RnnbenchError:
    line = traced.line_of(node.target)
    where = f" ({line})" if line else ""
    return RnnbenchError(f"{traced.subject} uses {node.target}{where}, {what}")


def _is_constant(traced: Traced, node: fx.Node, constants: set[fx.Node]) -> bool:
    """Whether a node depends on parameters, buffers and literals alone."""
    if node.op != "call_function":
        return node.op == "get_attr"
    fixed = bool(node.all_input_nodes) and all(each in constants for each in node.all_input_nodes)
    overload = node.target
    if isinstance(overload, torch._ops.OpOverload):
        if torch.Tag.nondeterministic_seeded in overload.tags:
            raise _refuse(traced, node, "which draws random numbers in evaluation mode; draw them in training only")
        if overload._schema.is_mutable and not fixed:
            raise _refuse(traced, node, "which changes a tensor in place; write it as a new tensor instead")
    return fixed or _name(node) in GENERATORS


def _base(node: fx.Node) -> fx.Node:
    """The node that owns the memory which a view reads."""
    while node.op == "call_function" and (_name(node) in VIEWS or node.target is operator.getitem):
        node = node.all_input_nodes[0]
    return node


def _sources(traced: Traced, node: fx.Node) -> frozenset[str]:
    """The parameters and floating-point buffers that a constant is computed from."""
    found, todo, seen = set(), [node], {node}
    while todo:
        each = todo.pop()
        if each.op == "get_attr" and traced.parameters[str(each.target)].is_floating_point():
            found.add(str(each.target))
        new = [before for before in each.all_input_nodes if before not in seen]
        seen.update(new)
        todo += new
    return frozenset(found)


def _stored(traced: Traced, read: set[fx.Node]) -> int:
    """Numbers to store for the constants that charged operations read."""
    groups: dict[frozenset[str], int] = defaultdict(int)
    for node in read:
        groups[_sources(traced, node)] += numel(node) if "val" in node.meta else _parameter(traced, node)
    return sum(
        min(folded, sum(traced.parameters[name].numel() for name in names)) if names else folded
        for names, folded in groups.items()
    )


def _parameter(traced: Traced, node: fx.Node) -> int:
    return traced.parameters[str(node.target)].numel()


def _most_live(order: list[fx.Node], sample: fx.Node | None, results: set[fx.Node]) -> int:
    """The most numbers alive at once, operations in the order traced.

    Args:
        order: the operations that own memory, views left out.
        sample: the input whose memory counts until its last use, or ``None``.
        results: the nodes that live to the end.
    """
    ends = {node: index for index, node in enumerate(order)}
    for index, node in enumerate(order):
        for each in _operands(node):
            ends[each] = index
    live = numel(sample) if sample is not None else 0
    most = live
    held = {sample} if sample is not None else set()
    for index, node in enumerate(order):
        done = {each for each in _operands(node) & held if ends[each] == index and each not in results}
        reused = in_place(_name(node)) and any(numel(each) == numel(node) for each in done)
        most = max(most, live + (0 if reused else numel(node)))
        held = (held | {node}) - done
        live = sum(numel(each) for each in held)
    return most


def _operands(node: fx.Node) -> set[fx.Node]:
    return {_base(each) for each in node.all_input_nodes}


def _read(traced: Traced, *, sample_counts: bool) -> _Part:
    """Walks a traced graph.

    Raises:
        RnnbenchError: when it holds an operation that the model does not know.
    """
    total = Counts()
    constants: set[fx.Node] = set()
    read: set[fx.Node] = set()
    order: list[fx.Node] = []
    for node in traced.graph.nodes:
        if _is_constant(traced, node, constants):
            constants.add(node)
        elif node.op == "call_function" and node.target is not operator.getitem:
            counts = cost(node, _name(node))
            if counts is None:
                raise _refuse(
                    traced, node, f"which the cycle model does not know; it knows views, {', '.join(SUPPORTED)}"
                )
            total += counts
            if _name(node) not in VIEWS:
                order.append(node)
                read |= {_base(each) for each in node.all_input_nodes if each in constants}
    sample = next(iter(traced.graph.nodes)) if sample_counts else None
    results = {_base(each) for each in next(iter(reversed(traced.graph.nodes))).all_input_nodes}
    return _Part(total, _stored(traced, read), _most_live(order, sample, results))


def count(layers: Sequence[Cell], head: nn.Module) -> OpCounts:
    """Counts one streamed step of a stack of cells, and the head on the last hidden state.

    Args:
        layers: the cells; each reads the hidden state of the one before.
        head: a module from [1, H] to its outputs.

    Raises:
        RnnbenchError: when a cell or the head cannot be traced, or holds an operation that the model does not know;
            names the cell, the operation, the source line where it is found, and what is known.
        ValueError: when there is no layer.
    """
    if not layers:
        raise ValueError("a model needs at least one layer")
    parts = [_read(trace_step(cell), sample_counts=index == 0) for index, cell in enumerate(layers)]
    last = _read(trace_head(head, layers[-1].hidden_size), sample_counts=False)
    return OpCounts(
        step=sum((part.counts for part in parts), Counts()),
        head=last.counts,
        constants=sum(part.constants for part in [*parts, last]),
        state=sum(each.numel() for cell in layers for each in cell.initial_state(1, torch.zeros(()))),
        live=max(part.live for part in [*parts, last]),
    )
