"""Commands as a user gives them, and what they print."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Command, Said

from bench import cli


@pytest.fixture
def rnnbench(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command line in this process: quick, for what starts no run."""

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["rnnbench", *map(str, arguments)])
        capfd.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        said = capfd.readouterr()
        assert isinstance(code, int)
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def rnnbench_process(tmp_path: Path) -> Command:
    """The command line in a process of its own, as a user starts it."""

    def call(*arguments: object, cwd: Path = tmp_path) -> Said:
        command = [sys.executable, "-m", "bench", *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def grid_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a grid."""

    def write(text: str) -> Path:
        path = tmp_path / "grid.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
