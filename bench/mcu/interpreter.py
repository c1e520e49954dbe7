"""Runs a program exactly, in NumPy, a whole batch at once: what the C code is held to."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.mcu.graph import Floats, Graph, Ref
from bench.mcu.machine import Array, Machine
from bench.mcu.program import (
    Copy,
    Delta,
    Int16,
    Int64,
    Kernel,
    Limit,
    MatVec,
    Pair,
    Program,
    Scale,
    Select,
    Table,
    WordProgram,
)
from bench.mcu.reference import RealInterpreter
from cells.formula import OPS

Samples = Array
"""A sequence [T, D] in a model's format: int16, or float32; of a language model its words [T]."""
_AT_ONCE = 128
"""Sequences whose buffers stay in the cache: three times as fast as thousands at once."""


def quantise_input(program: Program, x: Floats) -> Int16:
    """Samples [..., D] in the program's format: rounded to nearest, saturated."""
    buffer = program.buffers[0]
    scaled = np.rint(np.asarray(x, np.float64) * 2.0**buffer.fraction)
    return np.clip(scaled, -buffer.limit - 1, buffer.limit).astype(np.int16)


class Interpreter(Machine):
    """A program at work on N independent sequences.

    Args:
        program: from :func:`bench.mcu.quantise`.
        batch: N.
    """

    def __init__(self, program: Program, batch: int) -> None:
        super().__init__(program, batch, np.int64)

    def value(self, kernel: Kernel) -> Any:
        """What a kernel computes, saturated at the bits of its buffer."""
        limit = self.model.buffers[kernel.out.buffer].limit
        return np.clip(_value(kernel, self), -limit - 1, limit)


def _value(kernel: Kernel, memory: Machine) -> Any:
    match kernel:
        case MatVec(x=x, weight=weight, bias=bias, add=add, shift=shift):
            factors = _changes(kernel, memory) if isinstance(kernel, Delta) else memory[x]
            # Exact in float64, whose products are fast: every sum is below 2^31 in magnitude.
            product = (factors.astype(np.float64) @ weight.T.astype(np.float64)).astype(np.int64)
            if isinstance(kernel, Delta):
                sums = Ref(kernel.sums.buffer, 0, len(weight))
                product = memory[sums] + product
                memory[sums] = product
            total = (product + (kernel.half if bias is None else bias)) >> shift
            return total if add is None else total + memory[add]
        case Pair(a=a, b=b):
            return _pair(kernel, memory[a], memory[b])
        case Select(condition=condition, a=a, b=b):
            return np.where(memory[condition] != 0, memory[a], memory[b])
        case Scale(a=a, factor=factor, offset=offset, shift=shift):
            return (memory[a] * factor + offset) >> shift
        case Table(a=a, knots=knots):
            position, wide = memory[a] + 32768, knots.astype(np.int64)
            high, low = position >> 8, position & 255
            return wide[high] + ((wide[high + 1] - wide[high]) * low >> 8)
        case Limit(a=a, low=least, high=most):
            return np.clip(memory[a], least, most)
        case Copy(parts=parts):
            return np.concatenate([memory[part] for part in parts], axis=1)


def _changes(kernel: Delta, memory: Machine) -> Array:
    """By how much factors have changed that are to be applied, 0 for others; notes them as applied."""
    changes = memory[kernel.x] - memory[kernel.seen]
    changes[np.abs(changes) <= kernel.threshold] = 0
    memory[kernel.seen] = memory[kernel.seen] + changes
    return changes


def _pair(kernel: Pair, a: Int64, b: Int64) -> Any:
    left, right = a << kernel.shift_a, b << kernel.shift_b
    match kernel.function:
        case "add":
            return _rounded(left + right, kernel.shift)
        case "sub":
            return _rounded(left - right, kernel.shift)
        case "mul":
            return _rounded(a * b, kernel.shift)
        case "div":
            over, under = np.abs(left), np.abs(right)
            magnitude = np.where(under > 0, (over + (under >> 1)) // np.maximum(under, 1), (over > 0) << 16)
            return np.where((a < 0) == (b < 0), magnitude, -magnitude)
        case "greater":
            return (left > right).astype(np.int64) << kernel.shift
    return OPS[kernel.function].real(np, a, b)


def _rounded(value: Int64, shift: int) -> Any:
    return (value + (1 << shift >> 1)) >> shift


def run(program: Program, x: Int16, lengths: Int64) -> Int64:
    """Scores [N, C] of padded sequences, after the last step of each.

    Args:
        program: from :func:`bench.mcu.quantise`.
        x: [N, T, D] in the program's format.
        lengths: [N], 1..T.
    """
    if len(x) > _AT_ONCE:
        parts = range(0, len(x), _AT_ONCE)
        return np.concatenate([run(program, x[n : n + _AT_ONCE], lengths[n : n + _AT_ONCE]) for n in parts])
    machine = Interpreter(program, len(x))
    scores = np.zeros((len(x), program.scores.size), np.int64)
    for step in range(int(lengths.max())):
        machine.step(x[:, step])
        last = lengths == step + 1
        if last.any():
            scores[last] = machine.scores()[last]
    return scores


def trajectory(model: Program | Graph, x: Samples) -> Samples:
    """Scores [T, C] after every sample of one sequence [T, D]: exact of a program, in float32 of a graph.

    Where the program reads words, the sequence is of words [T].
    """
    if isinstance(model, WordProgram):
        x = model.samples(x)
    machine: Machine = Interpreter(model, 1) if isinstance(model, Program) else RealInterpreter(model, 1, np.float32)
    scores = []
    for sample in x:
        machine.step(sample[None])
        scores.append(machine.scores()[0])
    return np.array(scores)
