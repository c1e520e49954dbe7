"""W&B's real client: online against a server on the loopback interface, and when there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from wandb_server import serving

from bench import track
from bench.plan import Status
from bench.spec import RunSpec, parse

SPEC: RunSpec = parse(RunSpec, {"data": "watch7", "cell": {"name": "gru", "hidden_size": 7}, "seed": 3}, "test")

SCRIPT = """
import sys
from pathlib import Path
from bench import track
from bench.plan import Status
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


def test_disabled_leaves_nothing(tmp_path: Path) -> None:
    tracker = track.start("disabled", SPEC, tmp_path, "g", {})
    tracker.epoch({"epoch": 1})
    tracker.finish(Status.DONE, {})
    assert not list(tmp_path.iterdir())
