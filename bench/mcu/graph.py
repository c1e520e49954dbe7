"""A traced cell and its classifier as a short list of vector operations on real numbers.

The list is what the integer program is quantised from. It is in order of execution; every vector lives in a buffer,
each buffer but the states is written once, and the states are written after their last use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Role = Literal["input", "state", "temporary", "constant"]


@dataclass(frozen=True)
class Buffer:
    """A vector in memory.

    Attributes:
        name: in the generated code.
        size: numbers in it.
        role: the sample, a state, a temporary, or a constant.
        value: of a constant.
    """

    name: str
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
class Add:
    """out = a + b, or a - b where ``sign`` is -1."""

    out: Ref
    a: Ref
    b: Ref
    sign: Literal[1, -1] = 1


@dataclass(frozen=True)
class Mul:
    """out = a * b, element by element."""

    out: Ref
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
    """out = function(a), one of :data:`FUNCTIONS`."""

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


Operation = Linear | Add | Mul | Affine | Unary | Clamp | Gather

FUNCTIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "hardsigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "silu": lambda x: x / (1 + np.exp(-x)),
}
SATURATING = frozenset({"sigmoid", "tanh", "hardsigmoid"})
"""Functions that are constant to within a table's step beyond |x| = 8."""


def reads(operation: Operation) -> tuple[Ref, ...]:
    """What an operation reads."""
    match operation:
        case Linear(x=x, add=add):
            return (x,) if add is None else (x, add)
        case Add(a=a, b=b) | Mul(a=a, b=b):
            return (a, b)
        case Gather(parts=parts):
            return parts
        case _:
            return (operation.a,)


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
        """Of the step, then of the head."""
        return self.step + self.head

    def of_role(self, role: Role) -> list[int]:
        """The buffers of a role."""
        return [number for number, each in enumerate(self.buffers) if each.role == role]


@dataclass
class Memory:
    """The buffers of a batch while a graph or a program runs: [N, size] each."""

    arrays: list[npt.NDArray[Any]]
    written: Callable[[int], None] = field(default=lambda _: None)

    def __getitem__(self, ref: Ref) -> npt.NDArray[Any]:
        array: npt.NDArray[Any] = self.arrays[ref.buffer][:, ref.offset : ref.offset + ref.size]
        return array

    def __setitem__(self, ref: Ref, value: npt.NDArray[Any]) -> None:
        self.arrays[ref.buffer][:, ref.offset : ref.offset + ref.size] = value
        self.written(ref.buffer)
