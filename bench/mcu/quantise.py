"""From a graph of real numbers to an integer program, after training, with scales from a calibration batch."""

from __future__ import annotations

import math
from itertools import chain, groupby

import numpy as np
import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu.formats import Formats, weight_fraction
from bench.mcu.graph import (
    Affine,
    Binary,
    Clamp,
    Floats,
    Gather,
    Graph,
    Linear,
    Operation,
    Ref,
    Unary,
    Where,
)
from bench.mcu.program import KNOTS, Copy, IntBuffer, Kernel, Limit, MatVec, Pair, Program, Scale, Select, Table
from bench.mcu.reference import run_float
from cells.formula import OPS

_OUTLYING = 2
"""Bits by which a row's weights exceed the usual row's before it has a scale of its own."""
_MOST_RUNS = 9
"""Runs of rows beyond which a product stays whole: each costs a call."""


def quantise(graph: Graph, x: Floats, lengths: npt.NDArray[np.int64] | None = None, reach: float = 0.0) -> Program:
    """The integer program of a graph. All scales are powers of two.

    Args:
        graph: from :func:`bench.mcu.lower`.
        x: a calibration batch [N, T, D], such as a hundred training sequences; its largest values set the formats.
        lengths: [N]; steps after a sequence's end do not count. All T otherwise.
        reach: magnitude that a sample may have beyond those of the batch.

    Raises:
        RnnbenchError: when a value is not finite, or an accumulator cannot be proven to hold every sum.
    """
    largest = _largest(graph, x, lengths)
    largest[0] = max(largest[0], reach)
    formats = Formats(graph, largest)
    convert = _Converter(graph, formats)
    step, head = (tuple(chain.from_iterable(map(convert.kernels, part))) for part in (graph.step, graph.head))
    buffers = [
        IntBuffer(
            buffer.size,
            buffer.role,
            formats[number].fraction,
            formats[number].bits,
            None if buffer.value is None else _fixed(buffer.value, formats[number].fraction, formats[number].bits),
        )
        for number, buffer in enumerate(graph.buffers)
    ]
    return Program(graph.subject, tuple(buffers), step, head, graph.scores)


def _largest(graph: Graph, x: Floats, lengths: npt.NDArray[np.int64] | None) -> list[float]:
    if not len(x) or not np.isfinite(x).all():
        raise RnnbenchError(f"{graph.subject}: the calibration batch is empty or not finite")
    ends = np.full(len(x), x.shape[1]) if lengths is None else lengths
    largest = [0.0 if buffer.value is None else float(np.abs(buffer.value).max()) for buffer in graph.buffers]

    def watch(step: int, number: int, value: Floats) -> None:
        live = value[ends > step]
        if live.size:
            largest[number] = max(largest[number], float(np.abs(live).max()))

    run_float(graph, np.asarray(x, np.float64), watch)
    if not np.isfinite(largest).all():
        raise RnnbenchError(f"{graph.subject}: a value is not finite on the calibration batch; was training stable?")
    return largest


def _fixed(value: Floats, fraction: int, bits: int = 16) -> npt.NDArray[np.int16]:
    limit = 2 ** (bits - 1) - 1
    return np.clip(np.rint(value * 2.0**fraction), -limit - 1, limit).astype(np.int16)


class _Converter:
    """One operation to one kernel."""

    def __init__(self, graph: Graph, formats: Formats) -> None:
        self.graph = graph
        self.formats = formats

    def kernels(self, operation: Operation) -> tuple[Kernel, ...]:
        """An operation's kernel; of a product whose rows are of very different sizes one for each run of rows."""
        if isinstance(operation, Linear):
            out = self.formats[operation.out.buffer].fraction
            return tuple(self._matvec(part, out) for part in _parts(operation))
        return (self._kernel(operation),)

    def _kernel(self, operation: Binary | Where | Affine | Unary | Clamp | Gather) -> Kernel:
        out = self.formats[operation.out.buffer].fraction
        match operation:
            case Binary():
                return self._pair(operation, out)
            case Where(condition=condition, a=a, b=b):
                return Select(operation.out, condition, a, b)
            case Affine(a=a, scale=scale, offset=offset):
                return _scale(operation, self.formats[a.buffer].fraction, out, scale, offset)
            case Unary(a=a):
                return self._table(operation, self.formats[a.buffer].fraction)
            case Clamp(a=a, low=low, high=high):
                least = -32768 if low == -math.inf else round(low * 2.0**out)
                most = 32767 if high == math.inf else round(high * 2.0**out)
                return Limit(operation.out, a, max(least, -32768), min(most, 32767))
            case Gather(parts=parts):
                return Copy(operation.out, parts)

    def _pair(self, operation: Binary, out: int) -> Pair:
        a, b = self.formats[operation.a.buffer].fraction, self.formats[operation.b.buffer].fraction
        match operation.function:
            case "mul":
                shifts = (0, 0, a + b - out)
            case "div":
                shifts = (max(0, out + b - a), max(0, a - b - out), 0)
            case "greater":
                shifts = (max(0, b - a), max(0, a - b), out)
            case "maximum" | "minimum":
                shifts = (0, 0, 0)
            case _:
                common = max(a, b, out)
                shifts = (common - a, common - b, common - out)
        return Pair(operation.out, operation.a, operation.b, operation.function, *shifts)

    def _matvec(self, operation: Linear, out: int) -> MatVec:
        fraction = weight_fraction(operation.weight)
        scale = fraction + self.formats[operation.x.buffer].fraction
        shift = scale - out
        bound = self.formats.bound(operation)
        if bound >= 2**30 or not 0 <= shift <= 30:
            raise RnnbenchError(
                f"{self.graph.subject}: a {operation.weight.shape[0]} x {operation.weight.shape[1]} product does not "
                "fit 32 bits; its weights or biases are of very different sizes, train with weight decay"
            )
        bias = None
        if operation.bias is not None:
            bias = (np.rint(operation.bias * 2.0**scale) + (1 << shift >> 1)).astype(np.int32)
        weight = np.rint(operation.weight * 2.0**fraction).astype(np.int8)
        return MatVec(operation.out, operation.x, weight, bias, operation.add, shift, 24 if bound < 2**23 else 32)

    def _table(self, operation: Unary, fraction: int) -> Table:
        form = self.formats[operation.out.buffer]
        at = (np.arange(KNOTS, dtype=np.float64) * 256 - 32768) * 2.0**-fraction
        with np.errstate(over="ignore", invalid="ignore"):
            values = OPS[operation.function].real(np, at)
        knots = _fixed(np.nan_to_num(values), form.fraction, form.bits)  # below its domain a square root stays 0
        return Table(operation.out, operation.a, operation.function, knots)


def _parts(product: Linear) -> list[Linear]:
    """A product, or its runs of rows, where a few rows hold weights far larger than the others.

    A matrix has one scale, which its largest weight sets: beside one weight of 100 all others would be 0. Weights that
    training rounded to int8 are exact in one scale, and stay whole.
    """
    fractions = [weight_fraction(row) for row in product.weight]
    scaled = product.weight * 2.0 ** weight_fraction(product.weight)
    if (scaled == np.rint(scaled)).all():
        return [product]
    large = [fraction < int(np.median(fractions)) - _OUTLYING for fraction in fractions]
    runs = [list(run) for _, run in groupby(range(len(large)), lambda row: large[row])]
    if len(runs) > _MOST_RUNS:
        return [product]
    return [_run(product, run[0], run[-1] + 1) for run in runs]


def _run(product: Linear, first: int, end: int) -> Linear:
    """The rows from ``first`` to ``end`` of a product."""

    def cut(ref: Ref) -> Ref:
        return Ref(ref.buffer, ref.offset + first, end - first)

    return Linear(
        cut(product.out),
        product.x,
        product.weight[first:end],
        None if product.bias is None else product.bias[first:end],
        None if product.add is None else cut(product.add),
    )


def _scale(operation: Affine, fraction: int, out: int, scale: float, offset: float) -> Scale:
    """The factor with as many bits as fit, the offset in the same scale."""
    for more in range(15, -16, -1):
        factor, shift = round(scale * 2.0**more), fraction + more - out
        if abs(factor) > 32767 or not 0 <= shift <= 30:
            continue
        start = round(offset * 2.0 ** (fraction + more)) + (1 << shift >> 1)
        if abs(start) < 2**30 - 1:
            return Scale(operation.out, operation.a, factor, start, shift)
    raise RnnbenchError(f"{scale:g} x + {offset:g} has no integer form: the numbers are too large")
