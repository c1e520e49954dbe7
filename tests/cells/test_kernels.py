"""Every kernel against the scan in float64, on shapes that do not fit the processor's vectors."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from kernel_cases import TOLERANCE, VARIANTS, agree, made, results, tensors
from torch import Tensor

from bench.zoo import all_cells
from cells import Cell, kernels

SHAPES = [(1, 1, 1, 1), (3, 7, 1, 5), (9, 2, 5, 16), (6, 25, 3, 33), (4, 50, 10, 100), (3, 7, 18, 200)]


def _name(value: object) -> str:
    return "-".join(str(each) for each in (value.values() if isinstance(value, dict) else value))  # type: ignore[attr-defined]


each_variant = pytest.mark.parametrize(
    ("name", "options"), [pytest.param(n, o, id="-".join([n, _name(o)]).strip("-")) for n, o in VARIANTS]
)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "T{}-B{}-D{}-H{}".format(*shape))


@pytest.fixture(autouse=True)
def _auto() -> Iterator[None]:
    before = kernels.in_use()
    kernels.use("auto", threads=1)
    yield
    kernels.use(before, threads=1)


@each_variant
@each_shape
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "state"])
def test_equal_to_the_scan_in_float64(name: str, options: dict[str, Any], shape: tuple[int, ...], given: bool) -> None:
    if name == "spectralrnn" and options["activation"] == "relu" and shape[1] > 7:
        pytest.skip("thousands of ReLUs: some lie within rounding of their kink, where float32 has no right answer")
    cell = made(name, options, *shape[2:])
    reference = copy.deepcopy(cell).double()
    agree(results(cell, shape, given, torch.float32), results(reference, shape, given, torch.float64))


@each_variant
def test_read_out_at_each_sequences_own_end(name: str, options: dict[str, Any]) -> None:
    cell = made(name, options, 3, 21)
    reference = copy.deepcopy(cell).double()
    lengths = torch.tensor([1, 6, 3, 4, 6, 2, 5])
    seen = []
    for each, dtype in ((cell, torch.float32), (reference, torch.float64)):
        x, _ = tensors(each, 6, 7, False, dtype)
        h = each.last(x, lengths)
        (h * torch.arange(h.numel()).view_as(h).to(dtype).cos()).sum().backward()
        leaves = {"x": x, **dict(each.named_parameters())}
        seen.append({"h": h.detach()} | {key: leaf.grad for key, leaf in leaves.items() if leaf.grad is not None})
    wanted = reference(tensors(reference, 6, 7, False, torch.float64)[0])[0]
    assert torch.equal(seen[1]["h"], wanted[lengths - 1, torch.arange(7)].detach())
    for key, value in seen[1].items():
        scale = float(value.abs().max()) if value.dim() else float(seen[1]["h"].abs().sum())
        assert float((seen[0][key].double() - value).abs().max()) <= TOLERANCE * max(scale, 1e-6), key


@pytest.mark.parametrize("lengths", [[0, 1], [1, 4]])
def test_a_length_out_of_range_is_an_error(lengths: list[int]) -> None:
    with pytest.raises(IndexError):
        made("fastgrnn", {}, 3, 4).last(torch.randn(3, 2, 3), torch.tensor(lengths))


@each_variant
def test_without_gradients_the_same_bits(name: str, options: dict[str, Any]) -> None:
    cell = made(name, options, 3, 21)
    x, state = tensors(cell, 5, 3, True, torch.float32)
    with_gradients = cell(x, state)[0]
    with torch.no_grad():
        assert torch.equal(cell(x, state)[0], with_gradients)
    for each in (x, *(state or ()), *cell.parameters()):
        each.requires_grad_(False)
    assert torch.equal(cell(x, state)[0], with_gradients)


def test_only_what_is_asked_for_gets_a_gradient() -> None:
    cell = made("gru", {}, 3, 5).requires_grad_(False)
    x = torch.randn(4, 2, 3, requires_grad=True)
    cell(x)[0].sum().backward()
    assert x.grad is not None
    assert all(each.grad is None for each in cell.parameters())


@each_variant
@pytest.mark.parametrize("layout", ["batch first", "every other step", "every other feature"])
def test_any_layout_of_the_input(name: str, options: dict[str, Any], layout: str) -> None:
    cell = made(name, options, 3, 9)
    plain = torch.randn(5, 4, 3)
    x = {
        "batch first": plain.transpose(0, 1).contiguous().transpose(0, 1),
        "every other step": plain.repeat_interleave(2, dim=0)[::2],
        "every other feature": plain.repeat_interleave(2, dim=2)[..., ::2],
    }[layout]
    assert torch.equal(x, plain)
    assert torch.equal(cell(x)[0], cell(plain)[0])


@pytest.mark.parametrize("threads", [1, 2, 3])
@each_variant
def test_same_bits_again_for_a_number_of_threads(name: str, options: dict[str, Any], threads: int) -> None:
    cell, shape = made(name, options, 3, 20), (5, 60, 3, 20)
    kernels.use(threads=threads)
    one = results(cell, shape, True, torch.float32)
    one = {key: value.clone() for key, value in one.items()}
    cell.zero_grad()
    other = results(cell, shape, True, torch.float32)
    assert all(torch.equal(one[key], other[key]) for key in one)
    kernels.use(threads=1)
    cell.zero_grad()
    alone = results(cell, shape, True, torch.float32)
    agree(one, {key: value.double() for key, value in alone.items()})


def test_training_zoneout_draws_what_the_scan_draws() -> None:
    cell = made("qrnn", {"zoneout": 0.5, "pooling": "ifo"}, 3, 10).train()
    x, seen = torch.randn(8, 6, 3), []
    for mode in ("auto", "off"):
        kernels.use(mode)
        torch.manual_seed(4)
        seen.append(cell(x)[0])
    torch.testing.assert_close(*seen, rtol=0, atol=1e-6)


def test_one_kernel_serves_every_parametrisation() -> None:
    cell = made("fastgrnn", {}, 12, 20)
    for weight in cell.weights().values():
        weight.factorise(3)
    reference = copy.deepcopy(cell).double()
    agree(results(cell, (5, 9, 12, 20), True, torch.float32), results(reference, (5, 9, 12, 20), True, torch.float64))


def test_nan_and_infinity_come_through() -> None:
    for name, options in VARIANTS:
        cell = made(name, options, 2, 4)
        x = torch.randn(3, 2, 2)
        x[1, 0, 0] = float("nan")
        h = cell(x)[0]
        assert bool(h[1, 0].isnan().all()), name
        assert bool(h[:, 1].isfinite().all()), name
        cell(torch.full((3, 2, 2), 1e30))
        big = cell(torch.full((2, 2, 2), 1e4))[0]
        kernels.use("off")
        torch.testing.assert_close(big, cell(torch.full((2, 2, 2), 1e4))[0], rtol=1e-4, atol=1e-5)
        kernels.use("auto")


def test_the_gates_of_a_kernel_are_the_functions_they_are_named_for() -> None:
    """Everywhere, to a few units of the last place: tanh is an RNN's first step, sigmoid in a UGRNN's."""
    ends = torch.logspace(-30, 1.9, 3000)
    x = torch.cat([torch.linspace(-20, 20, 100_001), ends, -ends, torch.tensor([0.0, 1e30, -1e30])])
    seen = {}
    for name, weights in (("rnn", [[1.0]]), ("ugrnn", [[1.0], [0.0]])):
        cell = made(name, {}, 1, 1)
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter.zero_()
            cell.W.value.copy_(torch.tensor(weights))
            cell.b[1:] = 40.0  # the other gate of UGRNN: h = (1 - sigmoid(x)) tanh(40)
            seen[name] = cell(x.view(1, -1, 1))[0].flatten().double()
    tanh, complement = torch.tanh(x.double()), torch.sigmoid(-x.double())
    assert float((seen["ugrnn"] - complement).abs().max()) < 2e-7
    torch.testing.assert_close(seen["rnn"], tanh, rtol=5e-7, atol=1e-37)


def _scans(cell: Cell, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the scan ran."""
    ran: list[bool] = []
    real = Cell._scan
    monkeypatch.setattr(Cell, "_scan", lambda *a: (ran.append(True), real(*a))[1])
    cell(x)
    monkeypatch.undo()
    return bool(ran)


def test_what_a_kernel_does_not_serve_is_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    cell, x = made("fastgrnn", {}, 3, 4), torch.randn(2, 2, 3)
    assert not _scans(cell, x, monkeypatch)
    replaced = copy.deepcopy(cell)
    replaced.nonlinearities["tanh"] = torch.nn.functional.hardtanh
    for other, given in (
        (copy.deepcopy(cell).double(), x.double()),
        (replaced, x),
        (copy.deepcopy(cell).to("meta"), x.to("meta")),
    ):
        assert _scans(other, given, monkeypatch)
    kernels.use("off")
    assert _scans(cell, x, monkeypatch)


def test_torch_sees_a_kernel() -> None:
    """torch.compile and torch.export keep it as one operation, with the same numbers; vmap takes the scan."""
    cell, x = made("lstm", {}, 3, 5), torch.randn(4, 2, 3)
    wanted = cell(x)[0]
    exported = torch.export.export(cell, (x,))
    assert [node for node in exported.graph.nodes if str(node.target) == "rnnbench.sequence.default"]
    assert torch.equal(exported.module()(x)[0], wanted)
    mapped = torch.func.vmap(lambda row: cell(row.unsqueeze(1))[0].squeeze(1), in_dims=1, out_dims=1)(x)
    torch.testing.assert_close(mapped, wanted, rtol=1e-5, atol=1e-6)
    P = torch.randn(2, 5, requires_grad=True)
    operands = (torch.randn(3, 2, 4), torch.randn(2, 5), None, torch.randn(10, 4), torch.randn(10, 5), P)
    kernels.ready(all_cells()["ugrnn"](4, 5))
    torch.library.opcheck(torch.ops.rnnbench.sequence.default, ("UGRNN", *operands, None, 1.0, None, 1))


def test_settings_out_of_range() -> None:
    with pytest.raises(ValueError, match="auto or off"):
        kernels.use("on")
    with pytest.raises(ValueError, match="at least 1"):
        kernels.use(threads=0)
