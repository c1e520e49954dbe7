"""Delta execution: of a product of the state only the columns are applied whose factor has changed.

Source: Neil, Lee, Delbruck and Liu, "Delta Networks for Optimized Recurrent Network Computation", ICML 2017,
equations 4 to 8: partial sums and the factors as they were last applied are kept from step to step, so that errors of
factors that changed little do not add up.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from bench.errors import RnnbenchError
from bench.mcu.graph import Ref, reads
from bench.mcu.interpreter import Interpreter
from bench.mcu.program import Delta, Int16, Int64, IntBuffer, Kernel, MatVec, Program

_WIDEST = 15
"""Bits of a factor, so that a difference of two has 16."""


def delta(program: Program, threshold: float) -> Program:
    """Returns a program that applies a column only when its factor changed by more than a threshold since it last was.

    Products that depend on the sample alone stay as they are. With a threshold of 0 the scores are the program's, bit
    for bit.

    Args:
        program: from :func:`bench.mcu.quantise`.
        threshold: in the unit of the factors, at least 0; rounded down to the format of each.

    Raises:
        RnnbenchError: when no product depends on a state.
    """
    buffers, step = list(program.buffers), list[Kernel]()
    past = {number for number, buffer in enumerate(buffers) if buffer.role == "state"}
    for kernel in program.step:
        if any(ref.buffer in past for ref in reads(kernel)):
            past.add(kernel.out.buffer)
        if isinstance(kernel, MatVec) and kernel.x.buffer in past and buffers[kernel.x.buffer].bits <= _WIDEST:
            step.append(skipping(kernel, buffers, threshold))
        else:
            step.append(kernel)
    if not any(isinstance(kernel, Delta) for kernel in step):
        raise RnnbenchError(f"{program.subject} has no product of its state, so there is nothing to skip")
    return replace(program, buffers=tuple(buffers), step=tuple(step))


def counted(program: Program, x: Int16, lengths: Int64) -> Program:
    """Returns a program that knows how often its columns are applied, for predictions of its mean cycles.

    Args:
        program: from :func:`delta`.
        x: sequences to count on [N, T, D], in the program's format.
        lengths: [N], 1..T.
    """
    machine = Interpreter(program, len(x))
    times = {kernel.seen: np.zeros(kernel.seen.size) for kernel in program.step if isinstance(kernel, Delta)}
    for step in range(int(lengths.max())):
        before = {seen: machine[seen].copy() for seen in times}
        machine.step(x[:, step])
        for seen, last in before.items():
            times[seen] += (machine[seen] != last)[lengths > step].sum(0)
    kernels = (
        replace(kernel, applied=times[kernel.seen] / lengths.sum()) if isinstance(kernel, Delta) else kernel
        for kernel in program.step
    )
    return replace(program, step=tuple(kernels))


def skipping(kernel: MatVec, buffers: list[IntBuffer], threshold: float) -> Delta:
    """Returns a product that skips columns; the memory that it needs is added to the buffers."""
    rows, columns = kernel.weight.shape
    x, first = buffers[kernel.x.buffer], len(buffers)
    buffers += [IntBuffer(columns, "state", x.fraction, x.bits), IntBuffer(2 * rows, "state", 0, 32)]
    given = {field.name: getattr(kernel, field.name) for field in fields(kernel)}
    least = int(threshold * 2.0**x.fraction)
    return Delta(**given, seen=Ref(first, 0, columns), sums=Ref(first + 1, 0, 2 * rows), threshold=min(least, x.limit))
