"""What the documents promise is there."""

import re
import shlex
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement

from bench import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("results/**/*.md"), *ROOT.glob("docs/*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


STALE: set[str] = set()
PLACES = r"`((?:baselines|bench|cells|configs|docs|results|tests|tools)/[\w./-]*)`"


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")], ids=lambda path: path.name
)
def test_files_and_folders_in_the_documents_exist(path: Path) -> None:
    """But for what a user writes or a command makes: below ``results/`` only what is committed is looked for."""
    if path.name in STALE:
        pytest.skip("to be rewritten")
    for place in re.findall(PLACES, path.read_text(encoding="utf-8")):
        if not place.startswith("results/") or place.split("/")[1] in ("published", "reference"):
            assert (ROOT / place).exists(), f"{path.name}: {place}"


def test_the_page_of_the_house_names_every_room() -> None:
    named = set(re.findall(PLACES, (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")))
    rooms = {
        f"{init.parent.relative_to(ROOT).as_posix()}/"
        for part in ("bench", "cells")
        for init in (ROOT / part).rglob("*/__init__.py")
    }
    assert rooms <= named


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def commands() -> list[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    return sorted({re.split("[#>]", line)[0].strip() for line in re.findall(r"^\s+(rnnbench .*)$", text, re.MULTILINE)})


def test_there_are_commands_to_check() -> None:
    assert len(commands()) >= 4


@pytest.mark.parametrize("line", commands())
def test_every_command_in_the_documents_is_one(line: str) -> None:
    """Parsed by the real command line, not run: an unknown verb, option or argument is an error."""
    group = typer.main.get_command(cli.app)
    _, verb, *rest = shlex.split(line)
    if verb.startswith("-"):
        assert verb in {option for parameter in group.params for option in parameter.opts}
        return
    command = group.commands[verb]  # type: ignore[attr-defined]
    while hasattr(command, "commands"):
        verb, *rest = rest
        command = command.commands[verb]
    command.make_context(verb, rest)


def test_make_goals_in_the_documents_exist() -> None:
    goals = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    named = set(re.findall(r"^\s+make ([a-z]+)", text, re.MULTILINE)) | set(re.findall(r"`make ([a-z]+)\b", text))
    assert {"check", "demo", "mutants", "test"} <= named <= goals


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]]


@pytest.mark.parametrize("need", requirements(), ids=lambda need: need.name)
def test_pins_and_installed_versions_are_within_the_ranges(need: Requirement) -> None:
    assert need.specifier.contains(metadata.version(need.name))
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")
    )
    assert need.specifier.contains(pins[need.name])


def test_the_versions_of_lightning_that_were_malware_are_shut_out() -> None:
    (need,) = [need for need in requirements() if need.name == "lightning"]
    assert not any(need.specifier.contains(version) for version in ("2.6.2", "2.6.3", "2.3.0"))


def test_every_python_that_is_promised_is_run_or_held_to() -> None:
    """The version that tests run on is the tools' target; newer ones are tried by ``make versions``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    promised = {text.rpartition(" ")[2] for text in project["project"]["classifiers"] if ":: Python :: 3." in text}
    held, packaged = re.findall(r"^\tfor version in ([\d. ]+); do", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert held == packaged
    least = project["tool"]["mypy"]["python_version"]
    assert project["tool"]["ruff"]["target-version"] == f"py{least.replace('.', '')}"
    assert project["project"]["requires-python"] == f">={least}"
    assert promised == {least, *held.split()}
