"""Which runs share a process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.execute.packing import MOST, limit, packs
from bench.spec import RunSpec, parse
from bench.train import Job, shape_of


def spec(**changes: Any) -> RunSpec:
    raw = {"data": "digits-mfcc", "cell": {"name": "gru", "hidden_size": 8}, **changes}
    made = parse(RunSpec, raw, "test")
    return made


def jobs(*specs: RunSpec) -> list[Job]:
    return [Job(each, Path(each.id), "g") for each in specs]


@pytest.mark.parametrize(
    "change",
    [{"seed": 3}]
    + [
        {"train": each}
        for each in (
            {"learning_rate": 0.1},
            {"schedule": "step"},
            {"gradient_clip": None},
            {"weight_decay": 0.5},
            {"patience": 3},
        )
    ],
)
def test_runs_of_one_shape_differ_in_what_each_has_for_itself(change: dict[str, Any]) -> None:
    assert shape_of(spec(**change)) == shape_of(spec()) is not None


@pytest.mark.parametrize(
    "change",
    [{"data": "watch7"}, {"cell": {"name": "rnn", "hidden_size": 8}}, {"cell": {"name": "gru", "hidden_size": 9}}]
    + [{"cell": {"name": "gru", "hidden_size": 8, **each}} for each in ({"reset": "before"}, {"rank": {"W": 2}})]
    + [{"train": each} for each in ({"epochs": 3}, {"batch_size": 7}, {"optimizer": "sgd"})],
)
def test_runs_of_another_shape(change: dict[str, Any]) -> None:
    assert shape_of(spec(**change)) != shape_of(spec())


def test_words_are_trained_alone() -> None:
    assert shape_of(spec(data="yelp5")) is None


def test_every_run_is_dealt_once_and_no_worker_is_left_without() -> None:
    runs = jobs(*(spec(seed=n, cell={"name": name, "hidden_size": 8}) for n in range(11) for name in ("gru", "rnn")))
    for most in (None, 1, 2, 5, 100):
        for workers in (1, 2, 3, 22):
            dealt = packs(runs, most, workers)
            assert sorted(each.spec.id for pack in dealt for each in pack) == sorted(each.spec.id for each in runs)
            assert all(len({shape_of(each.spec) for each in pack}) == 1 for pack in dealt)
            assert max(map(len, dealt)) <= (most or MOST)
            assert len(dealt) >= workers
            assert dealt[0][0] == runs[0]
    assert [len(each) for each in packs(runs, None, 1)] == [11, 11]
    assert [len(each) for each in packs(runs, 4, 1)] == [4, 4, 4, 4, 3, 3]
    assert [len(each) for each in packs(runs[::2], None, 2)] == [6, 5]


def test_the_longest_are_first_where_several_work() -> None:
    """HAPT-2 has 6,022 training sequences of 128 steps, digits 2,100 of 92 at most: 4.0 times as many steps."""
    cell = {"name": "gru", "hidden_size": 65}
    short, other = spec(train={"epochs": 5}, cell=cell), spec(train={"epochs": 5}, cell=cell, seed=1)
    longer = spec(train={"epochs": 30}, cell=cell)
    stopped = spec(train={"epochs": 30, "stop_after": 4}, cell=cell)
    wider = spec(train={"epochs": 5}, cell={"name": "gru", "hidden_size": 80})
    larger_set = spec(data="hapt2", train={"epochs": 5}, cell=cell)
    runs = jobs(stopped, short, other, wider, longer, larger_set)
    assert packs(runs, 1, 1) == [(run,) for run in runs]
    assert packs(runs, 1, 2) == [(runs[n],) for n in (4, 5, 3, 1, 2, 0)]
    texts = jobs(short.model_copy(), spec(data="ptb", train={"epochs": 1}, cell=cell))
    assert packs(texts, 1, 2)[0] == (texts[1],)


def test_large_cells_are_packed_only_on_request() -> None:
    runs = jobs(*(spec(seed=n, cell={"name": "gru", "hidden_size": 65}) for n in range(4)))
    assert [len(each) for each in packs(runs, None, 1)] == [1] * 4
    assert [len(each) for each in packs(runs, 4, 1)] == [4]


def test_a_pack_is_smaller_where_memory_is_short() -> None:
    """Of 92 steps of digits-mfcc with 64 units, 4096 sequences: 24 million states."""
    train = {"batch_size": 4096}
    large = jobs(*(spec(seed=n, cell={"name": "gru", "hidden_size": 64}, train=train) for n in range(4)))
    assert [len(each) for each in packs(large, None, 1)] == [1] * 4
    less = jobs(*(spec(seed=n, cell={"name": "gru", "hidden_size": 16}, train=train) for n in range(4)))
    assert [len(each) for each in packs(less, None, 1)] == [2, 2]


@pytest.mark.parametrize(("given", "most"), [("auto", None), ("off", 1), ("1", 1), ("12", 12)])
def test_what_the_option_takes(given: str, most: int | None) -> None:
    assert limit(given) == most


@pytest.mark.parametrize("given", ["0", "-1", "on", "", "1.5", "99999"])
def test_what_it_does_not(given: str) -> None:
    with pytest.raises(RnnbenchError, match="--pack takes auto, off or a number"):
        limit(given)
