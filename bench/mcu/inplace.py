"""Operations without those that nobody reads, and the new states computed in their places where that is safe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

from bench.mcu.graph import Buffer, Gather, Graph, Linear, Operation, Ref, reads


def finished(
    subject: str,
    buffers: Sequence[Buffer],
    step: Sequence[Operation],
    states: Sequence[Ref],
    head: Sequence[Operation],
    scores: Ref,
) -> Graph:
    """The graph of collected operations.

    Args:
        subject: for messages.
        buffers: the first is the sample, then the states.
        step: the operations of one sample.
        states: where ``step`` leaves each new state.
        head: the operations of the classifier.
        scores: where ``head`` leaves the scores.
    """
    written = _written(buffers, _live(step, [ref.buffer for ref in states]), states)
    return Graph(subject, tuple(buffers), tuple(written), tuple(head), scores)


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
        if [each.buffer for each in states].count(ref.buffer) == 1 and _in_place(buffers, result, ref, target.buffer):
            result = [_renamed(each, ref.buffer, target.buffer) for each in result]
        else:
            copies.append(Gather(target, (ref,)))
    return result + _ordered(copies)


def _ordered(copies: list[Operation]) -> list[Operation]:
    """Copies between states, those that still read an old one first."""
    written = {each.out.buffer for each in copies}
    return sorted(copies, key=lambda each: not any(ref.buffer in written for ref in reads(each)))


def _in_place(buffers: Sequence[Buffer], step: Sequence[Operation], ref: Ref, state: int) -> bool:
    if buffers[ref.buffer].role != "temporary" or not _whole(ref, buffers):
        return False
    at = next(number for number, each in enumerate(step) if each.out.buffer == ref.buffer)
    later = any(each.buffer == state for operation in step[at + 1 :] for each in reads(operation))
    clash = isinstance(step[at], Linear | Gather) and any(each.buffer == state for each in reads(step[at]))
    shifted = any(each.buffer == state and each.offset for each in reads(step[at]))
    return not (later or clash or shifted)


def _renamed(operation: Operation, old: int, new: int) -> Operation:
    def at(ref: Ref) -> Ref:
        return replace(ref, buffer=new) if ref.buffer == old else ref

    def renamed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(renamed, value))
        return at(value) if isinstance(value, Ref) else value

    values = {each.name: renamed(getattr(operation, each.name)) for each in fields(operation)}
    return replace(operation, **values)
