"""The scan that repeats a step's formula, against the step itself under autograd, in float64."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from cell_cases import build, each_case, factorise, inputs_of, state_of
from references import Options
from torch import Tensor, nn
from torch.nn import functional

from baselines.awd import weight_dropped
from cells import Cell, State, Weight, kernels, materialised, replay
from cells.gates import PIECEWISE
from cells.replay import backward


@pytest.fixture(autouse=True)
def _off(monkeypatch: pytest.MonkeyPatch) -> Any:
    before = kernels.in_use()
    kernels.use("off")
    monkeypatch.setattr(backward, "_TOGETHER", 40)  # several steps at once, and a remainder
    yield
    kernels.use(before)


def refusal(cell: Cell, x: Tensor) -> str:
    with materialised(cell):
        return replay.refusal(cell, cell.project(x), cell.initial_state(x.shape[1], x)[: cell.states])


def values(
    cell: Cell, x: Tensor, state: State | None, read: Callable[[Tensor, State], Tensor] | None = None
) -> dict[str, Tensor]:
    """Outputs, and every gradient of a linear form of them."""
    cell.zero_grad()
    x = x.clone().requires_grad_()
    state = None if state is None else tuple(each.clone().requires_grad_() for each in state)
    torch.manual_seed(5)
    h, after = cell(x, state)
    outputs = (h, *after[: cell.states])
    if read is None:
        loss = sum(((each * torch.arange(each.numel()).view_as(each).cos()).sum() for each in outputs), x.new_zeros(()))
    else:
        loss = read(h, after)
    loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
    leaves = {"x": x, **{f"state {n}": each for n, each in enumerate(state or ())}, **dict(cell.named_parameters())}
    gradients = {f"of {key}": each.grad.clone() for key, each in leaves.items() if each.grad is not None}
    return {f"output {n}": each.detach() for n, each in enumerate((h, *after))} | gradients


def same(cell: Cell, x: Tensor, state: State | None, monkeypatch: pytest.MonkeyPatch, **how: Any) -> None:
    ours = values(cell, x, state, **how)
    with monkeypatch.context() as plainly:
        plainly.setattr(replay, "scan", lambda *_: None)
        wanted = values(cell, x, state, **how)
    for key, value in ours.items():
        torch.testing.assert_close(value, wanted.get(key, torch.zeros_like(value)), rtol=1e-10, atol=1e-11)
    assert wanted.keys() <= ours.keys()


@each_case
@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (1, 3), (5, 1), (13, 3)])
def test_the_numbers_of_the_plain_scan(
    name: str, options: Options, steps: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = build(name, options).train()
    x = inputs_of(cell, steps, batch)
    assert refusal(cell, x) == ""
    same(cell, x, None, monkeypatch)
    same(cell, x, state_of(cell, batch), monkeypatch)


@each_case
def test_part_of_the_outputs(name: str, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = build(name, options)
    x, state = inputs_of(cell, 7, 3), state_of(cell, 3)
    same(cell, x, state, monkeypatch, read=lambda _, after: after[cell.states - 1].square().sum())
    same(cell, x, state, monkeypatch, read=lambda h, _: h[2:5, 1].square().sum())


@each_case
@pytest.mark.parametrize("lengths", [[1, 6, 3, 6], [6, 6, 6, 6], [2, 2, 1, 2]])
def test_the_ends_of_sequences(name: str, options: Options, lengths: list[int]) -> None:
    cell, ends = build(name, options), torch.tensor(lengths)
    x, seen = inputs_of(cell, 6, 4), []
    for read in (lambda: cell.last(x, ends), lambda: cell(x)[0][ends - 1, torch.arange(4)]):
        h = read()
        seen.append([h, *torch.autograd.grad(h.square().sum(), list(cell.parameters()))])
    for ours, wanted in zip(*seen, strict=True):
        torch.testing.assert_close(ours, wanted, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["fastgrnn", "fastrnn", "rnn", "ugrnn", "gru", "lstm", "qrnn"])
def test_every_form_of_a_weight_and_piecewise_gates(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = factorise(build(name, {}), 2)
    cell.nonlinearities.update(PIECEWISE)
    x = inputs_of(cell, 9, 3)
    same(cell, x, None, monkeypatch)
    if name != "qrnn":
        cell = build(name, {})
        torch.manual_seed(3)
        with weight_dropped(cell, 0.5):
            same(cell, x, None, monkeypatch)
    same(cell, x, None, monkeypatch)  # the matrix is again the parameter


@pytest.mark.parametrize("frozen", ["W.value", "U.value", "b_z", "raw_nu"])
def test_what_is_frozen_gets_no_gradient(frozen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = build("fastgrnn", {})
    cell.get_parameter(frozen).requires_grad_(False)
    same(cell, inputs_of(cell, 5, 2), None, monkeypatch)
    assert cell.get_parameter(frozen).grad is None


@pytest.mark.parametrize(
    ("name", "options"), [("fastgrnn", {}), ("gru", {"reset": "before"}), ("lstm", {}), ("qrnn", {"pooling": "ifo"})]
)
def test_gradients_of_gradients(name: str, options: Options) -> None:
    cell = build(name, options, 2, 3)
    x = inputs_of(cell, 3).requires_grad_()
    inputs = (x, *cell.parameters())
    assert torch.autograd.gradgradcheck(lambda *_: cell(x)[0], inputs)
    assert torch.autograd.gradgradcheck(lambda *_: cell.last(x, torch.tensor([3, 1])), inputs)


def test_same_bits_again_and_without_gradients() -> None:
    cell = build("gru", {}).float()
    x = inputs_of(cell, 8, 3).float()
    one, other = values(cell, x, None), values(cell, x, None)
    assert all(torch.equal(one[key], other[key]) for key in one)
    with torch.no_grad():
        assert torch.equal(cell(x)[0], one["output 0"])
    with torch.inference_mode():
        torch.testing.assert_close(cell(x)[0], one["output 0"])


class Own(Cell):
    """A cell of somebody's whose step is one function of itself, pre-activations and state."""

    def __init__(self, function: Any, states: int = 1, gates: int = 1) -> None:
        super().__init__(3, 4)
        self.states, self.function = states, function
        self.W, self.U, self.V = Weight(gates * 4, 3), Weight(gates * 4, 4), Weight(4, 4)
        self.b, self.scale = nn.Parameter(torch.randn(4)), nn.Parameter(torch.rand(1))
        self.square, self.kept = nn.Parameter(torch.randn(4, 4)), nn.Buffer(torch.rand(4))
        self.double()

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        made = self.function(self, pre_BG, *state)
        return made if isinstance(made, tuple) else (made,)


def projected(cell: Any, p: Tensor, h: Tensor, c: Tensor) -> State:
    """A product of the gated new state, a state that moves on, a slice, a sum of three."""
    i, f = cell.U(h).split([4, 4], dim=-1)
    c = torch.sigmoid(f + p[:, 4:]) * c - torch.exp(-i.relu()) / (2.0 + cell.scale) * (1 - p[:, :4])
    return cell.V(torch.tanh(c) * cell.b, add=cell.kept), c


SERVED: dict[str, tuple[Any, int, int]] = {
    "elementwise": (lambda s, p, h: torch.tanh(p) * torch.sigmoid(s.scale * h - s.b) + 0.5 * h, 1, 1),
    "a gated state": (lambda s, p, h: torch.tanh(s.V(torch.sigmoid(s.U(h, add=p)) * h)) + h / 3, 1, 1),
    "two products of one value": (lambda s, p, h: torch.tanh(s.U(h.relu()) * s.V(h.relu(), add=s.b) + p), 1, 1),
    "projected": (projected, 2, 2),
    "states that trade places": (lambda s, p, h, c: (c, torch.tanh(s.U(h, add=p) - c)), 2, 1),
    "one value as two states": (lambda s, p, h, c: (torch.tanh(s.U(h, add=p) * c),) * 2, 2, 1),
    "linear": (lambda s, p, h: s.U(h, add=p), 1, 1),
    "no state": (lambda s, p, h: p, 1, 1),
    "put together": (lambda s, p, h: torch.cat([s.U(h).neg(), p], -1).sigmoid().chunk(2, -1)[1] * h, 1, 1),
    "a state of use only to another": (lambda s, p, h, c: (torch.tanh(p * c), s.b * c.clamp(-1, 0.5)), 2, 1),
    "added twice": (lambda s, p, h: torch.tanh(s.U(h, add=p)) + s.V(h, add=p), 1, 1),
}


@pytest.mark.parametrize("what", SERVED)
def test_cells_of_others_are_served(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    cell = Own(*SERVED[what])
    x, state = torch.randn(11, 3, 3).double(), tuple(torch.randn(3, 4).double() for _ in range(cell.states))
    assert refusal(cell, x) == ""
    same(cell, x, state, monkeypatch)


class _Backwards(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 1.0

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return -gradient


def _hooked(s: Any, p: Tensor, h: Tensor) -> Tensor:
    a = p + h
    if a.requires_grad:
        a.register_hook(lambda gradient: 2 * gradient)
    return torch.tanh(a)


def _without(s: Any, p: Tensor, h: Tensor) -> Tensor:
    with torch.no_grad():
        gate = torch.sigmoid(h)
    return gate * p + h


def _counting(s: Any, p: Tensor, h: Tensor) -> Tensor:
    s.steps = getattr(s, "steps", 0) + 1
    return torch.tanh(p + s.steps * h)


REFUSED = {
    "layer norm": lambda s, p, h: functional.layer_norm(p + h, (4,)),
    "softmax": lambda s, p, h: torch.softmax(p + h, -1),
    "a sum over units": lambda s, p, h: p + h.sum(-1, keepdim=True),
    "units in another order": lambda s, p, h: p + h.flip(-1),
    "units shifted": lambda s, p, h: p + torch.cat([h[:, 1:], h[:, :1]], -1),
    "rows in another order": lambda s, p, h: p + h.roll(1, 0),
    "a product of states": lambda s, p, h: torch.tanh(p + h @ (h.t() @ h)),
    "a mean of the batch": lambda s, p, h: p + h - h.mean(0),
    "a mask of its own": lambda s, p, h: functional.dropout(p + h, 0.5),
    "a branch on numbers": lambda s, p, h: p + h if h.sum() > 0 else p - h,
    "in place": lambda s, p, h: (p + h).mul_(2),
    "detached": lambda s, p, h: p + h.detach(),
    "its data": lambda s, p, h: p * h.data + h,
    "its parameter's data": lambda s, p, h: p + h * s.b.data,
    "no gradient": _without,
    "a gradient of its own": lambda s, p, h: _Backwards.apply(p + h),  # type: ignore[no-untyped-call]
    "a hook": _hooked,
    "a tensor made here": lambda s, p, h: p + h * torch.tensor(2.0),
    "a step that counts": _counting,
    "a constant of the batch": lambda s, p, h: p + h * torch.ones(3, 1).double(),
    "a state alike in every row": lambda s, p, h: s.b.expand(3, 4),
    "a rounding": lambda s, p, h: torch.round(p + h),
}


@pytest.mark.parametrize("what", REFUSED)
def test_any_other_step_is_scanned_as_it_is(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    cell = Own(REFUSED[what])
    x = torch.randn(5, 3, 3).double()
    if what == "a step that counts":
        assert refusal(cell, x)
        return
    assert refusal(cell, x)
    same(cell, x, (torch.randn(3, 4).double(),), monkeypatch)


def _moves_on(s: Any, p: Tensor, h: Tensor) -> Tensor:
    s.kept.add_(1.0)
    return torch.tanh(p + torch.rand_like(h) * s.kept)


@pytest.mark.parametrize("function", [_moves_on, _counting])
def test_reading_a_step_leaves_no_trace(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x, seen = torch.randn(5, 3, 3).double(), []
    for plainly in (False, True):
        with monkeypatch.context() as patched:
            if plainly:
                patched.setattr(replay, "scan", lambda *_: None)
            torch.manual_seed(0)
            cell = Own(function)
            seen.append((cell(x)[0], cell.kept, getattr(cell, "steps", 0), torch.rand(3)))
    for ours, wanted in zip(*seen, strict=True):
        torch.testing.assert_close(ours, wanted, rtol=0, atol=0)


def test_what_changes_a_step_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = build("fastgrnn", {"gate": "sigmoid"})
    x = inputs_of(cell, 4)
    same(cell, x, None, monkeypatch)
    cell.gate = "tanh"  # type: ignore[assignment]
    same(cell, x, None, monkeypatch)
    cell.nonlinearities["tanh"] = torch.nn.functional.relu
    same(cell, x, None, monkeypatch)
    cell.raw_nu = nn.Parameter(torch.randn(cell.hidden_size).double())
    same(cell, x, None, monkeypatch)
    cell.U.register_forward_hook(lambda *_: 2 * _[-1])
    same(cell, x, None, monkeypatch)
    odd = Own(lambda s, p, h: p + h * s.list[0])
    odd.list = [2.0]  # type: ignore[assignment]
    assert refusal(odd, torch.randn(4, 3, 3).double())


def test_torch_transforms_take_the_plain_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = build("fastgrnn", {}).float()
    x = inputs_of(cell, 4).float()
    h = cell(x)[0]
    monkeypatch.setattr(replay, "_plan", lambda *_: pytest.fail("it was replayed"))
    mapped = torch.func.vmap(lambda row: cell(row.unsqueeze(1))[0].squeeze(1), in_dims=1, out_dims=1)(x)
    torch.testing.assert_close(mapped, h)
    with torch.autocast("cpu", torch.bfloat16):
        cell(x)
    assert cell.to("meta")(x.to("meta"))[0].shape == h.shape


def test_copies_share_nothing_but_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    one = build("lstm", {})
    other = copy.deepcopy(one)
    x = inputs_of(one, 4)
    with torch.no_grad():
        other.get_parameter("b").add_(1.0)
    same(one, x, None, monkeypatch)
    same(other, x, None, monkeypatch)
    assert not torch.equal(one(x)[0], other(x)[0])
