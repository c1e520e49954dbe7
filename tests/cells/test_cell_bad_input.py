"""A wrong shape, size or option is a ValueError whose text names what was wrong and what is right."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from _pytest.mark.structures import ParameterSet
from cell_cases import D, H, fresh, registered_here

from bench.zoo import all_cells, options
from cells import Cell, register, registry


@pytest.mark.parametrize("shape", [(4, 2, D + 1), (4, 2, 0), (0, 2, D), (4, D), (D,), (1, 4, 2, D)], ids=str)
@pytest.mark.parametrize("name", list(registered_here()))
def test_wrong_input_shape(name: str, shape: tuple[int, ...]) -> None:
    cell = fresh(name, {})
    with pytest.raises(ValueError, match=re.escape(f"[T >= 1, B, {D}], got {list(shape)}")):
        cell(torch.zeros(shape, dtype=torch.float64))


@pytest.mark.parametrize(("inputs", "hidden"), [(0, 4), (4, 0), (-1, 4)])
@pytest.mark.parametrize("name", list(registered_here()))
def test_sizes_below_one(name: str, inputs: int, hidden: int) -> None:
    with pytest.raises(ValueError, match=rf"at least 1, not input {inputs}, hidden {hidden}"):
        all_cells()[name](inputs, hidden)


@pytest.mark.parametrize(
    ("name", "wrong", "text"),
    [
        ("spectralrnn", {"reflectors": 0}, rf"reflectors must be in 1\.\.{H} .*, not 0"),
        ("spectralrnn", {"reflectors": H + 1}, rf"reflectors must be in 1\.\.{H} .*, not {H + 1}"),
        ("spectralrnn", {"radius": 1.0}, r"radius must be in \[0, 1\), not 1\.0"),
        ("spectralrnn", {"radius": -0.1}, r"radius must be in \[0, 1\), not -0\.1"),
        ("spectralrnn", {"radius": float("nan")}, r"radius must be in \[0, 1\), not nan"),
        ("qrnn", {"window": 0}, "window must be at least 1, not 0"),
        ("qrnn", {"zoneout": 1.0}, r"zoneout must be in \[0, 1\), not 1\.0"),
        ("qrnn", {"zoneout": -0.1}, r"zoneout must be in \[0, 1\), not -0\.1"),
        ("qrnn", {"zoneout": float("nan")}, r"zoneout must be in \[0, 1\), not nan"),
    ],
)
def test_options_out_of_range(name: str, wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        all_cells()[name](D, H, **wrong)


def choices() -> Iterator[ParameterSet]:
    """(name, option, its values) of every option that is one of a few words."""
    for name, cls in registered_here().items():
        for option, declared in options(cls).items():
            if typing.get_origin(declared.annotation) is typing.Literal:
                yield pytest.param(name, option, typing.get_args(declared.annotation), id=f"{name}-{option}")


@pytest.mark.parametrize("word", ["nonsense", "forward", ""])
@pytest.mark.parametrize(("name", "option", "values"), list(choices()))
def test_a_word_that_is_no_choice(name: str, option: str, values: tuple[str, ...], word: str) -> None:
    with pytest.raises(ValueError, match=option) as caught:
        all_cells()[name](D, H, **{option: word})
    assert all(value in str(caught.value) for value in values)


def test_a_state_of_another_batch_is_refused() -> None:
    cell = fresh("gru", {})
    x_TBD = torch.zeros(2, 4, D, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"h is \[4, 5\], got \[1, 5\]"):
        cell(x_TBD, cell.initial_state(1, x_TBD))


def test_spectral_matrix_refuses_a_rank() -> None:
    cell = fresh("spectralrnn", {})
    with pytest.raises(ValueError, match="choose `reflectors` instead"):
        cell.weights()["U"].factorise(1)


def test_an_unfinished_cell_says_what_is_missing() -> None:
    class Unfinished(Cell):
        pass

    with pytest.raises(NotImplementedError, match="Unfinished must define project"):
        Unfinished(D, H)(torch.zeros(2, 1, D))


@pytest.mark.parametrize("name", ["Upper", "with space", "with-dash", "", "é"])
def test_names_that_a_configuration_could_not_say(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case letters and digits"):
        register(name, title="t", citation="c")


def test_two_cells_of_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry.registered()))

    class Toy(Cell):
        pass

    with pytest.raises(ValueError, match="two cells are named 'gru'"):
        register("gru", title="t", citation="c")(Toy)
    assert all_cells()["gru"].__name__ == "GRU"
    assert register("toy", title="A toy", citation="c")(Toy) is Toy
    assert (Toy.name, Toy.title, registry.registered()["toy"]) == ("toy", "A toy", Toy)
