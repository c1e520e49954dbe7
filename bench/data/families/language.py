"""The description that the sets for language modelling share."""

from __future__ import annotations

from dataclasses import dataclass

from bench.data.dataset import DatasetInfo

WORDS = 10_000
"""The size of the vocabulary, as in the Penn Treebank."""


@dataclass(frozen=True, kw_only=True)
class TextInfo(DatasetInfo):
    """Describes a text; ``counts`` are words, ends of lines included.

    The steps and the width of the embedding are those of the FastGRNN paper (its Table 2 and Appendix B).
    """

    task: str = "language-modelling"
    metric: str = "perplexity"
    higher_is_better: bool = False
    steps: int = 300
    features: int = 256
    classes: int = WORDS
    vocabulary: int | None = WORDS

    @property
    def epoch_steps(self) -> int:
        """Words of the training text."""
        return self.counts[0] if self.counts else self.steps
