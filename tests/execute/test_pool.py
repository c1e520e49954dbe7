"""How the end of a worker is read."""

import contextlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import record
from bench.execute import pool, worker
from bench.record import Labels, Record, Times
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job


def _ended(folder: Path, code: int, stamp: int | None) -> tuple[Job, int | None, Any]:
    spec: RunSpec = parse(RunSpec, {"data": "d", "cell": "gru"}, "test")
    return Job(spec, folder, "g"), stamp, SimpleNamespace(exitcode=code)


def _running(folder: Path) -> None:
    times, labels = Times(started="2026-01-01T00:00:00+00:00"), Labels(cell="GRU", variant="")
    left = Record(id="x", status=Status.RUNNING, grid="g", spec={}, labels=labels, times=times, provenance={})
    record.write(folder, left)


def test_a_run_that_another_process_took_is_not_called_failed(tmp_path: Path) -> None:
    _running(tmp_path)
    with record.lock(tmp_path):
        event = pool._outcome(*_ended(tmp_path, 0, None))
    assert event.record is None
    assert "another process" in event.reason
    assert json.loads((tmp_path / "record.json").read_text())["status"] == "running"


@pytest.mark.parametrize(("code", "how"), [(-9, "killed by signal 9"), (3, "exit code 3")])
def test_a_death_during_the_run_is_a_failed_record(tmp_path: Path, code: int, how: str) -> None:
    _running(tmp_path)
    event = pool._outcome(*_ended(tmp_path, code, None))
    assert event.record == record.read(tmp_path)
    assert event.record is not None
    assert (event.record.status, event.record.reason) == (Status.FAILED, f"the process died ({how})")


def test_a_death_before_the_first_record_leaves_an_older_one_alone(tmp_path: Path) -> None:
    _running(tmp_path)
    before = (tmp_path / "record.json").read_bytes()
    event = pool._outcome(*_ended(tmp_path, 1, pool._stamp(tmp_path)))
    assert (event.record, event.reason) == (None, "died before its first record (exit code 1)")
    assert (tmp_path / "record.json").read_bytes() == before


def _done(folder: Path) -> None:
    _running(folder)
    record.write(folder, record.read(folder).model_copy(update={"status": Status.DONE}))


def test_a_run_that_another_process_did_since_it_was_planned_is_not_done_again(tmp_path: Path) -> None:
    _done(tmp_path)
    job = _ended(tmp_path, 0, None)[0]
    with contextlib.ExitStack() as held:
        assert not worker._taken(held, job)
        assert not record.is_held(tmp_path)
    event = pool._outcome(*_ended(tmp_path, 0, pool._stamp(tmp_path)))
    assert event.record == record.read(tmp_path)


def test_a_run_that_was_left_undone_is_taken_and_held(tmp_path: Path) -> None:
    _running(tmp_path)
    with contextlib.ExitStack() as held:
        assert worker._taken(held, _ended(tmp_path, 0, None)[0])
        assert record.is_held(tmp_path)
    assert not record.is_held(tmp_path)
