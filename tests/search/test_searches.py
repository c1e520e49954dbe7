"""A search: equal draws, a size that is filled, a choice by hand, a sealed test set, fresh seeds."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import Command

from bench import record
from bench.data import describe
from bench.errors import RnnbenchError
from bench.mcu import board, simulate
from bench.record import Choice, Chosen, DataFacts, Labels, Record, Result, Times
from bench.record.search import read_choice, write_choice
from bench.report.figures.budget import expected_best
from bench.search import note, phases
from bench.search.choose import best, final_runs, is_over
from bench.search.trials import Trial, draw
from bench.spec import Grid, parse
from bench.spec.search import Range, Search
from bench.status import Status
from bench.train.task import task_of

BODY: dict[str, Any] = {
    "name": "tried",
    "base": {"train": {"epochs": 2}, "cell": {"hidden_size": 4}},
    "grid": {"data": ["watch7"], "cell": ["gru", "fastgrnn"]},
    "search": {"trials": 5, "seeds": 2, "folds": 3, "prior": {"train.learning_rate": {"log": [0.001, 0.1]}}},
    "final": {"seeds": [7, 8]},
}


def grid(**more: Any) -> Grid:
    found: Grid = parse(Grid, {**BODY, **more}, "test")
    return found


def test_a_trial_has_the_same_values_for_every_cell_and_the_first_trials_stay() -> None:
    trials = draw(grid())
    rates = {name: [t.settings["train.learning_rate"] for t in trials if t.group == name] for name in groups(trials)}
    assert groups(trials) == ["watch7, gru", "watch7, fastgrnn"]
    assert rates["watch7, gru"] == rates["watch7, fastgrnn"]
    more = [t.settings["train.learning_rate"] for t in draw(grid(search={**BODY["search"], "trials": 9}))]
    assert more[:5] == rates["watch7, gru"]


def groups(trials: list[Trial]) -> list[str]:
    return list(dict.fromkeys(trial.group for trial in trials))


def test_draws_fill_the_range_more_evenly_than_chance() -> None:
    """Every quarter of the logarithmic range has a quarter of 64 draws, but for two; both ends can be reached."""
    search = Search.model_validate({"trials": 64, "prior": {"a": {"log": [1, 16]}, "b": [0, 1, 2]}})
    drawn = [search.drawn(number, search.prior) for number in range(64)]
    for low in (1, 2, 4, 8):
        assert 14 <= sum(low <= each["a"] < 2 * low for each in drawn) <= 18
    assert {each["b"] for each in drawn} == {0, 1, 2}
    assert Range(integer=(2, 5)).at(0.0) == 2
    assert Range(integer=(2, 5)).at(0.999999) == 5


def test_trials_are_sealed_validate_on_folds_in_turn_and_final_seeds_are_fresh() -> None:
    made = grid()
    trials = draw(made)
    for trial in trials:
        assert [(run.sealed, run.seed, run.split.fold, run.split.folds) for run in trial.runs] == [
            (True, 0, 0, 3),
            (True, 1, 1, 3),
        ]
    runs = final_runs(made, trials[3], epochs=1)
    assert [(run.sealed, run.seed, run.split.train_on) for run in runs] == [
        (False, 7, "train+validation"),
        (False, 8, "train+validation"),
    ]
    assert {(run.train.select, run.train.stop_after, run.train.epochs) for run in runs} == {("last", 1, 2)}
    assert {run.train.learning_rate for run in runs} == {trials[3].settings["train.learning_rate"]}


def test_a_size_in_kb_is_filled_by_the_largest_hidden_size() -> None:
    extra = [{"when": {"cell": "gru"}, "prior": {"cell.rank.U": {"integer": [2, 6]}}, "kb": 2}]
    made = grid(search={**BODY["search"], "extra": extra})
    for trial in draw(made):
        if trial.group == "watch7, gru":
            run = trial.runs[0]
            size, larger = (
                task_of(run).kb(made.with_settings(trial.raw, {**trial.settings, "cell.hidden_size": hidden}), INFO)
                for hidden in (run.cell.hidden_size, run.cell.hidden_size + 1)
            )
            assert size <= 2 < larger
            assert trial.kb == size
        else:
            assert trial.kb is None


INFO = describe("watch7", {})


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"final": {"seeds": [1, 7]}}, "final.seeds must be fresh: 1 is searched with"),
        ({"final": {"seeds": [7, 7]}}, "final.seeds must be each once"),
        ({"search": {"trials": 2, "seeds": 10**12}}, "at most 10,000 seeds, not 1,000,000,000,000"),
        ({"search": {"trials": 10_000, "seeds": 1000}}, ",000,000 runs, more than 1,000,000: take fewer trials"),
        (
            {"search": {**BODY["search"], "extra": [{"when": {"compres.quantise": None}, "kb": 3}]}},
            "search.extra 1: when: unknown key 'compres.quantise'; did you mean 'compress'?",
        ),
        (
            {"search": {**BODY["search"], "extra": [{}, {"when": {"cell": "lstm"}, "kb": 3}]}},
            "search.extra 2 matches no trial: {'cell': 'lstm'}",
        ),
        ({"search": None}, "choose and final need `search`"),
        ({"grid": {**BODY["grid"], "seed": [0]}}, "seeds of a search stand in search.seeds"),
        ({"choose": {"per": ["date"]}}, "choose.per names 'date', which is no axis"),
        ({"search": {"trials": 2, "prior": {"seed": [1]}}}, "seed is not drawn"),
        ({"search": {"trials": 2, "prior": {"a": {"log": [0, 1]}}}}, "must rise, and be above 0"),
        ({"base": {"train": {"select": "test-epoch"}}}, "opens the test set, which is sealed"),
        ({"search": {**BODY["search"], "extra": [{"kb": 0.01}]}}, "no hidden size gives a gru of 0.01 KB"),
    ],
)
def test_a_faulty_search_is_one_line(more: dict[str, Any], says: str) -> None:
    with pytest.raises(RnnbenchError, match=r".") as error:
        draw(grid(**more))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def left(trial: Trial, values: list[tuple[float, float, int] | None], metric: str = "accuracy") -> list[Record]:
    """Records of a trial's runs: validation metric, loss and best epoch of each, or a failure."""
    records = []
    for run, value in zip(trial.runs, values, strict=True):
        done = value is not None
        result = None
        if value is not None:
            result = Result(best_epoch=value[2], epochs=9, validation_loss=value[1]).model_copy(
                update={f"validation_{metric}": value[0]}
            )
        records.append(
            Record(
                id=run.id,
                status=Status.DONE if done else Status.FAILED,
                grid="tried",
                spec=run.written("classification"),
                labels=Labels(cell="C", variant=""),
                times=Times(started="2026-01-01T00:00:00+00:00"),
                provenance={},
                data=FACTS.model_copy(update={"metric": metric, "higher_is_better": metric == "accuracy"}),
                result=result,
            )
        )
    return records


FACTS = DataFacts(
    name="watch7",
    title="Watch-7",
    task="classification",
    metric="accuracy",
    higher_is_better=True,
    fingerprint="0",
    train=1,
    validation=1,
    test=1,
    steps=1,
    features=1,
    classes=2,
    majority=0.5,
    licence="",
    source="",
)


@pytest.mark.parametrize(("metric", "first"), [("accuracy", 2), ("perplexity", 3)])
def test_the_best_mean_is_chosen_then_the_lower_loss_and_a_failure_comes_last(metric: str, first: int) -> None:
    trials = [trial for trial in draw(grid()) if trial.group == "watch7, gru"]
    values: list[list[tuple[float, float, int] | None]] = [
        [(0.9, 0.1, 3), None],  # the highest, but a run of it failed
        [(0.7, 0.3, 1), (0.8, 0.3, 2)],
        [(0.6, 0.2, 4), (0.9, 0.2, 7)],  # the same mean, a lower loss
        [(0.5, 0.1, 1), (0.5, 0.1, 1)],
        [(0.6, 0.1, 1), (0.6, 0.1, 1)],
    ]
    records = {r.id: r for trial, each in zip(trials, values, strict=True) for r in left(trial, each, metric)}
    (scores,) = best(trials, records).values()
    assert scores[0].trial.number == first
    assert scores[-1].trial.number == 0
    assert scores[-1].metric is None
    if metric == "accuracy":
        assert (scores[0].metric, scores[0].epochs) == (pytest.approx(0.75), 6)  # (4 + 7) / 2, to even
    assert is_over(trials, records)
    records.popitem()
    assert not is_over(trials, records)


def test_the_expected_best_is_the_mean_over_all_choices() -> None:
    scores = [0.3, 0.9, 0.5, 0.7]
    for upwards, extreme in ((True, max), (False, min)):
        found = expected_best(scores, upwards)
        for k in range(1, 5):
            every = [extreme(choice) for choice in itertools.combinations(scores, k)]
            assert found[k - 1] == pytest.approx(sum(every) / len(every))


def test_a_grid_may_be_given_more_final_seeds_after_the_choice_and_not_fewer(tmp_path: Path) -> None:
    made = grid()
    note(made, tmp_path, phases(made, tmp_path))
    firsts = [trial for trial in draw(made) if trial.number == 0]
    write_choice(
        tmp_path,
        [
            Choice(
                group=first.group,
                failed=0,
                entry=Chosen(
                    group=first.group,
                    trial=0,
                    trials=5,
                    failed=0,
                    validation=0.5,
                    sd=0.0,
                    epochs=2,
                    settings=dict(first.settings),
                    trial_runs=tuple(run.id for run in first.runs),
                ),
                runs=tuple(run.id for run in final_runs(made, first, 2)),
            )
            for first in firsts
        ],
    )
    longer = grid(final={"seeds": [7, 8, 9]})
    found = phases(longer, tmp_path)
    assert [run.seed for run in found.final] == [7, 8, 9, 7, 8, 9]
    assert {run.id for run in phases(made, tmp_path).final} < {run.id for run in found.final}
    note(longer, tmp_path, found)
    assert [len(choice.runs) for choice in read_choice(tmp_path) or ()] == [3, 3]
    with pytest.raises(RnnbenchError, match="holds another search"):
        phases(made, tmp_path)


@pytest.mark.slow
def test_a_search_goes_to_its_end_and_no_file_or_command_has_a_test_figure_of_a_trial(
    rnnbench: Command, tmp_path: Path
) -> None:
    body = {**BODY, "search": {**BODY["search"], "trials": 2}, "grid": {"data": ["watch7"], "cell": ["gru"]}}
    (tmp_path / "tried.yaml").write_text(yaml.safe_dump(body))
    results = tmp_path / "results"
    given = ("run", tmp_path / "tried.yaml", "--out", results, "--wandb", "offline", "--pack", "off")
    said = rnnbench(*given)
    assert said.code == 0, said.err
    assert "6 runs: 6 done" in said.err
    records = record.read_all(results)
    trials = [each for each in records if each.spec["sealed"]]
    assert len(trials) == 4
    for trial in trials:
        assert trial.result is not None
        assert not [key for key in trial.result.model_dump() if "test" in key or "integer" in key]
        folder = record.runs_folder(results) / trial.id
        assert not (folder / "items.npz").exists()
        for path in folder.rglob("*"):
            if path.suffix in (".json", ".csv", ".txt"):
                assert "test_acc" not in path.read_text()
                assert "test_loss" not in path.read_text()
        tools = not simulate.missing(board("due").target)
        for command in ("export", "latency", *(("simulate",) if tools else ())):
            refused = rnnbench(
                command, folder, *(("--board", "uno", "--out", tmp_path / "o") if command == "export" else ())
            )
            assert refused.code == 2
            assert "sealed" in refused.err
    finals = [each for each in records if not each.spec["sealed"]]
    scores = {
        each["trial"]: sum(t.result.validation_accuracy for t in trials if t.result and t.id in each["runs"]) / 2
        for each in json.loads((results / "trials.json").read_text())
    }
    for final in finals:
        assert final.chosen is not None
        assert scores[final.chosen.trial] == max(scores.values()) == pytest.approx(final.chosen.validation)
        assert final.result is not None
        assert final.result.test_accuracy is not None
        items = record.items.read(record.runs_folder(results) / final.id)
        assert items is not None
        assert items.correct.mean() == pytest.approx(final.result.test_accuracy, abs=1e-6)
    page = (results / "tables" / "tried-trials.md").read_text()
    assert "| Watch-7 | GRU | 2 | 0 |" in page
    before = (results / "chosen.json").read_bytes()
    again = rnnbench(*given)
    assert (again.code, (results / "chosen.json").read_bytes()) == (0, before)
    assert "nothing to run" in again.err
