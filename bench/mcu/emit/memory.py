"""Places of a model's buffers in RAM: of states and sample for ever, of temporaries while they are needed."""

from __future__ import annotations

from dataclasses import dataclass

from bench.mcu.fused.groups import Fused
from bench.mcu.graph import Buffer, Gather, Graph, Linear, Operation, reads
from bench.mcu.program import Copy, IntBuffer, Kernel, MatVec, Program

Model = Program | Graph

ALIGN = 4
"""A buffer starts at, and is padded to, so many numbers, so that kernels may read whole words."""


@dataclass(frozen=True)
class Layout:
    """Offsets in numbers of every buffer but constants, how many numbers there are, and how many last beyond a step."""

    offsets: dict[int, int]
    words: int
    kept: int


def plan(model: Model) -> Layout:
    """First fit, in order of birth; an element-wise result may lie over an operand that dies with it."""
    offsets: dict[int, int] = {}
    top = 0
    buffers: tuple[Buffer | IntBuffer, ...] = model.buffers
    for number, buffer in enumerate(buffers):
        if buffer.role in ("input", "state"):
            offsets[number] = top
            top += _padded(buffer.size)
    most = kept = top
    born, dead = _lifetimes(model)
    for number in sorted(born, key=lambda n: (born[n], n)):
        size = _padded(model.buffers[number].size)
        placed = [other for other in born if other in offsets]
        spans = {other: (offsets[other], offsets[other] + _padded(model.buffers[other].size)) for other in placed}
        dying = [other for other in placed if dead[other] == born[number]]
        live = [spans[other] for other in placed if born[other] < dead[number] and born[number] < dead[other]]
        at = _fit(top, size, live, [spans[other] for other in dying])
        offsets[number] = at
        most = max(most, at + size)
    return Layout(offsets, most, kept)


def _fit(top: int, size: int, live: list[tuple[int, int]], dying: list[tuple[int, int]]) -> int:
    """The lowest place that touches nothing live, and a dying operand only from its very start."""
    for at in [low for low, _ in dying] + sorted({top, *(high for _, high in live + dying)}):
        others = live + [span for span in dying if span[0] != at]
        if all(at + size <= low or high <= at for low, high in others):
            return at
    raise AssertionError("above everything there is room")


def _padded(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


def _lifetimes(model: Model) -> tuple[dict[int, int], dict[int, int]]:
    """By temporary, in half steps: when it is first written, and when nobody needs it any more."""
    born: dict[int, int] = {}
    dead: dict[int, int] = {}
    for time, kernel in enumerate(model.kernels):
        for ref in kernel.out if isinstance(kernel, Fused) else (kernel.out,):
            if model.buffers[ref.buffer].role == "temporary":
                born.setdefault(ref.buffer, 2 * time)
                dead[ref.buffer] = max(dead.get(ref.buffer, 0), 2 * time + 1)
        for number, ref in enumerate(reads(kernel)):
            if model.buffers[ref.buffer].role == "temporary":
                over = _may_lie_over(kernel, number) and ref.offset == 0
                dead[ref.buffer] = max(dead.get(ref.buffer, 0), 2 * time + (0 if over else 1))
    dead[model.scores.buffer] = 2 * len(model.kernels) + 1
    return born, dead


def _may_lie_over(kernel: Kernel | Operation | Fused, operand: int) -> bool:
    """Whether a result may overwrite this operand: element-wise kernels read each element before they write it."""
    if isinstance(kernel, MatVec | Linear):
        return operand == 1  # what is added, not the factors
    return not isinstance(kernel, Copy | Gather | Fused)
