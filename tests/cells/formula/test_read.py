"""What is read of a cell: its formula, written out by hand, and what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from formula_cases import D, H, Own, texts
from own_cells import Blocks, Joined, LookBack, Skip, Tied
from published_cells import LEM, SLSTM, CoRNN
from scan_cases import own
from torch import Tensor

from bench.zoo import all_cells
from cells import Cell, materialised
from cells.formula import Formula, constants_of, evaluate, formula_of
from cells.gates import PIECEWISE


def here(name: str, **options: Any) -> Cell:
    torch.manual_seed(0)
    return all_cells()[name](3, 5, **options).eval()


def expectations() -> Iterator[tuple[str, Cell, list[str]]]:
    """Name, cell, the texts of its new states."""
    pre = "(W(x) + b)"
    yield "RNN", here("rnn"), [f"tanh((U(h) + {pre}))"]
    yield "SpectralRNN", here("spectralrnn"), [f"relu((U(h) + {pre}))"]
    c = f"tanh((U(h) + {pre}))"
    yield "FastRNN", here("fastrnn"), [f"((sigmoid(raw_alpha) * {c}) + (sigmoid(raw_beta) * h))"]
    a = "(U(h) + W(x))"
    z, c = f"sigmoid(({a} + b_z))", f"tanh(({a} + b_h))"
    both = f"((sigmoid(raw_zeta) * (1 - {z})) + sigmoid(raw_nu))"
    yield "FastGRNN", here("fastgrnn"), [f"(({both} * {c}) + ({z} * h))"]
    g, c = f"(U(h) + {pre})[0:1]", f"tanh((U(h) + {pre})[1:2])"
    yield "UGRNN", here("ugrnn"), [f"({c} + (sigmoid({g}) * (h - {c})))"]
    rz = f"sigmoid(({pre}[0:2] + U(h)[0:2]))"
    n = f"tanh(({pre}[2:3] + ({rz}[0:1] * U(h)[2:3])))"
    yield "GRU", here("gru"), [f"({n} + ({rz}[1:2] * (h - {n})))"]
    rz = f"sigmoid((U(h) + {pre}[0:2]))"
    n = f"tanh((U_n(({rz}[0:1] * h)) + {pre}[2:3]))"
    yield "GRU, reset before", here("gru", reset="before"), [f"({n} + ({rz}[1:2] * (h - {n})))"]
    g = f"(U(h) + {pre})"
    c = f"((sigmoid({g}[1:2]) * s1) + (sigmoid({g}[0:1]) * tanh({g}[2:3])))"
    yield "LSTM", here("lstm"), [f"(sigmoid({g}[3:4]) * tanh({c}))", c]
    pre = "(W([x-1, x]) + b)"
    gates = f"[tanh({pre}[0:1]), sigmoid({pre}[1:3])[0:1], sigmoid({pre}[1:3])[1:2]]"
    c = f"(({gates}[1:2] * s1) + ((1 - {gates}[1:2]) * {gates}[0:1]))"
    yield "QRNN", here("qrnn", window=2), [f"({gates}[2:3] * {c})", c]
    keep = "(1 - ((1 - sigmoid((W(x) + b)[1:2])) * 0.75))"
    gates = f"[tanh((W(x) + b)[0:1]), {keep}]"
    f_pooling = f"(({gates}[1:2] * h) + ((1 - {gates}[1:2]) * {gates}[0:1]))"
    yield "QRNN, zoneout", here("qrnn", zoneout=0.25, pooling="f"), [f_pooling]
    piecewise = here("gru")
    piecewise.nonlinearities.update(PIECEWISE)
    rz = "clamp(((((W(x) + b)[0:2] + U(h)[0:2]) + 1) * 0.5), 0, 1)"
    n = f"clamp(((W(x) + b)[2:3] + ({rz}[0:1] * U(h)[2:3])), -1, 1)"
    yield "GRU, piecewise", piecewise, [f"({n} + ({rz}[1:2] * (h - {n})))"]
    z, f = "(tanh((W(x-2)[0:1] + V([x-1, x]))) - (x-1 * 0.3))", "sigmoid(((W(x-2)[1:2] + x) + x-2))"
    z, f = f"[{z}, {f}][0:1]", f"[{z}, {f}][1:2]"
    yield "LookBack", own(LookBack, 5, 5), [f"(({f} * h) + ((1 - {f}) * {z}))"]
    pre = "[((W(x) + b)[0:1] + x), x]"
    yield "Skip", own(Skip, 5, 5), [f"(tanh((U_f(h) + {pre}[0:1])) + {pre}[1:2])"]
    z, n = "sigmoid((W([h, x]) + b)[0:1])", "tanh((W([h, x]) + b)[1:2])"
    yield "Joined", own(Joined, 3, 5), [f"(h + ({z} * ({n} - h)))"]
    f = "sigmoid((U_f(h) + (W(x) + b)[0:1]))"
    yield "Tied", own(Tied, 3, 5), [f"tanh((((U_f(({f} * h)) + (W(x) + b)[1:2]) + U_f(h)) - U_n(h)))"]
    yield "Blocks", own(Blocks, 3, 5), ["tanh((block_diag(A, B)(h) + W(x)))"]
    drive = "tanh(((U_f(h) + (W(x) + slice(b, 0, 0, 5))) + U_n(s1)))"
    z = f"(s1 + ((({drive} - (h * 1.5)) - (s1 * 0.7)) * 0.3))"
    yield "CoRNN", own(CoRNN, 3, 5), [f"(h + ({z} * 0.3))", z]
    v = "(V(h) + (W(x) + b)[0:3])"
    one, two = f"(sigmoid({v}[0:1]) * 0.5)", f"(sigmoid({v}[1:2]) * 0.5)"
    z = f"(((1 - {one}) * s1) + ({one} * tanh({v}[2:3])))"
    yield "LEM", own(LEM, 3, 5), [f"(((1 - {two}) * h) + ({two} * tanh((V_z({z}) + (W(x) + b)[3:4]))))", z]
    g = "(U(h) + W(x))"
    most = f"maximum(({g}[2:3] + s3), {g}[1:2])"
    i, f = f"exp(({g}[1:2] - {most}))", f"exp((({g}[2:3] + s3) - {most}))"
    c, n = f"(({f} * s1) + ({i} * tanh({g}[0:1])))", f"(({f} * s2) + {i})"
    h = f"((sigmoid({g}[3:4]) * {c}) / where((abs({n}) > 0.5), {n}, 0.5))"
    yield "SLSTM", own(SLSTM, 3, 5), [h, c, n, most]


EXPECTED = list(expectations())


@pytest.mark.parametrize(("cell", "wanted"), [case[1:] for case in EXPECTED], ids=[case[0] for case in EXPECTED])
def test_the_formula_of_a_cell(cell: Cell, wanted: list[str]) -> None:
    formula = formula_of(cell)
    assert texts(formula) == wanted
    assert (formula.given, formula.why, formula.window) == (False, "", cell.window)


@pytest.mark.parametrize(("cell", "wanted"), [case[1:] for case in EXPECTED], ids=[case[0] for case in EXPECTED])
def test_a_formula_gives_what_the_cell_gives(cell: Cell, wanted: list[str]) -> None:
    """From the constants as they are now, not as they were when it was read."""
    formula = formula_of(cell)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    past = torch.randn(cell.window, 7, cell.input_size)
    state = tuple(torch.randn(7, cell.hidden_size) for _ in range(cell.states))
    with torch.no_grad(), materialised(cell):
        inputs = {lag: past[-1 - lag] for lag in range(cell.window)}
        ours = evaluate(formula, cell.hidden_size, constants_of(cell, formula), inputs, state)
        before = () if cell.window == 1 else (past[:-1],)
        exact = cell.step(cell.project(past[-1:], *before)[0], state)
    for one, other in zip(ours, exact, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def read(step: Any, project: Any, window: int = 1) -> Formula:
    return formula_of(Own(step, 1, project, window))


PROJECTS: dict[str, tuple[Any, int, str]] = {
    "the sample": (lambda s, x: x, 1, "x"),
    "a bias": (lambda s, x: s.W(x, add=s.b), 1, "(W(x) + b)"),
    "several biases": (lambda s, x: s.W(x, add=s.b) + s.kept + s.b.tanh(), 1, "(((W(x) + b) + kept) + tanh(b))"),
    "rows in one dimension": (lambda s, x: s.W(x.view(-1, D)).view(*x.shape[:2], H), 1, "W(x)"),
    "reshaped": (lambda s, x: s.W(x.reshape(-1, D)).reshape(*x.shape[:2], H), 1, "W(x)"),
    "a function of the product": (lambda s, x: torch.relu(s.W(x)) * s.b, 1, "(relu(W(x)) * b)"),
    "a number": (lambda s, x: s.W(x) + 1.5, 1, "(W(x) + 1.5)"),
    "the sample before": (lambda s, x, past: s.W(torch.cat([past, x])[:-1]), 2, "W(x-1)"),
    "the one before and this": (
        lambda s, x, past: s.W(torch.cat([past, x])[:-1]) + s.W(x),
        2,
        "(W(x-1) + W(x))",
    ),
    "three of them": (
        lambda s, x, past: s.W(x) + torch.tanh(s.W(torch.cat([past, x])[1:-1])) * s.W(torch.cat([past, x])[: len(x)]),
        3,
        "(W(x) + (tanh(W(x-1)) * W(x-2)))",
    ),
}


@pytest.mark.parametrize("what", PROJECTS)
def test_what_project_is_read_as(what: str) -> None:
    project, window, text = PROJECTS[what]
    if what == "the sample":
        formula = formula_of(Own(lambda s, p, h: torch.tanh(s.U(h) + s.W(p)), 1, project))
        assert texts(formula) == ["tanh((U(h) + W(x)))"]
        return
    formula = read(lambda s, p, h: torch.tanh(s.U(h, add=p)), project, window)
    assert texts(formula) == [f"tanh((U(h) + {text}))"]


GIVEN: dict[str, tuple[Any, str]] = {
    "a function of the sample": (lambda s, x: s.W(torch.tanh(x)), "an operation on values of different widths"),
    "the mean over time": (lambda s, x: s.W(x - x.mean(0)), "the operation mean at"),
    "backwards": (lambda s, x: s.W(x.flip(0)), "the operation flip at"),
    "the step before": (
        lambda s, x: s.W(torch.nn.functional.pad(x[:-1], (0, 0, 0, 0, 1, 0))),
        "the operation constant_pad_nd at",
    ),
    "batch first": (lambda s, x: s.W(x.transpose(0, 1)).transpose(0, 1), "the operation transpose at"),
    "detached": (lambda s, x: s.W(x.detach()), "a gradient that is stopped or changed"),
    "a detached product": (lambda s, x: s.W(x).detach(), "a gradient that is stopped or changed"),
    "a branch": (lambda s, x: s.W(x) if x.sum() > 0 else s.W(-x), "the operation sum at"),
    "the first step for all": (
        lambda s, x: s.W(x[:1]).expand(len(x), -1, -1),
        "samples that are not one for every step",
    ),
    "normal numbers": (lambda s, x: s.W(x + torch.randn_like(x)), "the random operation randn_like at"),
}


@pytest.mark.parametrize("what", GIVEN)
def test_a_project_that_is_no_formula_leaves_the_step_one(what: str) -> None:
    project, why = GIVEN[what]
    formula = read(lambda s, p, h: torch.tanh(s.U(h, add=p)), project)
    assert texts(formula) == ["tanh((U(h) + pre))"]
    assert formula.given
    assert formula.why.startswith(why)
    if why.endswith(" at"):
        assert f"{why} test_read.py:" in formula.why
        assert "`" in formula.why


def test_random_numbers_stay_as_they_were() -> None:
    before: Tensor = torch.get_rng_state()
    read(lambda s, p, h: torch.tanh(s.U(h, add=p)) * 1.5, GIVEN["normal numbers"][0])
    assert torch.equal(torch.get_rng_state(), before)


def test_constants_that_are_not_wanted_are_not_computed() -> None:
    formula = formula_of(Own(lambda s, p, h: torch.sigmoid(s.b) * p + torch.tanh(s.kept)))
    cell = Own(None)
    number = {text: n for n, text in enumerate(["W", "U", "V", "b", "c", "scale", "square", "kept"])}
    assert [name for _, name in formula.sources] == list(number)
    assert [operation.function._schema.name for operation in formula.hoisted] == [
        "aten::t",
        "aten::sigmoid",
        "aten::tanh",
    ]
    sigmoid = len(number) + 1
    found = constants_of(cell, formula, [sigmoid])
    assert [place for place, value in enumerate(found) if value is not None] == [number["b"], sigmoid]
    torch.testing.assert_close(found[sigmoid], torch.sigmoid(cell.b))
    assert all(value is not None for value in constants_of(cell, formula))
    assert formula.weight_of(len(number)) == "W"
    assert formula.weight_of(sigmoid) is None
    assert formula.weight_of(0) is None
    assert formula.transposed(len(number)) == 0
