"""The integer program of a trained cell and its classifier: one meaning, read by interpreter, C, cycles and memory.

Every number is an int16 that stands for ``q * 2^-fraction``; a buffer says its fraction and how many bits its values
may use. With ``v >> s`` the floor shift and ``round(v, s) = (v + (1 << s >> 1)) >> s``, every kernel computes in 32
bits that cannot overflow, rounds once, and clamps to the bits of its result:

    MatVec    ((sum_i w[o, i] x[i] + bias[o]) >> shift) + add[o]     bias holds the rounding's half; half where none
    Delta     where |x[i] - seen[i]| > threshold: sums += w[:, i] (x[i] - seen[i]), then seen[i] = x[i];
              ((sums[o] + bias[o]) >> shift) + add[o]
    Pair      with A = a << shift_a and B = b << shift_b:
              add, sub          round(A + B, shift), round(A - B, shift)
              mul               round(a b, shift)
              div               A / B to the nearest, halves away from 0; x / 0 saturates with the sign of x, 0 / 0 = 0
              maximum, minimum  of a and b, which have one format
              greater           1 << shift where A > B, else 0
    Select    a where condition is not 0, else b, which have one format
    Scale     (a factor + offset) >> shift                           offset holds the half
    Table     k[u] + ((k[u + 1] - k[u]) v >> 8)                      u, v: high and low byte of a + 32768
    Limit     min(max(a, low), high)
    Copy      the parts, one after the other

Why 32 bits hold a pair: |a| and |b| are at most 2^15, the shifts at most 15, so |A| and |B| are at most 2^30. A sum is
below 2^31, for both shifts are 15 only where nothing is rounded, and then |A + B| <= 2^31 - 2^16 or it is -2^31. A
quotient is taken of magnitudes, (|A| + (|B| >> 1)) / |B|, which is at most 1.5 2^30; where B is 0 it counts as 2^16,
which saturates any result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.mcu.graph import Floats, Ref, Role

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

KNOTS = 257
"""Values of a table: one at every 256th int16 and one past the last."""


@dataclass(frozen=True)
class IntBuffer:
    """A vector of int16.

    Attributes:
        size: numbers in it.
        role: the sample, a state, a temporary, or a constant.
        fraction: bits after the binary point.
        bits: what its values may use, the sign included: they lie in [-2^(bits - 1), 2^(bits - 1) - 1].
        value: of a constant.
    """

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
class Delta(MatVec):
    """A product of which only the columns are applied whose factor has changed (:mod:`bench.mcu.delta`).

    Attributes:
        seen: [I], a state: the factors as they were last applied.
        sums: [2 O], a state: the partial sums, of two numbers each.
        threshold: what a factor changes by at most and is not applied.
        applied: [I], the part of steps that apply each column, as :func:`bench.mcu.delta.counted`; ``None``: unknown.
    """

    seen: Ref
    sums: Ref
    threshold: int
    applied: Floats | None = None


@dataclass(frozen=True)
class Pair:
    """A function of two vectors, element by element: one of :data:`bench.mcu.graph.PAIRS`; ``b`` may be a constant."""

    out: Ref
    a: Ref
    b: Ref
    function: str
    shift_a: int = 0
    shift_b: int = 0
    shift: int = 0


@dataclass(frozen=True)
class Select:
    """Element-wise choice between two vectors; ``b`` may be a constant."""

    out: Ref
    condition: Ref
    a: Ref
    b: Ref


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


Kernel = MatVec | Pair | Select | Scale | Table | Limit | Copy


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
        """The kernels of the step, then of the head."""
        return self.step + self.head


@dataclass(frozen=True)
class WordProgram(Program):
    """One cell and its classifier in integers, which read words: a sample is a word's row of an embedding.

    Attributes:
        embedding: [V, D]; ``embedding[word] << shift`` is the sample.
        shift: from the embedding's scale to the sample's.
    """

    embedding: Int8
    shift: int

    def samples(self, words: Int64) -> Int16:
        """The samples [..., D] of words [...]."""
        found: Int16 = self.embedding[words].astype(np.int16) << np.int16(self.shift)
        return found


@dataclass(frozen=True)
class TextProgram(WordProgram):
    """A language model in integers: its scores, one for every word, go into a softmax."""
