"""``rnnbench latency`` of data whose features come from audio."""

import json

import pytest
from typer.testing import CliRunner

from bench import mcu
from bench.cli import app
from bench.data import describe
from bench.deploy.latency import feature_ms
from bench.deploy.listening import at, front_end

pytestmark = pytest.mark.long


def invoke(*arguments):
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_features_from_audio_count_for_whether_a_board_keeps_up(tmp_path):
    """A step takes an Uno 3 ms, and a frame's features 99 ms, of the 10 ms until the next frame."""
    (tmp_path / "a.yaml").write_text(
        "name: a\ngrid:\n  data: [digits, hapt2]\n  cell: [{name: rnn, hidden_size: 16}]\n"
    )
    command = ("latency", tmp_path / "a.yaml", "--board", "uno", "--board", "pico", "--format", "int8")
    rows = {(row["data"], row["board"]): row for row in json.loads(invoke(*command, "--json"))}
    cycles = mcu.frame_cycles(at(8000), mcu.board("uno").target)
    assert rows["digits", "uno"]["feature_ms"] == pytest.approx(cycles / 16e3)
    assert {place: row["keeps_up"] for place, row in rows.items()} == {
        ("digits", "uno"): False,
        ("digits", "pico"): True,
        ("hapt2", "uno"): True,
        ("hapt2", "pico"): True,
    }
    assert rows["hapt2", "uno"]["feature_ms"] is None
    assert "features from audio (simulated): uno 99, pico 1.1" in invoke(*command)


def test_a_folded_step_has_the_features_of_as_many_frames():
    """Nothing that an export has computes several frames at once, but their time is known."""
    whole, folded = describe("google12"), describe("google12", {"fold": 3})
    assert front_end(whole) is not None
    assert front_end(folded) is None
    board = mcu.board("nano33ble")
    assert feature_ms(folded, board) == pytest.approx(3 * feature_ms(whole, board))
