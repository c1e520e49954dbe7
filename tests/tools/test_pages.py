"""The site of the documentation: every page, every command, no link that leads nowhere."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import typer

from bench import cli

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages_of_the_site", ROOT / "tools" / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_of_the_documentation_is_in_the_navigation(pages: ModuleType) -> None:
    named = set(pages.NAVIGATION.values())
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= named
    assert all((ROOT / name).exists() for name in named - {"docs/reference.md"})


def test_the_reference_has_every_command_and_every_option(pages: ModuleType) -> None:
    text = pages.reference()
    group = typer.main.get_command(cli.app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert f"## rnnbench {name}" in text
        if not hasattr(command, "commands"):
            section = text.partition(f"## rnnbench {name}\n")[2].partition("\n## ")[0]
            for parameter in command.params:
                assert all(
                    option in section for option in parameter.opts if option.startswith("--") and option != "--help"
                )


def test_a_link_that_leads_nowhere_is_found(pages: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "index.html").write_text('<a href="docs/a.html#there">a</a> <a href=docs/b.html>b</a>')
    (tmp_path / "docs" / "a.html").write_text(
        '<a href="../index.html">up</a> <img src="c%20d.svg"> <a href="https://x/y">'
    )
    (tmp_path / "docs" / "c d.svg").write_text("")
    assert list(pages.broken(tmp_path)) == ["index.html: docs/b.html"]


@pytest.mark.long
def test_the_site_is_built_and_no_link_in_it_leads_nowhere(
    pages: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGES", tmp_path / "pages")
    monkeypatch.setattr(pages, "SITE", tmp_path / "site")
    assert pages.build() == []
    assert "fonts.googleapis" not in (tmp_path / "site" / "index.html").read_text()
    assert (tmp_path / "site" / "docs" / "start.html").exists()
