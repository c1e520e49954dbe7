"""The committed records bear out the claims that are made of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bench.record import Record, read_all
from bench.record.search import read_choice, read_trials
from bench.report import frame, read
from bench.report.discover import FORMATS, MAIN, all_tables
from bench.report.document import sidebyside
from bench.report.document.write import in_order
from bench.report.journal import without_name
from bench.report.parts import to_print
from bench.report.writers import table_to_csv, to_csv, to_markdown
from bench.spec import read_grid
from bench.status import Status

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
FOLDERS = sorted(path.parent.name for path in REFERENCE.glob("*/runs"))
SEARCHED = sorted(path.parent.name for path in REFERENCE.glob("*/chosen.json"))


def mean(records: list[Record]) -> float:
    """Returns the mean of the accuracies that tables show, in points."""
    values = [record.result.integer_accuracy or record.result.test_accuracy or 0 for record in records if record.result]
    assert len(values) == 3
    return 100 * sum(values) / 3


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_run_was_made_alone_from_a_committed_tree(folder: str) -> None:
    records = read_all(REFERENCE / folder)
    assert records
    assert all(record.status is Status.DONE or record.reason for record in records)  # one that diverged is a result
    assert not any(record.provenance["git"]["dirty"] for record in records)
    assert all(record.provenance.get("pack") in (None, 1) for record in records)  # who is together changes bits


@pytest.mark.parametrize("folder", SEARCHED)
def test_what_was_chosen_has_the_best_mean_validation_accuracy_of_equally_many_trials(folder: str) -> None:
    """No trial has a test figure; a trial of which a seed failed is out."""
    records = {record.id: record for record in read_all(REFERENCE / folder)}
    trials, choices = read_trials(REFERENCE / folder) or [], read_choice(REFERENCE / folder) or []
    assert len({len([trial for trial in trials if trial.group == choice.group]) for choice in choices}) == 1
    assert len({len(choice.runs) for choice in choices}) == 1
    for choice in choices:
        found = {}
        for trial in (trial for trial in trials if trial.group == choice.group):
            results = [records[run].result for run in trial.runs]
            assert all(result is None or result.test_accuracy is None for result in results)
            if all(records[run].status is Status.DONE for run in trial.runs):
                found[trial.trial] = sum(result.validation_accuracy for result in results) / len(results)
        assert choice.entry is not None
        assert found[choice.entry.trial] == pytest.approx(max(found.values()))
        assert choice.entry.validation == pytest.approx(max(found.values()))
        (chosen,) = [each for each in trials if (each.group, each.trial) == (choice.group, choice.entry.trial)]
        tried = [records[trial].spec for trial in chosen.runs]
        for run in (records[run] for run in choice.runs if run in records):  # some may be to follow
            assert run.spec["seed"] not in {spec["seed"] for spec in tried}
            for name in ("learning_rate", "optimizer", "schedule", "weight_decay"):
                assert {spec["train"][name] for spec in tried} == {run.spec["train"][name]}


def test_the_demo_takes_the_trials_with_the_best_validation_accuracy() -> None:
    """As many trials for every row, on other seeds, alike in all else."""
    demo, tried = (
        read_grid(REFERENCE.parents[1] / "configs" / f"{name}.yaml").runs() for name in ("demo", "demo-trials")
    )
    assert {run.seed for run in demo}.isdisjoint(run.seed for run in tried)
    tuned = {"seed": True, "train": {"learning_rate", "weight_decay"}}
    alike = [{str(run.model_dump(exclude=tuned)) for run in runs} for runs in (demo, tried)]
    assert alike[0] == alike[1]
    assert len(alike[0]) == 6
    with (REFERENCE / "demo-trials" / "validation.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for run in demo:
        kind = (run.cell.name, "LSQ" if run.compress.quantise else "dense")
        own = {
            row["label"]: float(row["validation_accuracy_mean"])
            for row in rows
            if (row["cell"].lower(), row["compression"]) == kind
        }
        assert len(own) == 4
        best = max(own, key=own.__getitem__)
        assert f"learning rate {run.train.learning_rate}, weight decay {run.train.weight_decay}" in best


@pytest.mark.parametrize("data", ["watch7", "hapt2"])
def test_quantisation_costs_less_than_a_point(data: str) -> None:
    records = [record for record in read_all(REFERENCE / "lsq-ablation") if record.spec["data"]["name"] == data]
    sparse = [record for record in records if record.spec["compress"]["keep"]]
    quantised = [record for record in sparse if record.spec["compress"]["quantise"]]
    assert mean(quantised) >= mean([record for record in sparse if record not in quantised]) - 1


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_committed_tables_are_what_the_records_make(folder: str) -> None:
    """Every number; whether a latency is stale (last column, notes of tables) depends on the costs of kernels."""
    results, tables = read(REFERENCE / folder), REFERENCE / folder / "tables"
    for name, table in all_tables(results).items():
        if name not in (MAIN, FORMATS):
            start = tables / f"{folder}-{name}"
            assert to_markdown(table) == start.with_suffix(".md").read_text(encoding="utf-8")
            assert table_to_csv(table) == start.with_suffix(".csv").read_text(encoding="utf-8")
            assert to_print(without_name(table, folder)) == start.with_suffix(".tex").read_text(encoding="utf-8")
    made = to_csv(list(frame.rows(results.summaries))).splitlines()
    committed = (tables / f"{folder}.csv").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(",")[0] for line in made] == [line.rpartition(",")[0] for line in committed]


def test_the_committed_side_by_side_is_what_the_records_make() -> None:
    """``rnnbench paper results/reference`` writes it; copy it from ``tables/`` when results were added."""
    made = sidebyside.table(in_order(read(REFERENCE / folder) for folder in FOLDERS))
    assert to_markdown(made) == (REFERENCE / "side-by-side.md").read_text(encoding="utf-8")
