"""``make reference``: what a failed run, a crash and an interruption do to the results that are there."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Exit codes, and where runs stand, are those that the test asks for.
RNNBENCH = """#!/bin/sh
case $1 in
run) mkdir -p build/reference/g/runs/new build/reference/g/tables build/reference/g/figures
     touch build/reference/g/grid.yaml; exit $RUN ;;
report) exit $REPORT ;;
plan) for status in $STATUS; do echo "   \\"status\\": \\"$status\\","; done ;;
esac
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.mark.parametrize(
    ("run", "report", "standing", "replaced"),
    [
        pytest.param(0, 0, "done done", True, id="all done"),
        pytest.param(0, 0, "done skipped", True, id="data not at hand"),
        pytest.param(1, 0, "done failed", True, id="a run diverged"),
        pytest.param(1, 0, "failed planned", False, id="ended before its last run"),
        pytest.param(1, 0, "done interrupted", False, id="a worker died"),
        pytest.param(1, 1, "done failed", False, id="the report crashes"),
        pytest.param(2, 0, "done done", False, id="a user's fault"),
        pytest.param(3, 0, "done done", False, id="others work on it"),
        pytest.param(130, 0, "done failed", False, id="interrupted"),
    ],
)
def test_results_are_replaced_once_every_run_has_ended(
    tmp_path: Path, run: int, report: int, standing: str, replaced: bool
) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    command = tmp_path / ".venv" / "bin" / "rnnbench"
    command.parent.mkdir(parents=True)
    command.write_text(RNNBENCH)
    command.chmod(0o755)
    (tmp_path / ".venv" / ".ready").touch()
    kept = tmp_path / "results" / "reference" / "g" / "runs"
    (kept / "old").mkdir(parents=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = {**own, "RUN": str(run), "REPORT": str(report), "STATUS": standing}
    made = subprocess.run(
        ["make", "reference", "GRID=g"], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert (made.returncode == 0) is replaced
    assert [path.name for path in kept.iterdir()] == (["new"] if replaced else ["old"])
