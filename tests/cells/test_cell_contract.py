"""What every cell promises beside its formula: shapes, state, streaming, determinism, copies."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from cell_cases import B, build, close, each_case, factorise, fresh, inputs_of, state_of
from reference import Options
from torch import Tensor

from cells import Cell, State

RANKS = pytest.mark.parametrize("rank", [None, 2], ids=["dense", "rank 2"])


def streamed(cell: Cell, x_TBD: Tensor, state: State) -> tuple[Tensor, State]:
    steps = []
    for x_BD in x_TBD.unbind(0):
        state = cell.stream(x_BD, state)
        steps.append(state[0])
    return torch.stack(steps), state


def same_run(left: Cell, right: Cell) -> None:
    """Asserts equal bits of output and last state."""
    x, state = inputs_of(left), state_of(left)
    (h_left, after_left), (h_right, after_right) = left(x, state), right(x, state)
    for ours, theirs in zip((h_left, *after_left), (h_right, *after_right), strict=True):
        assert torch.equal(ours, theirs)


@each_case
@pytest.mark.parametrize(
    ("steps", "batch", "inputs", "hidden"),
    [(1, 2, 3, 5), (4, 1, 3, 5), (4, 2, 1, 5), (4, 2, 3, 5), (1, 1, 1, 5)],
    ids=["T=1", "B=1", "D=1", "usual", "all 1"],
)
def test_shapes(name: str, options: Options, steps: int, batch: int, inputs: int, hidden: int) -> None:
    cell = build(name, options, inputs, hidden)
    x = inputs_of(cell, steps, batch)
    h, state = cell(x)
    assert h.shape == (steps, batch, hidden)
    assert torch.equal(h[-1], state[0])
    assert [each.shape for each in state] == [each.shape for each in cell.initial_state(batch, x)]
    assert [each.shape for each in state[: cell.states]] == [(batch, hidden)] * cell.states
    assert len(state) == cell.states + (cell.window > 1)
    assert cell.project(x).shape[:2] == (steps, batch)


@each_case
def test_initial_state_is_zero_and_takes_after_its_model(name: str, options: Options) -> None:
    cell = fresh(name, options)
    for each in cell.initial_state(4, torch.ones(1, dtype=torch.float16)):
        assert each.dtype == torch.float16
        assert each.count_nonzero() == 0
    x = inputs_of(cell)
    assert torch.equal(cell(x)[0], cell(x, cell.initial_state(B, x))[0])


@each_case
def test_seven_steps_and_thirteen_are_twenty(name: str, options: Options) -> None:
    cell = build(name, options)
    x, state = inputs_of(cell, steps=20), state_of(cell)
    whole, last = cell(x, state)
    first, carried = cell(x[:7], state)
    second, after = cell(x[7:], carried)
    close(torch.cat([first, second]), whole)
    for ours, theirs in zip(after, last, strict=True):
        close(ours, theirs)


@each_case
@RANKS
def test_streaming_is_the_sequence(name: str, options: Options, rank: int | None) -> None:
    cell = build(name, options)
    if rank is not None:
        factorise(cell, rank)
    x, state = inputs_of(cell, steps=9), state_of(cell)
    h, last = cell(x, state)
    h_streamed, after = streamed(cell, x, state)
    close(h_streamed, h)
    for ours, theirs in zip(after, last, strict=True):
        close(ours, theirs)


@each_case
def test_a_row_does_not_see_the_others(name: str, options: Options) -> None:
    cell = build(name, options)
    x, state = inputs_of(cell, batch=4), state_of(cell, batch=4)
    together, _ = cell(x, state)
    for row in range(4):
        # The state's past inputs are [window - 1, B, D], all else is [B, H]: the batch is next to last.
        alone, _ = cell(x[:, row : row + 1], tuple(each[..., row : row + 1, :] for each in state))
        close(alone[:, 0], together[:, row])


@each_case
def test_a_step_does_not_see_later_inputs(name: str, options: Options) -> None:
    cell = build(name, options)
    x = inputs_of(cell, steps=8).requires_grad_()
    cell(x)[0][4].sum().backward()
    assert x.grad is not None
    assert x.grad[5:].count_nonzero() == 0
    assert x.grad[4].count_nonzero() > 0


@each_case
def test_forward_leaves_its_arguments_alone(name: str, options: Options) -> None:
    cell = build(name, options)
    x, state = inputs_of(cell), state_of(cell)
    before = [each.clone() for each in (x, *state)]
    cell(x, state)
    assert all(torch.equal(one, other) for one, other in zip((x, *state), before, strict=True))


@each_case
def test_same_seed_same_bits(name: str, options: Options) -> None:
    def run() -> list[Tensor]:
        cell = fresh(name, options, seed=7)
        x = inputs_of(cell).requires_grad_()
        h, _ = cell(x)
        h.square().sum().backward()
        gradients = [each.grad for each in (x, *cell.parameters())]
        return [h.detach(), *(each.detach() for each in cell.parameters()), *(g for g in gradients if g is not None)]

    assert all(torch.equal(one, other) for one, other in zip(run(), run(), strict=True))


@each_case
def test_another_seed_other_weights(name: str, options: Options) -> None:
    one, other = fresh(name, options, seed=7), fresh(name, options, seed=8)
    pairs = zip(one.weights().values(), other.weights().values(), strict=True)
    assert not all(torch.equal(mine.matrix(), theirs.matrix()) for mine, theirs in pairs)


@each_case
@RANKS
def test_state_dict_round_trip(name: str, options: Options, rank: int | None) -> None:
    cell, other = build(name, options, seed=1), fresh(name, options, seed=2)
    if rank is not None:
        cell, other = factorise(cell, rank), factorise(other, rank)
    file = io.BytesIO()
    torch.save(cell.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True), strict=True)
    same_run(cell, other)


@each_case
@RANKS
def test_pickle_and_deepcopy_round_trip(name: str, options: Options, rank: int | None) -> None:
    cell = build(name, options)
    if rank is not None:
        factorise(cell, rank)
    same_run(cell, pickle.loads(pickle.dumps(cell)))
    twin = copy.deepcopy(cell)
    same_run(cell, twin)
    before = [parameter.clone() for parameter in cell.parameters()]
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert all(torch.equal(kept, now) for kept, now in zip(before, cell.parameters(), strict=True))


@each_case
def test_evaluation_and_training_agree_without_randomness(name: str, options: Options) -> None:
    if options.get("zoneout"):
        pytest.skip("zoneout is random in training: test_zoneout.py")
    cell = build(name, options)
    same_run(cell, copy.deepcopy(cell).train())


@each_case
@pytest.mark.long  # compiles
def test_double_precision_is_kept_and_single_agrees(name: str, options: Options) -> None:
    cell = build(name, options)
    x = inputs_of(cell)
    h = cell(x)[0]
    assert h.dtype == torch.float64
    single = copy.deepcopy(cell).float()(x.float())[0]
    assert single.dtype == torch.float32
    close(single.double(), h, 1e-4)
