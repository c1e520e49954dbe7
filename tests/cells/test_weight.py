"""A weight matrix: its low-rank form is the best approximation, and a cell cannot tell how its matrix is stored."""

from __future__ import annotations

import copy

import pytest
import torch
from cell_cases import backward, build, close, dense_weights, each_case, factorise, inputs_of, state_of
from reference import Options
from torch import Tensor

from cells import Weight, materialised

SHAPES = [(6, 4), (4, 6), (5, 5), (1, 3), (3, 1)]
each_shape = pytest.mark.parametrize(("outputs", "inputs"), SHAPES)


def weight_of(outputs: int, inputs: int, seed: int = 4) -> Weight:
    torch.manual_seed(seed)
    return Weight(outputs, inputs).double()


@each_shape
def test_full_rank_is_the_matrix(outputs: int, inputs: int) -> None:
    weight = weight_of(outputs, inputs)
    dense = weight.matrix().detach().clone()
    weight.factorise(min(outputs, inputs))
    close(weight.matrix().detach(), dense)


@each_shape
def test_truncation_is_the_best_approximation(outputs: int, inputs: int) -> None:
    # Eckart and Young (1936): no matrix of rank r is nearer than the tail of the singular values.
    dense = weight_of(outputs, inputs).matrix().detach()
    scale = torch.linalg.svdvals(dense)
    for rank in range(1, min(outputs, inputs) + 1):
        weight = weight_of(outputs, inputs)
        weight.factorise(rank)
        error = dense - weight.matrix().detach()
        tail = torch.cat([scale[rank:], scale.new_zeros(1)])
        close(torch.linalg.norm(error), tail.square().sum().sqrt())
        close(torch.linalg.matrix_norm(error, 2), tail[0])
        assert (weight.left.shape, weight.right.shape) == ((outputs, rank), (inputs, rank))
        assert {name for name, _ in weight.named_parameters()} == {"left", "right"}
        # Both factors take half of the scale: neither trains faster for its size.
        close(weight.left.detach().norm(dim=0), weight.right.detach().norm(dim=0))


def test_a_matrix_of_rank_one_loses_nothing() -> None:
    weight = weight_of(6, 4)
    with torch.no_grad():
        weight.value.copy_(torch.outer(torch.arange(6.0), torch.arange(4.0)))
    dense = weight.matrix().detach().clone()
    weight.factorise(1)
    close(weight.matrix().detach(), dense)


@pytest.mark.parametrize("rank", [0, -1, 5])
def test_rank_out_of_range(rank: int) -> None:
    weight = weight_of(6, 4)
    with pytest.raises(ValueError, match=rf"rank {rank} is not in 1\.\.4 for a 6 x 4 matrix"):
        weight.factorise(rank)
    assert weight.rank is None
    assert weight.value.shape == (6, 4)


def test_factorise_twice() -> None:
    weight = weight_of(6, 4)
    weight.factorise(2)
    with pytest.raises(ValueError, match="of low rank already"):
        weight.factorise(2)


@pytest.mark.parametrize(
    ("outputs", "inputs", "blocks", "text"),
    [(0, 3, 1, "at least 1"), (3, 0, 1, "at least 1"), (5, 3, 2, "do not divide"), (4, 3, 0, "do not divide")],
)
def test_impossible_sizes(outputs: int, inputs: int, blocks: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Weight(outputs, inputs, blocks=blocks)


@pytest.mark.parametrize("rank", [None, 2])
@pytest.mark.parametrize("leading", [(), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("added", [None, "vector", "full"])
@pytest.mark.parametrize("held", [False, True], ids=["stored", "held"])
def test_multiplies_and_adds(rank: int | None, leading: tuple[int, ...], added: str | None, held: bool) -> None:
    weight = weight_of(6, 4)
    if rank is not None:
        weight.factorise(rank)
    x = torch.randn(*leading, 4, dtype=torch.float64)
    add = None if added is None else torch.randn(*(leading if added == "full" else ()), 6, dtype=torch.float64)
    wanted = torch.einsum("oi,...i->...o", weight.matrix(), x) + (0 if add is None else add)
    if held:
        with materialised(weight):
            close(weight(x, add).detach(), wanted.detach())
    else:
        close(weight(x, add).detach(), wanted.detach())


@each_case
def test_a_factorised_cell_is_the_dense_cell_of_its_product(name: str, options: Options) -> None:
    low = factorise(build(name, options), rank=2)
    dense = build(name, options)
    with torch.no_grad():
        for key, weight in dense_weights(dense).items():
            weight.value.copy_(low.get_parameter(f"{key}.left") @ low.get_parameter(f"{key}.right").T)
    gradients = []
    for cell in (low, dense):
        x = inputs_of(cell).requires_grad_()
        state = tuple(each.requires_grad_() for each in state_of(cell))
        h, after = cell(x, state)
        h.square().sum().backward()
        # QRNN's h is an output only, its gradient None.
        grads = [each.grad for each in (x, *state) if each.grad is not None]
        gradients.append([h.detach(), *(each.detach() for each in after), *grads])
    for ours, theirs in zip(*gradients, strict=True):
        close(ours, theirs, 1e-11)


def test_low_rank_gradients_are_the_chain_rule() -> None:
    # L = <G, left right^T>: dL/dleft = G right, dL/dright = G^T left.
    weight = weight_of(6, 4)
    weight.factorise(2)
    G = torch.randn(6, 4, dtype=torch.float64)
    backward((weight.matrix() * G).sum())
    close(weight.left.grad, G @ weight.right.detach())
    close(weight.right.grad, G.T @ weight.left.detach())


class _Counting(Weight):
    computed = 0

    def compute(self) -> Tensor:
        self.computed += 1
        return super().compute()


def test_a_sequence_computes_each_matrix_once() -> None:
    cell = build("fastgrnn", {})
    counting = _Counting(cell.hidden_size, cell.hidden_size).double()
    cell.U = counting
    cell(inputs_of(cell, steps=9))
    assert counting.computed == 1


def test_materialised_lets_go_after_an_error_and_when_nested() -> None:
    weight = weight_of(3, 3)

    def fail() -> None:
        with materialised(weight), materialised(weight):
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    before = weight.matrix().detach().clone()
    with torch.no_grad():
        weight.value.add_(1)
    close(weight.matrix().detach(), before + 1)


def test_a_change_of_weights_between_sequences_is_seen() -> None:
    cell = build("gru", {})
    x = inputs_of(cell)
    twin = copy.deepcopy(cell)
    cell(x)
    with torch.no_grad():
        for one in (cell, twin):
            one.get_parameter("U.value").mul_(0.5)
    assert torch.equal(cell(x)[0], twin(x)[0])


def test_a_matrix_can_be_factorised_after_it_was_used() -> None:
    weight = Weight(4, 3).double()
    x = torch.randn(2, 3, dtype=torch.float64)
    with materialised(weight):
        before = weight(x)
    assert [name for name, _ in weight.named_parameters()] == ["value"]
    weight.factorise(3)
    torch.testing.assert_close(weight(x), before)
    with materialised(weight):
        torch.testing.assert_close(weight(x), before)
