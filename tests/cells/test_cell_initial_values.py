"""A new cell starts where its docstring says, and SpectralRNN's matrix stays what it is by construction."""

from __future__ import annotations

import math

import pytest
import torch
from cell_cases import build, close, fresh, parameters_of
from references import spectral_matrix
from torch import Tensor

from baselines.lmu import legendre
from baselines.lru import LRU
from baselines.spectralrnn import SpectralWeight
from cells import Cell, Weight

INPUTS, HIDDEN = 120, 80
GLOROT = {"rnn": 1, "gru": 3, "lstm": 4, "ugrnn": 2, "spectralrnn": 1, "qrnn": 3}
ORTHOGONAL = {"rnn": 1, "gru": 3, "lstm": 4, "ugrnn": 2}


def scalar(cell: Cell, name: str) -> float:
    return float(torch.sigmoid(cell.get_parameter(name).detach()).mean())


@pytest.mark.parametrize("residual", ["scalar", "vector"])
def test_fastrnn_starts_almost_as_the_identity(residual: str) -> None:
    cell = fresh("fastrnn", {"residual": residual})
    assert scalar(cell, "raw_alpha") == pytest.approx(0.0474, abs=5e-5)
    assert scalar(cell, "raw_beta") == pytest.approx(0.9526, abs=5e-5)
    assert cell.get_parameter("raw_alpha").shape == (() if residual == "scalar" else (cell.hidden_size,))
    assert (cell.get_parameter("b") == 1).all()


def test_fastgrnn() -> None:
    cell = fresh("fastgrnn", {})
    assert scalar(cell, "raw_zeta") == pytest.approx(0.731, abs=5e-4)
    assert scalar(cell, "raw_nu") == pytest.approx(0.018, abs=5e-4)
    assert (cell.get_parameter("b_z") == 1).all()
    assert (cell.get_parameter("b_h") == 1).all()


@pytest.mark.parametrize("name", ["fastrnn", "fastgrnn"])
@pytest.mark.parametrize("matrix", ["W", "U"])
def test_the_papers_cells_draw_weights_of_a_tenth(name: str, matrix: str) -> None:
    value = fresh(name, {}, 100, 100).get_parameter(f"{matrix}.value").detach()
    # 10,000 draws: the standard error of the mean is 0.001, of the deviation 0.0007; five of each.
    assert abs(float(value.mean())) < 0.005
    assert float(value.std()) == pytest.approx(0.1, abs=0.0035)


def test_lstm_forget_gate_starts_open() -> None:
    i, f, g, o = fresh("lstm", {}).get_parameter("b").chunk(4)
    assert (f == 1).all()
    assert all(each.count_nonzero() == 0 for each in (i, g, o))


def test_ugrnn_gate_starts_open() -> None:
    g, c = fresh("ugrnn", {}).get_parameter("b").chunk(2)
    assert (g == 1).all()
    assert c.count_nonzero() == 0


@pytest.mark.parametrize("name", ["rnn", "gru", "qrnn", "spectralrnn"])
def test_biases_of_zero(name: str) -> None:
    assert fresh(name, {}).get_parameter("b").count_nonzero() == 0


@pytest.mark.parametrize("name", list(GLOROT))
def test_input_matrices_are_glorot_uniform_gate_by_gate(name: str) -> None:
    # Of the whole stack at once the bound would be smaller: fan-out G H instead of H.
    bound = math.sqrt(6 / (INPUTS + HIDDEN))
    for gate in fresh(name, {}, INPUTS, HIDDEN).get_parameter("W.value").detach().chunk(GLOROT[name]):
        assert float(gate.abs().max()) <= bound
        assert float(gate.abs().max()) > 0.99 * bound
        assert float(gate.var()) == pytest.approx(bound**2 / 3, rel=0.05)


def orthogonal(matrix: Tensor, tolerance: float) -> None:
    close(matrix @ matrix.T, torch.eye(len(matrix), dtype=matrix.dtype), tolerance)


@pytest.mark.parametrize("name", list(ORTHOGONAL))
def test_recurrent_matrices_are_orthogonal_gate_by_gate(name: str) -> None:
    for gate in fresh(name, {}).get_parameter("U.value").detach().chunk(ORTHOGONAL[name]):
        orthogonal(gate, 1e-5)  # drawn in float32


def test_gru_reset_before_has_orthogonal_matrices() -> None:
    cell = fresh("gru", {"reset": "before"})
    for gate in (*cell.get_parameter("U.value").detach().chunk(2), cell.get_parameter("U_n.value").detach()):
        orthogonal(gate, 1e-5)


def spectral(cell: Cell) -> SpectralWeight:
    weight = cell.weights()["U"]
    assert isinstance(weight, SpectralWeight)
    return weight


@pytest.mark.parametrize("reflectors", [1, 4, 12])
def test_spectral_matrix_starts_orthogonal(reflectors: int) -> None:
    weight = spectral(fresh("spectralrnn", {"reflectors": reflectors}, hidden=12))
    assert (weight.singular_values() == 1).all()
    orthogonal(weight.matrix().detach(), 1e-12)


@pytest.mark.parametrize("radius", [0.0, 0.01, 0.5])
@pytest.mark.parametrize("reflectors", [1, 4, 12])
def test_spectral_singular_values_stay_in_their_band(reflectors: int, radius: float) -> None:
    options = {"reflectors": reflectors, "radius": radius}
    cell = build("spectralrnn", options, hidden=12)
    weight = spectral(cell)
    with torch.no_grad():
        weight.p_singular.copy_(torch.linspace(-20, 20, 12))
        found = torch.linalg.svdvals(weight.matrix())
        close(found, weight.singular_values().sort(descending=True).values)
        assert found.min() >= 1 - radius - 1e-12
        assert found.max() <= 1 + radius + 1e-12
    close(weight.matrix().detach(), spectral_matrix(parameters_of(cell), options, 12))


def test_a_spectral_reflection_does_not_depend_on_the_length_of_its_vector() -> None:
    weight = spectral(build("spectralrnn", {"reflectors": 1}, hidden=6))
    before = weight.matrix().detach()
    with torch.no_grad():
        weight.p_reflectors.mul_(1000)
        weight.q_reflectors.div_(-1000)
    close(weight.matrix().detach(), before)


def test_a_dense_weight_defaults_to_glorot() -> None:
    torch.manual_seed(0)
    assert float(Weight(50, 100).value.detach().abs().max()) <= math.sqrt(6 / 150)


LINEAR = {
    "mingru": INPUTS**-0.5,
    "cornn": (INPUTS + 2 * HIDDEN) ** -0.5,
    "lem": HIDDEN**-0.5,
    "s6": INPUTS**-0.5,
}
"""Bounds of the uniform draws of torch.nn.Linear, or of the authors' own; of S6 but for its biases."""


@pytest.mark.parametrize("name", list(LINEAR))
def test_matrices_of_uniform_draws_keep_to_their_bound(name: str) -> None:
    bound = LINEAR[name]
    for key, value in fresh(name, {}, INPUTS, HIDDEN).named_parameters():
        if name == "s6" and (value.dim() < 2 or value.numel() < 1000):
            continue
        assert float(value.detach().abs().max()) <= bound, key
        assert float(value.detach().abs().max()) > 0.9 * bound, key


def test_janet_remembers_for_up_to_its_steps() -> None:
    """sigmoid(b) of b = log u, u of U(1, 99): its memory 1 / (1 - sigmoid(b)) is 1 + u."""
    s, c = fresh("janet", {"steps": 100}, hidden=2000).get_parameter("b").detach().chunk(2)
    memory = 1 / (1 - torch.sigmoid(s))
    assert 2 <= float(memory.min()) < 3
    assert 99 < float(memory.max()) <= 100.001
    assert float(memory.mean()) == pytest.approx(51, abs=3)
    assert c.count_nonzero() == 0


def test_indrnn_looks_back_with_numbers_between_0_and_1() -> None:
    u = fresh("indrnn", {}, hidden=2000).get_parameter("u").detach()
    assert 0 <= float(u.min()) < 0.01
    assert 0.99 < float(u.max()) <= 1


def test_lru_starts_on_a_ring_whose_area_is_even_and_keeps_the_scale() -> None:
    """|lambda|^2 and the phase are uniform; gamma is what gives s the variance of B x, for white inputs."""
    cell = fresh("lru", {}, hidden=4000)
    assert isinstance(cell, LRU)
    re, im = (part.detach() for part in cell.eigenvalues())
    square = re**2 + im**2
    assert float(square.max()) < 1
    assert float(square.mean()) == pytest.approx(0.5, abs=0.02)
    assert float((re > 0).double().mean()) == pytest.approx(0.5, abs=0.03)
    close(torch.exp(cell.log_gamma.detach()) ** 2, 1 - square, 1e-5)


def test_slstm_and_mgu_biases() -> None:
    i, f, z, o = fresh("slstm", {}).get_parameter("b").chunk(4)
    assert (f == 1).all()
    assert all(each.count_nonzero() == 0 for each in (i, z, o, fresh("mgu", {}).get_parameter("b")))


def test_s6_steps_are_between_a_thousandth_and_a_tenth() -> None:
    cell = fresh("s6", {"order": 3}, hidden=2000)
    _, d = torch.nn.functional.softplus(cell.get_parameter("b").detach()).chunk(2)
    assert 0.001 <= float(d.min()) < 0.0011
    assert 0.09 < float(d.max()) <= 0.1
    assert float(d.log().mean()) == pytest.approx(math.log(0.01), abs=0.1)
    a = torch.exp(cell.get_parameter("log_a").detach()).unflatten(0, (3, 2000))
    assert a[:, 0].tolist() == pytest.approx([1, 2, 3])


def test_lmu_memory_is_the_past_seen_through_legendre_polynomials() -> None:
    """m_j = integral of the window's signal against the shifted Legendre polynomial, for a slow signal: of a constant,
    m_0 is the constant and the rest are 0; of a ramp of slope 1 / theta that has filled the window, the mean over it
    is 1/2, and m_1 is 1/2 of the opposite sign of the delay."""
    A, B = legendre(6, 200.0)
    m = torch.zeros(6, dtype=torch.float64)
    for _ in range(2000):
        m = A @ m + B * 0.7
    close(m, torch.tensor([0.7, 0, 0, 0, 0, 0], dtype=torch.float64), 1e-6)
    m = torch.zeros(6, dtype=torch.float64)
    for t in range(4000):
        m = A @ m + B * (t / 200)
    slope = 0.5 * torch.tensor([0.0, 1, 0, 0, 0, 0], dtype=torch.float64)
    close(m[1:].abs(), slope[1:], 0.01)
    assert float(m[0]) == pytest.approx(3999 / 200 - 0.5, abs=0.01)
