"""What the sets for language modelling have in common."""

from __future__ import annotations

from bench.data.dataset import DatasetInfo

STEPS, WIDTH = 300, 256
"""Words through which the FastGRNN paper backpropagates, and the width of its embedding (its Table 2, Appendix B)."""


def info(
    name: str,
    title: str,
    about: str,
    protocol: str,
    licence: str,
    citation: str,
    source: str,
    counts: tuple[int, int, int],
    words: int = 10_000,
) -> DatasetInfo:
    """What is known of a corpus; ``counts`` are words, the ends of lines included."""
    return DatasetInfo(
        name=name,
        title=title,
        task="language-modelling",
        metric="perplexity",
        higher_is_better=False,
        steps=STEPS,
        features=WIDTH,
        classes=words,
        about=about,
        protocol=protocol,
        licence=licence,
        citation=citation,
        source=source,
        sample_hz=None,
        vocabulary=words,
        counts=counts,
    )
