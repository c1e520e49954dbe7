"""The final runs of a search: what they may have in place of the trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.search import phases
from bench.search.choose import final_runs
from bench.search.trials import draw
from bench.spec import Grid, parse

BODY: dict[str, Any] = {
    "name": "tried",
    "base": {"train": {"epochs": 2}, "cell": {"hidden_size": 4}},
    "grid": {"data": ["watch7"], "cell": ["gru", "fastgrnn"]},
    "search": {"trials": 2, "seeds": 1, "prior": {"train.learning_rate": {"log": [0.001, 0.1]}}},
    "final": {"seeds": [7, 8]},
}


def grid(**more: Any) -> Grid:
    found: Grid = parse(Grid, {**BODY, **more}, "test")
    return found


def test_final_runs_may_train_longer_than_the_trials_did() -> None:
    """Validation data choose their epoch again, or all epochs are trained where none are left."""
    longer = {"train.epochs": 30, "train.patience": 3}
    made = grid(final={"seeds": [7], "train_on": "train", "set": longer})
    trial = draw(made)[1]
    (run,) = final_runs(made, trial, epochs=2)
    assert (run.train.epochs, run.train.patience, run.train.select, run.train.stop_after) == (30, 3, "best", None)
    assert run.train.learning_rate == trial.settings["train.learning_rate"]
    assert {each.train.epochs for each in trial.runs} == {2}
    whole = grid(final={"seeds": [7], "epochs": "as searched", "set": {"train.epochs": 30}})
    (run,) = final_runs(whole, draw(whole)[1], epochs=2)
    assert (run.train.epochs, run.train.select, run.split.train_on) == (30, "last", "train+validation")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"final": {"seeds": [7], "set": {"train.epochs": 9}}}, "train.epochs, and the chosen epoch was found without"),
        ({"final": {"seeds": [7], "set": {"train.patience": 2}}}, "no validation data are left"),
        ({"final": {"seeds": [7], "set": {"train.stop_after": 2}}}, "train.stop_after, and the chosen epoch was found"),
        (
            {"final": {"seeds": [7], "set": {"train.learning_rate": 0.1}}},
            "which the runs that are chosen from differ in",
        ),
        ({"final": {"seeds": [7], "set": {"train.learning_rate.a": 1}}}, "train.learning_rate.a, which the runs"),
        (
            {
                "grid": {**BODY["grid"], "train.batch_size": [8, 9]},
                "final": {"seeds": [7], "set": {"train.batch_size": 4}},
            },
            "train.batch_size, which the runs",
        ),
        (
            {
                "grid": {**BODY["grid"], "set": [{}, {"train.weight_decay": 1}]},
                "final": {"seeds": [7], "set": {"train.weight_decay": 0}},
            },
            "train.weight_decay, which the runs",
        ),
        ({"final": {"seeds": [7], "set": {"train.select": "test-epoch"}}}, "not for train.select"),
        ({"final": {"seeds": [7], "set": {"cell.hidden_size": 9}}}, "not for cell.hidden_size"),
    ],
)
def test_what_belongs_to_the_choice_or_the_protocol_is_not_set(more: dict[str, Any], says: str) -> None:
    with pytest.raises(RnnbenchError, match=says):
        grid(**more)


@pytest.mark.parametrize(
    ("key", "value", "says"), [("epoks", 9, "did you mean 'epochs'"), ("epochs", 0, "greater than or equal to 1")]
)
def test_a_fault_of_the_final_runs_shows_before_the_first_trial(
    key: str, value: int, says: str, tmp_path: Path
) -> None:
    made = grid(final={"seeds": [7], "train_on": "train", "set": {f"train.{key}": value}})
    with pytest.raises(RnnbenchError, match=says):
        phases(made, tmp_path)
