"""The README in a new user's hands: its grid, its cell, and its commands one after another."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Command

from bench.mcu import board, simulate
from bench.spec import read_grid

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
HASH = "[0-9a-f]{16}"
SKIPPED = "rnnbench run configs/demo.yaml"  # `make demo`: minutes of training, whose records are committed


def block(language: str) -> str:
    """Returns the one block of code in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert isinstance(found, str)
    return found


def test_the_grid_is_one(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(block("yaml"), encoding="utf-8")
    runs = read_grid(tmp_path / "mine.yaml").runs()
    assert len(runs) == 12
    assert {(run.cell.name, run.compress.quantise) for run in runs} == {("gru", None), ("fastgrnn", "piecewise")}


@pytest.mark.long
def test_the_cell_keeps_the_contract(rnnbench_process: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(block("python"), encoding="utf-8")
    said = rnnbench_process("check", tmp_path / "mine.py")
    assert said.code == 0, said.out
    assert "failed" not in said.out
    assert "not possible" not in said.out


@pytest.mark.slow
def test_every_command_runs(
    rnnbench: Command, rnnbench_process: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order, in an empty folder, with the README's grid cut to an epoch and two seeds."""
    monkeypatch.chdir(tmp_path)
    grid = re.sub(r"seed: .*", "seed: [0, 1]", re.sub(r"epochs: \d+", "epochs: 4", block("yaml")))
    Path("mine.yaml").write_text(grid, encoding="utf-8")
    commands = [re.split("[#>]", line)[0].strip() for line in re.findall(r"^    (rnnbench .*)$", README, re.MULTILINE)]
    assert SKIPPED in commands
    for command in commands:
        verb, *rest = shlex.split(command)[1:]
        if command == SKIPPED or (verb == "simulate" and simulate.missing(board("mkr1000").target)):
            continue
        run = next(Path("results/mine/runs").glob("*fastgrnn*"), Path())
        said = (rnnbench_process if verb in ("check", "run", "work") else rnnbench)(
            verb, *(str(run) if word == "RUN" else word for word in rest)
        )
        assert said.code == 0, (command, said.err)
    assert Path("model/examples/check/check.ino").exists()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's grid was run, cut to four epochs and two seeds."""
    folder = tmp_path_factory.mktemp("trained")
    grid = re.sub(r"seed: .*", "seed: [0, 1]", re.sub(r"epochs: \d+", "epochs: 4", block("yaml")))
    (folder / "mine.yaml").write_text(grid, encoding="utf-8")
    given = [sys.executable, "-m", "bench", "run", "mine.yaml", "--wandb", "disabled"]
    subprocess.run(given, cwd=folder, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    for other in ("a", "b"):
        shutil.copytree(folder / "results" / "mine", folder / "results" / other)
    return folder


def filled(word: str, runs: list[str]) -> str:
    """Puts what a page leaves to the reader: a run's folder or id, the hash at the end of an id, a firmware."""
    if word == "RUN":
        return f"results/mine/runs/{runs[0]}"
    if re.fullmatch(HASH, word):
        return runs[0] if word[0] == "4" else runs[1]
    return re.sub(r"\bID\b", runs[0], word)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["start", "cells", "boards", "tables", "cluster", "results"])
def test_every_command_of_a_page_runs(
    page: str, trained: Path, rnnbench_process: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    (rnnbench .*)$", text, re.MULTILINE)
    runs = sorted(path.name for path in Path("results/a/runs").glob("*fastgrnn*"))
    assert lines
    for line in lines:
        verb, *rest = shlex.split(re.split("[#>]", line)[0])[1:]
        if verb == "simulate" and simulate.missing(board("mkr1000").target):
            continue
        if any(re.fullmatch(HASH, word) for word in rest):  # which must be of one run
            shutil.rmtree("results/a")
            shutil.rmtree("results/b")
            shutil.rmtree("results/a+b")
        said = rnnbench_process(verb, *(filled(word, runs) for word in rest), cwd=Path())
        assert said.code == 0, (line, said.err)
