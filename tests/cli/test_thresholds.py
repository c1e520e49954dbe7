"""The thresholds of ``rnnbench simulate --delta``, as they are written."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from commands import Command

from bench.cli import skipping
from bench.cli.skipping import thresholds
from bench.errors import RnnbenchError


def test_thresholds_are_numbers_between_commas() -> None:
    assert thresholds("0,0.5, 16") == [0, 0.5, 16]


@pytest.mark.parametrize("given", ["", "a", "1,-2", "nan", "inf"])
def test_a_threshold_that_is_none_is_refused_in_a_line(given: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        thresholds(given)
    assert str(error.value) == f"--delta takes numbers of at least 0, in 256ths, such as 0,1,2,4, not {given!r}"


@pytest.mark.parametrize("more", [("--out", "here"), ("--format", "float32")])
def test_what_it_has_no_use_for_is_refused(more: tuple[str, str], rnnbench: Command) -> None:
    said = rnnbench("simulate", "somewhere", "--delta", "0,8", *more)
    assert said.code == 2
    assert "leave --format and --out away" in said.err


def test_a_firmware_has_no_columns_to_skip(rnnbench: Command) -> None:
    said = rnnbench("simulate", "--elf", "firmware.elf", "--delta", "0,8")
    assert said.code == 2
    assert "--delta skips columns of a model's integers" in said.err


class _Model:
    trained = True


def test_a_model_that_cannot_skip_stops_no_other(rnnbench: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with plain simulate and latency: a damaged model, or one without a state's product, is left out."""

    def damaged() -> Any:
        raise RnnbenchError("its model is damaged")

    row = {"threshold": 8.0, "mean_cycles": 5.0, "worst_cycles": 6.0, "saved": 0.1, "accuracy": None}
    row |= {"constants_bytes": 1, "ram_bytes": 2, "exact": True}
    there = {"first": damaged, "second": _Model}
    monkeypatch.setattr("bench.deploy.model.models", lambda _: dict(there))
    monkeypatch.setattr(skipping, "_rows", lambda *_: iter([row]))
    monkeypatch.setattr("bench.deploy.simulation.check_tools", lambda _: None)
    said = rnnbench("simulate", "some", "--delta", "8", "--board", "uno")
    assert said.code == 0, said.err
    assert "second on the Arduino Uno" in said.out
    assert "left out: first: its model is damaged" in said.err
    del there["second"]
    alone = rnnbench("simulate", "some", "--delta", "8", "--board", "uno")
    assert (alone.code, alone.err) == (2, "error: its model is damaged\n")


def test_a_fault_on_one_board_hides_nothing_of_another(rnnbench: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bits that are not the interpreter's are an error, whatever comes after them."""

    class Small(_Model):
        pass

    def rows(model: Any, board: Any, *_: Any) -> Iterator[dict[str, Any]]:
        if board.name == "uno" and not isinstance(model, Small):
            raise RnnbenchError("no room")
        row = dict.fromkeys(("threshold", "mean_cycles", "worst_cycles", "saved", "constants_bytes", "ram_bytes"), 1)
        yield {**row, "accuracy": None, "exact": isinstance(model, Small)}

    monkeypatch.setattr("bench.deploy.model.models", lambda _: {"large": _Model, "small": Small})
    monkeypatch.setattr(skipping, "_rows", rows)
    monkeypatch.setattr("bench.deploy.simulation.check_tools", lambda _: None)
    said = rnnbench("simulate", "some", "--delta", "8", "--board", "due", "--board", "uno", "--json")
    assert [row["id"] for row in json.loads(said.out)] == ["small", "small"]
    assert "left out: large: no room" in said.err
    assert said.code == 1
