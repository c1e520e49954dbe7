"""Drops operations that nobody reads, and lets new states be computed in place where that is safe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

from bench.mcu.graph import Buffer, Gather, Graph, Linear, Operation, Ref, reads
from bench.mcu.places import Places


def finished(
    subject: str, places: Places, step: Sequence[Operation], states: Sequence[Ref], head: Sequence[Operation]
) -> Graph:
    """The graph of collected operations.

    Args:
        subject: for messages.
        places: the buffers; the first is the sample, then the states.
        step: the operations of one sample.
        states: where ``step`` leaves each new state.
        head: the operations of the classifier, the scores last.
    """
    early, states = _kept(places, states)
    written = _written(places.buffers, _live([*early, *step], [ref.buffer for ref in states]), states)
    return Graph(subject, tuple(places.buffers), tuple(written), tuple(head), head[-1].out)


def _kept(places: Places, states: Sequence[Ref]) -> tuple[list[Operation], list[Ref]]:
    """Copies of old states that become others, made before any is overwritten."""
    copies: list[Operation] = []
    kept = list(states)
    for number, ref in enumerate(states):
        if places.buffers[ref.buffer].role == "state" and ref.buffer != 1 + number:
            kept[number] = places.temporary(ref.size)
            copies.append(Gather(kept[number], (ref,)))
    return copies, kept


def _whole(ref: Ref, buffers: Sequence[Buffer]) -> bool:
    return ref.offset == 0 and ref.size == buffers[ref.buffer].size


def _live(operations: Sequence[Operation], wanted: Iterable[int]) -> list[Operation]:
    needed = set(wanted)
    result: list[Operation] = []
    for operation in reversed(operations):
        if operation.out.buffer in needed:
            needed.update(ref.buffer for ref in reads(operation))
            result.append(operation)
    return result[::-1]


def _written(buffers: Sequence[Buffer], step: Sequence[Operation], states: Sequence[Ref]) -> list[Operation]:
    """The new states at their place: computed there where nothing reads the old one later, else copied at the end."""
    result = list(step)
    copies: list[Operation] = []
    for number, ref in enumerate(states):
        target = Ref(1 + number, 0, ref.size)
        if ref == target:
            continue
        if [state.buffer for state in states].count(ref.buffer) == 1 and _in_place(buffers, result, ref, target.buffer):
            result = [_renamed(operation, ref.buffer, target.buffer) for operation in result]
        else:
            copies.append(Gather(target, (ref,)))
    return result + copies


def _in_place(buffers: Sequence[Buffer], step: Sequence[Operation], ref: Ref, state: int) -> bool:
    if buffers[ref.buffer].role != "temporary" or not _whole(ref, buffers):
        return False
    at = next(number for number, operation in enumerate(step) if operation.out.buffer == ref.buffer)
    later = any(read.buffer == state for operation in step[at + 1 :] for read in reads(operation))
    clash = isinstance(step[at], Linear | Gather) and any(read.buffer == state for read in reads(step[at]))
    shifted = any(read.buffer == state and read.offset for read in reads(step[at]))
    return not (later or clash or shifted)


def _renamed(operation: Operation, old: int, new: int) -> Operation:
    def at(ref: Ref) -> Ref:
        return replace(ref, buffer=new) if ref.buffer == old else ref

    def renamed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(renamed, value))
        return at(value) if isinstance(value, Ref) else value

    values = {field.name: renamed(getattr(operation, field.name)) for field in fields(operation)}
    return replace(operation, **values)
