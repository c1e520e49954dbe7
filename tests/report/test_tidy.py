"""The frame of runs: a row for every run and board, columns that are described, units that agree with the records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.report import read
from bench.report.tidy import COLUMNS, tidy
from bench.status import Status

ROOT = Path(__file__).parents[2]


def frame(folder: Any, **more: Any) -> pd.DataFrame:
    return tidy(read(folder.path), **more)


def test_a_row_for_every_run_and_board(folder: Any, make_latency: Any) -> None:
    both = make_latency("uno", ms=3.0, flash=False), make_latency("due", ms=1.0)
    folder.add("GRU", seed=0, latencies=both)
    folder.add("GRU", seed=1, latencies=())
    folder.add("GRU", seed=2, status=Status.FAILED, reason="it burst")
    rows = frame(folder)
    assert list(rows.columns) == list(COLUMNS)
    assert rows["seed"].tolist() == [0, 0, 1, 2]
    assert rows["board"].tolist()[:2] == ["uno", "due"]
    assert rows["board"].isna().tolist() == [False, False, True, True]
    assert rows["latency_ms"].tolist()[:2] == [3.0, 1.0]
    assert rows["fits_flash"].tolist()[:2] == [False, True]
    failed = rows.iloc[3]
    assert (failed["status"], failed["reason"]) == ("failed", "it burst")
    assert rows.loc[3, ["test_accuracy_percent", "size_kb", "cycles", "train_minutes"]].isna().all()


def test_figures_have_the_units_of_their_names(folder: Any, make_latency: Any) -> None:
    folder.add("GRU", accuracy=0.9, kb=10.0, integer=0.8, steps="Q", latencies=(make_latency(ms=12.5, format="int8"),))
    (row,) = frame(folder).to_dict("records")
    assert row["test_accuracy_percent"] == pytest.approx(80.0), "of the integers"
    assert row["float_test_accuracy_percent"] == pytest.approx(90.0)
    assert row["validation_accuracy_percent"] == pytest.approx(91.0)
    assert (row["number_format"], row["compression"], row["latency_format"]) == ("int8", "Q", "int8")
    assert row["train_minutes"] == pytest.approx(55 / 60)
    assert (row["size_kb"], row["parameters"], row["hidden_size"]) == (10.0, 2560, 64)
    assert (row["latency_low_ms"], row["latency_ms"], row["latency_high_ms"]) == pytest.approx((11.25, 12.5, 15.0))
    assert row["step_ms"] * 100 == pytest.approx(row["latency_ms"])
    assert row["folder"] == str(folder.path / "runs" / row["run"])


def test_the_perplexity_of_a_quantised_text_is_that_of_its_integers(folder: Any) -> None:
    """Its embedding and softmax take a byte a number, as the code has them."""
    text = {"metric": "perplexity", "higher_is_better": False, "majority": None}
    folder.add("GRU", accuracy=110.0, integer=111.5, steps="Q", kb=10.0, embedding=2048, facts=text)
    folder.add("LSTM", accuracy=109.0, kb=10.0, embedding=2048, facts=text)
    quantised, real = sorted(frame(folder).to_dict("records"), key=lambda row: row["cell"])
    assert (quantised["test_perplexity"], quantised["float_test_perplexity"]) == (111.5, 110.0)
    assert (quantised["size_in_all_kb"], real["size_in_all_kb"]) == (12.0, 18.0)
    assert real["test_perplexity"] == 109.0


def test_numbers_are_numbers_also_where_none_is_there(folder: Any) -> None:
    folder.add("GRU", status=Status.FAILED)
    kinds = frame(folder).dtypes.astype(str)
    for name in COLUMNS:
        if name.endswith(("_percent", "_ms", "_kb", "_minutes", "_perplexity", "_nats")):
            assert kinds[name] == "float64", name
        if name.endswith("_bytes") or name in ("cycles", "seed", "parameters"):
            assert kinds[name] == "Int64", name


def test_the_specification_by_dotted_path(folder: Any) -> None:
    folder.add("A", train={"learning_rate": 0.25})
    folder.add("B", train={"learning_rate": 0.5})
    rows = frame(folder, spec=True).set_index("row")
    assert rows.loc["A", "train.learning_rate"] == 0.25
    assert rows.loc["B", "train.learning_rate"] == 0.5
    assert rows["data.name"].tolist() == ["watch", "watch"]


def test_every_column_is_described_in_the_documents() -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for name, what in COLUMNS.items():
        assert f"| `{name}` | {what} |" in text
