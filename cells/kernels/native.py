"""Calls of a compiled kernel on tensors: float32, on the CPU, checked by who calls."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch
from torch import Tensor, nn

from cells.kernels.build import library
from cells.transforms import transformed

_COUNTS = ("T", "B", "D", "H", "threads", "models", "x_step", "x_row", "x_model")
_POINTERS_IN = ("x", "h0", "c0", "W", "U", "P", "take")
_POINTERS_OUT = (
    *("steps", "ends", "out", "kept", "last", "c_last"),
    *("d_out", "d_last", "dc_last", "dx", "dh0", "dc0", "dW", "dU", "dP"),
)


class _Call(ctypes.Structure):
    """``Call`` of sequence.h."""

    _fields_: ClassVar = [
        *((name, ctypes.c_int64) for name in _COUNTS),
        *((name, ctypes.c_void_p) for name in _POINTERS_IN),
        ("let", ctypes.c_double),
        *((name, ctypes.c_void_p) for name in _POINTERS_OUT),
    ]


@dataclass(frozen=True)
class Operands:
    """What a kernel sees of a cell and its input: dense matrices, however the cell holds them.

    For several models of one shape every tensor has them as its first dimension, which is not written below.

    Attributes:
        kernel: as :func:`cells.kernels.build.library` takes it.
        x: [T, B, D], rows dense.
        h0: [B, H].
        c0: [B, H], for a cell with a second state.
        W: [gates H, D].
        U: [gates H, H], for a cell with a matrix on its state.
        P: [vectors, H]: biases and factors in the order of ``gates.h``.
        take: [T, B, H], what zoneout lets through; ``None`` for ``let`` everywhere.
        let: see ``take``.
        steps: [models], int64: how many of the T steps each model takes; all when ``None``. What is given for later
            ones is not read, and what comes out for them is arbitrary.
    """

    kernel: str
    x: Tensor
    h0: Tensor
    c0: Tensor | None
    W: Tensor
    U: Tensor | None
    P: Tensor
    take: Tensor | None = None
    let: float = 1.0
    steps: Tensor | None = None

    @property
    def plain(self) -> bool:
        """Whether a kernel can read what it is given of a cell: see :func:`plain`."""
        return plain(self.W, self.P, *(() if self.U is None else (self.U,)))


def plain(*tensors: Tensor) -> bool:
    """Whether all are what a kernel reads: ordinary float32 tensors of the CPU, under no transform of torch's."""
    for each in tensors:
        if each.dtype != torch.float32 or each.device.type != "cpu":
            return False
    if torch.compiler.is_compiling():
        return True
    return not transformed("cpu") and all(type(each) in (Tensor, nn.Parameter) for each in tensors)


@cache
def load(kernel: str) -> ctypes.CDLL:
    """The library of a kernel, ready to be called.

    Raises:
        NoKernelError: when there is none on this machine.
    """
    made = library(kernel)
    made.rnnbench_kept.argtypes, made.rnnbench_kept.restype = [ctypes.c_int64], ctypes.c_int64
    made.rnnbench_lanes.restype = ctypes.c_int64
    made.rnnbench_multiply_adds.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_float)]
    made.rnnbench_multiply_adds.restype = ctypes.c_int64
    for function in (made.rnnbench_forward, made.rnnbench_backward):
        function.argtypes, function.restype = [ctypes.c_void_p], None
    return made


def multiply_adds(kernel: str, rounds: int) -> int:
    """So many rounds of multiply-adds in registers: the most that a processor's vectors can do.

    Returns:
        How many floating-point operations those were.
    """
    return int(load(kernel).rnnbench_multiply_adds(rounds, ctypes.byref(ctypes.c_float())))


def _call(o: Operands, threads: int, **others: Tensor | None) -> _Call:
    call = _Call()
    *models, call.T, call.B, call.D = o.x.shape
    call.H, call.threads, call.let = o.h0.shape[-1], threads, o.let
    call.models, call.x_model = (models[0], o.x.stride(0)) if models else (1, 0)
    call.x_step, call.x_row = o.x.stride(-3), o.x.stride(-2)
    for name in _POINTERS_IN:
        tensor = getattr(o, name)
        if tensor is not None:
            setattr(call, name, tensor.data_ptr())
    for name, tensor in {**others, "steps": o.steps}.items():
        if tensor is not None:
            setattr(call, name, tensor.data_ptr())
    return call


def forward(
    o: Operands, threads: int, ends: Tensor | None, keep: bool
) -> tuple[Tensor, Tensor | None, Tensor, Tensor | None]:
    """A sequence forward.

    Args:
        o: the operands.
        threads: at most so many, each with batch rows of its own.
        ends: [B], int64: the step after which to read the state, from 0.
        keep: whether :func:`backward` will be called.

    Returns:
        h of every step [T, B, H], h after ``ends`` [B, H], what backward needs, c after the last step.
    """
    (*models, T, B, _), H = o.x.shape, o.h0.shape[-1]
    library = load(o.kernel)
    out = o.x.new_empty(*models, T, B, H)
    last = None if ends is None else o.x.new_empty(*models, B, H)
    kept = o.x.new_empty(math.prod(models) * T * B * library.rnnbench_kept(H) if keep else 0)
    c_last = None if o.c0 is None else o.x.new_empty(*models, B, H)
    call = _call(o, threads, out=out, last=last, kept=kept if keep else None, c_last=c_last, ends=ends)
    library.rnnbench_forward(ctypes.byref(call))
    return out, last, kept, c_last


@dataclass(frozen=True)
class Gradients:
    """What came of a sequence backward; names as in :class:`Operands`."""

    x: Tensor | None
    h0: Tensor
    c0: Tensor | None
    W: Tensor
    U: Tensor | None
    P: Tensor


def backward(
    o: Operands,
    threads: int,
    ends: Tensor | None,
    out: Tensor,
    kept: Tensor,
    d_out: Tensor | None,
    d_last: Tensor | None,
    dc_last: Tensor | None,
    need_x: bool,
) -> Gradients:
    """A sequence backward.

    Args:
        o: the operands of :func:`forward`.
        threads: as there.
        ends: as there.
        out: from there.
        kept: from there.
        d_out: gradient of h of every step, or ``None`` for zeros.
        d_last: gradient of h after ``ends``, or ``None``.
        dc_last: gradient of c after the last step, or ``None``.
        need_x: whether the gradient of x is wanted.
    """
    dense = [None if each is None else each.contiguous() for each in (d_out, d_last, dc_last)]
    made = Gradients(
        torch.empty(o.x.shape) if need_x else None,
        torch.empty_like(o.h0),
        None if o.c0 is None else torch.empty_like(o.c0),
        torch.empty_like(o.W),
        None if o.U is None else torch.empty_like(o.U),
        torch.empty_like(o.P),
    )
    written = {"dx": made.x, "dh0": made.h0, "dc0": made.c0, "dW": made.W, "dU": made.U, "dP": made.P}
    d_out, d_last, dc_last = dense
    reads = {"ends": ends, "out": out, "kept": kept, "d_out": d_out, "d_last": d_last, "dc_last": dc_last}
    call = _call(o, threads, **reads, **written)
    load(o.kernel).rnnbench_backward(ctypes.byref(call))
    return made
