"""``rnnbench sync`` and runs that are watched online, with W&B's real client against a stand-in for its server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import Command
from tracked import TrackedRun, accuracies, login
from wandb_server import Server, serving

from bench import record, track
from bench.status import Status
from bench.track import sender, sending

pytestmark = pytest.mark.long

FAULTS: dict[str, Callable[[Server], object]] = {
    "answers 500": lambda server: server.fails.add("graphql"),
    "answers 500 to figures": lambda server: server.fails.add("file_stream"),
    "hangs": lambda server: server.hangs.add("graphql"),
    "hangs on figures": lambda server: server.hangs.add("file_stream"),
    "closes connections": lambda server: setattr(server, "dead", True),
}

KILLED = """
import os, sys, time
from pathlib import Path
from tracked import TrackedRun
run = TrackedRun(Path(sys.argv[1]))
run.epochs(1, 2, 3)
while not run.tracker._told.empty():
    time.sleep(0.1)
time.sleep(3)  # it is flushed every second
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as stand_in:
        login(monkeypatch, stand_in)
        monkeypatch.setenv("WANDB__FILE_STREAM_TRANSMIT_INTERVAL", "0.5")  # 15 s otherwise
        for name in ("WANDB_HTTP_TIMEOUT", "WANDB__FILE_STREAM_TIMEOUT_SECONDS"):
            monkeypatch.setitem(sending._GIVES_UP, name, "1")
        monkeypatch.setattr("bench.track.server._ANSWER_S", 1.0)
        yield stand_in


def until(holds: Callable[[], bool], limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def test_what_arrives_later_is_what_the_run_told(server: Server, rnnbench: Command, tmp_path: Path) -> None:
    run, other = TrackedRun(tmp_path, labels={"cell": "GRU"}), TrackedRun(tmp_path, seed=1)
    run.epochs(1, 2, 3)
    run.end(test_accuracy=0.5, **{"size/kb": 2.5})
    other.epochs(1)
    other.end(Status.FAILED)
    assert not server.operations, "offline there is no network"
    said = rnnbench("sync", tmp_path, "--wandb-project", "mine", "--wandb-entity", "team")
    assert said.code == 0, said.err
    stored = server.runs[track.project_of(tmp_path).run_id(run.spec.id)]
    assert (stored.bucket["project"], stored.bucket["entity"], stored.bucket["groupName"]) == (
        "mine",
        "team",
        "some-grid",
    )
    assert {"watch7", "gru", "seed-0", "done"} <= set(stored.bucket["tags"])
    assert stored.config["labels"] == {"cell": "GRU"}
    assert accuracies(server, tmp_path, run) == [(1, 1 / 8), (2, 2 / 8), (3, 3 / 8)]
    assert {"status": "done", "test_accuracy": 0.5, "size/kb": 2.5}.items() <= stored.summary.items()
    assert [each.exit_code for _, each in sorted(server.runs.items())] == [0, 1]
    assert run.mirror["url"].startswith(server.url)
    assert run.mirror["url"] in said.out
    assert record.read(run.folder).wandb == record.Mirror(**run.mirror)
    again = rnnbench("sync", tmp_path)
    assert "nothing to send" in again.err


def test_another_project_or_server_is_sent_all(
    server: Server, rnnbench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrackedRun(tmp_path)
    run.epochs(1)
    run.end()
    for project in ("one", "two"):
        said = rnnbench("sync", tmp_path, "--wandb-project", project)
        assert f"sent: 1 runs, to project {project}" in said.err
        assert server.runs[track.project_of(tmp_path).run_id(run.spec.id)].bucket["project"] == project
        assert "nothing to send" in rnnbench("sync", tmp_path).err
    with serving() as other:
        monkeypatch.setenv("WANDB_BASE_URL", other.url)
        assert "sent: 1 runs, to project two" in rnnbench("sync", tmp_path).err
        assert len(other.runs) == 1


def test_a_run_that_was_killed_and_tried_again_is_one_run_with_every_epoch_once(
    server: Server, rnnbench: Command, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    alone = {key: value for key, value in os.environ.items() if key != "WANDB_SERVICE"}
    alone["PYTHONPATH"] = os.pathsep.join(sys.path)
    assert subprocess.run(command, cwd=Path(__file__).parent, env=alone, check=False, timeout=60).returncode == -9
    assert rnnbench("sync", tmp_path).code == 0
    (stored,) = server.runs.values()
    assert ([row["epoch"] for row in stored.history], stored.exit_code) == ([1, 2, 3], 1)
    again = TrackedRun(tmp_path)
    again.epochs(1, 2, 3, 4)  # those of before are told again
    again.end()
    assert rnnbench("sync", tmp_path).code == 0
    assert list(server.runs) == [track.project_of(tmp_path).run_id(again.spec.id)]
    assert accuracies(server, tmp_path, again) == [(epoch, epoch / 8) for epoch in (1, 2, 3, 4)]
    assert server.runs[track.project_of(tmp_path).run_id(again.spec.id)].exit_code == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_fails_costs_nothing_but_time_and_is_tried_again(
    server: Server, rnnbench: Command, tmp_path: Path, fault: str
) -> None:
    run = TrackedRun(tmp_path)
    run.epochs(1, 2)
    run.end()
    FAULTS[fault](server)
    began = time.monotonic()
    said = rnnbench("sync", tmp_path)
    assert said.code == 2
    assert time.monotonic() - began < sending.STUCK_S + 15
    assert "runs not sent: 1" in said.err
    assert run.mirror["reason"] in said.err
    assert not run.mirror["sent"]
    server.heal()
    assert rnnbench("sync", tmp_path).code == 0
    assert accuracies(server, tmp_path, run) == [(1, 1 / 8), (2, 2 / 8)]


def test_a_key_that_is_refused_is_said_to_be(
    server: Server, rnnbench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(monkeypatch, server, key="b" * 40)
    TrackedRun(tmp_path).end()
    said = rnnbench("sync", tmp_path)
    assert said.code == 2
    assert "refuses the key" in said.err


def test_online_a_long_run_is_watched_while_it_goes_on_and_short_ones_follow(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_LIVE_AFTER_S", 0.0)
    monkeypatch.setattr(sender, "_LOOK_S", 0.2)
    said: list[str] = []
    with track.mirrored(tmp_path, True, said.append):
        run = TrackedRun(tmp_path)
        run.epochs(1, 2)
        name = track.project_of(tmp_path).run_id(run.spec.id)
        until(lambda: name in server.runs and len(server.runs[name].lines) == 2)
        assert server.runs[name].exit_code is None
        run.epochs(3)
        run.end()
        short = TrackedRun(tmp_path, seed=1)
        short.epochs(1)
        short.end()
    assert said[0] == "W&B: runs go to tester/rnnbench"
    assert said[-1] == f"W&B: all runs of {tmp_path} are sent"
    assert sum(run.mirror["url"] in line for line in said) == 1
    assert accuracies(server, tmp_path, run) == [(1, 1 / 8), (2, 2 / 8), (3, 3 / 8)]
    assert accuracies(server, tmp_path, short) == [(1, 1 / 8)]


@pytest.mark.parametrize("fault", ["hangs on figures", "closes connections"])
def test_online_a_server_that_is_lost_in_the_middle_is_said_to_be_and_what_was_not_sent_stays(
    server: Server, rnnbench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(sender, "_LIVE_AFTER_S", 0.0)
    monkeypatch.setattr(sender, "_LOOK_S", 0.2)
    monkeypatch.setattr(sender, "_LAST_S", 8.0)
    said: list[str] = []
    with track.mirrored(tmp_path, True, said.append):
        run = TrackedRun(tmp_path)
        run.epochs(1)
        name = track.project_of(tmp_path).run_id(run.spec.id)
        until(lambda: name in server.runs and len(server.runs[name].lines) == 1)
        FAULTS[fault](server)
        run.epochs(2)
        run.end()
        began = time.monotonic()
    assert time.monotonic() - began < 60
    assert said[-1].startswith("W&B: runs not sent: 1 (")
    assert f"`rnnbench sync {tmp_path}`" in said[-1]
    assert run.mirror["reason"]
    assert record.read(run.folder).status is Status.DONE
    server.heal()
    assert rnnbench("sync", tmp_path).code == 0
    assert accuracies(server, tmp_path, run) == [(1, 1 / 8), (2, 2 / 8)]


def test_of_two_senders_one_sends_and_the_other_goes_on_when_it_has_ended(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_LOOK_S", 0.2)
    with track.mirrored(tmp_path, True, lambda line: None):
        with track.mirrored(tmp_path, True, lambda line: None):
            run = TrackedRun(tmp_path)
            run.epochs(1)
            run.end()
        other = TrackedRun(tmp_path, seed=1)
        other.end()
    assert {each.mirror["sent"] != "" for each in (run, other)} == {True}
    assert len(server.runs) == 2
