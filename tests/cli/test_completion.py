"""Completion by the shell: the script is printed, and names commands, choices and nothing else."""

import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.long

CALL = "import sys; sys.argv[0] = 'rnnbench'; from bench import cli; cli.main()"


def call(*arguments: str, **variables: str) -> str:
    command = [sys.executable, "-c", CALL, *arguments]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_of_the_shell(shell: str) -> None:
    script = call("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "rnnbench" in script
    assert f"complete_{shell}" in script
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("rnnbench di", {"diff"}),
        ("rnnbench data pre", {"prepare"}),
        ("rnnbench list ", {"cells", "datasets", "boards", "grids"}),
        ("rnnbench run --wandb o", {"offline", "online"}),
    ],
)
def test_what_is_offered(words: str, offered: set[str]) -> None:
    at = str(len(words.split()) - (not words.endswith(" ")))
    said = call(COMP_WORDS=words, COMP_CWORD=at, _RNNBENCH_COMPLETE="complete_bash")
    assert set(said.split()) == offered
