"""The caption: what the numbers of a table are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

METHODS = {
    "code": "predicted for the exported code",
    "model": "operations of a traced step charged",
    "simulation": "simulated",
}
"""How a latency was obtained, by the word of its record."""


class Shown(Protocol):
    """The board that a table shows."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def format(self) -> str: ...  # noqa: D102
    @property
    def method(self) -> str: ...  # noqa: D102


def caption(name: str, lines: Iterable[Mapping[str, Any]], board: Shown | None) -> str:
    """The caption of a table, in plain text.

    Args:
        name: of the grid.
        lines: of the summary.
        board: of the latency columns.
    """
    rows = list(lines)
    percent = all(is_percent(row["metric"]) for row in rows)
    parts = [
        f"{name}: {'test accuracy in %' if percent else 'test metric'}, {seeds(rows)}. The epoch was chosen on "
        "validation data; the test set was used once, after.",
        kb_meaning(rows),
    ]
    if any("Q" in (row["compression"] or "") for row in rows):
        parts.append("Accuracy of an int8 model: of its integer program over the whole test set.")
    if any(metric(row) == "perplexity" for row in rows):
        parts.append(
            "Perplexity: of every word of the text but the first, the state carried over from end to end. KB in all: "
            "with embedding and softmax."
        )
    if board is not None:
        parts.append(
            f"ms: a sequence of the data set's greatest length on {board.title} "
            f"(format {board.format}, {board.method})."
        )
    parts.append("Bold: best of its column, as printed. Rows by size, smallest first.")
    return " ".join(parts)


def kb_meaning(rows: Iterable[Mapping[str, Any]]) -> str:
    """What KB counts."""
    rows = list(rows)
    texts = {metric(row) == "perplexity" for row in rows}
    whose = {(True,): "recurrent layers", (False, True): "cell and classifier, of a language model recurrent layers"}
    what = whose.get(tuple(sorted(texts)), "cell and classifier")
    used = {letter for row in rows for letter in row["compression"] or ""}
    quantised = ", 1 of an int8 model" if "Q" in used else ""
    sparse = "; of a sparse matrix, a number and an index for each non-zero" if "S" in used else ""
    return f"KB: {what}, 4 bytes a number{quantised}, 1 KB = 1024 bytes{sparse}."


def metric(row: Mapping[str, Any]) -> str:
    """The metric of a line's data set, as columns are named by it; accuracy where none was opened."""
    return row["metric"] or "accuracy"


def is_percent(metric: str | None) -> bool:
    """Whether a metric is a share, printed in %."""
    return metric is None or "accuracy" in metric


def seeds(rows: Iterable[Mapping[str, Any]]) -> str:
    """How many seeds are behind the numbers, and what ± means."""
    counts = sorted({int(row["n"]) for row in rows if row["n"]})
    if counts == [1]:
        return "one seed each: no spread is known"
    spread = "mean ± sample standard deviation"
    if len(counts) == 1:
        return f"{spread} over {counts[0]} seeds"
    alone = "; numbers without ± are of one seed" if counts[0] == 1 else ""
    return f"{spread} over {counts[0]} to {counts[-1]} seeds{alone}"
