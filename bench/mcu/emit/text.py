"""Calls of a language model: a word's row of the embedding, and the softmax."""

from __future__ import annotations

from typing import Any

from bench.mcu.emit.integer import IntegerEmitter
from bench.mcu.emit.source import Call
from bench.mcu.program import TextProgram
from bench.mcu.text import softmax

EMBED, SOFTMAX = "embed", "softmax"


class TextEmitter(IntegerEmitter):
    """Calls of a language model's kernels."""

    model: TextProgram
    words = True
    most_scores = 32_000
    more_ram = 4 * softmax.SUMS + 8

    def values(self) -> dict[str, Any]:
        """What the templates of this format want beyond the common."""
        fraction = self.model.buffers[self.model.scores.buffer].fraction
        own = {"sums": softmax.SUMS, "ln2": softmax.LN2, "loss_shift": softmax.FRACTION - fraction}
        return super().values() | own | {"loss_fraction": softmax.FRACTION}

    def sample(self) -> Call:
        """The copy of a word's row into memory."""
        place, size = f"M({self.layout.offsets[0]})", self.model.embedding.shape[1]
        arguments = (place, self.constant("e", self.model.embedding), "word", str(size), str(1 << self.model.shift))
        return Call(EMBED, arguments, size)

    def ends(self) -> tuple[Call, ...]:
        """The softmax."""
        scores = self.model.scores
        fraction = self.model.buffers[scores.buffer].fraction
        whole, parts = softmax.factor(fraction)
        numbers = (str(scores.size), f"{whole}ul", str(parts), str(softmax.farthest(fraction)))
        tables = (self.constant("t", softmax.POWERS), self.constant("t", softmax.LOGARITHMS))
        return (Call(SOFTMAX, (self.at(scores), *numbers, *tables), scores.size),)
