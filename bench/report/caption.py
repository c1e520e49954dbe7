"""Captions: what the numbers of a table are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.report.rows.board import Board
from bench.report.rows.summary import Summary
from bench.report.rows.words import SELECTED

QUALITY, KB, IN_ALL, MS = "quality", "kb", "kb_in_all", "ms"
"""Columns of the comparison that a caption explains."""


def caption(
    name: str, summaries: Sequence[Summary], board: Board | None, columns: Collection[str], by_size: bool = True
) -> str:
    """Returns the caption of the comparison table, in plain text.

    Args:
        name: of the grid.
        summaries: all that the table shows.
        board: of the latency columns.
        columns: those that the table has of :data:`QUALITY`, :data:`KB`, :data:`IN_ALL` and :data:`MS`.
        by_size: whether rows stand by size.
    """
    perplexity = any(summary.data.quality == "perplexity" for summary in summaries)
    parts = [f"{name}: {_subject(summaries, columns)}"]
    if {KB, IN_ALL} & set(columns):
        parts.append(kb_meaning(summaries))
    if QUALITY in columns:
        if any("Q" in (summary.compression or "") for summary in summaries):
            parts.append("Accuracy of an int8 model: of its integer program over the whole test set.")
        if perplexity:
            parts.append("Perplexity: of every word of the text but the first, the state carried over from end to end.")
    if IN_ALL in columns and perplexity:
        parts.append("KB in all: with embedding and softmax.")
    if board is not None and MS in columns:
        parts.append(
            f"ms: a sequence of the data set's greatest length on {board.title} "
            f"(format {board.format}, {board.method})."
        )
    if by_size and KB in columns:
        parts.append("Rows by size, smallest first.")
    return " ".join(parts)


def _subject(summaries: Sequence[Summary], columns: Collection[str]) -> str:
    if QUALITY not in columns:
        costs = [word for word, shown in (("size", {KB, IN_ALL}), ("time", {MS})) if shown & set(columns)]
        return f"{' and '.join(costs) or 'published figures'} of trained models."
    words = sorted({summary.data.word for summary in summaries if summary.data.percent})
    what = f"test {' or '.join(words)} in %" if all(summary.data.percent for summary in summaries) else "test metric"
    return f"{what}, {seeds(summaries)}. {protocol(summaries)}".strip()


def protocol(summaries: Sequence[Summary]) -> str:
    """Says how the runs that are done chose their epoch, and on what they were trained and tuned; empty without any."""
    records = [run.record for summary in summaries for run in summary.runs if run.done]
    kinds = dict.fromkeys(str((record.spec.get("train") or {}).get("select", "best")) for record in records)
    parts = [SELECTED[kind].sentence for kind in kinds]
    if len(parts) > 1:
        parts = ["Runs differ in how their epoch was chosen:", *parts]
    parts += _on_validation_data(summaries)
    trials = sorted({record.chosen.trials for record in records if record.chosen})
    if trials:
        counts = " to ".join(map(str, dict.fromkeys((trials[0], trials[-1]))))
        parts.append(f"Settings: the best of {counts} trials by validation data, on other seeds.")
    return " ".join(parts)


def _on_validation_data(summaries: Sequence[Summary]) -> list[str]:
    """Says which runs were trained on validation data, too: all, those on some data sets, or some."""
    used: dict[str, set[bool]] = {}
    for summary in summaries:
        for split in (run.record.spec.get("split") or {} for run in summary.runs if run.done):
            used.setdefault(summary.data.title, set()).add(split.get("train_on", "train") != "train")
    titles = [title for title, found in used.items() if True in found]
    if not titles:
        return []
    if any(len(found) > 1 for found in used.values()):
        return ["Some were trained on training and validation data."]
    where = "" if len(titles) == len(used) else f", those on {' and '.join(titles)}"
    return [f"Trained on training and validation data{where}."]


def kb_meaning(summaries: Sequence[Summary]) -> str:
    """Says what KB counts."""
    texts = {summary.data.quality == "perplexity" for summary in summaries}
    counted = {(True,): "recurrent layers", (False, True): "cell and classifier, of a language model recurrent layers"}
    what = counted.get(tuple(sorted(texts)), "cell and classifier")
    used = "".join(summary.compression or "" for summary in summaries)
    quantised = ", 1 of an int8 model" if "Q" in used else ""
    sparse = "; of a sparse matrix, a number and an index for each non-zero" if "S" in used else ""
    return f"KB: {what}, 4 bytes a number{quantised}, 1 KB = 1024 bytes{sparse}."


def seeds(summaries: Sequence[Summary]) -> str:
    """Says how many seeds are behind the numbers, and what ± means."""
    counts = sorted({summary.n for summary in summaries if summary.n})
    if not counts:
        return "no run is done"
    if counts == [1]:
        return "one seed each: no spread is known"
    spread = "mean ± sample standard deviation"
    if len(counts) == 1:
        return f"{spread} over {counts[0]} seeds"
    alone = "; numbers without ± are of one seed" if counts[0] == 1 else ""
    return f"{spread} over {counts[0]} to {counts[-1]} seeds{alone}"
