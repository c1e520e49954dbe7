"""What is told of a language model before its first run."""

from __future__ import annotations

from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.execute.preflight import check, try_out
from bench.spec import RunSpec, parse


def spec(**changes: Any) -> RunSpec:
    made = parse(RunSpec, {"data": "ptb", "cell": {"name": "gru", "hidden_size": 6}, **changes}, "test")
    return made


def test_a_language_model_passes() -> None:
    (checked,) = check([spec(), spec()])
    try_out([checked])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"data": "watch7", "language": {"layers": 2}},
            "language.layers is for language-modelling, and data set 'watch7'",
        ),
        ({"data": "watch7", "awd": {"weight_drop": 0.5}}, "awd.weight_drop is for language-modelling"),
        ({"cell": "qrnn", "awd": {"weight_drop": 0.5}}, "cell 'qrnn': it has no recurrent matrix 'U'"),
        ({"cell": {"name": "gru", "rank": {"U": 900}}, "language": {"layers": 2}}, "rank 900 is not in 1..100"),
    ],
)
def test_faults_are_told_before_the_first_run(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        check([spec(**changes)])
    assert says in str(error.value)
    assert "\n" not in str(error.value)
