"""The scan that repeats a step's formula, against the step itself under autograd, in float64."""

from __future__ import annotations

import copy

import pytest
import torch
from cell_cases import build, each_case, factorise, inputs_of, state_of
from references import Options
from replay_cases import refusal, replayed, same, values
from torch import nn

from bench.train.language.awd import weight_dropped
from cells import kernels, replay
from cells.gates import PIECEWISE

_replayed = pytest.fixture(autouse=True)(replayed)


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


def test_a_few_steps_are_scanned_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    cell, read = build("fastgrnn", {}), []
    monkeypatch.undo()
    kernels.use("off")
    monkeypatch.setattr(replay, "_plan", lambda *_: read.append(True) or "")
    for steps, by_formula in ((9, False), (10, True)):
        cell(inputs_of(cell, steps))
        assert bool(read) is by_formula


def test_copies_share_nothing_but_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    one = build("lstm", {})
    other = copy.deepcopy(one)
    x = inputs_of(one, 4)
    with torch.no_grad():
        other.get_parameter("b").add_(1.0)
    same(one, x, None, monkeypatch)
    same(other, x, None, monkeypatch)
    assert not torch.equal(one(x)[0], other(x)[0])
