"""Records as frames: averages against the formula, nothing lost on the way to CSV."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.errors import RnnbenchError
from bench.record import lock, runs_folder
from bench.report import frame
from bench.report.text import to_csv
from bench.status import Status


def _summary(folder: Any) -> pd.DataFrame:
    records = frame.load(folder.path)
    return frame.summary(frame.runs_frame(records), frame.sets_frame(records))


def test_mean_and_sample_deviation_by_hand(folder: Any) -> None:
    values = [0.91, 0.94, 0.97, 0.90]
    for seed, value in enumerate(values):
        folder.add(seed=seed, accuracy=value)
    (row,) = frame.plain(_summary(folder))
    mean = sum(values) / 4
    assert row["n"] == 4
    assert row["seeds"] == "0 1 2 3"
    assert row["accuracy_mean"] == pytest.approx(mean, abs=1e-15)
    assert row["accuracy_sd"] == pytest.approx(math.sqrt(sum((v - mean) ** 2 for v in values) / 3), abs=1e-15)
    assert row["accuracy_sd"] == pytest.approx(np.std(values, ddof=1), abs=1e-15)


def test_one_seed_has_no_deviation(folder: Any) -> None:
    folder.add(accuracy=0.9)
    assert frame.plain(_summary(folder))[0]["accuracy_sd"] is None


def test_several_boards_do_not_count_a_run_twice(folder: Any, make_latency: Any) -> None:
    both = (make_latency("uno", 100.0, flash=False), make_latency("due", 3.0))
    folder.add(seed=0, accuracy=0.8, latencies=both)
    folder.add(seed=1, accuracy=1.0, latencies=(make_latency("uno", 300.0), make_latency("due", 5.0)))
    rows = {row["board"]: row for row in frame.plain(_summary(folder))}
    assert {board: row["n"] for board, row in rows.items()} == {"uno": 2, "due": 2}
    assert [rows[b]["ms"] for b in ("uno", "due")] == [200.0, 4.0]
    assert [rows[b]["fits_flash"] for b in ("uno", "due")] == [False, True]


def test_numbers_of_runs_that_are_not_done_do_not_count(folder: Any) -> None:
    folder.add(seed=0, accuracy=0.9)
    folder.add(seed=1, status=Status.FAILED, reason="x")
    (row,) = frame.plain(_summary(folder))
    assert (row["n"], row["not_done"], row["accuracy_mean"]) == (1, 1, 0.9)


def test_a_combination_that_nobody_ran_has_a_row(folder: Any) -> None:
    folder.add("GRU", "watch")
    folder.add("RNN", "digits")
    rows = {(row["label"], row["data"]): row["n"] for row in frame.plain(_summary(folder))}
    assert rows == {("GRU", "watch"): 1, ("GRU", "digits"): 0, ("RNN", "watch"): 0, ("RNN", "digits"): 1}


def test_a_run_without_latency_stays(folder: Any) -> None:
    folder.add(latencies=())
    (row,) = frame.plain(_summary(folder))
    assert (row["n"], row["board"]) == (1, None)


def test_csv_gives_the_frame_back(small: Any) -> None:
    summary = _summary(small)
    dtypes: Any = frame.SUMMARY
    # decimals through Python's float, which is exact; not every pandas reads them so by itself
    first = {name: "string" if dtype == "Float64" else dtype for name, dtype in dtypes.items()}
    again = pd.read_csv(io.StringIO(to_csv(summary)), dtype=first).astype(dtypes)
    pd.testing.assert_frame_equal(again, summary, check_exact=True)


def test_a_running_record_that_nobody_holds_was_interrupted(folder: Any) -> None:
    folder.add(seed=0)
    record = folder.add(seed=1, status=Status.RUNNING)
    with lock(runs_folder(folder.path) / record.id):
        assert {r.status for r in frame.load(folder.path)} == {Status.DONE, Status.RUNNING}
    assert {r.status for r in frame.load(folder.path)} == {Status.DONE, Status.INTERRUPTED}


def test_no_folder_and_no_records_are_told_apart(folder: Any) -> None:
    with pytest.raises(RnnbenchError, match="there is no results folder"):
        frame.load(folder.path)
    folder.path.mkdir()
    with pytest.raises(RnnbenchError, match="holds no records"):
        frame.load(folder.path)
