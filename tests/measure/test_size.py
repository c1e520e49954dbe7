"""Sizes as the paper counts them."""

import pytest
import torch
from torch import nn

from bench.measure import size
from bench.zoo import all_cells
from cells.compress import quantise_weights


def test_the_authors_smoke_run() -> None:
    """USPS-10 as 16 x 16, FastGRNN H 32: EdgeML's README prints 1,932 non-zeros, 7.546875 KB."""
    from bench.spec import CellPart
    from bench.train.cell import build_cell
    from bench.train.classification.network import Network

    network = Network(build_cell(CellPart(name="fastgrnn", hidden_size=32), features=16), classes=10)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0)
    got = size(network)
    assert (got.parameters, got.nonzero, got.kb) == (1932, 1932, 7.546875)


@pytest.mark.parametrize(("kept", "kb"), [(100, 400), (50, 400), (49, 392), (30, 240), (0, 0)])
def test_below_half_a_matrix_is_stored_as_values_and_indices(kept: int, kb: int) -> None:
    """4 bytes a number when dense; 4 for the value and 4 for the index when sparse."""
    layer = nn.Linear(10, 10, bias=False)
    with torch.no_grad():
        layer.weight.copy_((torch.randperm(100) < kept).reshape(10, 10))
    got = size(layer)
    assert (got.parameters, got.nonzero) == (100, kept)
    assert got.kb * 1024 == kb


def test_a_bias_of_zeros_is_stored_all_the_same() -> None:
    got = size(nn.ParameterList([nn.Parameter(torch.zeros(7))]))
    assert (got.parameters, got.nonzero, got.kb * 1024) == (7, 0, 28)


def test_a_rounded_matrix_counts_as_it_is_stored() -> None:
    """SpectralRNN keeps H x H bytes on a device, however few numbers its reflectors have."""
    cell = all_cells()["spectralrnn"](9, 64, reflectors=8)
    assert size(cell).kb < (64 * 64 + 9 * 64) * 4 / 1024
    quantise_weights(cell)
    assert size(cell, 1).kb * 1024 == 64 * 64 + 9 * 64 + 64
