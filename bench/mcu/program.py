"""The integer program of a trained cell and its classifier: one meaning, read by interpreter, C, cycles and memory.

Every number is an int16 that stands for ``q * 2^-fraction``; a buffer says its fraction and how many bits its values
may use. With ``v >> s`` the floor shift and ``round(v, s) = (v + (1 << s >> 1)) >> s``, every kernel computes in 32
bits that cannot overflow, rounds once, and clamps to the bits of its result:

    MatVec    ((sum_i w[o, i] x[i] + bias[o]) >> shift) + add[o]     bias holds the rounding's half; half where none
    Sum       round((a << shift_a) + sign (b << shift_b), shift)
    Product   round(a b, shift)
    Scale     (a factor + offset) >> shift                           offset holds the half
    Table     k[u] + ((k[u + 1] - k[u]) v >> 8)                      u, v: high and low byte of a + 32768
    Limit     min(max(a, low), high)
    Copy      the parts, one after the other
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.mcu.graph import Ref, Role

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

KNOTS = 257
"""Of a table: one at every 256th int16 and one past the last."""


@dataclass(frozen=True)
class IntBuffer:
    """A vector of int16.

    Attributes:
        name: in the generated code.
        size: numbers in it.
        role: the sample, a state, a temporary, or a constant.
        fraction: bits after the binary point.
        bits: what its values may use, the sign included: they lie in [-2^(bits - 1), 2^(bits - 1) - 1].
        value: of a constant.
    """

    name: str
    size: int
    role: Role
    fraction: int
    bits: int
    value: Int16 | None = None

    @property
    def limit(self) -> int:
        """The largest value."""
        return int(2 ** (self.bits - 1) - 1)


@dataclass(frozen=True)
class MatVec:
    """A matrix-vector product with int8 weights.

    Attributes:
        out: O results.
        x: I factors.
        weight: [O, I].
        bias: [O] in the accumulator's scale, the rounding's half included; ``None`` for that half alone.
        add: [O] added after the shift, in the result's scale.
        shift: from the accumulator's scale to the result's.
        accumulator: bits that hold every partial sum, proven row by row from the weights and the bits of ``x``.
    """

    out: Ref
    x: Ref
    weight: Int8
    bias: Int32 | None
    add: Ref | None
    shift: int
    accumulator: Literal[24, 32]

    @property
    def half(self) -> int:
        """What an accumulator without a bias starts at."""
        return 1 << self.shift >> 1

    @property
    def nonzeros(self) -> int:
        """Weights that are not 0."""
        return int(np.count_nonzero(self.weight))


@dataclass(frozen=True)
class Sum:
    """Element-wise sum or difference; ``b`` may be a constant."""

    out: Ref
    a: Ref
    b: Ref
    sign: Literal[1, -1]
    shift_a: int
    shift_b: int
    shift: int


@dataclass(frozen=True)
class Product:
    """Element-wise product; ``b`` may be a constant."""

    out: Ref
    a: Ref
    b: Ref
    shift: int


@dataclass(frozen=True)
class Scale:
    """A number times a vector plus a number."""

    out: Ref
    a: Ref
    factor: int
    offset: int
    shift: int


@dataclass(frozen=True)
class Table:
    """A function of one variable by 257 knots and lines between them."""

    out: Ref
    a: Ref
    function: str
    knots: Int16


@dataclass(frozen=True)
class Limit:
    """Bounds: ReLU is [0, 32767]."""

    out: Ref
    a: Ref
    low: int
    high: int


@dataclass(frozen=True)
class Copy:
    """Vectors, one after the other."""

    out: Ref
    parts: tuple[Ref, ...]


Kernel = MatVec | Sum | Product | Scale | Table | Limit | Copy


@dataclass(frozen=True)
class Program:
    """One cell and its classifier in integers.

    Attributes:
        subject: the cell, for messages.
        buffers: by number; the first is the sample, then the states.
        step: the kernels of one sample.
        head: the kernels that compute the scores from the states.
        scores: where ``head`` leaves them; the answer is the first largest.
    """

    subject: str
    buffers: tuple[IntBuffer, ...]
    step: tuple[Kernel, ...]
    head: tuple[Kernel, ...]
    scores: Ref

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """Of the step, then of the head."""
        return self.step + self.head


def reads(kernel: Kernel) -> tuple[Ref, ...]:
    """What a kernel reads, constants included."""
    match kernel:
        case MatVec(x=x, add=add):
            return (x,) if add is None else (x, add)
        case Sum(a=a, b=b) | Product(a=a, b=b):
            return (a, b)
        case Copy(parts=parts):
            return parts
        case _:
            return (kernel.a,)
