"""Many specifications are read as if each were read alone, and what they have in common is read once."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import RnnbenchError
from bench.spec import SPEC_VERSION, CellPart, DataPart, Grid, Reader, RunSpec, TrainPart, parse

PARTS = {
    "data": ["watch7", {"name": "dsa19", "protocol": "paper"}, 3],
    "cell": ["gru", {"name": "fastgrnn", "hidden_size": 80, "rank": {"U": 4}}, {"name": "gru", "hidden_size": 0}, "no"],
    "train": [{}, {"epochs": 5}, {"epochs": "5"}, {"epochs": True}, {"epochs": 2, "patience": 1}, {"epoch": 2}],
    "compress": [{}, {"quantise": "table"}, {"keep": {"U": 0.5}, "stage_epochs": [1, 2, 2]}],
    "split": [{}, {"fold": 1}, {"train_on": "train+validation"}],
    "seed": [0, 7, "7", -1, True, 2**32],
    "sealed": [True, False, "yes"],
    "awd": [{}, {"nt_asgd": 5}],
}
RAW = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in PARTS.items()})


def read_one(raw: Any) -> RunSpec:
    return parse(RunSpec, raw, "here")


def outcome(read: Any, raw: Any) -> RunSpec | str:
    try:
        return read(raw)  # type: ignore[no-any-return]
    except RnnbenchError as error:
        return str(error)


@settings(deadline=None)
@given(st.lists(RAW, min_size=1, max_size=12))
def test_a_run_is_read_among_others_as_it_is_alone(many: list[dict[str, Any]]) -> None:
    reader = Reader(read_one)
    for raw in many:
        alone, among = outcome(read_one, raw), outcome(reader.read, raw)
        assert alone == among
        if isinstance(alone, RunSpec) and isinstance(among, RunSpec):
            assert (alone.id, alone.model_dump()) == (among.id, among.model_dump())


@settings(deadline=None)
@given(RAW)
def test_the_canonical_form_is_that_of_the_whole_as_pydantic_writes_it(raw: dict[str, Any]) -> None:
    made = outcome(read_one, raw)
    if isinstance(made, RunSpec):
        body = {"version": SPEC_VERSION, **made.model_dump(mode="json", exclude_defaults=True)}
        assert made.canonical() == json.dumps(body, sort_keys=True, separators=(",", ":"))


def test_a_copy_with_another_value_has_the_id_of_that_value() -> None:
    spec = read_one({"data": "watch7", "cell": "gru"})
    longer = spec.model_copy(
        update={"train": spec.train.model_copy(update={"epochs": len(spec.id + spec.train.compact)})}
    )
    assert longer.id != spec.id
    assert longer.id == read_one(longer.model_dump()).id


@pytest.mark.parametrize(("rates", "seeds"), [(1, 20), (4, 5), (20, 1)])
def test_a_grid_reads_its_parts_once_however_many_runs_have_them(
    monkeypatch: pytest.MonkeyPatch, rates: int, seeds: int
) -> None:
    counts: Counter[str] = Counter()
    for part in (RunSpec, DataPart, CellPart, TrainPart):
        whole = part.model_validate

        def counted(given: Any, part: type = part, whole: Any = whole, **more: Any) -> Any:
            counts[part.__name__] += 1
            return whole(given, **more)

        monkeypatch.setattr(part, "model_validate", counted)
    axes = {"data": ["watch7"], "cell": ["gru", "lstm"], "seed": [*range(seeds)]}
    axes["train.learning_rate"] = [0.001 * (number + 1) for number in range(rates)]
    runs = Grid(name="g", grid=axes).runs()
    assert len(runs) == 2 * rates * seeds
    assert counts == {"DataPart": 1, "CellPart": 2, "TrainPart": rates}
    assert len({id(run.cell) for run in runs}) == 2
