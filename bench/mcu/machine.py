"""A model at work: the buffers of a batch in NumPy, and the order in which kernels fill them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.mcu.graph import Graph, Ref
from bench.mcu.program import Program

Array = npt.NDArray[Any]


class Machine(ABC):
    """A graph or a program at work on N independent sequences.

    Args:
        model: what runs.
        batch: N.
        dtype: of every number.

    Attributes:
        arrays: by buffer [N, size].
        written: is told the number of every buffer that is written.
    """

    def __init__(self, model: Graph | Program, batch: int, dtype: Any) -> None:
        self.model: Any = model
        self.dtype = dtype
        self.written: Callable[[int], None] = lambda _: None
        self.arrays: list[Array] = [
            np.zeros((batch, buffer.size), dtype)
            if buffer.value is None
            else np.broadcast_to(buffer.value.astype(dtype), (batch, buffer.size))
            for buffer in model.buffers
        ]

    def __getitem__(self, ref: Ref) -> Array:
        array: Array = self.arrays[ref.buffer][:, ref.offset : ref.offset + ref.size]
        return array

    def __setitem__(self, ref: Ref, value: Array) -> None:
        self.arrays[ref.buffer][:, ref.offset : ref.offset + ref.size] = value
        self.written(ref.buffer)

    def step(self, x: Array) -> None:
        """Takes one sample [N, D] in the model's format."""
        self[Ref(0, 0, x.shape[1])] = x
        self.run(self.model.step)

    def scores(self) -> Array:
        """The scores [N, C] of the present state."""
        self.run(self.model.head)
        return self[self.model.scores].copy()

    def run(self, kernels: Iterable[Any]) -> None:
        """Computes kernels in order."""
        for kernel in kernels:
            self[kernel.out] = self.value(kernel)

    @abstractmethod
    def value(self, kernel: Any) -> Any:
        """What a kernel computes."""
