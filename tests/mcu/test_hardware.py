"""Every board file: complete, every figure with its provenance, nothing unverified unmarked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from bench.errors import RnnbenchError
from bench.mcu import Board, Figure, board, boards, hardware, usual_boards
from bench.mcu.hardware import _parse
from bench.places import CONFIGS

UNCERTAIN = re.compile(r"\b(from memory|unverified|estimate|taken from|taken for|not measured|not simulated)\b")


def figures(part: Any, path: str = "") -> Iterator[tuple[str, Figure]]:
    if isinstance(part, Figure):
        yield path, part
    elif isinstance(part, Board):
        for name in type(part).model_fields:
            yield from figures(getattr(part, name), f"{path}.{name}")


EVERY = [(f"{each.name}{path}", figure) for each in boards().values() for path, figure in figures(each)]


def test_the_boards() -> None:
    assert list(usual_boards()) == ["due", "mkr1000", "nano33ble", "uno"]
    assert set(boards()) - set(usual_boards()) == {"esp32c3", "f411re", "g070rb", "l4r5zi", "pico", "pico2"}


@pytest.mark.parametrize(("path", "figure"), EVERY)
def test_every_figure_says_where_it_comes_from(path: str, figure: Figure) -> None:
    assert len(figure.source.split()) >= 3, path


@pytest.mark.parametrize(("path", "figure"), EVERY)
def test_nothing_unverified_is_unmarked(path: str, figure: Figure) -> None:
    assert figure.verified or figure.basis in ("estimate", "recalled"), path
    if UNCERTAIN.search(figure.source):
        assert not figure.verified, f"{path} hedges in words but claims to be {figure.basis}"


def test_flash_waits_stretch() -> None:
    assert all(each.flash_waits.value >= 1 for each in boards().values())


def test_an_unknown_board_names_the_nearest() -> None:
    with pytest.raises(RnnbenchError, match="unknown board 'mkr100'; did you mean 'mkr1000'"):
        board("mkr100")


def test_a_board_is_frozen() -> None:
    with pytest.raises(ValidationError):
        board("uno").title = "another"


CLOCK = board("uno").clock_hz.model_dump()


@pytest.mark.parametrize(
    ("file_name", "change", "hint"),
    [
        ("uno.yaml", {"clock_hertz": 1}, "unknown key 'clock_hertz'; did you mean 'clock_hz'?"),
        ("uno.yaml", {"clock_hz": 16000000}, "clock_hz: a mapping, {key: value}, is needed, not 16000000"),
        ("uno.yaml", {"clock_hz": {**CLOCK, "value": -1}}, "clock_hz.value: input should be greater than or equal"),
        ("uno.yaml", {"clock_hz": {**CLOCK, "value": 0}}, "clock_hz: the value must be above 0"),
        ("uno.yaml", {"clock_hz": {**CLOCK, "value": float("inf")}}, "clock_hz.value: input should be a finite number"),
        ("uno.yaml", {"flash_waits": {**CLOCK, "value": 0}}, "flash_waits: the value is a factor, 1 where"),
        ("uno.yaml", {"ram_bytes": {}}, "ram_bytes.value: field required"),
        ("uno.yaml", {"target": "avrr"}, "target: unknown processor 'avrr'; did you mean 'avr'?"),
        ("due.yaml", {}, "describes 'uno'; call the file uno.yaml"),
    ],
)
def test_a_faulty_file_is_named(file_name: str, change: dict[str, Any], hint: str) -> None:
    text = yaml.safe_dump({**board("uno").model_dump() | {"target": "avr"}, **change})
    with pytest.raises(RnnbenchError, match=re.escape(hint)) as caught:
        _parse(f"configs/boards/more/{file_name}", text)
    assert str(caught.value).startswith(f"configs/boards/more/{file_name}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a: [1", "title: A\ntitle: B"])
def test_a_file_that_is_not_yaml_is_named(text: str) -> None:
    with pytest.raises(RnnbenchError, match=r"bad\.yaml is not YAML") as caught:
        _parse("bad.yaml", text)
    assert "\n" not in str(caught.value)


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the boards' files that a test may add to."""
    copy = shutil.copytree(CONFIGS / "boards", tmp_path / "boards")
    monkeypatch.setattr(hardware, "CONFIGS", tmp_path)
    for known in (boards, usual_boards):
        known.cache_clear()
    yield copy
    for known in (boards, usual_boards):
        known.cache_clear()


def test_two_files_of_one_name_are_refused(configs: Path) -> None:
    """Or one of them would win silently."""
    shutil.copy(configs / "uno.yaml", configs / "more")
    with pytest.raises(RnnbenchError, match=r"configs/boards/uno\.yaml and .*/more/uno\.yaml describe one"):
        boards()


def test_a_file_that_is_no_text_is_named(configs: Path) -> None:
    (configs / "more" / "mine.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(RnnbenchError, match=r"configs/boards/more/mine\.yaml is not text in UTF-8"):
        boards()


@pytest.mark.parametrize(
    ("name", "mhz", "flash_kb", "ram_kb"),
    [("uno", 16, 32, 2), ("mkr1000", 48, 256, 32), ("due", 84, 512, 96), ("nano33ble", 64, 1024, 256)],
)
def test_boards_are_the_ones_that_are_sold(name: str, mhz: int, flash_kb: int, ram_kb: int) -> None:
    """Clocks and memories as the makers' product pages give them."""
    got = board(name)
    values = (got.clock_hz.value / 1e6, got.flash_bytes.value / 1024, got.ram_bytes.value / 1024)
    assert values == (mhz, flash_kb, ram_kb)
