"""Which runs share a row, and its name."""

from __future__ import annotations

import json
from typing import Any

from bench.record import read_all, runs_folder
from bench.report import read
from bench.report.rows.labels import group_label, labels
from bench.report.rows.short import short_names
from bench.report.tables.trials import said


def _names(folder: Any) -> list[str]:
    return sorted(set(labels(read_all(folder.path))))


def test_a_cell_with_one_size_is_named_by_title_alone(folder: Any) -> None:
    folder.add("GRU", seed=0)
    folder.add("GRU", seed=1)
    assert _names(folder) == ["GRU"]


def test_the_variant_stands_in_brackets(folder: Any) -> None:
    folder.add("FastGRNN", variant="gate tanh")
    folder.add("FastGRNN")
    assert _names(folder) == ["FastGRNN", "FastGRNN (gate tanh)"]


def test_other_sizes_on_other_data_sets_are_one_row(folder: Any) -> None:
    folder.add("GRU", "watch", hidden=64)
    folder.add("GRU", "digits", hidden=72)
    assert _names(folder) == ["GRU"]


def test_two_sizes_on_one_data_set_are_told_apart(folder: Any) -> None:
    folder.add("GRU", "watch", hidden=64)
    folder.add("GRU", "watch", hidden=72)
    folder.add("GRU", "digits", hidden=64)
    folder.add("RNN", "watch", hidden=64)
    assert _names(folder) == ["GRU, H 64", "GRU, H 72", "RNN"]


def test_runs_that_differ_in_training_are_never_averaged_as_seeds(folder: Any) -> None:
    folder.add("GRU", train={"learning_rate": 0.01})
    folder.add("GRU", train={"learning_rate": 0.001})
    assert _names(folder) == ["GRU, learning rate 0.001", "GRU, learning rate 0.01"]


def test_size_and_training_are_named_only_as_far_as_needed(folder: Any) -> None:
    folder.add("GRU", hidden=64, train={"learning_rate": 0.01})
    folder.add("GRU", hidden=72, train={"learning_rate": 0.001})
    assert _names(folder) == ["GRU, H 64", "GRU, H 72"]
    folder.add("GRU", hidden=64, train={"learning_rate": 0.001})
    assert _names(folder) == [
        "GRU, H 64, learning rate 0.001",
        "GRU, H 64, learning rate 0.01",
        "GRU, H 72, learning rate 0.001",
    ]


def chosen(folder: Any, data: str, group: str, rate: float, **more: Any) -> None:
    """A final run of a search."""
    done = folder.add("GRU", data, train={"learning_rate": rate}, **more)
    path = runs_folder(folder.path) / done.id / "record.json"
    origin = {"group": group, "trial": 3, "trials": 16, "failed": 0, "validation": 0.9, "sd": 0.01, "epochs": 9}
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "chosen": {**origin, "settings": {}, "trial_runs": []}})
    )


def test_what_a_search_chose_on_other_data_sets_is_one_row(folder: Any) -> None:
    """Rates and ranks were drawn; the groups that they were drawn for tell the rows apart."""
    chosen(folder, "watch", "watch, gru, as it is", 0.01)
    chosen(folder, "digits", "digits, gru, as it is", 0.02)
    chosen(folder, "watch", "watch, gru, quantise piecewise", 0.03, variant="rank U 8", steps="LQ", hidden=40)
    chosen(folder, "digits", "digits, gru, quantise piecewise", 0.01, variant="rank U 6", steps="LQ", hidden=50)
    assert _names(folder) == ["GRU", "GRU (LQ)"]
    chosen(folder, "watch", "watch, gru, epochs 60", 0.05, hidden=72)
    assert _names(folder) == ["GRU (LQ)", "GRU, as it is", "GRU, epochs 60"]


def test_a_size_names_its_row_whatever_was_chosen_to_keep_to_it_on_each_data_set(folder: Any) -> None:
    """Low rank and sparse on one data set, dense on the other, both in int8: one row, by the letter that they share."""
    chosen(folder, "watch", "watch, gru, kb 3", 0.01, steps="LSQ", hidden=56)
    chosen(folder, "digits", "digits, gru, kb 3", 0.02, steps="Q", hidden=24)
    assert _names(folder) == ["GRU (Q), 3 KB"]
    assert short_names(read(folder.path).summaries) == {"GRU (Q), 3 KB": "GRU Q, 3 KB"}


def test_settings_that_were_chosen_stand_by_parts() -> None:
    settings = {
        "train.learning_rate": 0.0259,
        "cell.rank.W": 3,
        "cell.rank.U": 14,
        "compress.keep.U": 0.3,
        "train.clip": None,
    }
    assert (
        said({**settings, "cell.hidden_size": 43}) == "H 43, rank U 14 W 3, kept U 0.3, clip none, learning rate 0.0259"
    )


def test_a_group_of_trials_is_named_by_its_cell_and_what_else_it_is_called(folder: Any) -> None:
    run = folder.add("GRU", "watch")
    record = next(record for record in read_all(folder.path) if record.id == run.id)
    assert group_label(record, f"watch, {record.spec['cell']['name']}, kb 1.5") == "GRU, 1.5 KB"
    assert group_label(record, f"watch, {record.spec['cell']['name']}") == "GRU"


def test_a_cell_that_is_titled_as_another_row_is_named_has_a_row_of_its_own(folder: Any) -> None:
    folder.add("GRU", hidden=16)
    folder.add("GRU", hidden=32)
    folder.add("GRU, H 16")
    assert _names(folder) == ["GRU, H 16", "GRU, H 16 (2)", "GRU, H 32"]
    assert len(set(short_names(read(folder.path).summaries).values())) == 3
