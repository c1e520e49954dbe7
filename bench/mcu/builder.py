"""Buffers and operations of a graph while it is built, and traced values as numbers of elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.mcu.graph import Buffer, Floats, Gather, Operation, Ref, Role


class Dynamic:
    """A traced tensor that depends on the inputs: the numbers of its elements."""

    def __init__(self, ids: Tensor) -> None:
        self.ids = ids


class Builder:
    """Buffers and operations while they are collected."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self.starts: list[int] = []
        self.operations: list[Operation] = []
        self.elements = 0

    def buffer(self, name: str, size: int, role: Role, value: Floats | None = None) -> Ref:
        """A new buffer, whole."""
        self.buffers.append(Buffer(name, size, role, value))
        self.starts.append(self.elements)
        self.elements += size
        return Ref(len(self.buffers) - 1, 0, size)

    def temporary(self, size: int) -> Ref:
        """A new temporary."""
        return self.buffer(f"t{len(self.buffers)}", size, "temporary")

    def constant(self, value: Tensor) -> Dynamic:
        """A tensor as a constant."""
        flat = value.detach().double().flatten().numpy()
        return self.ids(self.buffer(f"k{len(self.buffers)}", flat.size, "constant", flat), value.shape)

    def ids(self, ref: Ref, shape: Any) -> Dynamic:
        """A place's elements as a traced value."""
        start = self.starts[ref.buffer] + ref.offset
        return Dynamic(torch.arange(start, start + ref.size).reshape(shape))

    def ref(self, value: Dynamic) -> Ref:
        """Where a value's elements stand, gathered when they do not stand together."""
        parts = self._runs(value.ids.flatten().tolist())
        if len(parts) == 1:
            return parts[0]
        out = self.temporary(sum(each.size for each in parts))
        self.operations.append(Gather(out, tuple(parts)))
        return out

    def word(self, value: Dynamic) -> Ref:
        """Where a value's elements stand from a multiple of four on, as kernels that read words want them."""
        ref = self.ref(value)
        if ref.offset % 4 == 0:
            return ref
        self.operations.append(Gather(self.temporary(ref.size), (ref,)))
        return self.operations[-1].out

    def _runs(self, ids: list[int]) -> list[Ref]:
        runs: list[Ref] = []
        starts = np.array(self.starts)
        for each in ids:
            owner = int(np.searchsorted(starts, each, side="right")) - 1
            offset = each - self.starts[owner]
            last = runs[-1] if runs else None
            if last is not None and last.buffer == owner and last.offset + last.size == offset:
                runs[-1] = Ref(owner, last.offset, last.size + 1)
            else:
                runs.append(Ref(owner, offset, 1))
        return runs


def number(value: Any) -> float | None:
    """A number, or the one number that a constant tensor repeats; ``None`` for anything else."""
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Tensor) and value.numel() and bool((value == value.flatten()[0]).all()):
        return float(value.flatten()[0])
    return None
