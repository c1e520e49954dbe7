"""Every cell does what its paper writes: one step, a sequence, from any state, dense and of low rank."""

from __future__ import annotations

import torch
from cell_cases import build, close, each_case, expected, factorise, inputs_of, state_of
from reference import PIECEWISE, Options


@each_case
def test_one_step_is_the_formula(name: str, options: Options) -> None:
    cell = build(name, options)
    x, state = inputs_of(cell, steps=1), state_of(cell)
    recurrent, past = (state[:-1], state[-1:]) if cell.window > 1 else (state, ())
    after = cell.step(cell.project(x, *past)[0], recurrent)
    _, wanted = expected(name, options, cell, x, state)
    assert len(after) == len(wanted) == cell.states
    for ours, theirs in zip(after, wanted, strict=True):
        close(ours.detach(), theirs)


@each_case
def test_a_sequence_from_zeros_is_the_formula(name: str, options: Options) -> None:
    cell = build(name, options)
    x = inputs_of(cell)
    h, _ = cell(x)
    close(h.detach(), expected(name, options, cell, x, cell.initial_state(x.shape[1], x))[0])


@each_case
def test_a_sequence_from_any_state_is_the_formula(name: str, options: Options) -> None:
    cell = build(name, options)
    x, state = inputs_of(cell), state_of(cell)
    h, after = cell(x, state)
    wanted_h, wanted = expected(name, options, cell, x, state)
    close(h.detach(), wanted_h)
    for ours, theirs in zip(after[: cell.states], wanted, strict=True):
        close(ours.detach(), theirs)


@each_case
def test_a_sequence_of_low_rank_is_the_formula(name: str, options: Options) -> None:
    cell = factorise(build(name, options), rank=2)
    x, state = inputs_of(cell), state_of(cell)
    close(cell(x, state)[0].detach(), expected(name, options, cell, x, state)[0])


@each_case
def test_other_nonlinearities_take_the_place_of_all(name: str, options: Options) -> None:
    # What quantisation does. A cell that called torch.sigmoid itself would keep the smooth one.
    cell = build(name, options)
    cell.nonlinearities["sigmoid"] = lambda x: torch.clamp((x + 1) / 2, 0, 1)
    cell.nonlinearities["tanh"] = lambda x: torch.clamp(x, -1, 1)
    x, state = inputs_of(cell), state_of(cell)
    close(cell(x, state)[0].detach(), expected(name, options, cell, x, state, PIECEWISE)[0])
