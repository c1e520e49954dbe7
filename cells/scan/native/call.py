"""Calls of a compiled kernel on tensors, differentiable: float32, on the CPU, checked by who calls."""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from cells.scan.native.kernel import Kernel

_COUNTS = ("T", "B", "D", "H", "threads", "models", "x_step", "x_row", "x_model", "matrices", "constants")
_POINTERS = (
    *("rows", "columns", "sizes", "x", "state", "matrix", "constant", "steps", "ends", "out", "kept", "last", "after"),
    *("d_out", "d_last", "d_after", "dx", "d_state", "d_matrix", "d_constant"),
)
_FIELDS = len(_COUNTS) + len(_POINTERS)
"""The fields of ``Call`` in sequence.h, eight bytes each."""


class Operands:
    """A kernel's view of a cell and its samples.

    For several models of one shape every tensor has them as its first dimension, which is not written below.

    Args:
        kernel: of the cell.
        x: [window - 1 + T, B, D], rows dense.
        state: before the first step, tensors [B, H].
        matrices: from :meth:`Kernel.constants`.
        vectors: likewise.
        threads: at most so many, each with batch rows of its own.
        ends: [B], int64: the step after which to read h, from 0; ``None`` for h of every step.
        steps: [models], int64: how many of the T steps each model takes; all when ``None``. What is given for later
            ones is not read, and what comes out for them is arbitrary.
    """

    def __init__(
        self,
        kernel: Kernel,
        x: Tensor,
        state: Sequence[Tensor],
        matrices: Sequence[Tensor],
        vectors: Sequence[Tensor],
        threads: int,
        ends: Tensor | None = None,
        steps: Tensor | None = None,
    ) -> None:
        self.kernel, self.x, self.threads, self.ends, self.steps = kernel, x, threads, ends, steps
        self.state = tuple(tensor.contiguous() for tensor in state)
        self.matrices, self.vectors = tuple(matrices), tuple(vectors)
        *self.models, steps_read, self.B, self.D = x.shape
        self.T, self.H = steps_read - kernel.window + 1, self.state[0].shape[-1]

    def tensors(self) -> tuple[Tensor, ...]:
        """All that can have a gradient: x, the states, the matrices, the vectors."""
        return (self.x, *self.state, *self.matrices, *self.vectors)

    def again(self, tensors: Sequence[Tensor]) -> Operands:
        """The same call with other tensors in the place of :meth:`tensors`."""
        first = 1 + self.kernel.states
        last = first + self.kernel.products
        parts = (tensors[0], tensors[1:first], tensors[first:last], tensors[last:])
        return Operands(self.kernel, *parts, self.threads, self.ends, self.steps)

    def call(self, **others: Tensor | Sequence[Tensor | None] | None) -> ctypes.Array[ctypes.c_int64]:
        """``Call`` of sequence.h, and behind it the arrays that it points to."""
        models, x_model = (self.models[0], self.x.stride(0)) if self.models else (1, 0)
        numbers = [self.T, self.B, self.D, self.H, self.threads, models]
        numbers += [self.x.stride(-3), self.x.stride(-2), x_model, len(self.matrices), len(self.vectors)]
        given: dict[str, Any] = {
            **self.kernel.shapes(self.matrices, self.vectors, models),
            **{"x": self.x, "state": self.state, "matrix": self.matrices, "constant": self.vectors},
            **{"steps": self.steps, "ends": self.ends, **others},
        }
        arrays: list[int] = []
        places: list[tuple[int, int]] = []
        for field, name in enumerate(_POINTERS, len(_COUNTS)):
            value = given.get(name)
            if value is None or isinstance(value, Tensor):
                numbers.append(0 if value is None else value.data_ptr())
                continue
            places.append((field, len(arrays)))
            arrays += [v if type(v) is int else 0 if v is None else v.data_ptr() for v in value]
            numbers.append(0)
        buffer = (ctypes.c_int64 * (_FIELDS + len(arrays)))()
        base = ctypes.addressof(buffer) + 8 * _FIELDS
        for field, place in places:
            numbers[field] = base + 8 * place
        struct.pack_into(f"{_FIELDS + len(arrays)}q", buffer, 0, *numbers, *arrays)
        return buffer


def _forward(o: Operands, keep: bool) -> tuple[Tensor, Tensor | None, list[Tensor], Tensor]:
    """H of every step, h after ``ends``, the states after the last step but the first, and what backward needs."""
    out = o.x.new_empty(*o.models, o.T, o.B, o.H)
    last = None if o.ends is None else o.x.new_empty(*o.models, o.B, o.H)
    after = [torch.empty_like(state) for state in o.state[1:]] if o.ends is None else []
    kept = o.x.new_empty(math.prod(o.models) * o.T * o.B * o.kernel.library.rnnbench_kept(o.H) if keep else 0)
    pointers = [None, *after] if after else [None] * len(o.state)
    o.kernel.library.rnnbench_forward(o.call(out=out, last=last, after=pointers, kept=kept if keep else None))
    return out, last, after, kept


class _Sequence(torch.autograd.Function):
    """A sequence that torch can derive."""

    @staticmethod
    def forward(ctx: Any, o: Operands, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        out, last, after, kept = _forward(o, True)
        ctx.save_for_backward(*o.tensors(), out, kept)
        ctx.ends, ctx.steps = o.ends, o.steps
        ctx.o = o
        o.x = o.state = o.matrices = o.vectors = None  # type: ignore[assignment]  # saved above
        return (out if last is None else last, *after)

    @staticmethod
    def backward(ctx: Any, d_h: Tensor | None, *d_after: Tensor | None) -> tuple[Any, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("a compiled kernel has no gradient of its gradient: set RNNBENCH_KERNELS=off")
        *tensors, out, kept = ctx.saved_tensors
        o = ctx.o.again(tensors)
        dense = [None if d is None else d.contiguous() for d in (d_h, *d_after)]
        every, last = (dense[0], None) if o.ends is None else (None, dense[0])
        dx = torch.empty(o.x.shape) if ctx.needs_input_grad[1] else None
        made = [[torch.empty_like(tensor) for tensor in part] for part in (o.state, o.matrices, o.vectors)]
        written = {"dx": dx, "d_state": made[0], "d_matrix": made[1], "d_constant": made[2]}
        others = dense[1:] or [None] * (len(o.state) - 1)
        read = {"out": out, "kept": kept, "d_out": every, "d_last": last, "d_after": [None, *others]}
        o.kernel.library.rnnbench_backward(o.call(**read, **written))
        return None, dx, *made[0], *made[1], *made[2]


def run(o: Operands) -> tuple[Tensor, ...]:
    """A sequence, differentiable.

    Returns:
        h of every step [T, B, H], or with ``ends`` h after those [B, H] and nothing else; and the states after the last
        step but the first.
    """
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in o.tensors()):
        found: tuple[Tensor, ...] = _Sequence.apply(o, *o.tensors())  # type: ignore[no-untyped-call]
        return found
    out, last, after, _ = _forward(o, False)
    return (out if last is None else last, *after)


def multiply_adds(kernel: Kernel, rounds: int) -> int:
    """So many rounds of multiply-adds in registers: the most that a processor's vectors can do.

    Returns:
        How many floating-point operations those were.
    """
    return int(kernel.library.rnnbench_multiply_adds(rounds, ctypes.byref(ctypes.c_float())))
