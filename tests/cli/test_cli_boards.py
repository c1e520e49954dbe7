"""``rnnbench simulate`` without a board: on those that a model fits."""

import json
import re

import pytest
from large_model import large
from typer.testing import CliRunner

from bench.cli import app
from bench.deploy.model import models
from bench.deploy.simulation import simulated
from bench.errors import RnnbenchError
from bench.mcu import board, simulate
from bench.mcu.target import targets

pytestmark = pytest.mark.long


def test_simulate_leaves_out_the_boards_that_a_model_does_not_fit(tmp_path):
    """18 KB of weights in integers fit a Uno's 32, 72 in float32 do not; a board that is named is wanted."""
    for target in ("avr", "m0plus", "m3", "m4f"):
        if lack := simulate.missing(targets()[target]):
            pytest.skip(f"needs {lack}")
    folder = large(tmp_path)
    given = ["simulate", str(folder), "--format", "float32", "--steps", "2", "--json"]
    done = CliRunner().invoke(app, given)
    assert [row["board"] for row in json.loads(done.stdout)] == ["due", "mkr1000", "nano33ble"]
    assert re.search(
        r"left out: watch7-lstm-\S+, float32: the model does not fit the Arduino Uno: it takes [0-9,]+ of", done.stderr
    )
    named = CliRunner().invoke(app, [*given, "--board", "uno"])
    assert "choose another --board or --format" in str(named.exception)
    (model,) = (load() for load in models(folder).values())
    told: list[str] = []
    with pytest.raises(RnnbenchError, match=r"does not fit the Arduino Uno: .*; choose another --board or --format"):
        simulated(model, [board("uno")], ["float32"], count=1, steps=2, leave_out=told.append)
    assert told == []
