"""A cell and its classifier as a short list of vector operations on real numbers.

The list is in order of execution. Every vector lives in a buffer; a buffer is written once, a state after its last use.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cells.formula import OPS

Floats = npt.NDArray[np.float64]
Role = Literal["input", "state", "temporary", "constant"]


@dataclass(frozen=True)
class Buffer:
    """A vector in memory.

    Attributes:
        size: numbers in it.
        role: the sample, a state, a temporary, or a constant.
        value: of a constant.
    """

    size: int
    role: Role
    value: Floats | None = None


@dataclass(frozen=True)
class Ref:
    """``size`` consecutive numbers of a buffer (by its number), from ``offset``."""

    buffer: int
    offset: int
    size: int


@dataclass(frozen=True)
class Linear:
    """out = weight x + bias + add."""

    out: Ref
    x: Ref
    weight: Floats
    bias: Floats | None = None
    add: Ref | None = None


@dataclass(frozen=True)
class Binary:
    """out = function(a, b), one of :data:`PAIRS`, element by element; ``b`` may be a constant."""

    out: Ref
    a: Ref
    b: Ref
    function: str


@dataclass(frozen=True)
class Where:
    """out = a where ``condition`` is not 0, else b; ``b`` may be a constant."""

    out: Ref
    condition: Ref
    a: Ref
    b: Ref


@dataclass(frozen=True)
class Affine:
    """out = scale * a + offset, both numbers."""

    out: Ref
    a: Ref
    scale: float
    offset: float


@dataclass(frozen=True)
class Unary:
    """out = function(a), one of :data:`TABLES`."""

    out: Ref
    a: Ref
    function: str


@dataclass(frozen=True)
class Clamp:
    """out = min(max(a, low), high)."""

    out: Ref
    a: Ref
    low: float
    high: float


@dataclass(frozen=True)
class Gather:
    """out = the parts, one after the other."""

    out: Ref
    parts: tuple[Ref, ...]


Operation = Linear | Binary | Where | Affine | Unary | Clamp | Gather

TABLES = tuple(name for name, op in OPS.items() if op.form == "table")
"""The functions of one variable."""
SATURATING = frozenset({"sigmoid", "tanh"})
"""Functions that are constant to within a table's step beyond |x| = 8."""
PAIRS = ("add", "sub", "mul", "div", "maximum", "minimum", "greater")
"""The functions of two variables."""


def reads(operation: Any) -> tuple[Ref, ...]:
    """The vectors that an operation of a graph or a kernel of a program reads, in the order of its fields."""
    values = [getattr(operation, field.name) for field in fields(operation) if field.name != "out"]
    parts = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    return tuple(part for part in parts if isinstance(part, Ref))


@dataclass(frozen=True)
class Graph:
    """A cell and its classifier.

    Attributes:
        subject: the cell, for messages.
        buffers: by number.
        step: one sample: reads the input and the states, leaves the new states in their buffers.
        head: reads the states, computes the scores.
        scores: where ``head`` leaves them.
    """

    subject: str
    buffers: tuple[Buffer, ...]
    step: tuple[Operation, ...]
    head: tuple[Operation, ...]
    scores: Ref

    @property
    def kernels(self) -> tuple[Operation, ...]:
        """The operations of the step, then of the head."""
        return self.step + self.head
