"""The kernels as functions that torch can differentiate, compile and export."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from cells.kernels import native
from cells.kernels.native import Operands


class _Sequence(torch.autograd.Function):
    """The way of eager code: torch.library costs tens of microseconds a call, much of a small cell's step."""

    @staticmethod
    def forward(
        ctx: Any,
        kernel: str,
        x: Tensor,
        h0: Tensor,
        c0: Tensor | None,
        W: Tensor,
        U: Tensor | None,
        P: Tensor,
        take: Tensor | None,
        let: float,
        ends: Tensor | None,
        threads: int,
        steps: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        ctx.set_materialize_grads(False)
        o = Operands(kernel, x, h0, c0, W, U, P, take, let, steps)
        out, last, kept, c_last = native.forward(o, threads, ends, True)
        ctx.save_for_backward(x, h0, c0, W, U, P, take, ends, out, kept)
        ctx.kernel, ctx.let, ctx.threads, ctx.steps = kernel, let, threads, steps
        return (out if last is None else last), c_last

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, dc_last: Tensor | None) -> tuple[Any, ...]:
        x, h0, c0, W, U, P, take, ends, out, kept = ctx.saved_tensors
        o = Operands(ctx.kernel, x, h0, c0, W, U, P, take, ctx.let, ctx.steps)
        every, last = (d_out, None) if ends is None else (None, d_out)
        need = ctx.needs_input_grad[1]
        d = native.backward(o, ctx.threads, ends, out, kept, every, last, dc_last, need)
        return None, d.x, d.h0, d.c0, d.W, d.U, d.P, None, None, None, None, None


def _forward_op(
    kernel: str,
    x: Tensor,
    h0: Tensor,
    c0: Tensor | None,
    W: Tensor,
    U: Tensor | None,
    P: Tensor,
    take: Tensor | None,
    let: float,
    ends: Tensor | None,
    threads: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Every h, h after ``ends``, what backward needs, the last c; empty where there is none."""
    o = Operands(kernel, x, h0, c0, W, U, P, take, let)
    out, last, kept, c_last = native.forward(o, threads, ends, True)
    return out, x.new_empty(0) if last is None else last, kept, x.new_empty(0) if c_last is None else c_last


def _backward_op(
    kernel: str,
    x: Tensor,
    h0: Tensor,
    c0: Tensor | None,
    W: Tensor,
    U: Tensor | None,
    P: Tensor,
    take: Tensor | None,
    let: float,
    ends: Tensor | None,
    threads: int,
    out: Tensor,
    kept: Tensor,
    d_out: Tensor,
    d_last: Tensor,
    dc_last: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    o = Operands(kernel, x, h0, c0, W, U, P, take, let)
    every, last = (d_out, None) if ends is None else (d_out, d_last)
    d = native.backward(o, threads, ends, out, kept, every, last, None if c0 is None else dc_last, True)
    assert d.x is not None  # noqa: S101
    none = x.new_empty(0)
    return d.x, d.h0, none if d.c0 is None else d.c0, d.W, none if d.U is None else d.U, d.P


_sequence = torch.library.custom_op("rnnbench::sequence", _forward_op, mutates_args=())
_sequence_backward = torch.library.custom_op("rnnbench::sequence_backward", _backward_op, mutates_args=())


@_sequence.register_fake
def _(
    kernel: str,
    x: Tensor,
    h0: Tensor,
    c0: Tensor | None,
    W: Tensor,
    U: Tensor | None,
    P: Tensor,
    take: Tensor | None,
    let: float,
    ends: Tensor | None,
    threads: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    T, B, H = x.shape[0], x.shape[1], h0.shape[1]
    kept = x.new_empty(T * B * native.load(kernel).rnnbench_kept(int(H)))
    last = x.new_empty(0) if ends is None else x.new_empty(B, H)
    return x.new_empty(T, B, H), last, kept, x.new_empty(0) if c0 is None else x.new_empty(B, H)


@_sequence_backward.register_fake
def _(
    kernel: str,
    x: Tensor,
    h0: Tensor,
    c0: Tensor | None,
    W: Tensor,
    U: Tensor | None,
    P: Tensor,
    *_: object,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    none = x.new_empty(0)
    like = [none if each is None else torch.empty_like(each) for each in (h0, c0, W, U, P)]
    return x.new_empty(x.shape), like[0], like[1], like[2], like[3], like[4]


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.kernel, *tensors, ctx.let, ends, ctx.threads = inputs
    ctx.save_for_backward(*tensors, ends, output[0], output[2])


def _backward(ctx: Any, d_out: Tensor, d_last: Tensor, _: Tensor, dc_last: Tensor) -> tuple[Any, ...]:
    *tensors, ends, out, kept = ctx.saved_tensors
    dx, dh0, dc0, dW, dU, dP = _sequence_backward(
        ctx.kernel, *tensors, ctx.let, ends, ctx.threads, out, kept, d_out, d_last, dc_last
    )
    c0, U = tensors[2], tensors[4]
    return None, dx, dh0, None if c0 is None else dc0, dW, None if U is None else dU, dP, None, None, None, None


_sequence.register_autograd(_backward, setup_context=_setup)


def run(o: Operands, threads: int, ends: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
    """A sequence, differentiable.

    Args:
        o: the operands.
        threads: at most so many, each with batch rows of its own.
        ends: [B], int64: the step after which to read each sequence's state, from 0.

    Returns:
        h of every step [T, B, H], or with ``ends`` h after those [B, H]; and c after the last step, where there is one.
    """
    arguments = (o.kernel, o.x, o.h0, o.c0, o.W, o.U, o.P, o.take, o.let, ends, threads)
    if torch.compiler.is_compiling():
        out, last, _, c_last = _sequence(*arguments)
        return out if ends is None else last, None if o.c0 is None else c_last
    tensors = (o.x, o.h0, o.c0, o.W, o.U, o.P)
    if torch.is_grad_enabled() and any(each is not None and each.requires_grad for each in tensors):
        h, c = _Sequence.apply(*arguments, o.steps)  # type: ignore[no-untyped-call]
        return h, c
    every, last_h, _, c_last_h = native.forward(o, threads, ends, False)
    return every if last_h is None else last_h, c_last_h
