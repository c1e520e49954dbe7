"""Grids on a real Slurm: the records and bits of `local`, whatever happens to the jobs."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from bench import record
from bench.record import Record
from bench.status import Status

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import loopback  # noqa: E402

LARGEST_ARRAY = 5


pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(loopback.absent()), reason=loopback.absent() or "it is here")]

GRID = """
name: small
base: {train: {epochs: 1}, data: digits-mfcc}
grid: {cell: [{name: gru, hidden_size: 4}, {name: rnn, hidden_size: 4}], seed: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}
"""


class Cluster(loopback.Slurm):
    """A Slurm whose commands are checked."""

    def __call__(self, *command: object, cwd: Path | None = None, code: int = 0) -> str:
        """What a command prints that is given where Slurm is."""
        done = subprocess.run(self.inside(*command), cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def tell(self, element: str, *command: object) -> None:
        """Does something to an element, which may have ended since it was seen to run."""
        done = subprocess.run(self.inside(*command, element), capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0 or element not in self.running(), done.stderr

    def rnnbench(self, *words: object, cwd: Path, code: int = 0) -> str:
        return self(sys.executable, "-m", "bench", *words, cwd=cwd, code=code)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    there = Cluster(tmp_path_factory.mktemp("slurm"), f"MaxArraySize={LARGEST_ARRAY}")
    yield there
    there.stop()


Made = tuple[str, dict[str, Any], dict[str, torch.Tensor]]


def made(results: Path) -> dict[str, Made]:
    """What came of each run: how it ended, its figures, its weights."""
    return {left.id: (left.status, _figures(left), _weights(results, left.id)) for left in record.read_all(results)}


def _figures(left: Record) -> dict[str, Any]:
    assert left.result is not None
    return left.result.model_dump()


def _weights(results: Path, name: str) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(results / "runs" / name / "model.pt", weights_only=True)["state"]
    return state


def unlike(one: Mapping[str, Made], other: Mapping[str, Made]) -> list[str]:
    """The runs that did not come to the same, to the last bit of every weight."""
    return [
        name
        for name in one.keys() | other.keys()
        if name not in one
        or name not in other
        or one[name][:2] != other[name][:2]
        or not all(torch.equal(value, other[name][2][key]) for key, value in one[name][2].items())
    ]


def tries(results: Path) -> int:
    """How many times a process has begun a run."""
    return sum(path.read_text().count(", process ") for path in results.glob("runs/*/log.txt"))


def over(results: Path) -> int:
    paths = list(results.glob("runs/*/record.json"))
    return sum(json.loads(path.read_text())["status"] == Status.DONE for path in paths)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """The runs of the grid as `local` does them."""
    folder = tmp_path_factory.mktemp("local")
    (folder / "grid.yaml").write_text(GRID)
    command = [
        sys.executable,
        "-m",
        "bench",
        "run",
        "grid.yaml",
        "--pack",
        "off",
        "--wandb",
        "disabled",
        "--workers",
        "2",
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    found = made(folder / "results" / "small")
    assert [status for status, _, _ in found.values()] == [Status.DONE] * 24
    return found


def test_an_array_of_two_workers_gives_what_local_gives(slurm: Cluster, local: dict[str, Made], tmp_path: Path) -> None:
    (tmp_path / "grid.yaml").write_text(GRID + "executor: {name: slurm, workers: 2, time: 0:10:00, mem: 0}\n")
    said = slurm.rnnbench("run", "grid.yaml", "--pack", "off", "--wandb", "disabled", cwd=tmp_path)
    results = tmp_path / "results" / "small"
    assert "24 runs: 24 done" in said
    assert unlike(made(results), local) == []
    assert tries(results) == 24
    assert len(list((results / "workers").glob("*_log.out"))) == 2
    assert slurm.elements() == []


def test_nothing_is_lost_and_nothing_done_twice(slurm: Cluster, local: dict[str, Made], tmp_path: Path) -> None:
    """Elements are cancelled and requeued and the node dies, while six workers, in two arrays, do the grid."""
    (tmp_path / "grid.yaml").write_text(GRID)
    results, dice = tmp_path / "results" / "small", random.Random(6)
    submit = ("run", "grid.yaml", "--executor", "slurm", "--with", "time=10", "--workers", 6, "--detach")
    events = ["cancel", "requeue", "node", "preempt", "cancel", "requeue"]
    dice.shuffle(events)
    happened = 0
    assert "they go on alone: `rnnbench watch" in slurm.rnnbench(
        *submit, "--pack", "off", "--wandb", "disabled", cwd=tmp_path
    )
    assert len({element.partition("_")[0] for element in slurm.elements()}) == 2
    end = time.monotonic() + 200
    while over(results) < 24:
        assert time.monotonic() < end, slurm("squeue")
        time.sleep(dice.uniform(1, 3))
        running = slurm.running()
        if not slurm.elements():
            slurm.rnnbench(*submit, "--pack", "off", "--wandb", "disabled", cwd=tmp_path)
        elif events and running and over(results):
            _befall(slurm, events.pop(), dice.choice(running), dice)
            happened += 1
    assert unlike(made(results), local) == []
    assert tries(results) <= 24 + 2 * happened
    assert not list(results.glob("runs/*/claim"))
    slurm("scancel", "--user", "root")


def _befall(slurm: Cluster, event: str, element: str, dice: random.Random) -> None:
    if event == "cancel":
        slurm.tell(element, "scancel")
    elif event == "requeue":
        slurm.tell(element, "scontrol", "requeue")
    elif event == "preempt":  # as when the time limit is near
        slurm.tell(element, "scancel", "--signal", "USR2")
    else:
        slurm.lose_the_node()
        time.sleep(dice.uniform(1, 4))
        slurm.find_the_node()


def test_a_time_limit_shorter_than_the_grid(slurm: Cluster, local: dict[str, Made], tmp_path: Path) -> None:
    """A worker is told that its job ends in 10 s: it leaves what does not fit, and is requeued for it.

    Slurm counts in minutes; the test says so in the variable that tells a job its end.
    """
    end = '[ "$SLURM_RESTART_COUNT" ] || export SLURM_JOB_END_TIME=$(($(date +%s) + 10))'
    (tmp_path / "grid.yaml").write_text(GRID + f"executor: {{name: slurm, workers: 1, setup: [{end!r}]}}\n")
    some = ("--only", "cell=gru")
    slurm.rnnbench("run", "grid.yaml", "--wandb", "disabled", "--pack", "off", *some, cwd=tmp_path)
    results = tmp_path / "results" / "small"
    (log,) = (results / "workers").glob("*_log.out")
    assert log.read_text().count("the time is up, and runs are left") >= 1
    assert unlike(made(results), {name: run for name, run in local.items() if "-gru-" in name}) == []
