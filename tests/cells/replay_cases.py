"""How the scan that repeats a formula is compared with the plain one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from cells import Cell, State, kernels, materialised, replay
from cells.replay import backward


def refusal(cell: Cell, x: Tensor) -> str:
    """Why a cell's step is no formula."""
    with materialised(cell):
        made = replay.plan_of(cell, cell.project(x), cell.initial_state(x.shape[1], x)[: cell.states])
    assert made is not None
    return made if isinstance(made, str) else ""


def replayed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fixture: every sequence by its formula, several steps at once, and a remainder; no kernels."""
    before = kernels.in_use()
    kernels.use("off")
    monkeypatch.setattr(backward, "_TOGETHER", 40)
    monkeypatch.setattr(replay, "_SHORTEST", 1)
    yield
    kernels.use(before)


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
    """Asserts equal numbers; what the plain scan gives no gradient may get zeros."""
    ours = values(cell, x, state, **how)
    with monkeypatch.context() as plainly:
        plainly.setattr(replay, "scan", lambda *_: None)
        wanted = values(cell, x, state, **how)
    for key, value in ours.items():
        torch.testing.assert_close(value, wanted.get(key, torch.zeros_like(value)), rtol=1e-10, atol=1e-11)
    assert wanted.keys() <= ours.keys()
