"""A model's C code as data, and what the two generators, of integers and of float32, share."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu.emit import memory
from bench.mcu.emit.template import as_c, render
from bench.mcu.fused.code import Loop
from bench.mcu.fused.groups import Fused
from bench.mcu.graph import Operation, Ref
from bench.mcu.hardware import Format
from bench.mcu.products.shape import Product
from bench.mcu.program import Kernel
from bench.mcu.target import Target

STEM = "rnn_model"
_TYPES = {f"{name}{bits}": f"{name}{bits}_t" for name in ("int", "uint") for bits in (8, 16, 32)} | {"float32": "float"}
_MOST_CALLS = 126  # of a step: what the stopwatch's marks can tell apart


@dataclass(frozen=True)
class Constant:
    """An array in flash, as the template prints it."""

    name: str
    values: npt.NDArray[Any]
    align: str

    @property
    def type(self) -> str:
        """Of its numbers, in C."""
        return _TYPES[str(self.values.dtype)]

    @property
    def text(self) -> str:
        """The inside of its braces."""
        return textwrap.fill(as_c(self.values), 116, initial_indent="    ", subsequent_indent="    ")


@dataclass(frozen=True)
class Call:
    """One call of a C kernel.

    Attributes:
        function: without ``rnn_``.
        arguments: as C prints them.
        size: numbers of its result.
        kernel: what it computes; ``None`` for the copy of the sample.
        loop: the code of a kernel that is made for this call alone.
        zeros: the part of a float32 product's factors that are 0, which soft float multiplies faster.
    """

    function: str
    arguments: tuple[str, ...]
    size: int
    kernel: Kernel | Operation | Fused | None = None
    zeros: float = 0.0
    loop: Loop | Product | None = None

    def __str__(self) -> str:
        return f"rnn_{self.function}({', '.join(self.arguments)});"


@dataclass(frozen=True)
class Source:
    """A model's C code.

    Attributes:
        format: of its numbers.
        number: their type in C.
        values: what the templates of its files print.
        step: the kernels' calls of one sample, the copy of the sample first.
        head: those of the classifier.
        classes: how many scores.
        flash_bytes: constants.
        ram_bytes: buffers.
        words: whether a sample is a word.
        softmax: whether an answer is a word, and has a probability.
    """

    format: Format
    number: str
    values: dict[str, Any] = field(repr=False)
    step: tuple[Call, ...]
    head: tuple[Call, ...]
    classes: int
    flash_bytes: int
    ram_bytes: int
    words: bool = False
    softmax: bool = False

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of the step, then of the head."""
        return self.step + self.head

    @cached_property
    def files(self) -> dict[str, str]:
        """The text of its files by name, written out when it is wanted: a prediction wants none."""
        return {f"{STEM}.{end}": render(f"model.{end}.j2", self.values) for end in ("h", "c")}


class Emitter(ABC):
    """Places and constants of a model for one processor.

    Attributes:
        format: of the numbers.
        number: their type in C.
        bytes: of one of them.
        template: of the kernels.
        words: whether a sample is a word.
        softmax: whether an answer is a word, and has a probability.
        most_scores: that the code counts.
        more_ram: bytes beyond the buffers.
    """

    format: ClassVar[Format]
    number: ClassVar[str]
    bytes: ClassVar[int]
    template: ClassVar[str]
    words: ClassVar[bool] = False
    softmax: ClassVar[bool] = False
    most_scores: ClassVar[int] = 255
    more_ram: ClassVar[int] = 0

    def __init__(self, model: memory.Model, target: Target) -> None:
        self.model = model
        self.target = target
        self.layout = memory.plan(model)
        self.constants: dict[tuple[str, bytes], Constant] = {}

    @abstractmethod
    def calls(self, kernel: Any) -> list[Call]:
        """The calls that compute a kernel."""

    def values(self) -> dict[str, Any]:
        """What the templates of the format want beyond the common."""
        return {}

    def stored(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A constant vector in the format's type."""
        return value

    def constant(self, prefix: str, values: npt.NDArray[Any], align: str = "") -> str:
        """An array's name; equal arrays are stored once."""
        key = (str(values.dtype), values.tobytes())
        if key not in self.constants:
            self.constants[key] = Constant(f"rnn_{prefix}{len(self.constants)}", values, align)
        return self.constants[key].name

    def at(self, ref: Ref) -> str:
        """Where a vector begins, in C."""
        value = self.model.buffers[ref.buffer].value
        if value is None:
            return f"M({self.layout.offsets[ref.buffer] + ref.offset})"
        name = self.constant("k", self.stored(value))
        return f"{name} + {ref.offset}" if ref.offset else name

    def in_flash(self, ref: Ref) -> str:
        """The ending of a kernel whose last operand lies in flash."""
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

    def sample(self) -> Call:
        """The copy of the sample into memory."""
        size = self.model.buffers[0].size
        return Call("copy", (f"M({self.layout.offsets[0]})", "x", str(size)), size)

    def ends(self) -> tuple[Call, ...]:
        """What an answer ends with, beyond the model's own kernels."""
        return ()


def assemble(emitter: Emitter, title: str | None) -> Source:
    """The code of a model.

    Args:
        emitter: of the model's format.
        title: what the comments call the model.

    Raises:
        RnnbenchError: when a size is beyond the code's counters.
    """
    model, layout = emitter.model, emitter.layout
    step, head = (tuple(call for kernel in part for call in emitter.calls(kernel)) for part in (model.step, model.head))
    step, head = (emitter.sample(), *step), (*head, *emitter.ends())
    if layout.words > 32000 or model.scores.size > emitter.most_scores:
        limits = f"32000 numbers in buffers, {emitter.most_scores} scores"
        raise RnnbenchError(f"{model.subject}: too large for the generated code: {limits}")
    if len(step) > _MOST_CALLS or len(head) > 100:
        raise RnnbenchError(f"{model.subject}: {len(step)} kernels in a step, the stopwatch counts {_MOST_CALLS}")
    constants = list(emitter.constants.values())
    flash, ram = sum(constant.values.nbytes for constant in constants), emitter.bytes * layout.words + emitter.more_ram
    values = emitter.values() | {
        "title": title or f"{model.subject} with its classifier",
        "generator": f"Written by rnnbench export for {emitter.target.name}, {emitter.format}; do not edit.",
        "stem": STEM,
        "guard": "RNN_MODEL_H",
        "kernels": emitter.template,
        "number": emitter.number,
        "integer": emitter.format == "int8",
        "inputs": model.buffers[0].size,
        "classes": model.scores.size,
        "scores_at": layout.offsets[model.scores.buffer] + model.scores.offset,
        "sample": str(step[0]),
        "words": emitter.words,
        "softmax": emitter.softmax,
        "memory": layout.words,
        "kept": layout.kept,
        "constants": constants,
        "flash": flash,
        "ram": ram,
        "step": _lines(step[1:]),
        "head": _lines(head),
        "loops": [call for call in step + head if isinstance(call.loop, Loop)],
        "products": [call for call in step + head if isinstance(call.loop, Product)],
        "used": {call.function for call in step + head},
    }
    kinds = (emitter.words, emitter.softmax)
    return Source(emitter.format, emitter.number, values, step, head, model.scores.size, flash, ram, *kinds)


def _lines(calls: Sequence[Call]) -> list[str]:
    return [str(call) for call in calls]
