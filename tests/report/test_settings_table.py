"""The table of how rows were trained."""

from __future__ import annotations

from typing import Any

from bench.report import read
from bench.report.tables import settings
from bench.status import Status

NESTEROV = {"optimizer": "sgd", "schedule": "step", "batch_size": 100, "select": "last", "epochs": 300}


def test_each_row_has_what_its_specification_says(folder: Any) -> None:
    """As ``folder.add`` makes them: ranks of 8 for L, fractions of 0.3 for S, 30 epochs at 0.005."""
    folder.add("GRU", kb=9, hidden=64)
    folder.add("FastGRNN", kb=2, steps="LSQ", hidden=80, train=NESTEROV, integer=0.9)
    folder.add("LSTM", status=Status.FAILED, reason="x")
    made = settings.table(read(folder.path))
    assert made is not None
    titles = [column.title for column in made.columns]
    found = {row.labels: dict(zip(titles, (e.text for e in row.entries), strict=True)) for row in made.rows}
    assert [*found] == [("Watch-7", "FastGRNN"), ("Watch-7", "GRU")]
    assert [*found["Watch-7", "FastGRNN"].values()] == [
        *("80", "U 8", "U 0.3", "Nesterov", "0.005", "100", "300", "step", "last epoch"),
    ]
    assert [*found["Watch-7", "GRU"].values()][:5] == ["64", "-", "-", "Adam", "0.005"]
    assert found["Watch-7", "GRU"]["epochs"] == "30"
    assert found["Watch-7", "GRU"]["weights of"] == "best epoch"


def test_without_a_finished_run_there_is_no_such_table(folder: Any) -> None:
    folder.add("LSTM", status=Status.FAILED, reason="x")
    assert settings.table(read(folder.path)) is None
