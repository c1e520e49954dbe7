"""Runs a program exactly, in NumPy, a whole batch at once: what the C code is held to."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.mcu.graph import Floats, Graph, Memory, Ref
from bench.mcu.program import Copy, Int16, Int64, Kernel, Limit, MatVec, Pair, Program, Scale, Select, Table
from bench.mcu.reference import RealInterpreter
from cells.formula import OPS

Samples = npt.NDArray[Any]
"""A sequence [T, D] in a model's format: int16, or float32."""


def quantise_input(program: Program, x: Floats) -> Int16:
    """Samples [..., D] in the program's format: rounded to nearest, saturated."""
    buffer = program.buffers[0]
    scaled = np.rint(np.asarray(x, np.float64) * 2.0**buffer.fraction)
    return np.clip(scaled, -buffer.limit - 1, buffer.limit).astype(np.int16)


class Interpreter:
    """A program at work on N independent sequences.

    Args:
        program: from :func:`bench.mcu.quantise`.
        batch: N.
    """

    def __init__(self, program: Program, batch: int) -> None:
        self.program = program
        self.memory = Memory(
            [
                np.zeros((batch, buffer.size), np.int64)
                if buffer.value is None
                else np.broadcast_to(buffer.value.astype(np.int64), (batch, buffer.size))
                for buffer in program.buffers
            ]
        )

    def step(self, x: Int16) -> None:
        """One sample [N, D] in the program's format."""
        self.memory[Ref(0, 0, x.shape[1])] = x.astype(np.int64)
        self._run(self.program.step)

    def scores(self) -> Int64:
        """[N, C], of the present state."""
        self._run(self.program.head)
        return self.memory[self.program.scores].copy()

    def _run(self, kernels: tuple[Kernel, ...]) -> None:
        for kernel in kernels:
            buffer = self.program.buffers[kernel.out.buffer]
            value = _value(kernel, self.memory)
            self.memory[kernel.out] = np.clip(value, -buffer.limit - 1, buffer.limit)


def run(program: Program, x: Int16, lengths: Int64) -> Int64:
    """Scores [N, C] of padded sequences, each at its own last step.

    Args:
        program: from :func:`bench.mcu.quantise`.
        x: [N, T, D] in the program's format.
        lengths: [N], 1..T.
    """
    machine = Interpreter(program, len(x))
    scores = np.zeros((len(x), program.scores.size), np.int64)
    for step in range(int(lengths.max())):
        machine.step(x[:, step])
        last = lengths == step + 1
        if last.any():
            scores[last] = machine.scores()[last]
    return scores


def trajectory(model: Program | Graph, x: Samples) -> Samples:
    """Scores [T, C] after every sample of one sequence [T, D]: exact of a program, in float32 of a graph."""
    machine = Interpreter(model, 1) if isinstance(model, Program) else RealInterpreter(model, 1, np.float32)
    scores = []
    for sample in x:
        machine.step(sample[None])
        scores.append(machine.scores()[0])
    return np.array(scores)


def accuracy(program: Program, x: Floats, lengths: Int64, y: Int64) -> float:
    """The part of sequences [N, T, D], in real numbers, whose class the program answers."""
    answers = run(program, quantise_input(program, x), lengths).argmax(1)
    return float((answers == y).mean())


def _value(kernel: Kernel, memory: Memory) -> Any:
    match kernel:
        case MatVec(x=x, weight=weight, bias=bias, add=add, shift=shift):
            # Exact in float64, whose products are fast: every sum is below 2^31 in magnitude.
            product = (memory[x].astype(np.float64) @ weight.T.astype(np.float64)).astype(np.int64)
            total = (product + (kernel.half if bias is None else bias)) >> shift
            return total if add is None else total + memory[add]
        case Pair(a=a, b=b):
            return _pair(kernel, memory[a], memory[b])
        case Select(condition=condition, a=a, b=b):
            return np.where(memory[condition] != 0, memory[a], memory[b])
        case Scale(a=a, factor=factor, offset=offset, shift=shift):
            return (memory[a] * factor + offset) >> shift
        case Table(a=a, knots=knots):
            position = memory[a] + 32768
            high, low = position >> 8, position & 255
            at, after = knots.astype(np.int64)[high], knots.astype(np.int64)[high + 1]
            return at + ((after - at) * low >> 8)
        case Limit(a=a, low=least, high=most):
            return np.clip(memory[a], least, most)
        case Copy(parts=parts):
            return np.concatenate([memory[part] for part in parts], axis=1)


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
        case extreme:
            return OPS[extreme].real(np, a, b)


def _rounded(value: Int64, shift: int) -> Int64:
    return (value + (1 << shift >> 1)) >> shift
