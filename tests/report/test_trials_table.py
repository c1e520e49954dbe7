"""The table of trials: what was chosen among, also where it is an axis and was not drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from bench.record import GRID_NOTE, Chosen, read_all
from bench.record.search import Choice, Drawn, write_choice, write_trials
from bench.report import Results, read
from bench.report.figures import budget
from bench.report.rows.trials import Group
from bench.report.tables import trials


def test_the_choice_has_what_was_drawn_and_what_its_trial_has_alone(folder: Any) -> None:
    """Three optimisers are an axis that the search chooses along; rate and hidden size are the same for all."""
    names = ("adam", "sgd", "plain-sgd")
    runs = [
        tuple(folder.add("GRU", train={"optimizer": name}, split={"fold": fold, "folds": 2}).id for fold in (0, 1))
        for name in names
    ]
    write_trials(
        folder.path,
        [Drawn(group="watch, gru", trial=at, settings={}, kb=None, runs=run) for at, run in enumerate(runs)],
    )
    entry = Chosen(
        group="watch, gru",
        trial=1,
        trials=3,
        failed=0,
        validation=0.9,
        sd=0.0,
        epochs=9,
        settings={},
        trial_runs=runs[1],
    )
    write_choice(folder.path, [Choice(group="watch, gru", failed=0, entry=entry)])
    results = replace(read(folder.path), trials=tuple(read_all(folder.path)))
    table = trials.table(results)
    assert table is not None
    (row,) = table.rows
    assert budget.figure(results) is None, "places on an axis are no draws of which there might be fewer"
    assert row.entries[-1].text == "optimiser Nesterov"


def test_a_heading_names_the_metric_of_every_group(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        Group("watch, gru", "accuracy (%)", True, 1, 0, (91.0,), None),
        Group("ptb, gru", "perplexity", False, 1, 0, (120.0,), None),
    ]
    monkeypatch.setattr(trials, "groups", lambda _: made)
    table = trials.table(Results("x"))
    assert table is not None
    assert table.columns[2].title == "best accuracy (%) or perplexity"


def test_results_go_by_the_name_of_their_grid(folder: Any) -> None:
    """Runs may have been copied from the folder of another grid that asks for them, too."""
    run = folder.add("GRU")
    folder.grid = "another"
    folder.note({"data": ["watch"], "cell": ["gru"]}, [run.id])
    assert read(folder.path).name == "another"


def test_groups_without_final_runs_are_named_by_letters_where_their_settings_are_long(folder: Any) -> None:
    """Of two that would have one name each has its settings; a short one is kept."""
    where = "watch, cell gru hidden_size 8 rank W 4 U 4 keep W 0.3"
    runs = [folder.add("GRU", steps="LS", variant="rank W 4 U 4, kept W 0.3", hidden=size).id for size in (8, 9)]
    runs.append(folder.add("LSTM").id)
    groups = [where, where.replace("8", "9"), "watch, lstm, kb 3"]
    drawn = [
        Drawn(group=name, trial=0, settings={}, kb=None, runs=(run,)) for name, run in zip(groups, runs, strict=True)
    ]

    def rows(count: int) -> list[str]:
        write_trials(folder.path, [*drawn[:count], drawn[2]])
        table = trials.table(replace(read(folder.path), trials=tuple(read_all(folder.path))))
        assert table is not None
        return [row.labels[1] for row in table.rows]

    assert rows(1) == ["GRU LS", "LSTM, 3 KB"]
    assert rows(2) == [*(f"GRU, {name.removeprefix('watch, ')}" for name in groups[:2]), "LSTM, 3 KB"]


def test_a_group_whose_first_trial_has_not_begun_has_its_name(folder: Any) -> None:
    run = folder.add("GRU").id
    group = {"group": "watch, gru, kb 3", "settings": {}, "kb": 3.0}
    write_trials(folder.path, [Drawn(trial=0, runs=("0" * 16,), **group), Drawn(trial=1, runs=(run,), **group)])
    table = trials.table(replace(read(folder.path), trials=tuple(read_all(folder.path))))
    assert table is not None
    assert [row.labels[1] for row in table.rows] == ["GRU, 3 KB"]


@pytest.mark.parametrize(("prior", "curves"), [({"train.learning_rate": {"log": [0.001, 0.1]}}, True), ({}, False)])
def test_what_was_made_as_large_as_a_size_allows_was_not_drawn(folder: Any, prior: Any, curves: bool) -> None:
    """Trials of a size have its hidden size among their settings, also where the optimiser alone is searched."""
    runs = [folder.add("GRU", train={"optimizer": name}).id for name in ("adam", "sgd")]
    search = {"trials": 1, "seeds": [10], "prior": prior, "extra": [{"when": {}, "kb": 3.0}]}
    grid = {"name": "demo", "grid": {"data": ["watch"], "cell": ["gru"], "train.optimizer": ["adam", "sgd"]}}
    body = grid | {"choose": {"per": ["cell"]}, "search": search, "runs": runs}
    (folder.path / GRID_NOTE).write_text(yaml.safe_dump(body), encoding="utf-8")
    group = {"group": "watch, gru, kb 3", "settings": {"cell.hidden_size": 64}, "kb": 3.0}
    write_trials(folder.path, [Drawn(trial=at, runs=(run,), **group) for at, run in enumerate(runs)])
    results = replace(read(folder.path), trials=tuple(read_all(folder.path)))
    assert results.grid is not None
    assert (budget.figure(results) is not None) == curves
