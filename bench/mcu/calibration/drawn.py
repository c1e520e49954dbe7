"""Random programs and graphs of every kernel, on which costs are fitted, and tests run."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from bench.mcu.delta import skipping
from bench.mcu.graph import (
    PAIRS,
    TABLES,
    Affine,
    Binary,
    Buffer,
    Clamp,
    Gather,
    Graph,
    Linear,
    Operation,
    Ref,
    Unary,
    Where,
)
from bench.mcu.program import Copy, IntBuffer, Kernel, Limit, MatVec, Pair, Program, Scale, Select, Table

_SHAPES = ((False, False), (True, False), (False, True), (True, True))
"""Whether a product has a bias, and a vector added."""


def random_program(rng: np.random.Generator, most: int = 50) -> Program:
    """Kernels of every kind on random sizes below ``most``, shifts and operands, whose results rarely saturate."""
    rows, columns, size, classes = (int(n) for n in rng.integers(2, np.minimum((40, 40, 50, 12), most)))
    draw = _Kernels(rng, max(columns, size), rows)
    draw.products(rows, columns)
    draw.elements(Ref(0, 0, size))
    draw.kernels.append(Copy(draw.s, (Ref(draw.kernels[0].out.buffer, 0, rows),)))
    draw.choices(Ref(0, 0, size))
    scores = draw.new(classes)
    weight = rng.integers(-60, 61, (classes, rows)).astype(np.int8)
    head = MatVec(scores, draw.s, weight, None, None, 10, 24)
    return Program("calibration", tuple(draw.buffers), tuple(draw.kernels), (head,), scores)


def random_skipping(rng: np.random.Generator) -> Program:
    """Six products that skip columns, on random sizes, shifts and thresholds, as many as fit a small RAM."""
    rows, columns = (int(n) for n in rng.integers(4, 30, 2))
    draw = _Kernels(rng, columns, rows)
    draw.products(rows, columns)
    products = [kernel for kernel in draw.kernels if isinstance(kernel, MatVec)]
    chosen = [*rng.permutation(8)[:4].tolist(), 8, 9]  # of 24 bits and, dense and sparse, of 32
    step = tuple(skipping(products[number], draw.buffers, rng.uniform(0, 0.4)) for number in chosen)
    last = Copy(draw.s, (step[0].out,))
    return Program("calibration", tuple(draw.buffers), (*step, last), (Copy(step[1].out, (draw.s,)),), step[1].out)


class _Kernels:
    def __init__(self, rng: np.random.Generator, inputs: int, states: int) -> None:
        self.rng = rng
        self.buffers = [IntBuffer(inputs, "input", 12, 13), IntBuffer(states, "state", 12, 16)]
        self.s = Ref(1, 0, states)
        self.kernels: list[Kernel] = []
        self.others: list[Ref] = []

    def new(self, length: int, value: Any = None, bits: int | None = None) -> Ref:
        if bits is None:
            bits = 16 if value is not None or self.rng.random() < 0.7 else 15
        self.buffers.append(IntBuffer(length, "temporary" if value is None else "constant", 12, bits, value))
        return Ref(len(self.buffers) - 1, 0, length)

    def products(self, rows: int, columns: int) -> None:
        rng = self.rng

        def product(density: float, bias: bool, add: bool, shift: int, accumulator: Literal[24, 32] = 24) -> None:
            most = min(127, max(1, int(2.0**shift * 8 / columns**0.5)))
            weight = rng.integers(-most, most + 1, (rows, columns)) * (rng.random((rows, columns)) < density)
            offsets = rng.integers(-99, 99, rows).astype(np.int32) if bias else None
            extra, out = self.s if add else None, self.new(rows)
            self.kernels.append(
                MatVec(out, Ref(0, 0, columns), weight.astype(np.int8), offsets, extra, shift, accumulator)
            )

        for density in (1.0, float(rng.uniform(0.05, 0.2))):
            for bias, add in _SHAPES:
                product(density, bias, add, int(rng.integers(3, 16)))
        for density in (1.0, 0.1):
            product(density, bool(rng.random() < 0.5), bool(rng.random() < 0.5), int(rng.integers(4, 20)), 32)
        product(1.0, False, False, 8)
        product(1.0, False, False, int(rng.integers(3, 8)))

    def elements(self, a: Ref) -> None:
        """Kernels of a vector and, in memory and in flash, another."""
        rng, size = self.rng, a.size
        knots = np.round(np.tanh(np.linspace(-8, 8, 257)) * 4096).astype(np.int16)
        flash = self.new(size, rng.integers(-4096, 4096, size).astype(np.int16))
        self.kernels.append(Table(self.new(size), a, "tanh", knots))
        self.others = [self.kernels[-1].out, flash]
        for other in self.others:
            for name in ("add", "sub"):
                left, right = (rng.integers(0, 3, 2) + (rng.random() < 0.3) * np.array([0, 7])).tolist()
                shift = max(int(rng.integers(0, 12)), left - 3, right - 3)
                self.kernels.append(Pair(self.new(size), a, other, name, left, right, shift))
            self.kernels.append(Pair(self.new(size), a, other, "mul", shift=int(rng.integers(4, 19))))
        self.kernels.append(Scale(self.new(size), a, int(rng.integers(-4000, 4000)), 77, int(rng.integers(4, 19))))
        self.kernels.append(Limit(self.new(size), a, 0, 32767))
        self.kernels.append(Copy(self.new(size), (a,)))

    def choices(self, a: Ref) -> None:
        """Divisions, comparisons, extremes and selections; what they draw, others do not miss."""
        draw = self.rng.spawn(1)[0]
        for other in self.others:
            for name in ("div", "greater"):
                left, right = draw.permutation([0, int(draw.integers(0, 15))]).tolist()
                out = self.new(a.size, bits=16)
                self.kernels.append(Pair(out, a, other, name, left, right, 12 if name == "greater" else 0))
            mask = out
            self.kernels += [Pair(self.new(a.size, bits=16), a, other, name) for name in ("maximum", "minimum")]
            self.kernels.append(Select(self.new(a.size, bits=16), mask, a, other))


def random_graph(rng: np.random.Generator, most: int = 50) -> Graph:
    """Operations of every kind on random sizes below ``most``, on numbers of the sizes that gates and states have."""
    rows, columns, size, classes = (int(n) for n in rng.integers(2, np.minimum((28, 28, 50, 12), most)))
    buffers = [Buffer(max(columns, size), "input"), Buffer(rows, "state")]
    step: list[Operation] = []

    def new(length: int, constant: bool = False) -> Ref:
        value = rng.normal(size=length) if constant else None
        buffers.append(Buffer(length, "constant" if constant else "temporary", value))
        return Ref(len(buffers) - 1, 0, length)

    x, s, a = Ref(0, 0, columns), Ref(1, 0, rows), Ref(0, 0, size)
    for density in (1.0, 0.95, float(rng.uniform(0.05, 0.5))):  # 0.95: some zeros, yet stored
        for bias, add in rng.permutation(list(_SHAPES))[:2]:
            weight = rng.normal(scale=columns**-0.5, size=(rows, columns)) * (rng.random((rows, columns)) < density)
            step.append(Linear(new(rows), x, weight, rng.normal(size=rows) if bias else None, s if add else None))
    results = {name: new(size) for name in TABLES}
    step += [Unary(out, results["exp"] if name == "sqrt" else a, name) for name, out in results.items()]
    for other in (results["silu"], new(size, constant=True)):
        step += [Binary(new(size), a, other, name) for name in PAIRS]
        step.append(Where(new(size), step[-1].out, a, other))
    gate = results["sigmoid"]
    step.append(Affine(new(size), gate, float(rng.uniform(-1, -0.5)), float(rng.uniform(0.5, 1))))
    step.append(Binary(new(size), gate, step[-1].out, "add"))
    step += [Clamp(new(size), a, 0.0, np.inf), Gather(new(size), (a,)), Unary(s, step[0].out, "tanh")]
    scores = new(classes)
    head = Linear(scores, s, rng.normal(scale=rows**-0.5, size=(classes, rows)))
    return Graph("calibration", tuple(buffers), tuple(step), (head,), scores)


def samples(rng: np.random.Generator, model: Program | Graph, count: int) -> Any:
    """Samples [count, D] for one of these, in its format."""
    shape = (count, model.buffers[0].size)
    if isinstance(model, Graph):
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(-1000, 1000, shape).astype(np.int16)
