"""Calls of the integer kernels."""

from __future__ import annotations

from typing import Any

from bench.mcu.emit import delta
from bench.mcu.emit.layout import block, dense, is_sparse, sparse, wide
from bench.mcu.emit.source import Call, Emitter
from bench.mcu.fused import avr, riscv, thumb, thumb2
from bench.mcu.fused.code import Tables
from bench.mcu.fused.groups import Fused, fused
from bench.mcu.graph import Ref
from bench.mcu.products import avr as product_avr
from bench.mcu.products import thumb as product_thumb
from bench.mcu.products import thumb2 as product_thumb2
from bench.mcu.products.shape import STEPS, ordered, shape_of
from bench.mcu.program import Copy, Delta, Kernel, MatVec, Pair, Program, Table
from bench.mcu.target import Target

LOOPS = {"avr": avr.loop, "thumb": thumb.loop, "plain": thumb2.loop, "dsp": thumb2.loop, "riscv": riscv.loop}
"""What makes a loop's code, by family."""
PRODUCTS = {"thumb": product_thumb.product, "plain": product_thumb2.product, "dsp": product_thumb2.product}
"""What makes a product's code, by family."""
_CORES = {
    "avr": "defined(__AVR__)",
    "thumb": "defined(__ARM_ARCH_6M__)",
    "plain": "defined(__ARM_ARCH_7M__)",
    "dsp": "defined(__ARM_FEATURE_DSP)",
    "riscv": "defined(__riscv_mul) && __riscv_xlen == 32",
}
"""How the preprocessor knows the processors that a family's assembly is for."""


class IntegerEmitter(Emitter):
    """Calls of the integer kernels."""

    model: Program
    format, number, bytes, template = "int8", "int16_t", 2, "kernels.c.j2"

    def __init__(self, model: Program, target: Target) -> None:
        super().__init__(fused(model), target)
        self.tables = Tables([kernel.knots for kernel in model.kernels if isinstance(kernel, Table)])
        self.loops = self.products = 0

    def values(self) -> dict[str, Any]:
        """What the templates of this format want beyond the common."""
        family = self.target.family
        sample, scores = self.model.buffers[0], self.model.buffers[self.model.scores.buffer]
        return {
            "avr": family == "avr",
            "arm": family in ("thumb", "plain", "dsp"),
            "thumb": family == "thumb",
            "core": _CORES[family],
            "divides": self.target.divides,
            "matvec": "products.c.j2" if family in STEPS else f"matvec_{family}.c.j2",
            "together": STEPS.get(family, 0) // 2,
            "fraction": sample.fraction,
            "limit": sample.limit,
            "score_fraction": scores.fraction,
        }

    def calls(self, kernel: Kernel | Fused) -> list[Call]:
        """What computes a kernel."""
        if isinstance(kernel, Fused):
            return [self._loop(kernel)]
        out, limit = self.at(kernel.out), str(self.model.buffers[kernel.out.buffer].limit)
        match kernel:
            case Delta():
                return [delta.call(self, kernel, out, limit)]
            case MatVec():
                return [self._matvec(kernel, out, limit)]
            case Pair(a=a, b=b):
                shifts = (str(kernel.shift_a), str(kernel.shift_b))
                arguments = (out, self.at(a), self.at(b), str(kernel.out.size), *shifts, limit)
                return [Call("div" + self.in_flash(b), arguments, kernel.out.size, kernel)]
            case Copy():
                return self.copies(kernel)
        raise AssertionError(f"no loop has this kernel: {kernel}")

    def _loop(self, kernel: Fused) -> Call:
        """A function of one loop, from the first of the vectors that it knows."""
        start = min(map(self._place, kernel.memory))
        made = LOOPS[self.target.family](
            kernel.operations,
            kernel.size,
            lambda ref: self._place(ref) - start,
            self.tables,
        )
        tables = any(operation.kind == "table" for operation in kernel.operations)
        arguments = (
            f"M({start})",
            self.constant("t", self.tables.values) if tables else "0",
            self.constant("k", made.stream) if made.stream.size else "0",
        )
        self.loops += 1
        return Call(f"loop{self.loops}", arguments, kernel.size, kernel, loop=made)

    def _matvec(self, kernel: MatVec, out: str, limit: str) -> Call:
        rows, columns = kernel.weight.shape
        add = "0" if kernel.add is None else self.at(kernel.add)
        skips = is_sparse(kernel, self.target)
        if skips and self.target.family == "avr" and not wide(kernel) and int(limit) >= 255:
            return self._sparse(kernel, out, add)
        bias = "0" if kernel.bias is None else self.constant("b", kernel.bias)
        ends = (str(kernel.shift), limit)
        if skips:
            function, stream = sparse(kernel, self.target)
            arguments = (out, self.at(kernel.x), self.constant("s", stream), bias, add, str(rows), *ends)
            return Call(function, arguments, rows, kernel)
        if self.target.family in STEPS:
            return self._product(kernel, out, bias, add)
        avr = self.target.family == "avr"
        weight = self.constant("w", dense(kernel.weight, self.target), "" if avr else " RNN_ALIGNED")
        function, sizes = "matvec24" if avr else "matvec", [str(rows), str(columns)]
        if avr and wide(kernel):
            largest = self.model.buffers[kernel.x.buffer].limit + 1
            function, sizes = "matvec32", [*sizes, str(block(kernel.weight, largest))]
        return Call(function, (out, self.at(kernel.x), weight, bias, add, *sizes, *ends), rows, kernel)

    def _sparse(self, kernel: MatVec, out: str, add: str) -> Call:
        """A function of one product that skips zeros, on AVR."""
        limit, apart = self.model.buffers[kernel.out.buffer].limit, 0
        if kernel.add is not None:
            apart = 2 * (self._place(kernel.add) - self._place(kernel.out))
        made = product_avr.sparse(kernel, limit, apart)
        self.products += 1
        arguments = (out, self.at(kernel.x), self.constant("s", made.stream), add)
        return Call(f"sparse_product{self.products}", arguments, len(kernel.weight), kernel, loop=made)

    def _place(self, ref: Ref) -> int:
        return self.layout.offsets[ref.buffer] + ref.offset

    def _product(self, kernel: MatVec, out: str, bias: str, add: str) -> Call:
        """A function of one product."""
        family = self.target.family
        shape = shape_of(kernel, self.model.buffers[kernel.out.buffer].limit, STEPS[family])
        weight = self.constant("w", ordered(kernel.weight, shape, STEPS[family] // 2), " RNN_ALIGNED")
        self.products += 1
        arguments = (out, self.at(kernel.x), weight, bias, add)
        made = PRODUCTS[family](shape, family)
        return Call(f"product{self.products}", arguments, shape.rows, kernel, loop=made)
