"""From cells to vector operations: the same numbers, in the fewest operations, and what is refused."""

import shutil

import mcu_cases as cases
import numpy as np
import pytest
import torch

from bench import mcu, zoo
from bench.errors import RnnbenchError
from bench.mcu.emit import emit
from bench.mcu.graph import Affine, Linear
from bench.mcu.reference import run_float
from bench.mcu.simulate import host
from bench.train.classification.network import Classifier, Network
from cells import Cell, Weight

pytestmark = pytest.mark.long


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


class Odd(Cell):
    """A cell whose step is the function given, of W x and h."""

    name = "odd"

    def __init__(self, function):
        super().__init__(5, 12)
        self.function = function
        self.W = Weight(12, 5)
        self.b = torch.nn.Parameter(torch.linspace(0.5, 1, 12))

    def project(self, x_TBD):
        return self.W(x_TBD)

    def step(self, pre_BG, state):
        return (self.function(pre_BG, state[0], self.b),)


def test_a_cell_that_is_no_formula_is_refused_with_its_name_the_operation_and_the_line():
    with pytest.raises(RnnbenchError) as caught:
        mcu.lower(Odd(lambda x, h, b: torch.erfinv(x) + h), Classifier(12, 2))
    message = str(caught.value)
    for part in ("cell 'odd'", "erfinv", "test_lower.py", "torch.erfinv(x)"):
        assert part in message
    assert "\n" not in message


class Looking(Odd):
    """A cell whose project sorts, which no formula says."""

    def project(self, x_TBD):
        return self.W(x_TBD).sort(-1).values


def test_a_project_that_is_no_formula_is_refused():
    with pytest.raises(RnnbenchError, match=r"'odd'.*project is no formula.*sort"):
        mcu.lower(Looking(lambda x, h, b: torch.tanh(x) + h), Classifier(12, 2))


NEW = {
    "exp": lambda x, h, b: torch.exp(-(x * x)) + 0.5 * h,
    "sqrt": lambda x, h, b: torch.sqrt(x * x + 1) - 0.5 * h,
    "sin-cos": lambda x, h, b: torch.sin(x) * torch.cos(h),
    "silu-softplus": lambda x, h, b: torch.nn.functional.silu(x) - 0.1 * torch.nn.functional.softplus(h),
    "abs": lambda x, h, b: torch.abs(x) - 0.5 * torch.abs(h),
    "softsign": lambda x, h, b: (x + 0.5 * h) / (1 + torch.abs(x + 0.5 * h)),
    "constant-over": lambda x, h, b: b / (1 + x * x) + 0.2 * h,
    "reciprocal": lambda x, h, b: 1 / (2 + x * x) + 0.2 * h,
    "over-constant": lambda x, h, b: (x + h) / (b + 2),
    "maximum": lambda x, h, b: torch.maximum(0.5 * h, torch.tanh(x)),
    "minimum-constant": lambda x, h, b: torch.minimum(b, torch.tanh(x) + 0.3 * h),
    "clamps": lambda x, h, b: torch.clamp_max(torch.clamp_min(x + 0.5 * h, -0.4), 0.7),
    "greater": lambda x, h, b: torch.where(x > h, torch.tanh(x), 0.5 * h),
    "not-greater": lambda x, h, b: torch.where(x <= b, torch.tanh(x), 0.5 * h),
    "constant-greater": lambda x, h, b: torch.where(b > x, b, 0.5 * h),
    "mask": lambda x, h, b: (x > 0).float() * x + 0.5 * h,
    "number-or": lambda x, h, b: torch.where(x > 0.1, torch.full_like(x, 0.7), torch.full_like(x, -0.2)) + 0.5 * h,
    "leaky": lambda x, h, b: torch.nn.functional.leaky_relu(x, 0.1) + 0.5 * h,
    "lerp": lambda x, h, b: torch.lerp(h, torch.tanh(x), 0.3),
    "constant-minus": lambda x, h, b: b - torch.tanh(x) * b + 0.1 * h,
}


@pytest.mark.parametrize("name", NEW)
def test_any_operation_of_the_table_is_lowered(name):
    """In float64 as torch computes it, and in integers close to that."""
    torch.manual_seed(0)
    net = Network(Odd(NEW[name]), 4).double().eval()
    with torch.no_grad():
        net.head.b.normal_()
    x, lengths = cases.sequences(60, 8)
    graph = mcu.lower(net.cell, net.head)
    wanted = cases.scores(net, x, np.full(len(x), x.shape[1]))
    np.testing.assert_allclose(run_float(graph, x), wanted, atol=1e-12, rtol=1e-12)
    program = mcu.quantise(graph, x, lengths)
    got = mcu.run(program, mcu.quantise_input(program, x), lengths)
    unit = 2.0 ** -program.buffers[program.scores.buffer].fraction
    wanted = cases.scores(net, x, lengths)
    error = np.abs(got * unit - wanted).max(1)
    jumps = 0.1 if "greater" in name or "mask" in name or "number" in name else 0  # where rounding decides otherwise
    assert np.quantile(error, 1 - jumps) < 0.02 * np.abs(wanted).max()


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize("name", NEW)
def test_the_code_of_any_operation_is_exact(name, tmp_path):
    torch.manual_seed(0)
    net = Network(Odd(NEW[name]), 4).eval()
    program = cases.program(net)
    x = cases.sequences(2)[0]
    quantised = list(mcu.quantise_input(program, x))
    cases.agree(program, host.run(emit(program, cases.TARGETS["m4f"]), quantised, tmp_path), quantised)


def test_training_mode_comes_back():
    net = cases.network("qrnn", options={"zoneout": 0.5})
    net.cell.train()
    mcu.lower(net.cell, net.head)
    assert net.cell.training


def test_a_bias_is_part_of_its_product_whatever_its_value():
    """An untrained bias of zeros is one number everywhere, which must not make a pass of its own."""
    net = Network(zoo.cell_class("lstm")(5, 12), 4)
    torch.nn.init.zeros_(net.cell.b)
    products = [each for each in mcu.lower(net.cell, net.head).step if isinstance(each, Linear)]
    assert [each.bias is not None for each in products] == [True, False]
    assert products[1].add is not None


class Shuffled(Cell):
    """Three states, of which two are old ones: (tanh(W x + U h), h, c + b)."""

    states = 3

    def __init__(self, order):
        super().__init__(5, 12)
        self.order = order
        self.W, self.U = Weight(12, 5), Weight(12, 12)

    def project(self, x_TBD):
        return self.W(x_TBD)

    def step(self, pre_BG, state):
        new = torch.tanh(self.U(state[0], add=pre_BG) + 0.5 * state[1] - 0.25 * state[2])
        every = (new, *state)
        return tuple(every[number] for number in self.order)


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (0, 2, 1), (2, 0, 1), (0, 1, 1), (0, 0, 3), (3, 0, 2), (2, 1, 0), (0, 3, 2)]
)
def test_old_states_may_become_others(order):
    """Delays, swaps and rings: no state is overwritten before another takes its old value."""
    torch.manual_seed(0)
    net = Network(Shuffled(tuple(map(int, order))), 4).double().eval()
    x, _ = cases.sequences()
    wanted = cases.scores(net, x, np.full(len(x), x.shape[1]))
    np.testing.assert_allclose(run_float(mcu.lower(net.cell, net.head), x), wanted, atol=1e-12, rtol=1e-12)
