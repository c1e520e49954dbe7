"""What is told of a grid from its files alone."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import Command

from bench import claims, record
from bench.record.watch import Sight, Watch, left_s
from bench.spec import RunSpec
from bench.status import Status, tally

HEAD = "epoch,train_loss,validation_loss,train_accuracy,validation_accuracy,learning_rate,gradient_norm,seconds,stage\n"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A grid of six runs: done, failed, at work, killed, stopped, not begun."""
    for name in "abcde":
        (tmp_path / "runs" / name).mkdir(parents=True)
    (tmp_path / "grid.yaml").write_text(yaml.safe_dump({"name": "g", "runs": list("abcdef")}))
    put(tmp_path, "a", "done", times={"wall_s": 20.0})
    put(tmp_path, "b", "failed", reason="it diverged")
    put(tmp_path, "c", "running")
    put(tmp_path, "d", "running")
    put(tmp_path, "e", "interrupted", reason="stopped by a signal")
    (tmp_path / "runs/c/metrics.csv").write_text(HEAD + "1,2,2,.1,.2,.1,1,2.0,\n2,1,1,.3,.625,.1,1,4.0,\n3,1,")
    assert claims.claim(tmp_path / "runs/c")
    return tmp_path


def put(results: Path, name: str, status: str, **more: Any) -> None:
    body = {"status": status, "spec": {"train": {"epochs": 12}}, **more}
    (results / "runs" / name / "record.json").write_text(json.dumps(body))


def test_where_each_run_stands(results: Path) -> None:
    done, failed, running, killed, stopped, planned = Watch(results).look()
    assert (done.status, done.seconds) == (Status.DONE, 20)
    assert (failed.status, failed.reason) == (Status.FAILED, "it diverged")
    assert (running.status, running.epoch, running.epochs) == (Status.RUNNING, 2, 12)
    assert (running.metric, running.value) == ("validation_accuracy", 0.625), "the half-written line does not count"
    assert running.seconds == 3.0 * 10
    assert running.where
    assert (killed.status, "ended without a word" in killed.reason) == (Status.INTERRUPTED, True)
    assert (stopped.status, stopped.reason) == (Status.INTERRUPTED, "stopped by a signal")
    assert planned == Sight("f", Status.PLANNED)


@pytest.mark.parametrize(
    ("spec", "epochs"),
    [
        ({"train": {"epochs": 12, "stop_after": 5}}, 5),  # a final run of a search, along the schedule of 12
        ({"train": {"epochs": 12, "stop_after": 20}}, 12),
        ({"train": {"epochs": 12, "stop_after": None, "optimizer": "plain-sgd"}, "awd": {"finetune": 3}}, 15),
    ],
)
def test_the_epochs_of_a_run_are_those_that_it_trains(results: Path, spec: dict[str, Any], epochs: int) -> None:
    put(results, "c", "running", spec=spec)
    running = Watch(results).look()[2]
    assert (running.epochs, running.seconds) == (epochs, 3.0 * (epochs - 2))
    assert RunSpec.model_validate({"data": "hapt2", "cell": "gru", **spec}).epochs == epochs


def test_a_look_reads_what_has_changed(results: Path) -> None:
    eyes = Watch(results)
    eyes.look()
    time.sleep(0.01)
    put(results, "c", "done", times={"wall_s": 8.0})
    put(results, "e", "damaged")
    sights = eyes.look()
    assert (sights[2].status, sights[2].seconds) == (Status.DONE, 8.0)
    assert "is damaged: move the folder away" in sights[4].reason


@pytest.mark.parametrize("more", [{"times": None}, {"times": [1]}, {"times": 3}])
def test_a_record_that_holds_what_no_run_writes_is_damaged(results: Path, more: dict[str, Any]) -> None:
    put(results, "a", "done", **more)
    (results / "runs/c/record.json").write_text(json.dumps({"status": "running", "spec": {"train": [12]}}))
    seen = Watch(results).look()
    assert [sight.status for sight in seen[:3]] == [Status.FAILED] * 3
    assert all("record.json is damaged: move the folder away" in seen[number].reason for number in (0, 2))


def test_a_reason_does_not_drive_the_terminal(rnnbench: Command, results: Path) -> None:
    put(results, "b", "failed", reason="\x1b[31mred\x07")
    said = rnnbench("watch", results)
    assert "\ufffd[31mred\ufffd" in said.out
    assert not {"\x1b", "\x07"} & set(said.out)


def test_runs_of_an_earlier_version_of_the_grid_do_not_count(results: Path) -> None:
    (results / "grid.yaml").write_text(yaml.safe_dump({"name": "g", "runs": ["a"]}))
    assert [sight.status for sight in Watch(results).look()] == ["done"]


def a(status: Status, seconds: float | None = None) -> Sight:
    return Sight("run", status, seconds=seconds)


@pytest.mark.parametrize(
    ("sights", "seconds"),
    [
        ([a(Status.DONE, 10)], None),  # nobody works: no rate
        ([a(Status.RUNNING, 30)], 30),
        ([a(Status.RUNNING, 30), a(Status.RUNNING, 10)], 30),  # the longest, not their mean
        ([a(Status.RUNNING, 30), a(Status.PLANNED)], None),  # nothing tells how long a run takes
        ([a(Status.DONE, 10), a(Status.DONE, 30), a(Status.RUNNING, 5), *[a(Status.PLANNED)] * 4], 5 + 4 * 20),
        ([a(Status.DONE, 20), *[a(Status.RUNNING, 10)] * 2, *[a(Status.INTERRUPTED)] * 4], (20 + 80) / 2),
        ([a(Status.DONE, 20), a(Status.RUNNING), a(Status.FAILED)], 20),
    ],
)
def test_the_time_left(sights: list[Sight], seconds: float | None) -> None:
    assert left_s(sights) == seconds


def test_the_command(rnnbench: Command, results: Path) -> None:
    said = rnnbench("watch", results)
    assert said.code == 0
    running, failed, total = said.out.splitlines()
    assert "running   c  epoch 2 of 12, validation accuracy 62.5 %, on " in running
    assert failed == "failed    b  it diverged"
    assert total == "6 runs: 1 planned, 1 running, 1 done, 1 failed, 2 interrupted; about 2 min left"
    told = json.loads(rnnbench("watch", results, "--json").out)
    assert told["tally"] == {"planned": 1, "running": 1, "done": 1, "failed": 1, "interrupted": 2}
    assert [run["id"] for run in told["runs"]] == list("abcdef")
    assert rnnbench("watch", results / "runs").code == 2


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ([], "0 runs: "),
        ([Status.FAILED], "1 run: 1 failed"),
        ([Status.FAILED, Status.DONE, Status.FAILED], "3 runs: 1 done, 2 failed"),
    ],
)
def test_how_many_stand_where(statuses: list[Status], said: str) -> None:
    assert tally(statuses) == said


def test_logs_follow_a_run_until_nobody_works_on_it(rnnbench: Command, results: Path) -> None:
    """The text is written by another thread; the claim is released after the last of it."""
    import threading

    folder = results / "runs" / "c"
    (folder / "log.txt").write_text("one\n")

    def write() -> None:
        time.sleep(0.7)
        with (folder / "log.txt").open("a") as file:
            file.write("two\n")
        for file_of_claim in (folder / "claim").iterdir():
            file_of_claim.unlink()

    thread = threading.Thread(target=write)
    thread.start()
    said = rnnbench("logs", "c", "--in", results, "--follow")
    thread.join()
    assert (said.code, said.out) == (0, "one\ntwo\n")
    assert rnnbench("logs", folder).out == "one\ntwo\n"
    assert "there is no run 'z'" in rnnbench("logs", "z", "--in", results).err


def test_the_end_of_a_log_is_short(tmp_path: Path) -> None:
    assert record.last_lines(tmp_path) == ()
    (tmp_path / "log.txt").write_bytes(b"\xff" + b"x" * 100_000 + b"\n" + b"".join(b"%d\n" % n for n in range(20)))
    assert record.last_lines(tmp_path) == tuple(map(str, range(5, 20)))
    (tmp_path / "log.txt").write_text("y" * 1000)
    assert record.last_lines(tmp_path) == ("y" * 300,)
    folder = tmp_path / "my results" / "runs" / "some-id"
    assert record.failure(folder).command == f"rnnbench work '{tmp_path}/my results' --run some-id"
