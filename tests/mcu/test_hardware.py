"""Every board file: complete, every figure with its provenance, nothing unverified unmarked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from bench.errors import RnnbenchError
from bench.mcu import Board, Costs, Counts, Figure, Spread, board, boards
from bench.mcu.hardware import _parse

UNCERTAIN = re.compile(r"\b(from memory|unverified|estimate|taken from|taken for|not measured|not simulated)\b")


def figures(part: Any, path: str = "") -> Iterator[tuple[str, Figure | Spread]]:
    if isinstance(part, Figure | Spread):
        yield path, part
    elif isinstance(part, Board | Costs):
        for name in type(part).model_fields:
            yield from figures(getattr(part, name), f"{path}.{name}")


EVERY = [(f"{each.name}{path}", figure) for each in boards().values() for path, figure in figures(each)]


def test_the_boards() -> None:
    assert list(boards()) == ["due", "mkr1000", "nano33ble", "uno"]


@pytest.mark.parametrize("name", list(boards()))
def test_every_kind_of_operation_has_a_cost(name: str) -> None:
    assert list(Costs.model_fields) == [kind for kind, _ in Counts().items()]
    assert all(board(name).float32.of(kind).value > 0 for kind, _ in Counts().items())
    assert board(name).flash_waits.value >= 1


@pytest.mark.parametrize(("path", "figure"), EVERY)
def test_every_figure_says_where_it_comes_from(path: str, figure: Figure | Spread) -> None:
    assert len(figure.source.split()) >= 3, path


@pytest.mark.parametrize(("path", "figure"), EVERY)
def test_nothing_unverified_is_unmarked(path: str, figure: Figure | Spread) -> None:
    assert figure.verified or figure.basis in ("estimate", "recalled"), path
    if UNCERTAIN.search(figure.source):
        assert not figure.verified, f"{path} hedges in words but claims to be {figure.basis}"


@pytest.mark.parametrize("name", list(boards()))
def test_an_exponential_says_that_it_depends_on_the_data(name: str) -> None:
    costs = board(name).float32
    assert all("depends on the data" in each.source for each in (costs.sigmoid, costs.tanh, costs.exp))


def test_costs_are_those_of_the_fits() -> None:
    """MAC, sigmoid, tanh and a sixth of the gate, cycles in simulation (C float32, no wait states)."""
    wanted = {
        "uno": (278, 3110, 2970, 827 / 6),
        "mkr1000": (249, 3641, 5237, 768 / 6),
        "due": (110, 1609, 2336, 329 / 6),
        "nano33ble": (11, 155, 205, 21 / 6),
    }
    for name, values in wanted.items():
        costs = board(name).float32
        assert (costs.mac.value, costs.sigmoid.value, costs.tanh.value) == values[:3]
        assert costs.add.value == costs.mul.value == pytest.approx(values[3], abs=0.05)


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
