import mcu_cases as cases
import numpy as np
import pytest
import torch

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu.graph import Affine, Linear
from bench.mcu.reference import run_float
from cells import Cell, Weight


@pytest.mark.parametrize(("name", "rank", "options"), cases.CASES, ids=cases.IDS)
def test_the_operations_compute_what_torch_computes(name, rank, options):
    net = cases.network(name, rank, options).double()
    x, _ = cases.sequences()
    graph = mcu.lower(net.cell, net.head)
    wanted = cases.scores(net, x, np.full(len(x), x.shape[1]))
    np.testing.assert_allclose(run_float(graph, x), wanted, atol=1e-10, rtol=1e-10)


def test_a_low_rank_matrix_is_two_products_only_where_that_is_cheaper():
    small, large = cases.network("rnn", 2), cases.network("rnn", 5)  # 12 x 12: factors pay off below rank 6
    assert [each.weight.shape for each in mcu.lower(small.cell, small.head).step if isinstance(each, Linear)] == [
        (2, 5), (12, 2), (2, 12), (12, 2)
    ]  # fmt: skip
    products = [each.weight.shape for each in mcu.lower(large.cell, large.head).step if isinstance(each, Linear)]
    assert products == [(12, 5), (5, 12), (12, 5)]


def test_the_gate_weight_of_fastgrnn_is_one_scaling():
    net = cases.network("fastgrnn").double()
    (scaling,) = [each for each in mcu.lower(net.cell, net.head).step if isinstance(each, Affine)]
    zeta, nu = torch.sigmoid(net.cell.raw_zeta).item(), torch.sigmoid(net.cell.raw_nu).item()
    assert scaling.scale == pytest.approx(-zeta)  # zeta (1 - z) + nu
    assert scaling.offset == pytest.approx(zeta + nu)


class Strange(Cell):
    name = "strange"

    def __init__(self):
        super().__init__(3, 4)
        self.W = Weight(4, 3)

    def project(self, x_TBD):
        return self.W(x_TBD)

    def step(self, pre_BG, state):
        return (torch.erf(pre_BG) + state[0],)


def test_an_operation_without_an_integer_form_is_refused_with_cell_line_and_what_there_is():
    with pytest.raises(RnnbenchError) as caught:
        mcu.lower(Strange(), torch.nn.Linear(4, 2))
    message = str(caught.value)
    assert "'strange'" in message
    assert "'erf'" in message
    assert "test_lowering.py" in message
    assert "torch.erf(pre_BG)" in message
    assert "sigmoid" in message
    assert "\n" not in message
