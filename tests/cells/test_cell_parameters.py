"""The number of parameters is the closed form, dense and of low rank, at every size."""

from __future__ import annotations

import pytest
from cell_cases import build, dense_weights, each_case, factorise, fresh, registered_here
from reference import Options
from references import REFERENCES

from cells import Cell

SIZES = [(1, 1), (1, 5), (4, 1), (3, 7), (32, 20)]


def count(cell: Cell) -> int:
    return sum(parameter.numel() for parameter in cell.parameters())


@pytest.mark.parametrize(("inputs", "hidden"), SIZES)
@pytest.mark.parametrize("name", [name for name in registered_here() if name in REFERENCES])
def test_count_is_the_closed_form(name: str, inputs: int, hidden: int) -> None:
    reference = REFERENCES[name]
    for options in reference.variants(hidden):
        cell = fresh(name, options, inputs, hidden)
        assert count(cell) == reference.parameters(inputs, hidden, options), options


@pytest.mark.parametrize(("inputs", "hidden"), SIZES)
@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("name", [name for name in registered_here() if name in REFERENCES])
def test_low_rank_count_is_the_closed_form(name: str, rank: int, inputs: int, hidden: int) -> None:
    reference = REFERENCES[name]
    for options in reference.variants(hidden):
        cell = factorise(fresh(name, options, inputs, hidden), rank)
        wanted = reference.parameters(inputs, hidden, options)
        for rows, columns in reference.matrices(inputs, hidden, options).values():
            used = min(rank, rows, columns)
            wanted += used * (rows + columns) - rows * columns
        assert count(cell) == wanted, options


@each_case
def test_matrices_have_the_names_and_shapes_that_a_configuration_expects(name: str, options: Options) -> None:
    cell = build(name, options)
    shapes = {key: (weight.outputs, weight.inputs) for key, weight in dense_weights(cell).items()}
    assert shapes == REFERENCES[name].matrices(cell.input_size, cell.hidden_size, options)
