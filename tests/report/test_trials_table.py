"""The table of trials: what was chosen among, also where it is an axis and was not drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.record import Chosen, read_all
from bench.record.search import Choice, Drawn, write_choice, write_trials
from bench.report import read
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
        settings={"train.gradient_clip": 1.0},
        trial_runs=runs[1],
    )
    write_choice(folder.path, [Choice(group="watch, gru", failed=0, entry=entry)])
    results = replace(read(folder.path), trials=tuple(read_all(folder.path)))
    table = trials.table(results)
    assert table is not None
    (row,) = table.rows
    assert row.entries[-1].text == "gradient clip 1, optimizer sgd"


def test_results_go_by_the_name_of_their_grid(folder: Any) -> None:
    """Runs may have been copied from the folder of another grid that asks for them, too."""
    run = folder.add("GRU")
    folder.grid = "another"
    folder.note({"data": ["watch"], "cell": ["gru"]}, [run.id])
    assert read(folder.path).name == "another"
