"""What a run tells W&B's client, and that it never waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import track
from bench.errors import RnnbenchError
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.track import tracker
from bench.track.sync import newest
from bench.track.tracker import WandbTracker

SPEC: RunSpec = parse(RunSpec, {"data": "watch7", "cell": {"name": "gru", "hidden_size": 7}, "seed": 3}, "test")

HUNG = """
import os, signal, sys
from pathlib import Path
from bench import track
from bench.spec import RunSpec
from bench.status import Status
from bench.track import tracker

def service():
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").parents[1].glob("*/children")
    pids = [int(pid) for path in children for pid in path.read_text().split()]
    return next(pid for pid in pids if "wandb-core" in Path(f"/proc/{pid}/cmdline").read_text())

tracker._PATIENCE_S = 60
results = Path(sys.argv[2])
def begin(name):
    folder = results / "runs" / name
    folder.mkdir(parents=True)
    return track.start("online", RunSpec.model_validate_json(sys.argv[1]), folder, "g", {})
begin("a").finish(Status.DONE, {})
hung = begin("b")
os.kill(service(), signal.SIGSTOP)
tracker._PATIENCE_S = 1
hung.finish(Status.DONE, {})
print("ended")
"""


def test_history_is_flushed_each_second_and_drawn_over_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts of the client: its default loses up to 15 s of history to a kill."""
    import wandb

    told: dict[str, Any] = {}
    metrics: list[tuple[str, str | None]] = []

    class Run:
        settings = SimpleNamespace(sync_dir=str(tmp_path / "runs/x/wandb/offline-run-1"))

        def define_metric(self, name: str, step_metric: str | None = None, **_: Any) -> None:
            metrics.append((name, step_metric))

    def init(**options: Any) -> Run:
        told.update(options)
        return Run()

    monkeypatch.setattr(wandb, "init", init)
    folder = tmp_path / "runs" / "x"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    track.start("online", SPEC, Path("runs/x"), "g", {"rank": {}}).finish(Status.DONE, {})
    assert told["dir"] == folder.resolve(), "a service of W&B that is there already may work in another folder"
    assert told["settings"].x_transaction_log_flush_interval == 1
    assert (told["mode"], told["name"], told["group"]) == ("offline", SPEC.id, "g")
    assert told["config"] == {"rank": "none"}
    assert ("*", "epoch") in metrics


def test_empty_options_are_written_so_that_a_filter_finds_them() -> None:
    config = {"cell": {"rank": {}, "source": ""}, "compress": {"keep": {"W": 0.5}, "quantise": None}, "seed": 0}
    wanted = {
        "cell": {"rank": "none", "source": "none"},
        "compress": {"keep": {"W": 0.5}, "quantise": "none"},
        "seed": 0,
    }
    assert track.written_out(config) == wanted


def test_a_run_has_one_id_in_its_results_folder_and_another_in_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_ENTITY", raising=False)
    monkeypatch.setenv("WANDB_PROJECT", "from-the-environment")
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    first = track.project_of(one)
    assert (first.name, first.entity) == ("from-the-environment", "")
    monkeypatch.delenv("WANDB_PROJECT")
    chosen = track.project_of(one, "mine", "team")
    assert track.project_of(one) == chosen
    assert (chosen.name, chosen.entity, chosen.path) == ("mine", "team", "team/mine")
    assert chosen.run_id(SPEC.id) == first.run_id(SPEC.id) != track.project_of(other).run_id(SPEC.id)
    assert track.project_of(other).name == "rnnbench"


def test_the_viewer_shows_a_run_that_was_tried_again_once(tmp_path: Path) -> None:
    """Its newest files tell all epochs; those of another run, whose id ends alike, stay."""
    shelf = track.shelf(tmp_path)
    for name in ("20260101_000000-a-1", "20260101_000000-x-a-1", "20260102_000000-a-1"):
        files = tmp_path / "runs" / name.split("-", 1)[1] / "wandb" / f"offline-run-{name}"
        files.mkdir(parents=True)
        tracker._shelve(files, shelf)
    assert sorted(link.name for link in shelf.iterdir()) == [
        "offline-run-20260101_000000-x-a-1",
        "offline-run-20260102_000000-a-1",
    ]
    assert all(link.resolve().is_dir() for link in shelf.iterdir())


def test_the_newest_files_are_the_last_try_s_whatever_its_clock_said(tmp_path: Path) -> None:
    """A run goes on on a machine an hour west of the first, or in the hour that comes twice in autumn."""
    first, second = (tmp_path / "wandb" / f"offline-run-20261025_{hour}3000-a-1" for hour in ("02", "01"))
    assert newest(tmp_path) is None
    for files in (first, second):
        files.mkdir(parents=True)
    assert newest(tmp_path) == first, "without links, as copies may be"
    (tmp_path / "wandb" / "latest-run").symlink_to(second.name)
    assert newest(tmp_path) == second
    second.rmdir()
    assert newest(tmp_path) == first


def test_online_without_a_key_is_refused_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://example.test")
    with pytest.raises(RnnbenchError, match="wandb login"):
        track.check_login()
    (tmp_path / "netrc").write_text("machine example.test login user password key")
    track.check_login()


def test_the_server_is_the_one_that_the_client_was_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.track.server import base_url

    monkeypatch.delenv("WANDB_BASE_URL", raising=False)
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path))
    assert base_url() == "https://api.wandb.ai"
    (tmp_path / "settings").write_text("[default]\nbase_url = http://wandb.test/\n")
    assert base_url() == "http://wandb.test"


def test_disabled_leaves_nothing(tmp_path: Path) -> None:
    tracker = track.start("disabled", SPEC, tmp_path, "g", {})
    tracker.epoch({"epoch": 1})
    tracker.finish(Status.DONE, {})
    assert not list(tmp_path.iterdir())


def test_a_client_that_never_comes_back_costs_a_run_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(tracker, "_end_service", lambda: None)  # other tests of this process use it
    for hangs_in in ("begin", "log"):
        for_ever = threading.Event()
        run = SimpleNamespace(log=lambda row, wait=for_ever.wait: wait())
        told = WandbTracker(for_ever.wait if hangs_in == "begin" else lambda run=run: run)
        began = time.monotonic()
        told.epoch({"epoch": 1})
        told.finish(Status.DONE, {})
        assert time.monotonic() - began < 5
        for_ever.set()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux to find the client's service")
def test_a_service_of_the_client_that_hangs_holds_up_neither_run_nor_exit(tmp_path: Path) -> None:
    """Without an end put to it the client waits at exit for its service, stopped here, for ever."""
    command = [sys.executable, "-c", HUNG, SPEC.model_dump_json(), str(tmp_path)]
    alone = {key: value for key, value in os.environ.items() if key != "WANDB_SERVICE"}  # not this process's service
    said = subprocess.run(command, env=alone, capture_output=True, text=True, check=False, timeout=120)
    assert (said.stdout, said.returncode) == ("ended\n", 0), said.stderr
