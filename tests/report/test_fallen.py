"""Training that fell apart is said beside the figure of what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.record import runs_folder
from bench.report import read
from bench.report.comparing.fallen import course
from bench.report.tables import comparison

LAST = {"select": "last"}


def write(folder: Any, run: Any, shares: list[float], stages: list[str] | None = None) -> Path:
    path: Path = runs_folder(folder.path) / run.id
    rows = zip(shares, stages or ["dense"] * len(shares), strict=True)
    lines = [f"{epoch},{share},{stage}" for epoch, (share, stage) in enumerate(rows)]
    (path / "metrics.csv").write_text("\n".join(["epoch,train_accuracy,stage", *lines, ""]), encoding="utf-8")
    return path


def notes(folder: Any) -> list[str]:
    table = comparison.table(read(folder.path))
    assert table is not None
    return [note.text for note in table.footnotes if "fell apart" in note.text]


def test_a_row_whose_last_epochs_are_ruins_says_so(folder: Any) -> None:
    """Best 99 and 95 % of the training data, last 20 and 40: means 97 and 30. The third seed is as it should be."""
    write(folder, folder.add("A", seed=0, train=LAST), [0.5, 0.99, 0.2])
    write(folder, folder.add("A", seed=1, train=LAST), [0.95, 0.3, 0.4])
    write(folder, folder.add("A", seed=2, train=LAST), [0.9, 0.99, 0.98])
    (note,) = notes(folder)
    assert note == (
        "training of seeds 0, 1 fell apart, and the last epoch is kept: 97.0 % of the training data right in the best "
        "epoch, 30.0 in the last"
    )


@pytest.mark.parametrize("seeds", [1, 2])
def test_seeds_are_not_named_where_all_fell(folder: Any, seeds: int) -> None:
    for seed in range(seeds):
        write(folder, folder.add("A", seed=seed, train=LAST), [0.9, 0.1])
    assert notes(folder)[0].startswith("training fell apart, and")


def test_what_follows_an_epoch_that_is_kept_does_not_count(folder: Any) -> None:
    write(folder, folder.add("A", train={"select": "best"}), [0.99, 0.1])
    write(folder, folder.add("B", train=LAST), [0.99, 0.95])
    assert notes(folder) == []
    write(folder, folder.add("C", train=LAST), [0.35, 0.3])
    assert len(notes(folder)) == 1


def test_only_the_last_stage_of_compression_counts_and_a_damaged_file_says_nothing(folder: Any) -> None:
    run = folder.add("A", train=LAST)
    path = write(folder, run, [0.99, 0.7, 0.71, 0.7], ["dense", "sparse", "sparse", "sparse"])
    assert course(path) == (0.71, 0.7)
    for text in ("", "epoch,loss\n1,2\n", "epoch,train_accuracy,stage\n1,,dense\n", "epoch,train_accuracy,stage\n1\n"):
        (path / "metrics.csv").write_text(text)
        assert course(path) is None
    (path / "metrics.csv").unlink()
    assert course(path) is None
