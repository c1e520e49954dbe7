"""What is told of a language model before its first run."""

from __future__ import annotations

from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.execute.preflight import check, try_out
from bench.spec import RunSpec, parse


def spec(**changes: Any) -> RunSpec:
    made: RunSpec = parse(RunSpec, {"data": "ptb", "cell": {"name": "gru", "hidden_size": 6}, **changes}, "test")
    return made


def test_a_language_model_has_no_boards_and_one_id() -> None:
    (checked,) = check([spec(), spec(boards=["uno"]), spec(boards=[])])
    assert checked.boards == ()
    try_out([checked])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"data": "watch7", "language": {"layers": 2}},
            "language.layers is for language modelling, and data set 'watch7'",
        ),
        ({"data": "watch7", "awd": {"weight_drop": 0.5}}, "awd.weight_drop is for language modelling"),
        ({"cell": "qrnn", "awd": {"weight_drop": 0.5}}, "cell 'qrnn': it has no recurrent matrix 'U'"),
        ({"cell": {"name": "gru", "rank": {"U": 900}}, "language": {"layers": 2}}, "rank 900 is not in 1..100"),
    ],
)
def test_faults_are_told_before_the_first_run(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        check([spec(**changes)])
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_what_equals_its_default_is_not_in_the_id() -> None:
    plain = spec()
    assert spec(language={"layers": 1, "bptt": 35}, awd={"ar": 0}).id == plain.id
    assert "language" not in plain.canonical()
    assert "awd" not in plain.canonical()
    other = spec(language={"layers": 2, "tied": False})
    assert other.id != plain.id
    assert '"language":{"layers":2}' in other.canonical()


def test_ids_of_runs_that_were_before_language_models_are_what_they_were() -> None:
    assert parse(RunSpec, {"data": "watch7", "cell": "gru"}, "test").id == "watch7-gru-h100-s0-d197513b"
