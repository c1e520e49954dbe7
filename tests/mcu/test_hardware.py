"""Every board file: complete, every figure with its provenance, nothing unverified unmarked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from bench.errors import RnnbenchError
from bench.mcu import Board, Figure, board, boards, usual_boards
from bench.mcu.hardware import _parse

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


@pytest.mark.parametrize(
    ("file_name", "change", "hint"),
    [
        ("uno.yaml", {"clock_hertz": 1}, r"configs/boards/uno.yaml: clock_hertz: Extra inputs"),
        ("uno.yaml", {"clock_hz": 16000000}, r"configs/boards/uno.yaml: clock_hz: "),
        ("due.yaml", {}, r"describes 'uno'; call the file uno.yaml"),
    ],
)
def test_a_faulty_file_is_named(file_name: str, change: dict[str, Any], hint: str) -> None:
    text = yaml.safe_dump({**board("uno").model_dump(), **change})
    with pytest.raises(RnnbenchError, match=hint) as caught:
        _parse(file_name, text)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_yaml_is_named() -> None:
    with pytest.raises(RnnbenchError, match=r"bad\.yaml is not YAML") as caught:
        _parse("bad.yaml", "a: [1")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "mhz", "flash_kb", "ram_kb"),
    [("uno", 16, 32, 2), ("mkr1000", 48, 256, 32), ("due", 84, 512, 96), ("nano33ble", 64, 1024, 256)],
)
def test_boards_are_the_ones_that_are_sold(name: str, mhz: int, flash_kb: int, ram_kb: int) -> None:
    """Clocks and memories as the makers' product pages give them."""
    got = board(name)
    values = (got.clock_hz.value / 1e6, got.flash_bytes.value / 1024, got.ram_bytes.value / 1024)
    assert values == (mhz, flash_kb, ram_kb)
