"""What the committed records must bear out: the claims that are made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.record import Record, read_all
from bench.report import frame, read
from bench.report.discover import MAIN, all_tables
from bench.report.writers import to_csv, to_latex, to_markdown
from bench.status import Status

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
FOLDERS = sorted(path.parent.name for path in REFERENCE.glob("*/runs"))


def mean(records: list[Record]) -> float:
    """Of the accuracies that tables show, in points."""
    values = [each.result.integer_accuracy or each.result.test_accuracy or 0 for each in records if each.result]
    assert len(values) == 3
    return 100 * sum(values) / 3


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_run_was_made_from_a_committed_tree(folder: str) -> None:
    records = read_all(REFERENCE / folder)
    assert records
    assert all(each.status is Status.DONE for each in records)
    assert not any(each.provenance["git"]["dirty"] for each in records)


def test_three_kilobytes_are_within_a_point_of_an_lstm() -> None:
    records = read_all(REFERENCE / "hapt2-3kb")
    small = [each for each in records if each.spec["cell"]["name"] == "fastgrnn"]
    assert all(each.size is not None and each.size.kb <= 3 for each in small)
    assert mean(small) >= mean([each for each in records if each.spec["cell"]["name"] == "lstm"]) - 1


@pytest.mark.parametrize("data", ["watch7", "hapt2"])
def test_quantisation_costs_less_than_a_point(data: str) -> None:
    records = [each for each in read_all(REFERENCE / "lsq-ablation") if each.spec["data"]["name"] == data]
    sparse = [each for each in records if each.spec["compress"]["keep"]]
    quantised = [each for each in sparse if each.spec["compress"]["quantise"]]
    assert mean(quantised) >= mean([each for each in sparse if each not in quantised]) - 1


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_committed_tables_are_what_the_records_make(folder: str) -> None:
    """Every number; whether a latency is stale (the last column, and a note) depends on today's costs of kernels."""
    results, tables = read(REFERENCE / folder), REFERENCE / folder / "tables"
    for name, table in all_tables(results).items():
        if name != MAIN:
            start = tables / f"{folder}-{name}"
            assert to_markdown(table) == start.with_suffix(".md").read_text(encoding="utf-8")
            assert to_latex(table) == start.with_suffix(".tex").read_text(encoding="utf-8")
    made = to_csv(list(frame.rows(results.summaries))).splitlines()
    committed = (tables / f"{folder}.csv").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(",")[0] for line in made] == [line.rpartition(",")[0] for line in committed]
