"""A model's C code as data, and what the two generators, of integers and of float32, share."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu import memory
from bench.mcu.graph import Graph, Operation, Ref
from bench.mcu.hardware import Format, Target
from bench.mcu.program import Kernel, Program

STEM = "rnn_model"
NUMBER: dict[Format, str] = {"int8": "int16_t", "float32": "float"}
"""What samples, states and scores are in C."""
_TYPES = {each: f"{each}_t" for each in ("int8", "int16", "int32", "uint8", "uint16", "uint32")} | {"float32": "float"}
_MOST_CALLS = 126  # of a step: what the stopwatch's marks can tell apart


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
        size: numbers of its result.
        kernel: what it computes; ``None`` for the copy of the sample.
        zeros: the part of a float32 product's factors that are 0, which soft float multiplies faster.
    """

    function: str
    arguments: tuple[str, ...]
    size: int
    kernel: Kernel | Operation | None = None
    zeros: float = 0.0

    def __str__(self) -> str:
        return f"rnn_{self.function}({', '.join(self.arguments)});"


@dataclass
class Source:
    """A model's C code.

    Attributes:
        format: of its numbers.
        files: text by name.
        step: the kernels' calls of one sample, the copy of the sample first.
        head: those of the classifier.
        classes: how many scores.
        flash_bytes: constants.
        ram_bytes: buffers.
    """

    format: Format
    files: dict[str, str] = field(default_factory=dict)
    step: tuple[Call, ...] = ()
    head: tuple[Call, ...] = ()
    classes: int = 0
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


class Emitter:
    """Places and constants of a model for one target.

    Args:
        model: integers or float32.
        target: the processor.
    """

    def __init__(self, model: Program | Graph, target: Target) -> None:
        self.model = model
        self.target = target
        self.layout = memory.plan(model)
        self.constants: dict[tuple[str, bytes], Constant] = {}

    def constant(self, prefix: str, values: npt.NDArray[Any], align: str = "") -> str:
        """An array's name; equal arrays are stored once."""
        key = (str(values.dtype), values.tobytes())
        if key not in self.constants:
            name = f"rnn_{prefix}{len(self.constants)}"
            text = textwrap.fill(as_c(values), 116, initial_indent="    ", subsequent_indent="    ")
            self.constants[key] = Constant(name, _TYPES[str(values.dtype)], values.size, values.nbytes, text, align)
        return self.constants[key].name

    def at(self, ref: Ref) -> str:
        """Where a vector begins, in C."""
        value = self.model.buffers[ref.buffer].value
        if value is None:
            return f"M({self.layout.offsets[ref.buffer] + ref.offset})"
        name = self.constant("k", value.astype(np.float32) if isinstance(self.model, Graph) else value)
        return f"{name} + {ref.offset}" if ref.offset else name

    def in_flash(self, ref: Ref) -> str:
        """The ending of a kernel whose last operand lies there."""
        return "" if self.model.buffers[ref.buffer].value is None else "_flash"

    def copies(self, kernel: Any) -> list[Call]:
        """Vectors, one after the other."""
        calls, at = [], kernel.out.offset
        for part in kernel.parts:
            place = self.at(Ref(kernel.out.buffer, at, part.size))
            name = "copy" + self.in_flash(part)
            calls.append(Call(name, (place, self.at(part), str(part.size)), part.size, kernel))
            at += part.size
        return calls


def assemble(
    emitter: Emitter, calls: tuple[Sequence[Call], Sequence[Call]], title: str | None, values: dict[str, Any]
) -> Source:
    """The files of a model whose calls, of a step and of the head, are known.

    Args:
        emitter: that made the calls.
        calls: of the step without the copy of the sample, and of the head.
        title: what the comments call the model.
        values: that the format's templates want beyond the common.

    Raises:
        RnnbenchError: when a size is beyond the code's counters.
    """
    model, layout = emitter.model, emitter.layout
    kind: Format = "float32" if isinstance(model, Graph) else "int8"
    if layout.words > 32000 or model.scores.size > 255:
        raise RnnbenchError(f"{model.subject}: too large for the generated code: 32000 numbers in buffers, 255 classes")
    inputs = model.buffers[0].size
    step = (Call("copy", (f"M({layout.offsets[0]})", "x", str(inputs)), inputs), *calls[0])
    head = tuple(calls[1])
    if len(step) > _MOST_CALLS or len(head) > 100:
        raise RnnbenchError(f"{model.subject}: {len(step)} kernels in a step, the stopwatch counts {_MOST_CALLS}")
    constants = list(emitter.constants.values())
    flash, ram = sum(each.bytes for each in constants), (4 if kind == "float32" else 2) * layout.words
    values = values | {
        "title": title or f"{model.subject} with its classifier",
        "generator": f"Generated by rnnbench for {emitter.target}, {kind}; do not edit.",
        "stem": STEM,
        "guard": "RNN_MODEL_H",
        "number": NUMBER[kind],
        "integer": kind == "int8",
        "inputs": inputs,
        "classes": model.scores.size,
        "scores_at": layout.offsets[model.scores.buffer] + model.scores.offset,
        "input_at": layout.offsets[0],
        "words": layout.words,
        "constants": constants,
        "flash": flash,
        "ram": ram,
        "step": [str(each) for each in step[1:]],
        "head": [str(each) for each in head],
        "used": {each.function for each in step + head},
    }
    templates = environment()
    files = {f"{STEM}.{end}": templates.get_template(f"model.{end}.j2").render(values) for end in ("h", "c")}
    return Source(kind, files, step, head, model.scores.size, flash, ram)


def literal(value: float) -> str:
    """A number as C reads it back exactly."""
    if isinstance(value, float):
        text = f"{np.float32(value):.9g}"
        return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
    return "-32767 - 1" if value == -32768 else "-2147483647 - 1" if value == -(2**31) else str(value)


def as_c(values: npt.NDArray[Any]) -> str:
    """Numbers as the inside of an array's braces."""
    return ", ".join(map(literal, values.ravel().tolist()))
