"""Calls of models that read words: a word's row of the embedding; a language model's softmax."""

from __future__ import annotations

from typing import Any

from bench.mcu.emit.integer import IntegerEmitter
from bench.mcu.emit.source import Call
from bench.mcu.program import TextProgram, WordProgram
from bench.mcu.text.softmax import FRACTION, LN2, LOGARITHMS, POWERS, SUMS, factor, farthest

EMBED, SOFTMAX = "embed", "softmax"


class WordEmitter(IntegerEmitter):
    """Calls of the kernels of a model that reads words."""

    model: WordProgram
    words = True

    def values(self) -> dict[str, Any]:
        """What the templates of this format want beyond the common."""
        return super().values() | {"vocabulary": len(self.model.embedding)}

    def sample(self) -> Call:
        """The copy of a word's row into memory."""
        place, size = f"M({self.layout.offsets[0]})", self.model.embedding.shape[1]
        arguments = (place, self.constant("e", self.model.embedding), "word", str(size), str(1 << self.model.shift))
        return Call(EMBED, arguments, size)


class TextEmitter(WordEmitter):
    """Calls of a language model's kernels."""

    model: TextProgram
    softmax = True
    most_scores = 32_000
    more_ram = 4 * SUMS + 8

    def values(self) -> dict[str, Any]:
        """What the templates of this format want beyond the common."""
        fraction = self.model.buffers[self.model.scores.buffer].fraction
        own = {"sums": SUMS, "ln2": LN2, "loss_shift": FRACTION - fraction}
        return super().values() | own | {"loss_fraction": FRACTION}

    def ends(self) -> tuple[Call, ...]:
        """The softmax."""
        scores = self.model.scores
        fraction = self.model.buffers[scores.buffer].fraction
        whole, parts = factor(fraction)
        numbers = (str(scores.size), f"{whole}ul", str(parts), str(farthest(fraction)))
        tables = (self.constant("t", POWERS), self.constant("t", LOGARITHMS))
        return (Call(SOFTMAX, (self.at(scores), *numbers, *tables), scores.size),)
