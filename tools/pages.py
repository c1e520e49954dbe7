"""Builds the documentation as a site in ``build/site`` that opens from disk, and checks every link in it.

The pages are the repository's own Markdown at the places that they have there, so that links between them hold on the
site as they do in the tree; ``docs/reference.md`` is written from the command line and the keys of a grid.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import typer
from typer.core import TyperArgument, TyperOption

from bench import cli

ROOT = Path(__file__).parents[1]
PAGES, SITE = ROOT / "build" / "pages", ROOT / "build" / "site"
NAVIGATION = {
    "Start here": "docs/start.md",
    "A grid": "docs/grids.md",
    "A fair comparison": "docs/searches.md",
    "A cell": "docs/cells.md",
    "Small": "docs/compression.md",
    "A board": "docs/boards.md",
    "Tables": "docs/tables.md",
    "Combining results": "docs/results.md",
    "Statistics": "docs/statistics.md",
    "A cluster": "docs/cluster.md",
    "W&B": "docs/wandb.md",
    "Notebooks": "docs/python.md",
    "Language models": "docs/language.md",
    "How numbers are made": "docs/numbers.md",
    "Footguns": "docs/footguns.md",
    "Speed": "docs/speed.md",
    "Installing": "docs/install.md",
    "Commands": "docs/reference.md",
    "Architecture": "docs/architecture.md",
    "Changes": "CHANGELOG.md",
}


def reference() -> str:
    """Returns the page of all commands with their arguments and options, as the command line has them."""
    group = typer.main.get_command(cli.app)
    lines = ["# Commands", "", "Keys of a grid are in [grids.md](grids.md) and [searches.md](searches.md).", ""]
    for name, command in _commands(group, "rnnbench"):
        lines += [f"## {name}", "", command.help.split("\n\n")[0].replace("\n", " ").strip(), ""]
        rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
        if rows:
            lines += ["| | default | what it is |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def _commands(group: Any, above: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{above} {name}")
        else:
            yield f"{above} {name}", command


def _row(parameter: Any) -> str:
    name = str(parameter.name).upper() if isinstance(parameter, TyperArgument) else ", ".join(parameter.opts)
    default = "" if parameter.default in (None, False) or callable(parameter.default) else parameter.default
    text = (parameter.help if isinstance(parameter, TyperArgument | TyperOption) else "") or ""
    return f"| `{name}` | {default} | {text.replace('|', chr(92) + '|')} |"


def build() -> list[str]:
    """Builds the site; returns the links that lead nowhere."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    tracked = subprocess.run(
        [shutil.which("git") or "git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    wanted = re.compile(
        r"[A-Z]+(\.md)?|docs/.*\.md|examples/.*|configs/.*\.yaml|results/.*\.(md|svg|yaml|csv|tex|json)"
    )
    for name in filter(wanted.fullmatch, tracked):
        (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, PAGES / name)
    (PAGES / "docs" / "reference.md").write_text(reference(), encoding="utf-8")
    pages = "".join(f"  {{ {_quoted(title)} = {_quoted(place)} }},\n" for title, place in NAVIGATION.items())
    config = (
        f'[project]\nsite_name = "rnnbench"\ndocs_dir = {_quoted(PAGES.name)}\nsite_dir = {_quoted(SITE.name)}\n'
        f'use_directory_urls = false\nnav = [\n  {{ "rnnbench" = "README.md" }},\n{pages}]\n'
        "[project.theme]\nfont = false\n"
    )
    (PAGES.parent / "zensical.toml").write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "-f", str(PAGES.parent / "zensical.toml")]
    subprocess.run(command, cwd=ROOT, check=True)
    return sorted(broken(SITE))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def broken(site: Path) -> Iterator[str]:
    """Yields the links of a site to places of its own that are not there, each with its page."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for link in set(re.findall(r'(?:href|src)="?([^"\s>]+)', text)):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.path or page.name == "404.html":
                continue
            if not (page.parent / unquote(parts.path)).exists():
                yield f"{page.relative_to(site)}: {link}"


if __name__ == "__main__":
    faults = build()
    print("\n".join(faults) or f"built {SITE / 'index.html'}: no broken link")
    sys.exit(bool(faults))
