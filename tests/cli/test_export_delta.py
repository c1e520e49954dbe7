"""``rnnbench export --delta``: the code that ``simulate --delta`` runs, and what has no use for it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import Command

from bench import mcu
from bench.data import open_dataset
from bench.deploy import model as models
from bench.mcu.delta import delta
from bench.spec import RunSpec, parse
from bench.train.classification.network import build

pytestmark = pytest.mark.long


def made(folder: Path, cell: str) -> Path:
    """A run at its initial weights."""
    spec = parse(RunSpec, {"data": "watch7", "cell": {"name": cell, "hidden_size": 8}}, "test")
    info = open_dataset("watch7").info
    network = build(spec, info.features, info.classes)
    torch.save({"spec": spec.model_dump(mode="json"), "state": network.state_dict()}, folder / "model.pt")
    return folder


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
def test_the_exported_code_is_that_of_the_skipping_program_and_meets_its_test_vector(
    rnnbench: Command, tmp_path: Path
) -> None:
    run, folder = made(tmp_path, "fastgrnn"), tmp_path / "m"
    done = rnnbench("export", str(run), "--board", "mkr1000", "--delta", "64", "--out", str(folder), "--json")
    assert done.code == 0, done.err
    body = json.loads(done.out)
    assert body["latency"]["cycles_per_step"] < body["latency"]["worst_per_step"]
    plain = models.load(run)
    x = plain.raw("int8").normalise(plain.example("int8", 32)) if plain.raw("int8") else plain.example("int8", 32)
    wanted = mcu.trajectory(delta(plain.program, 64 / 256), x)
    assert (wanted != mcu.trajectory(plain.program, x)).any()
    vector = (folder / "src" / "rnn_test_vector.h").read_text()
    scores = re.findall(r"-?\d+", re.search(r"scores\[[^=]*= \{(.*?)\};", vector, re.DOTALL)[1])  # type: ignore[index]
    assert np.array(scores, int).tolist() == wanted.ravel().tolist()
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-Isrc", "extras/check.c", "-o", "check"]
    subprocess.run([*command, "src/rnn_model.c", "src/rnn_sensor.c"], cwd=folder, check=True)
    assert subprocess.run([folder / "check"], check=False, capture_output=True).returncode == 0
    readme = (folder / "README.md").read_text()
    assert f"most {body['latency']['worst_per_step']} cycles, when every factor changes" in readme
    assert "threshold 64/256" in readme


@pytest.mark.parametrize(
    ("cell", "given", "word"),
    [
        ("fastgrnn", ("--delta", "8", "--format", "float32"), "--delta skips columns of integers: leave --format away"),
        ("fastgrnn", ("--delta", "0,8"), "export takes one threshold"),
        ("fastgrnn", ("--delta", "-1"), "--delta takes numbers of at least 0"),
        ("mingru", ("--delta", "8"), "has no product of its state, so there is nothing to skip"),
    ],
)
def test_what_has_no_use_for_it_is_refused_and_nothing_written(
    cell: str, given: tuple[str, ...], word: str, rnnbench: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "m"
    done = rnnbench("export", str(made(tmp_path, cell)), "--board", "uno", "--out", str(folder), *given)
    assert done.code == 2
    assert word in done.err
    assert not folder.exists()


def test_a_threshold_that_saves_nothing_is_warned_of(rnnbench: Command, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    done = rnnbench(
        "export", str(made(tmp_path, "fastgrnn")), "--board", "nano33ble", "--delta", "0", "--out", str(folder)
    )
    assert done.code == 0, done.err
    assert "it saves nothing here: raise the threshold, or leave --delta away" in done.err
