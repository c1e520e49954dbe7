"""Counted operations equal the closed forms of the cells' formulas, and PyTorch's own FLOP counter."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from bench.errors import RnnbenchError
from bench.mcu import Counts, count
from bench.zoo import all_cells
from cells import Cell, State, Weight

D, H, C = 5, 12, 3


def made(name: str, D: int = D, H: int = H, **options: Any) -> Cell:
    torch.manual_seed(0)
    return all_cells()[name](D, H, **options)


def head() -> nn.Linear:
    return nn.Linear(H, C)


def factorised(cell: Cell) -> Cell:
    for weight in cell.weights().values():
        if type(weight) is Weight:
            weight.factorise(2)
    return cell


def step(cell: Cell) -> dict[str, int]:
    """The kinds that occur in one step, each with its number."""
    return {kind: number for kind, number in count([cell], head()).step.items() if number}


R = 4  # reflectors
CLOSED_FORMS: list[tuple[str, dict[str, Any], dict[str, int]]] = [
    ("rnn", {}, {"mac": H * D + H * H, "row": 2 * H, "call": 2, "tanh": H}),
    ("fastrnn", {}, {"mac": H * D + H * H, "row": 2 * H, "call": 2, "tanh": H, "mul": 2 * H, "add": H}),
    (
        "fastgrnn",  # b_z, b_h, 1 - z, + nu, the sum; zeta *, * c, z * h
        {},
        {"mac": H * D + H * H, "row": 2 * H, "call": 2, "sigmoid": H, "tanh": H, "add": 5 * H, "mul": 3 * H},
    ),
    (
        "fastgrnn",
        {"gate": "relu"},
        {"mac": H * D + H * H, "row": 2 * H, "call": 2, "compare": H, "tanh": H, "add": 5 * H, "mul": 3 * H},
    ),
    (
        "lstm",
        {},
        {"mac": 4 * (H * D + H * H), "row": 8 * H, "call": 2, "sigmoid": 3 * H, "tanh": 2 * H, "mul": 3 * H, "add": H},
    ),
    (
        "gru",  # r u + pre_n; W x + U h of r and z; h - n, and the sum
        {},
        {"mac": 3 * (H * D + H * H), "row": 6 * H, "call": 2, "sigmoid": 2 * H, "tanh": H, "mul": 2 * H, "add": 5 * H},
    ),
    (
        "gru",  # the sums with W x start the accumulators
        {"reset": "before"},
        {"mac": 3 * (H * D + H * H), "row": 6 * H, "call": 3, "sigmoid": 2 * H, "tanh": H, "mul": 2 * H, "add": 2 * H},
    ),
    (
        "ugrnn",
        {},
        {"mac": 2 * (H * D + H * H), "row": 4 * H, "call": 2, "sigmoid": H, "tanh": H, "mul": H, "add": 2 * H},
    ),
    (
        "qrnn",  # z, f and o are gathered once: 3 H moves
        {},
        {
            "mac": 3 * H * D,
            "row": 3 * H,
            "call": 1,
            "sigmoid": 2 * H,
            "tanh": H,
            "mul": 3 * H,
            "add": 2 * H,
            "move": 3 * H,
        },
    ),
    (
        "spectralrnn",  # 2 R reflections of a dot and an axpy each, the scaling, the sum with W x
        {"reflectors": R},
        {"mac": H * D, "row": H, "call": 1, "mul": 4 * R * H + H, "add": 4 * R * H + H, "compare": H},
    ),
]


@pytest.mark.parametrize(("name", "options", "wanted"), CLOSED_FORMS)
def test_operations_of_a_step_equal_the_closed_form(name: str, options: dict[str, Any], wanted: dict[str, int]) -> None:
    assert step(made(name, **options)) == wanted


def test_every_cell_has_a_closed_form() -> None:
    assert {name for name, _, _ in CLOSED_FORMS} == {
        name for name, cls in all_cells().items() if cls.__module__.startswith(("cells.", "baselines."))
    }


@pytest.mark.parametrize("name", [name for name, _, _ in CLOSED_FORMS])
def test_macs_are_half_of_pytorchs_flops(name: str) -> None:
    for cell in (made(name), factorised(made(name))):
        cell.eval()
        x = torch.zeros(1, D)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            cell.stream(x, cell.initial_state(1, x))
        assert 2 * count([cell], head()).step.mac == counter.get_total_flops()


def test_low_rank_multiplies_through_the_factors() -> None:
    cell = made("fastgrnn")
    cell.weights()["W"].factorise(3)
    cell.weights()["U"].factorise(2)
    found = count([cell], head())
    assert found.step.mac == 3 * (D + H) + 2 * 2 * H
    assert (found.step.row, found.step.call) == (3 + H + 2 + H, 4)
    assert found.constants == 3 * (D + H) + 2 * 2 * H + 2 * H + 2 + H * C + C


def test_qrnn_looks_back_over_its_window() -> None:
    found = count([made("qrnn", window=3)], head())
    assert found.step.mac == 3 * H * 3 * D
    assert found.state == 2 * H + 2 * D


@pytest.mark.parametrize("name", [name for name, _, _ in CLOSED_FORMS])
def test_what_is_stored_is_the_parameters(name: str) -> None:
    """Constants are folded: zeta is one number, a reflector is one vector."""
    for cell in (made(name), factorised(made(name))):
        parameters = sum(each.numel() for each in cell.parameters())
        assert count([cell], head()).constants == parameters + H * C + C


def test_folding_keeps_the_smaller_form() -> None:
    class TwoBiases(Cell):
        def __init__(self) -> None:
            super().__init__(H, H)
            self.b = nn.Parameter(torch.zeros(H))
            self.c = nn.Parameter(torch.zeros(H))

        def project(self, x_TBD: Tensor) -> Tensor:
            return x_TBD + (self.b + torch.exp(self.c))

        def step(self, pre_BG: Tensor, state: State) -> State:
            return (pre_BG + state[0],)

    found = count([TwoBiases()], nn.Identity())
    assert found.step == Counts(add=2 * H)
    assert found.constants == H


def test_a_stack_is_the_sum_of_its_layers() -> None:
    first, second = made("gru"), made("rnn", D=H)
    both, one, two = (count(layers, head()) for layers in ([first, second], [first], [second]))
    assert both.step == one.step + two.step
    assert both.head == one.head == Counts(mac=H * C, row=C, call=1)
    assert both.state == 2 * H
    assert both.constants == one.constants + two.constants - (H * C + C)


def test_memory_of_a_plain_rnn_by_hand() -> None:
    """W x [H] beside x [D], then U h [H] beside W x [H]; tanh in place. The head needs C."""
    assert count([made("rnn", D=2 * H)], head()).live == 3 * H
    assert count([made("rnn", D=1)], head()).live == 2 * H
    assert count([made("rnn", D=1)], nn.Linear(H, 5 * H)).live == 5 * H


def test_a_quantised_non_linearity_is_counted_as_what_it_is() -> None:
    cell = made("rnn")
    cell.nonlinearities["tanh"] = lambda x: x.clamp(-1, 1)
    assert step(cell) == {"mac": H * D + H * H, "row": 2 * H, "call": 2, "compare": 2 * H}


def test_tracing_leaves_the_model_as_it_was() -> None:
    cell = made("qrnn", zoneout=0.5)
    cell.train()
    model = nn.Sequential(nn.Dropout(), nn.Linear(H, C))
    model[0].eval()
    count([cell], model)
    assert cell.training
    assert model.training
    assert not model[0].training
    assert all(each.requires_grad and each.grad is None for each in cell.parameters())


class Odd(Cell):
    """A cell whose only operation is the one given."""

    name = "odd"

    def __init__(self, function: Any) -> None:
        super().__init__(H, H)
        self.function = function

    def project(self, x_TBD: Tensor) -> Tensor:
        return x_TBD

    def step(self, pre_BG: Tensor, state: State) -> State:
        return (self.function(pre_BG, state[0]),)


def test_an_unknown_operation_is_named_with_its_cell_and_line() -> None:
    with pytest.raises(RnnbenchError) as caught:
        count([Odd(lambda x, h: x + torch.erfinv(h))], head())
    text = str(caught.value)
    assert "\n" not in text
    for part in ("cell 'odd'", "aten.erfinv", "test_operations.py:", "torch.erfinv(h)", "sigmoid", "addmm"):
        assert part in text


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda x, h: x.add_(h), "in place"),
        (lambda x, h: x + torch.rand_like(h), "random"),
        (lambda x, h: x if h.sum().item() > 0 else h, "cannot be traced"),
        (lambda x, h: x.pow(2.5) + h, "does not know"),
    ],
)
def test_what_cannot_be_counted_is_refused(function: Any, hint: str) -> None:
    with pytest.raises(RnnbenchError, match=hint) as caught:
        count([Odd(function)], head())
    assert "cell 'odd'" in str(caught.value)


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda x, h: x + 2 * h, Counts(add=H, mul=H)),
        (lambda x, h: torch.add(x, h, alpha=2), Counts(add=H, mul=H)),
        (lambda x, h: torch.where(x > 0, x, h), Counts(compare=2 * H)),
        (lambda x, h: torch.softmax(h, -1) * x, Counts(compare=H, add=2 * H, exp=H, div=H, mul=H)),
        (lambda x, h: h / h.norm(dim=-1, keepdim=True) + x, Counts(mul=H, add=2 * H, sqrt=1, div=H)),
        (lambda x, h: -h + x.mean(-1, keepdim=True), Counts(move=H, add=2 * H, mul=1)),
        (lambda x, h: torch.lerp(x, h, 0.5), Counts(add=2 * H, mul=H)),
        (lambda x, h: torch.einsum("bi,bi->b", x, h).unsqueeze(0) * h, Counts(mac=H, row=1, call=1, mul=H)),
        (lambda x, h: torch.cat([x[:, 1:], h[:, :1]], -1).clamp(min=0), Counts(move=H, compare=H)),
    ],
)
def test_operations_a_new_cell_may_use(function: Any, wanted: Counts) -> None:
    assert count([Odd(function)], nn.Identity()).step == wanted


def test_a_model_has_a_layer() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        count([], head())
