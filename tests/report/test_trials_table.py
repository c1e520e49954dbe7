"""The table of trials: what was chosen among, also where it is an axis and was not drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.record import Chosen, read_all
from bench.record.search import Choice, Drawn, write_choice, write_trials
from bench.report import read
from bench.report.figures import budget
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
    assert budget.figure(results) is None, "places on an axis are no draws of which there might be fewer"
    assert row.entries[-1].text == "gradient clip 1, optimiser Nesterov"


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
