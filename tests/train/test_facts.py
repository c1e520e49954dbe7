"""What W&B is told of a run at its end."""

from typing import Any

import pytest

from bench.record import DataFacts, Labels, Record, Result, Times
from bench.status import Status
from bench.train.facts import flat_summary


def ended(reported: str | None, **figures: Any) -> Record:
    data: dict[str, Any] = dict.fromkeys(("train", "validation", "test", "steps", "features", "classes"), 2)
    data |= dict.fromkeys(("name", "title", "task", "fingerprint", "licence", "source"), "x")
    facts = DataFacts(**data, metric="accuracy", reported=reported, higher_is_better=True, majority=0.5)
    about = {"labels": Labels(cell="GRU", variant=""), "times": Times(started=""), "provenance": {}, "spec": {}}
    result = Result(best_epoch=1, epochs=1, **figures)
    return Record(id="x", status=Status.DONE, grid="g", **about, data=facts, result=result)


@pytest.mark.parametrize(
    ("reported", "figures", "told"),
    [
        (None, {"test_accuracy": 0.9}, {"accuracy": 0.9}),
        (None, {"test_accuracy": 0.9, "integer_accuracy": 0.8}, {"accuracy": 0.8}),
        ("f1", {"test_accuracy": 0.9, "test_f1": 0.3}, {"accuracy": 0.9, "f1": 0.3}),
        ("f1", {"validation_accuracy": 0.9}, {}),  # sealed
    ],
)
def test_what_runs_are_compared_by_stands_under_its_own_name(
    reported: str | None, figures: dict[str, float], told: dict[str, float]
) -> None:
    summary = flat_summary(ended(reported, **figures))
    assert {name: summary[name] for name in ("accuracy", "f1") if name in summary} == told
