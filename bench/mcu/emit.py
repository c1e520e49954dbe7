"""C99 from a program: one self-contained model for one target."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu import memory
from bench.mcu.graph import Ref
from bench.mcu.hardware import Target
from bench.mcu.layout import FAMILY, dense, is_sparse, sparse, tiled
from bench.mcu.program import Copy, Kernel, Limit, MatVec, Product, Program, Scale, Sum, Table

STEM = "rnn_model"
_TYPES = {"int8": "int8_t", "int16": "int16_t", "int32": "int32_t", "uint16": "uint16_t", "uint32": "uint32_t"}


@dataclass(frozen=True)
class Constant:
    """An array in flash, as the template prints it."""

    name: str
    type: str
    count: int
    bytes: int
    text: str
    align: str


@dataclass(frozen=True)
class Call:
    """One call of a C kernel.

    Attributes:
        function: without ``rnn_``.
        arguments: as C prints them.
        kernel: what it computes; ``None`` for the copy of the sample.
    """

    function: str
    arguments: tuple[str, ...]
    kernel: Kernel | None = None

    def __str__(self) -> str:
        return f"rnn_{self.function}({', '.join(self.arguments)});"


@dataclass
class Source:
    """A model's C code.

    Attributes:
        files: text by name.
        step: the kernels' calls of one sample, the copy of the sample first.
        head: those of the classifier.
        flash_bytes: constants.
        ram_bytes: buffers.
    """

    files: dict[str, str] = field(default_factory=dict)
    step: tuple[Call, ...] = ()
    head: tuple[Call, ...] = ()
    flash_bytes: int = 0
    ram_bytes: int = 0


def environment() -> jinja2.Environment:
    """The templates."""
    folder = resources.files("bench.mcu").joinpath("templates")
    loader = jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8"))
    return jinja2.Environment(  # noqa: S701 -- C, not HTML
        loader=loader,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )


class _Emitter:
    def __init__(self, program: Program, target: Target) -> None:
        self.program = program
        self.target = target
        self.layout = memory.plan(program)
        self.constants: dict[tuple[str, bytes], Constant] = {}

    def constant(self, prefix: str, values: npt.NDArray[Any], align: str = "") -> str:
        """An array's name; equal arrays are stored once."""
        key = (str(values.dtype), values.tobytes())
        if key not in self.constants:
            name = f"rnn_{prefix}{len(self.constants)}"
            text = textwrap.fill(", ".join(map(_literal, values.ravel().tolist())), 116, initial_indent="    ",
                                 subsequent_indent="    ")  # fmt: skip
            self.constants[key] = Constant(name, _TYPES[str(values.dtype)], values.size, values.nbytes, text, align)
        return self.constants[key].name

    def at(self, ref: Ref) -> str:
        buffer = self.program.buffers[ref.buffer]
        if buffer.value is None:
            return f"M({self.layout.offsets[ref.buffer] + ref.offset})"
        return f"{self.constant('k', buffer.value)} + {ref.offset}" if ref.offset else self.constant("k", buffer.value)

    def in_flash(self, ref: Ref) -> str:
        return "" if self.program.buffers[ref.buffer].value is None else "_flash"

    def calls(self, kernel: Kernel) -> list[Call]:
        out, size = self.at(kernel.out), str(kernel.out.size)
        limit = str(self.program.buffers[kernel.out.buffer].limit)
        match kernel:
            case MatVec():
                return [self._matvec(kernel, out, limit)]
            case Sum(a=a, b=b, sign=sign):
                name = ("sum" if sign == 1 else "difference") + self.in_flash(b)
                shifts = (str(kernel.shift_a), str(kernel.shift_b), str(kernel.shift))
                return [Call(name, (out, self.at(a), self.at(b), size, *shifts, limit), kernel)]
            case Product(a=a, b=b, shift=shift):
                return [
                    Call("product" + self.in_flash(b), (out, self.at(a), self.at(b), size, str(shift), limit), kernel)
                ]
            case Scale(a=a, factor=factor, offset=offset, shift=shift):
                return [Call("scale", (out, self.at(a), size, str(factor), f"{offset}L", str(shift), limit), kernel)]
            case Table(a=a, knots=knots):
                return [Call("table", (out, self.at(a), self.constant("t", knots), size), kernel)]
            case Limit(a=a, low=low, high=high):
                least, most = max(low, ~int(limit)), min(high, int(limit))
                return [Call("limit", (out, self.at(a), size, _literal(least), str(most)), kernel)]
            case Copy(parts=parts):
                return self._copies(kernel, parts)

    def _copies(self, kernel: Copy, parts: tuple[Ref, ...]) -> list[Call]:
        calls, at = [], kernel.out.offset
        for part in parts:
            place = self.at(Ref(kernel.out.buffer, at, part.size))
            calls.append(Call("copy" + self.in_flash(part), (place, self.at(part), str(part.size)), kernel))
            at += part.size
        return calls

    def _matvec(self, kernel: MatVec, out: str, limit: str) -> Call:
        rows, columns = kernel.weight.shape
        bias = "0" if kernel.bias is None else self.constant("b", kernel.bias)
        add = "0" if kernel.add is None else self.at(kernel.add)
        if is_sparse(kernel, self.target):
            weight = self.constant("s", sparse(kernel.weight, self.target))
            return Call(
                "sparse", (out, self.at(kernel.x), weight, bias, add, str(rows), str(kernel.shift), limit), kernel
            )
        family, tiles = FAMILY[self.target], tiled(kernel, self.target)
        order = dense(kernel.weight, family) if tiles else kernel.weight.ravel()
        weight = self.constant("w", order, "" if family == "avr" else " RNN_ALIGNED")
        sizes = (str(rows), str(columns), str(kernel.shift), limit)
        function = "matvec24" if tiles and family == "avr" else "matvec"
        return Call(function, (out, self.at(kernel.x), weight, bias, add, *sizes), kernel)


def _literal(value: int) -> str:
    return "-32767 - 1" if value == -32768 else "-2147483647 - 1" if value == -(2**31) else str(value)


def emit(program: Program, target: Target, title: str | None = None) -> Source:
    """The C code of a program, kernels and weights laid out for a target.

    Args:
        program: from :func:`bench.mcu.quantise`.
        target: the processor.
        title: what the comments call it.

    Raises:
        RnnbenchError: when a size is beyond the code's 16-bit counters.
    """
    emitter = _Emitter(program, target)
    sample = program.buffers[0]
    if emitter.layout.words > 32000 or program.scores.size > 255:
        raise RnnbenchError(f"{program.subject}: too large for the generated code: 64000 bytes of buffers, 255 classes")
    first = Call("copy", (f"M({emitter.layout.offsets[0]})", "x", str(sample.size)))
    step = (first, *(call for kernel in program.step for call in emitter.calls(kernel)))
    head = tuple(call for kernel in program.head for call in emitter.calls(kernel))
    if len(step) > 126 or len(head) > 100:
        raise RnnbenchError(f"{program.subject}: {len(step)} kernels in a step, the stopwatch counts 126")
    constants = list(emitter.constants.values())
    flash, ram = sum(each.bytes for each in constants), 2 * emitter.layout.words
    values = {
        "title": title or f"{program.subject} with its classifier",
        "generator": f"Generated by rnnbench for {target}; do not edit.",
        "stem": STEM,
        "guard": "RNN_MODEL_H",
        "inputs": sample.size,
        "classes": program.scores.size,
        "fraction": sample.fraction,
        "limit": sample.limit,
        "score_fraction": program.buffers[program.scores.buffer].fraction,
        "scores_at": emitter.layout.offsets[program.scores.buffer] + program.scores.offset,
        "input_at": emitter.layout.offsets[0],
        "words": emitter.layout.words,
        "constants": constants,
        "flash": flash,
        "ram": ram,
        "step": [str(each) for each in step[1:]],
        "head": [str(each) for each in head],
        "used": {each.function for each in step + head},
        "matvec": f"matvec_{FAMILY[target]}.c.j2",
    }
    templates = environment()
    files = {f"{STEM}.{end}": templates.get_template(f"model.{end}.j2").render(values) for end in ("h", "c")}
    return Source(files, step, head, flash, ram)


def as_c(values: npt.NDArray[np.int16]) -> str:
    """Numbers as the inside of an array's braces."""
    return ", ".join(map(_literal, values.ravel().tolist()))
