"""Who may import whom (pyproject.toml, [tool.importlinter]); and that the rules can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.path.insert(0, '.'); lint_imports_command()"


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", LINT, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for part in ("bench", "cells", "baselines"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_the_rules_are_kept(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("cells/weight.py", "import bench.errors"),
        ("cells/weight.py", "import numpy"),
        ("baselines/rnn.py", "import bench.spec"),
        ("bench/spec/run.py", "import bench.plan"),
        ("bench/plan.py", "import bench.record"),
        ("bench/record.py", "import bench.data"),
        ("bench/data/dataset.py", "import bench.train"),
        ("bench/measure/size.py", "import bench.mcu"),
        ("bench/mcu/trace.py", "import lightning"),
        ("bench/report/frame.py", "import torch"),
        ("bench/train/runner.py", "import bench.execute"),
    ],
)
def test_a_wrong_import_is_found(tree: Path, module: str, line: str) -> None:
    path = tree / module
    before = path.read_text()
    path.write_text(before + f"\n{line}  # noqa\n")
    try:
        done = lint(tree)
    finally:
        path.write_text(before)
    assert done.returncode != 0
    assert line.split()[1].split(".")[0] in done.stdout
