"""Blocks on the diagonal as a form of a matrix: what is stored, and that everything else takes it."""

from __future__ import annotations

import pytest
import torch
from scan_cases import agree, results, wanted

from bench.deploy import contract
from bench.errors import RnnbenchError
from bench.measure import size
from bench.spec import CellPart, CompressPart, RunSpec, parse
from bench.train.cell import build_cell
from bench.zoo import cell_class
from cells import Cell, Weight, scan
from cells.compress import HardThreshold

SOME = [("lstm", {"U": 4}), ("mgu", {"U": 2, "U_c": 6}), ("fastgrnn", {"U": 3}), ("qrnn", {"W": 2})]


def built(name: str, blocks: dict[str, int], inputs: int = 4, hidden: int = 12) -> Cell:
    torch.manual_seed(0)
    cell = cell_class(name)(inputs, hidden)
    for matrix, count in blocks.items():
        cell.weights()[matrix].block_diagonal(count)
    return cell.eval()


def test_of_every_gate_the_blocks_on_the_diagonal_stay() -> None:
    """Two gates of 4 x 6 in two blocks of 2 x 3; each kept number is times the root of two."""
    torch.manual_seed(0)
    weight = Weight(8, 6, blocks=2)
    before = weight.value.detach().clone()
    weight.block_diagonal(2)
    matrix = weight.matrix()
    for gate in (0, 4):
        for row, column in ((gate, 0), (gate + 2, 3)):
            block = slice(row, row + 2), slice(column, column + 3)
            torch.testing.assert_close(matrix[block], 2**0.5 * before[block])
    assert int(torch.count_nonzero(matrix)) == weight.value.numel() == 24


def test_faults() -> None:
    weight = Weight(8, 6, blocks=2)
    for count in (0, 3, 4):
        with pytest.raises(ValueError, match="blocks do not divide a gate's 4 x 6 matrix"):
            weight.block_diagonal(count)
    weight.block_diagonal(2)
    with pytest.raises(ValueError, match="of diagonal blocks"):
        weight.factorise(2)
    low = Weight(8, 6)
    low.factorise(2)
    with pytest.raises(ValueError, match="low rank has no blocks"):
        low.block_diagonal(2)
    with pytest.raises(RnnbenchError, match="no matrix 'V'"):
        build_cell(CellPart(name="gru", hidden_size=8, blocks={"V": 2}), 3)


@pytest.mark.long
@pytest.mark.parametrize(("name", "blocks"), SOME)
def test_a_kernel_gives_what_the_loop_gives(name: str, blocks: dict[str, int]) -> None:
    cell = built(name, blocks)
    assert scan.why_not(cell) == ""
    agree(results(cell, 6, 17), wanted(cell, 6, 17))


def test_only_the_blocks_count_and_can_be_made_sparse() -> None:
    """LSTM 4 in, 12 units: W 192, b 48, and U 4 x 12 x 3."""
    cell = built("lstm", {"U": 4})
    assert size(cell).parameters == 192 + 48 + 144
    threshold = HardThreshold(cell, {"U": 0.5})
    threshold.threshold()
    assert int(torch.count_nonzero(cell.weights()["U"].matrix())) == 72


@pytest.mark.long
@pytest.mark.parametrize(("name", "blocks"), SOME[:2])
def test_integers_are_bit_for_bit_those_of_the_interpreter(name: str, blocks: dict[str, int]) -> None:
    for _, point in contract.POINTS:
        point(lambda inputs=4, hidden=12: built(name, blocks, inputs, hidden))


def test_a_grid_says_it_and_tables_name_it() -> None:
    spec = parse(RunSpec, {"data": "watch7", "cell": {"name": "lstm", "hidden_size": 12, "blocks": {"U": 4}}}, "test")
    assert spec.variant() == "blocks U 4"
    assert spec.id != parse(RunSpec, {"data": "watch7", "cell": {"name": "lstm", "hidden_size": 12}}, "test").id
    cell = build_cell(spec.cell, 3, CompressPart())
    assert cell.weights()["U"].diagonal == 4
    with pytest.raises(RnnbenchError, match="blocks of U must be at least 1"):
        parse(RunSpec, {"data": "watch7", "cell": {"name": "lstm", "blocks": {"U": 0}}}, "test")
