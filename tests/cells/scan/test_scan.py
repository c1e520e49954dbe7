"""Kernels written from formulas against the plain loop in float64, on shapes that do not fit a processor's vectors."""

from __future__ import annotations

import copy

import pytest
import torch
from own_cells import TwoMatrices
from published_cells import Peephole
from scan_cases import (
    Maker,
    Shape,
    agree,
    each_cell,
    made,
    own,
    results,
    some_cells,
    tensors,
    wanted,
)
from torch import Tensor

from baselines.mingru import MinGRU
from cells import Cell, materialised, scan

pytestmark = pytest.mark.long

# One of everything; single units; D = H; two groups of rows and more steps than are gathered.
SHAPES = [Shape(1, 1, 1, 1), Shape(3, 7, 1, 5), Shape(4, 5, 3, 1), Shape(9, 2, 16, 16), Shape(13, 30, 4, 35)]


@each_cell
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "T{}-B{}-D{}-H{}".format(*shape))
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "state"])
def test_equal_to_the_loop_in_float64(
    make: Maker, shape: Shape, given: bool, ran: list[str], request: pytest.FixtureRequest
) -> None:
    if "spectralrnn-relu" in request.node.callspec.id and shape.B > 7:
        pytest.skip("thousands of ReLUs: some lie within rounding of their kink, where float32 has no right answer")
    cell = make(shape.D, shape.H)
    agree(results(cell, shape.T, shape.B, given), wanted(cell, shape.T, shape.B, given))
    assert ran == ["kernel", "loop"]


@each_cell
def test_read_out_at_each_sequences_own_end(make: Maker, ran: list[str]) -> None:
    lengths, seen = torch.tensor([1, 6, 3, 4, 6, 2, 5]), []
    single = make(3, 21)
    for cell, dtype in ((single, torch.float32), (copy.deepcopy(single).double(), torch.float64)):
        x, _ = tensors(cell, 6, 7, False, dtype)
        h = cell.last(x, lengths) if dtype == torch.float32 else cell(x)[0][lengths - 1, torch.arange(7)]
        torch.autograd.backward([(h * torch.arange(h.numel()).view_as(h).to(dtype).cos()).sum()])
        leaves = {"x": x, **dict(cell.named_parameters())}
        gradients = {key: leaf.grad for key, leaf in leaves.items() if leaf.grad is not None}
        seen.append({"output 0": h.detach(), **gradients})
    agree(*seen)
    assert ran == ["kernel", "loop"]


@each_cell
def test_the_same_bits_again_and_without_gradients(make: Maker) -> None:
    cell = make(3, 21)
    first, again = results(cell, 5, 3), results(cell, 5, 3)
    assert all(torch.equal(first[key], again[key]) for key in first)
    x, state = tensors(cell, 5, 3, True, torch.float32)
    with torch.no_grad():
        assert torch.equal(cell(x, state)[0], first["output 0"])
    for leaf in (x, *(state or ()), *cell.parameters()):
        leaf.requires_grad_(False)
    assert torch.equal(cell(x, state)[0], first["output 0"])


@some_cells
@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads(make: Maker, threads: int) -> None:
    """Equal bits for the same number; 60 rows are three groups."""
    cell = make(3, 20)
    alone = results(cell, 5, 60)
    scan.use(threads=threads)
    try:
        first, again = results(cell, 5, 60), results(cell, 5, 60)
    finally:
        scan.use(threads=1)
    assert all(torch.equal(first[key], again[key]) for key in first)
    agree(first, {key: value.double() for key, value in alone.items()})
    assert torch.equal(first["output 0"], alone["output 0"])


@some_cells
@pytest.mark.parametrize("layout", ["batch first", "every other step", "every other feature", "one row for all"])
def test_any_layout_of_the_input(make: Maker, layout: str) -> None:
    cell = make(3, 9)
    plain = torch.randn(5, 4, cell.input_size)
    if layout == "one row for all":
        plain = plain[:, :1].repeat(1, 4, 1)
    x = {
        "batch first": plain.transpose(0, 1).contiguous().transpose(0, 1),
        "every other step": plain.repeat_interleave(2, dim=0)[::2],
        "every other feature": plain.repeat_interleave(2, dim=2)[..., ::2],
        "one row for all": plain[:, :1].expand(-1, 4, -1),
    }[layout]
    assert torch.equal(x, plain)
    h = []
    for given in (x, plain):
        given = given.detach().requires_grad_()
        h.append(cell(given)[0])
        torch.autograd.backward([h[-1].square().sum()])
        assert given.grad is not None
        h.append(given.grad)
    assert torch.equal(h[0], h[2])
    assert torch.equal(h[1], h[3])


@some_cells
@pytest.mark.parametrize("part", ["a row of some steps", "the last state"])
def test_a_loss_on_part_of_the_outputs(make: Maker, part: str) -> None:
    seen = []
    for cell, dtype in ((make(3, 9), torch.float32), (make(3, 9).double(), torch.float64)):
        x, state = tensors(cell, 7, 3, True, dtype)
        h, after = cell(x, state)
        torch.autograd.backward([(h[2:5, 1] if "row" in part else after[cell.states - 1]).square().sum()])
        leaves = {"x": x, **{f"state {n}": leaf for n, leaf in enumerate(state or ())}, **dict(cell.named_parameters())}
        seen.append({"output 0": h.detach()} | {k: v.grad for k, v in leaves.items() if v.grad is not None})
    agree(*seen)


def test_only_what_is_asked_for_gets_a_gradient() -> None:
    cell, x = made("gru", {}, 3, 5).requires_grad_(False), torch.randn(4, 2, 3, requires_grad=True)
    torch.autograd.backward([cell(x)[0].sum()])
    assert x.grad is not None
    assert all(parameter.grad is None for parameter in cell.parameters())
    cell = own(Peephole, 3, 5).requires_grad_(False)
    cell.get_parameter("p_f").requires_grad_()
    torch.autograd.backward([cell(torch.randn(4, 2, 3))[0].sum()])
    assert [key for key, parameter in cell.named_parameters() if parameter.grad is not None] == ["p_f"]


def test_a_gradient_of_a_gradient_is_refused() -> None:
    cell, x = made("gru", {}, 3, 5), torch.randn(4, 2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="set RNNBENCH_KERNELS=off"):
        torch.autograd.grad(cell(x)[0].sum(), [x], create_graph=True)


def test_zoneout_in_training_draws_what_the_loop_draws(ran: list[str]) -> None:
    cell = made("qrnn", {"zoneout": 0.5, "pooling": "ifo"}, 3, 10).train()
    x, seen = torch.randn(8, 6, 3), []
    for mode in ("auto", "off"):
        scan.use(mode)
        torch.manual_seed(4)
        seen.append([cell(x)[0].detach(), torch.rand(3)])
    scan.use("auto")
    torch.testing.assert_close(*seen, rtol=0, atol=1e-6)
    assert ran == ["kernel", "loop"]


@pytest.mark.parametrize("make", [lambda: made("fastgrnn", {}, 12, 20), lambda: own(TwoMatrices, 12, 20)])
def test_one_kernel_serves_every_form_of_a_weight(make: Maker, ran: list[str]) -> None:
    cell: Cell = make()  # type: ignore[call-arg]
    kernel = scan.kernel_of(cell)
    for weight in cell.weights().values():
        weight.factorise(3)
    agree(results(cell, 5, 9), wanted(cell, 5, 9))
    low = scan.kernel_of(cell)
    assert kernel is not None
    assert low is not None
    assert low.source == kernel.source
    assert ran == ["kernel", "loop"]


@each_cell
def test_nan_and_infinity_come_through(make: Maker, ran: list[str]) -> None:
    """A NaN reaches all units of its row and no other row; large numbers give what the loop gives."""
    cell, single = make(2, 4), torch.randn(3, 2, 2)
    x = single if cell.input_size == 2 else single.repeat(1, 1, 2)
    state = tuple(torch.zeros_like(zero) for zero in cell.initial_state(2, x))
    x[1, 0] = float("nan")
    with torch.no_grad():
        h, clean = cell(x, state)[0], cell(x.nan_to_num(), state)[0]
        assert bool(h[1:, 0].isnan().any(dim=0).all())
        assert torch.equal(h[:, 1], clean[:, 1])
        assert torch.equal(h[0], clean[0])
        for size in (1e30, 1e4, float("inf")):
            big = torch.full_like(x[:1], size)
            ours = cell(big, state)[0]
            scan.use("off")
            exact = cell(big, state)[0]
            scan.use("auto")
            if type(cell) is MinGRU and size == float("inf"):  # 0 * inf, or the least number times inf
                assert not bool(ours[~exact.isfinite()].isfinite().any())
                ours, exact = ours[exact.isfinite()], exact[exact.isfinite()]
            torch.testing.assert_close(ours, exact, rtol=1e-4, atol=1e-5, equal_nan=True)
    assert set(ran) == {"kernel", "loop"}


def apart(tensors: tuple[Tensor, ...]) -> Tensor:
    """Side by side with gaps, as vmap leaves what it computes."""
    dense = torch.stack(tensors)
    return torch.stack([dense, torch.zeros_like(dense)], dim=1)[:, 0]


@some_cells
def test_several_models_by_one_call(make: Maker) -> None:
    """Each takes steps of its own number, which is that of its longest sequence; their matrices lie far apart."""
    cells = [make(3, 9) for _ in range(3)]
    for n, cell in enumerate(cells):
        for parameter in cell.parameters():
            parameter.data.mul_(1 + 0.1 * n)
    x, lengths = torch.randn(3, 6, 5, cells[0].input_size), torch.tensor([[1, 6, 2, 3, 6], [4, 2, 1, 1, 3], [1] * 5])
    kernel = scan.kernel_of(cells[0])
    assert kernel is not None
    if kernel.given:
        pytest.skip("its samples are pre-activations, which are each model's own")
    constants = []
    for cell in cells:
        with materialised(cell):
            constants.append(kernel.constants(cell))
    matrices, vectors = (tuple(map(apart, zip(*part, strict=True))) for part in zip(*constants, strict=True))
    together = scan.last_of_each(kernel, (matrices, vectors), 9, x, lengths)
    alone = torch.stack([cell.last(x[n], lengths[n]) for n, cell in enumerate(cells)])
    assert torch.equal(together, alone)
    gradients = []
    for h in (together, alone):
        for cell in cells:
            cell.zero_grad()
        torch.autograd.backward([h.square().sum()])
        parameters = [parameter for cell in cells for parameter in cell.parameters()]
        gradients.append([parameter.grad.clone() for parameter in parameters if parameter.grad is not None])
    for ours, exact in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lengths", [[0, 1], [1, 4]])
def test_a_length_out_of_range_is_an_error(lengths: list[int]) -> None:
    for cell in (made("fastgrnn", {}, 3, 4), made("fastgrnn", {}, 3, 4).double()):
        x = torch.randn(3, 2, 3, dtype=cell.get_parameter("b_z").dtype)
        with pytest.raises(IndexError, match=r"lengths must be in 1\.\.3"):
            cell.last(x, torch.tensor(lengths))


def test_lengths_of_any_integers() -> None:
    cell, x, lengths = made("fastgrnn", {}, 3, 4), torch.randn(5, 3, 3), torch.tensor([5, 1, 3])
    for dtype in (torch.int32, torch.int16):
        assert torch.equal(cell.last(x, lengths.to(dtype)), cell.last(x, lengths))
    assert torch.equal(cell.last(x, torch.stack([lengths, lengths], 1)[:, 0]), cell.last(x, lengths))
