"""A worker whose time is limited: what it still claims, and what it makes of a time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from commands import Command
from test_worker import leave, spec

from bench import record
from bench.cli.work import moment
from bench.errors import RnnbenchError
from bench.execute import pull as pulling
from bench.execute.estimate import Estimate
from bench.execute.grid import prepare_results
from bench.execute.launch import Launch
from bench.execute.pull import Pull
from bench.record import Times
from bench.spec import read_grid
from bench.status import Status
from bench.train import Job

NOON = datetime(2026, 3, 1, 12, 0)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("45s", timedelta(seconds=45)),
        ("90m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("12:30", timedelta(minutes=30)),
        ("11:30", timedelta(hours=23, minutes=30)),
        ("2026-03-02T12:00", timedelta(days=1)),
    ],
)
def test_a_moment(text: str, after: timedelta) -> None:
    assert moment(text, NOON) == (NOON + after).timestamp()


@pytest.mark.parametrize("text", ["soon", "25:00", "12:99", "5", "2026-13-01"])
def test_no_moment(text: str) -> None:
    with pytest.raises(RnnbenchError, match="--until takes a time such as 17:30"):
        moment(text, NOON)


def leave_done(job: Job, seconds: float) -> None:
    leave(job, Status.DONE)
    left = record.read(job.folder)
    times = Times(started="2026-01-01T00:00:00+00:00", wall_s=seconds, train_s=seconds / 2)
    record.write(job.folder, left.model_copy(update={"times": times}))


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """Two runs of GRU, of which the first took 100 s, and two of RNN, of which nothing is known."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "grid.yaml").touch()
    found = Launch(tmp_path, "g", (spec(0), spec(1), spec(0, "rnn"), spec(1, "rnn")))
    leave_done(found.jobs()[0], 100)
    return found


def test_an_estimate_is_half_more_than_the_same_run_took_with_another_seed(launch: Launch) -> None:
    jobs = launch.jobs()
    estimate = Estimate(jobs)
    assert [estimate.seconds([job]) for job in jobs] == [150, 150, 0, 0]
    assert estimate.seconds([jobs[1], jobs[2]]) == 150
    leave_done(jobs[2], 10)
    assert estimate.seconds([jobs[3]]) == 15, "it is looked up when it is asked for"


@pytest.mark.parametrize(
    ("span", "passed", "claims"),
    [
        (1000, 0, ["gru", "rnn"]),
        (1000, 860, ["rnn"]),  # 140 s are left, and GRU takes 150
        (100, 10, ["gru", "rnn"]),  # no worker of such a time could: one has to begin, and another goes on
        (1000, 1001, []),
    ],
)
def test_what_the_time_left_is_short_of_is_not_claimed(
    launch: Launch, monkeypatch: pytest.MonkeyPatch, span: float, passed: float, claims: list[str]
) -> None:
    now = time.time()
    limited = Launch(launch.results, "g", (launch.runs[0], launch.runs[1], launch.runs[3]), until=now + span)
    pull = Pull(limited)
    monkeypatch.setattr(pulling.time, "time", lambda: now + passed)
    found = [run.job.spec.cell.name for run in iter_claims(pull)]
    assert found == claims
    assert len(pull.late) == 2 - len(claims)


def iter_claims(pull: Pull) -> list[pulling.ClaimedRun]:
    found = []
    while runs := pull.claim():
        found += runs
    return found


@pytest.mark.long
def test_a_worker_whose_time_is_up_says_that_runs_are_left(
    rnnbench: Command, grid_file: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = read_grid(grid_file("name: g\nbase: {data: digits-mfcc}\ngrid: {cell: [rnn]}\n"))
    prepare_results(tmp_path / "results", grid, grid.runs())
    said = rnnbench("work", tmp_path / "results", "--until", "0s", "--wandb", "disabled")
    assert (said.code, "the time is up, and runs are left" in said.err) == (3, True)
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) - 1))
    assert rnnbench("work", tmp_path / "results", "--wandb", "disabled").code == 3
    assert not list((tmp_path / "results" / "runs").iterdir())
