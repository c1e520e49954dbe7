"""What a worker claims, and what it makes of the end of a process."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import claims, record
from bench.errors import RnnbenchError
from bench.execute import memory, worker
from bench.execute.launch import ClaimedRun, Launch, asked, is_over
from bench.execute.pull import Pull
from bench.record import Labels, Record, Times
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job


def spec(seed: int, cell: str = "gru") -> RunSpec:
    raw = {"data": "digits-mfcc", "cell": {"name": cell, "hidden_size": 8}, "seed": seed}
    made: RunSpec = parse(RunSpec, raw, "test")
    return made


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """Three runs of one shape, each alone; asked for an hour ago."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "grid.yaml").touch()
    os.utime(tmp_path / "grid.yaml", (time.time() - 3600, time.time() - 3600))
    return Launch(tmp_path, "g", tuple(spec(n) for n in range(3)))


def leave(job: Job, status: Status, age_s: float = 0) -> None:
    """Leaves a record of a run, written so long ago."""
    job.folder.mkdir(exist_ok=True)
    times, labels = Times(started="2026-01-01T00:00:00+00:00"), Labels(cell="GRU", variant="")
    body = job.spec.written("classification")
    left = Record(id=job.spec.id, status=status, grid="g", spec=body, labels=labels, times=times, provenance={})
    record.write(job.folder, left)
    os.utime(job.folder / "record.json", (time.time() - age_s, time.time() - age_s))


def claimed(pull: Pull) -> list[int]:
    """Seeds of what is claimed next."""
    return [run.job.spec.seed for run in pull.claim()]


def test_two_workers_share_the_runs(launch: Launch) -> None:
    one, other = Pull(launch), Pull(launch)
    assert [claimed(each) for each in (one, other, one, other, one)] == [[0], [1], [2], [], []]


def test_runs_of_one_shape_are_claimed_together(launch: Launch, tmp_path: Path) -> None:
    runs = (spec(0), spec(1), spec(0, "rnn"), spec(2))
    pull = Pull(Launch(tmp_path, "g", runs, workers=1, most=2))
    assert [claimed(pull) for _ in range(4)] == [[0, 1], [0], [2], []]


def test_a_pack_goes_on_without_the_run_that_another_has(launch: Launch, tmp_path: Path) -> None:
    pull = Pull(Launch(tmp_path, "g", launch.runs, most=3))
    taken = launch.jobs()[1]
    taken.folder.mkdir()
    claims.claim(taken.folder)
    assert claimed(pull) == [0, 2]


@pytest.mark.parametrize(
    ("status", "age_s", "over"),
    [
        (Status.DONE, 0, True),
        (Status.DONE, 7200, True),
        (Status.FAILED, 7200, False),
        (Status.FAILED, 0, True),
        (Status.INTERRUPTED, 0, False),
        (Status.INTERRUPTED, 7200, False),
        (Status.RUNNING, 0, False),
    ],
)
def test_what_is_left_to_do(launch: Launch, status: Status, age_s: float, over: bool) -> None:
    """What failed before the grid was asked for is tried again, what failed since is not."""
    first = launch.jobs()[0]
    leave(first, status, age_s)
    assert is_over(first.folder, asked(launch.results)) == over
    assert claimed(Pull(launch)) == ([1] if over else [0])


def test_a_run_that_another_worker_did_since_is_not_claimed(launch: Launch) -> None:
    pull, first = Pull(launch), launch.jobs()[0]
    leave(first, Status.DONE)
    assert claimed(pull) == [1]
    assert not claims.is_held(first.folder)


def test_a_run_that_is_done_while_it_is_claimed_is_let_go(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    pull, first = Pull(launch), launch.jobs()[0]
    real = claims.claim

    def late(folder: Path) -> claims.Claim | None:
        if folder == first.folder:
            leave(first, Status.DONE)
        return real(folder)

    monkeypatch.setattr(claims, "claim", late)
    assert claimed(pull) == [1]
    assert not claims.is_held(first.folder)


def test_what_others_leave_undone_is_done_at_the_end(launch: Launch) -> None:
    other, pull = Pull(launch), Pull(launch)
    (theirs,) = other.claim()
    assert [claimed(pull) for _ in range(3)] == [[1], [2], []]
    theirs.claim.release()
    assert [claimed(pull) for _ in range(2)] == [[0], []]


def test_a_run_is_tried_once_unless_it_is_put_back(launch: Launch) -> None:
    pull = Pull(launch)
    runs = [run for _ in range(3) for run in pull.claim()]
    for run in runs:
        leave(run.job, Status.INTERRUPTED)
        run.claim.release()
    assert pull.claim() == []
    pull.again([runs[1].job])
    assert [claimed(pull) for _ in range(2)] == [[1], []]


def test_a_folder_that_cannot_be_written_is_one_clear_line(launch: Launch) -> None:
    pull = Pull(launch)
    launch.jobs()[0].folder.touch()
    with pytest.raises(RnnbenchError, match=r"cannot write to .*; choose another results folder"):
        pull.claim()


Ended = Callable[..., worker._Training]


@pytest.fixture
def ended(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """The training of some runs, whose process left what it left and ended with an exit code."""

    def make(code: int, *left: Status | None, before: Status | None = None) -> worker._Training:
        jobs = launch.jobs()[: len(left)]
        for job in jobs:
            job.folder.mkdir()
            if before:
                leave(job, before, age_s=7200)
        runs = [ClaimedRun(job, claim) for job in jobs if (claim := claims.claim(job.folder))]
        process = SimpleNamespace(exitcode=code, join=lambda: None)
        monkeypatch.setattr(worker, "fork_server", lambda: SimpleNamespace(Process=lambda **_: process))
        training = worker._Training(runs)
        for job, status in zip(jobs, left, strict=True):
            if status:
                leave(job, status)
        return training

    return make


@pytest.mark.parametrize(
    ("code", "how"),
    [(-9, "killed by signal 9, by somebody or for want of memory"), (-11, "killed by signal 11")]
    + [(code, f"exit code {code}") for code in (3, 0)],
)
@pytest.mark.parametrize("left", [Status.RUNNING, None], ids=["during the run", "before its first record"])
def test_a_death_is_a_failed_record(ended: Ended, launch: Launch, code: int, how: str, left: Status | None) -> None:
    assert ended(code, left).close() == []
    found = record.read(launch.jobs()[0].folder)
    assert (found.id, found.status, found.reason) == (launch.runs[0].id, Status.FAILED, f"the process died ({how})")
    assert found.labels.cell == "GRU"
    assert not claims.is_held(launch.jobs()[0].folder)


def test_a_death_for_want_of_memory_is_recorded_so(
    ended: Ended, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system counts the processes that it killed; one more than at the start of the run."""
    kills = iter([3, 4])
    monkeypatch.setattr(memory, "oom_kills", lambda: next(kills))
    ended(-9, Status.RUNNING).close()
    reason = record.read(launch.jobs()[0].folder).reason
    assert reason == "the process died (killed by signal 9: memory was short, and the system killed it)"


def test_a_death_before_the_first_record_of_a_second_try(ended: Ended, launch: Launch) -> None:
    ended(1, None, before=Status.INTERRUPTED).close()
    assert record.read(launch.jobs()[0].folder).status is Status.FAILED


class Gone:
    """A process that has ended; every one of them died by a signal."""

    exitcode, pid = -11, 1

    def __init__(self, name: str, **_: object) -> None:
        self.name = name
        self.sentinel, end = os.pipe()
        os.close(end)

    def start(self) -> None:
        pass

    def join(self) -> None:
        pass

    def is_alive(self) -> bool:
        return False


def test_a_disk_that_is_full_ends_the_worker_after_the_runs_under_way(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How the first run ended cannot be recorded. The second is under way, the third is not begun any more."""
    write = record.write

    def full(folder: Path, body: Record) -> None:
        if folder == launch.jobs()[0].folder:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        write(folder, body)

    monkeypatch.setattr(record, "write", full)
    monkeypatch.setattr(worker, "fork_server", lambda: SimpleNamespace(Process=Gone))
    with pytest.raises(
        RnnbenchError, match=r"cannot record how .*-s0-.* ended: No space left on device; mend .*run again"
    ):
        worker.Worker(replace(launch, workers=2)).wait(60)
    first, second, third = (job.folder for job in launch.jobs())
    assert record.read(second).status is Status.FAILED
    assert not (first / "record.json").exists()
    assert not third.exists()
    assert not claims.is_held(first)


def test_a_folder_that_cannot_be_written_any_more_ends_no_run_under_way(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch.jobs()[1].folder.touch()
    monkeypatch.setattr(worker, "fork_server", lambda: SimpleNamespace(Process=Gone))
    with pytest.raises(RnnbenchError, match="cannot write to"):
        worker.Worker(replace(launch, workers=2)).wait(60)
    assert record.read(launch.jobs()[0].folder).status is Status.FAILED


@pytest.mark.parametrize("status", [Status.DONE, Status.FAILED, Status.INTERRUPTED])
def test_what_a_process_has_recorded_stays(ended: Ended, launch: Launch, status: Status) -> None:
    training = ended(1, status)
    before = (launch.jobs()[0].folder / "record.json").read_bytes()
    assert training.close() == []
    assert (launch.jobs()[0].folder / "record.json").read_bytes() == before


def test_of_a_pack_that_died_the_runs_that_are_not_over_are_tried_again(ended: Ended, launch: Launch) -> None:
    jobs = launch.jobs()
    assert ended(-9, Status.RUNNING, Status.DONE, None).close() == [jobs[0], jobs[2]]
    assert not (jobs[2].folder / "record.json").exists()
    assert not claims.is_held(jobs[0].folder)


def test_a_run_that_another_worker_took_over_is_not_called_failed(ended: Ended, launch: Launch) -> None:
    training = ended(-9, Status.RUNNING)
    (run,) = training._runs
    other = run.claim.adopt()
    assert training.close() == []
    assert record.read(run.job.folder).status is Status.RUNNING
    assert other._path.exists()


def test_a_run_that_another_worker_took_over_and_did_stays_done(
    ended: Ended, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = ended(-9, Status.RUNNING)
    take_back = worker._take_back

    def late(given: claims.Claim) -> claims.Claim | None:
        leave(launch.jobs()[0], Status.DONE)
        return take_back(given)

    monkeypatch.setattr(worker, "_take_back", late)
    training.close()
    assert record.read(launch.jobs()[0].folder).status is Status.DONE
