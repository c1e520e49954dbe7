"""Runs gathered over seeds: averages against the formula, nothing lost on the way to CSV."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from reading import compare

from bench import claims
from bench.errors import RnnbenchError
from bench.record import runs_folder
from bench.report import frame, read, write_report
from bench.report.rows.summary import Summary
from bench.report.writers import to_csv
from bench.status import Status


def only(folder: Any) -> Summary:
    (summary,) = read(folder.path).summaries
    return summary


def rows(folder: Any) -> list[dict[str, Any]]:
    return list(frame.rows(read(folder.path).summaries))


def test_mean_and_sample_deviation_by_hand(folder: Any) -> None:
    values = [0.91, 0.94, 0.97, 0.90]
    for seed, value in enumerate(values):
        folder.add(seed=seed, accuracy=value)
    (row,) = rows(folder)
    mean = sum(values) / 4
    assert row["n"] == 4
    assert row["seeds"] == "0 1 2 3"
    assert row["accuracy_mean"] == pytest.approx(mean, abs=1e-15)
    assert row["accuracy_sd"] == pytest.approx(math.sqrt(sum((v - mean) ** 2 for v in values) / 3), abs=1e-15)
    assert row["accuracy_sd"] == pytest.approx(np.std(values, ddof=1), abs=1e-15)


def test_every_figure_of_a_run_by_hand(folder: Any) -> None:
    """`conftest` gives a run 55 s of training, 2,560 parameters, 30 epochs."""
    folder.add(accuracy=0.9, kb=10.0, embedding=2560, nonzero=1280)
    (row,) = rows(folder)
    assert row["minutes"] == 55 / 60
    assert (row["parameters"], row["nonzero"], row["epochs"]) == (2560, 1280, 30)
    assert (row["kb"], row["kb_in_all"]) == (10.0, 20.0)  # 2,560 numbers of 4 bytes are 10,240 bytes, 10 KB more
    assert (row["loss_mean"], row["validation_accuracy_mean"]) == (0.4, 0.91)
    assert (row["majority"], row["steps"], row["features"], row["classes"]) == (0.2, 128, 6, 7)
    assert (row["cell"], row["label"], row["hidden_size"], row["compression"]) == ("GRU", "GRU", 64, "dense")


def test_a_quantised_run_counts_with_its_integers(folder: Any) -> None:
    folder.add(accuracy=0.9, integer=0.88, steps="LSQ")
    summary = only(folder)
    assert (summary.mean("accuracy"), summary.mean("float_accuracy")) == (0.88, 0.9)
    assert summary.compression == "LSQ"


def test_one_seed_has_no_deviation_and_costs_have_none_at_all(folder: Any) -> None:
    folder.add(accuracy=0.9)
    assert only(folder).sd("accuracy") is None
    folder.add(seed=1, accuracy=0.8, kb=12.0)
    assert only(folder).sd("accuracy") == pytest.approx(0.1 / 2**0.5)  # two values that differ by 0.1
    assert (only(folder).mean("kb"), only(folder).sd("kb")) == (11.0, None)


def test_several_boards_do_not_count_a_run_twice(folder: Any, make_latency: Any) -> None:
    both = (make_latency("uno", 100.0, flash=False), make_latency("due", 3.0))
    folder.add(seed=0, accuracy=0.8, latencies=both)
    folder.add(seed=1, accuracy=1.0, latencies=(make_latency("uno", 300.0), make_latency("due", 5.0, ram=False)))
    found = {row["board"]: row for row in rows(folder)}
    assert {board: row["n"] for board, row in found.items()} == {"uno": 2, "due": 2}
    assert [found[board]["ms"] for board in ("uno", "due")] == [200.0, 4.0]
    assert [found[board]["ms_low"] for board in ("uno", "due")] == pytest.approx([180.0, 3.6])  # 0.9 of ms
    assert [found[board]["ms_high"] for board in ("uno", "due")] == pytest.approx([240.0, 4.8])  # 1.2 of ms
    assert [found[board]["fits_flash"] for board in ("uno", "due")] == [False, True]
    assert [found[board]["fits_ram"] for board in ("uno", "due")] == [True, False]
    assert [found[board]["board_title"] for board in ("uno", "due")] == ["Arduino uno", "Arduino due"]


def test_numbers_of_runs_that_are_not_done_do_not_count(folder: Any) -> None:
    folder.add(seed=0, accuracy=0.9)
    folder.add(seed=1, status=Status.FAILED, reason="x")
    folder.add(seed=2, accuracy=0.1, status=Status.FAILED, reason="x", whole=True)
    (row,) = rows(folder)
    assert (row["n"], row["not_done"], row["accuracy_mean"]) == (1, 2, 0.9)
    assert row["ms"] == 12.5


def test_a_combination_that_nobody_ran_has_a_row(folder: Any) -> None:
    folder.add("GRU", "watch")
    folder.add("RNN", "digits")
    found = {(row["label"], row["data"]): row["n"] for row in rows(folder)}
    assert found == {("GRU", "watch"): 1, ("GRU", "digits"): 0, ("RNN", "watch"): 0, ("RNN", "digits"): 1}
    assert list(found) == sorted(found, key=lambda key: key[::-1])


def test_seeds_that_only_others_have_are_absent(folder: Any) -> None:
    for seed in (0, 1, 2):
        folder.add("GRU", seed=seed)
    folder.add("RNN", seed=1)
    folder.add("RNN", "digits", seed=7)
    found = {(summary.label, summary.data.name): summary.absent for summary in read(folder.path).summaries}
    assert found["RNN", "watch"] == (0, 2)
    assert found["GRU", "watch"] == ()
    assert found["GRU", "digits"] == ()


def test_a_run_without_latency_stays(folder: Any) -> None:
    folder.add(latencies=())
    (row,) = rows(folder)
    assert (row["n"], row["board"]) == (1, None)


def test_a_data_set_that_no_run_opened_has_its_name_for_a_title(folder: Any) -> None:
    folder.add("GRU", "watch")
    folder.add("GRU", "digits", status=Status.FAILED, reason="x")
    found = {summary.data.name: summary.data for summary in read(folder.path).summaries}
    assert (found["watch"].title, found["watch"].facts is None) == ("Watch-7", False)
    assert (found["digits"].title, found["digits"].facts, found["digits"].percent) == ("digits", None, True)


def test_csv_gives_every_number_back(small: Any) -> None:
    results = read(small.path)
    text = to_csv(list(frame.rows(results.summaries)))
    read_back = list(csv.DictReader(io.StringIO(text)))
    assert len(read_back) == 6
    for row, again in zip(frame.rows(results.summaries), read_back, strict=True):
        assert list(row) == list(again)
        for name, value in row.items():
            assert again[name] == ("" if value is None else str(value))
            assert not isinstance(value, float) or float(again[name]) == value


def test_the_frame_is_what_pandas_would_compute(small: Any) -> None:
    results = read(small.path)
    runs = pd.DataFrame(
        {"data": run.data, "label": run.label, **run.figures} for run in results.runs if run.done
    ).groupby(["data", "label"], as_index=False)
    mean, sd = runs.mean(), runs.std(ddof=1)
    mine = pd.DataFrame(row for row in frame.rows(results.summaries) if row["n"])
    for ours, theirs in ((mine["accuracy_mean"], mean["accuracy"]), (mine["accuracy_sd"], sd["accuracy"])):
        np.testing.assert_allclose(ours.astype(float), theirs, rtol=1e-14)


def test_a_running_record_that_nobody_holds_was_interrupted(folder: Any) -> None:
    folder.add(seed=0)
    record = folder.add(seed=1, status=Status.RUNNING)
    held = claims.claim(runs_folder(folder.path) / record.id)
    assert held is not None
    with claims.beating([held]):
        assert {r.status for r in read(folder.path).records} == {Status.DONE, Status.RUNNING}
    assert {r.status for r in read(folder.path).records} == {Status.DONE, Status.INTERRUPTED}


def test_runs_of_an_earlier_version_of_the_grid_are_left_out(folder: Any) -> None:
    kept, _ = folder.add(seed=0), folder.add(seed=1)
    (folder.path / "grid.yaml").write_text(f"name: demo\nruns: [{kept.id}]\n", encoding="utf-8")
    assert [record.id for record in read(folder.path).records] == [kept.id]


@pytest.mark.parametrize("damage", ["", "name: [", "- 1", "runs: []", "name: demo\nruns: 3", "name: demo", "[" * 5000])
def test_a_damaged_note_of_the_grid_lets_no_other_runs_in(folder: Any, damage: str) -> None:
    folder.add()
    (folder.path / "grid.yaml").write_text(damage, encoding="utf-8")
    with pytest.raises(RnnbenchError, match=r"grid\.yaml is damaged: delete it and `rnnbench run` the grid again"):
        read(folder.path)


def test_runs_that_have_not_begun_are_named(folder: Any) -> None:
    """A cell that nobody began has no row, and a seed that nobody began is missing in none."""
    runs = [folder.add("GRU", seed=0)]
    ids = [runs[0].id, "watch-gru-h64-s1-0123456789abcdef", "watch-lstm-h8-s0-0123456789abcdef"]
    ids += ["watch-lstm-h8-s12-0123456789abcdef"]
    (folder.path / "grid.yaml").write_text(f"name: demo\nruns: [{', '.join(ids)}]\n", encoding="utf-8")
    said = "3 runs of the grid have not begun: watch-gru-h64 (seed 1), watch-lstm-h8 (seeds 0, 12)."
    assert said in compare(folder).notes
    assert write_report(folder.path).not_done == 3
    (folder.path / "grid.yaml").write_text(f"name: demo\nruns: [{ids[0]}]\n", encoding="utf-8")
    assert not any("begun" in note for note in compare(folder).notes)


def test_no_folder_and_no_records_are_told_apart(folder: Any) -> None:
    with pytest.raises(RnnbenchError, match="there is no results folder"):
        read(folder.path)
    folder.path.mkdir()
    with pytest.raises(RnnbenchError, match="holds no records"):
        read(folder.path)
