"""W&B's real client: online against a server on the loopback interface, and when there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from wandb_server import serving

from bench import track
from bench.errors import RnnbenchError
from bench.spec import RunSpec, parse
from bench.status import Status

pytestmark = pytest.mark.long

SPEC: RunSpec = parse(RunSpec, {"data": "watch7", "cell": {"name": "gru", "hidden_size": 7}, "seed": 3}, "test")

SCRIPT = """
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from bench import track
from bench.errors import RnnbenchError
from bench.status import Status
from bench.spec import RunSpec
spec = RunSpec.model_validate_json(sys.argv[1])
tracker = track.start("online", spec, Path(sys.argv[2]), "some-grid", {"labels": {"cell": "GRU"}})
for epoch in (1, 2, 3):
    tracker.epoch({"epoch": epoch, "validation_accuracy": 0.25 * epoch})
tracker.finish(Status(sys.argv[3]), {"test_accuracy": 0.5, "size/kb": 2.5, "latency/uno_ms": 7.0})
print(type(tracker).__name__)
"""


@pytest.mark.parametrize(("status", "code"), [(Status.DONE, 0), (Status.FAILED, 1)])
def test_online_the_server_gets_config_history_summary_and_the_true_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: Status, code: int
) -> None:
    folder = tmp_path / "runs" / SPEC.id
    folder.mkdir(parents=True)
    with serving() as (url, seen):
        monkeypatch.setenv("WANDB_BASE_URL", url)
        monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
        command = [sys.executable, "-c", SCRIPT, SPEC.model_dump_json(), str(folder), status]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "WandbTracker\n", done.stderr
    first = seen.buckets[0]
    assert (first["name"], first["project"], first["groupName"]) == (SPEC.id, "rnnbench", "some-grid")
    assert {"watch7", "gru", "seed-3"} <= set(first["tags"])
    assert status in seen.buckets[-1]["tags"]
    assert [(row["epoch"], row["accuracy/validation"]) for row in seen.history] == [(1, 0.25), (2, 0.5), (3, 0.75)]
    wanted = {"status": status, "test_accuracy": 0.5, "size/kb": 2.5, "latency/uno_ms": 7.0}
    assert wanted.items() <= seen.summary.items()
    assert seen.exit_code == code
    assert (tmp_path / "wandb").is_dir()


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
    track.start("online", SPEC, folder, "g", {})
    assert told["settings"].x_transaction_log_flush_interval == 1
    assert (told["mode"], told["resume"], told["id"], told["group"]) == ("online", "allow", SPEC.id, "g")
    assert ("*", "epoch") in metrics


def test_online_without_a_key_is_refused_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://example.test")
    with pytest.raises(RnnbenchError, match="wandb login"):
        track.check_login()
    (tmp_path / "netrc").write_text("machine example.test login user password key")
    track.check_login()


def test_disabled_leaves_nothing(tmp_path: Path) -> None:
    tracker = track.start("disabled", SPEC, tmp_path, "g", {})
    tracker.epoch({"epoch": 1})
    tracker.finish(Status.DONE, {})
    assert not list(tmp_path.iterdir())


def test_a_language_model_s_perplexity_has_a_section_of_its_own() -> None:
    told: list[dict[str, float]] = []
    run = SimpleNamespace(log=told.append)
    track.tracker.WandbTracker(run).epoch({"epoch": 1, "train_perplexity": 300.0, "validation_perplexity": 200.0})
    assert told == [{"epoch": 1, "perplexity/train": 300.0, "perplexity/validation": 200.0}]
