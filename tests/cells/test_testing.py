"""The contract as a test for outsiders: it holds for every cell here, and each fault fails the point it is against."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from bench.zoo import all_cells
from cells import Cell, State, Weight
from cells.testing import POINTS, Verdict, check, verdicts


class Sound(Cell):
    """h = tanh(W x + U h + b)."""

    name, title, citation = "sound", "Sound", "@misc{sound}"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W, self.U = Weight(hidden_size, input_size), Weight(hidden_size, hidden_size)
        self.b = nn.Parameter(torch.zeros(hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (self.tanh(self.U(state[0], add=pre_BH)),)


class Prescient(Sound):
    """Sees the next sample."""

    def project(self, x_TBD: Tensor) -> Tensor:
        return super().project(torch.cat([x_TBD[1:], x_TBD[:1]]))


class Mixing(Sound):
    """Sees other rows of the batch."""

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (super().step(pre_BH, state)[0] + pre_BH.mean(dim=0),)


class Random(Sound):
    """Draws a number at every step."""

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (super().step(pre_BH, state)[0] + torch.rand(()),)


class Stopped(Sound):
    """Stops a gradient."""

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (self.tanh(self.U(state[0]).detach() + pre_BH),)


class Idle(Sound):
    """Has a parameter that it does not use."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.idle = nn.Parameter(torch.zeros(hidden_size))


class Growing(Sound):
    """Doubles its state."""

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (2 * state[0] + pre_BH,)


class Bare(Sound):
    """Has a matrix that is no Weight."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.V = nn.Parameter(torch.eye(hidden_size))

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (self.tanh(state[0] @ self.V + pre_BH),)


class Narrow(Sound):
    """Gives half of its state."""

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (super().step(pre_BH, state)[0][:, : (self.hidden_size + 1) // 2],)


class Counting(Sound):
    """Depends on how often it was called."""

    calls = 0

    def step(self, pre_BH: Tensor, state: State) -> State:
        self.calls += 1
        return (super().step(pre_BH, state)[0] * (1 + 0.01 * self.calls),)


class Nameless(Sound):
    """Is registered nowhere."""

    name = ""


FAULTS: list[tuple[type[Cell], str]] = [
    (Prescient, "does not see the future or other rows"),
    (Mixing, "does not see the future or other rows"),
    (Random, "is deterministic, and survives copying and saving"),
    (Counting, "is deterministic, and survives copying and saving"),
    (Stopped, "has gradients that agree with finite differences"),
    (Idle, "has gradients that agree with finite differences"),
    (Growing, "stays finite with its initial weights"),
    (Bare, "takes 8-bit weights and piecewise gates"),
    (Narrow, "gives outputs and states of the right shapes"),
    (Nameless, "is registered, with a title and a citation"),
]


def _failed(cls: type[Cell]) -> dict[str, str]:
    return {verdict.point: verdict.why for verdict in verdicts(cls) if verdict.outcome == "failed"}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(all_cells()))
def test_every_cell_passes(name: str) -> None:
    outcomes = [verdict.outcome for verdict in verdicts(all_cells()[name])]
    assert outcomes == ["passed"] * len(POINTS)


def test_a_sound_cell_passes() -> None:
    check(Sound)


@pytest.mark.parametrize(("cls", "point"), FAULTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_fault_fails_its_point(cls: type[Cell], point: str) -> None:
    assert point in _failed(cls)
    with pytest.raises(AssertionError, match=point.partition(",")[0]):
        check(cls)


def test_what_cannot_hold_is_no_failure() -> None:
    class Normed(Sound):
        """A norm over the units."""

        def step(self, pre_BH: Tensor, state: State) -> State:
            return (nn.functional.layer_norm(super().step(pre_BH, state)[0], (self.hidden_size,)),)

    found = {verdict.point: verdict for verdict in verdicts(Normed)}
    assert found["is a formula"].outcome == "not possible"
    assert "native_layer_norm at test_testing.py" in found["is a formula"].why


def test_further_points() -> None:
    def fails(build: Callable[..., Cell]) -> None:
        raise AssertionError(f"{build(2, 3).hidden_size} units")

    *_, last = verdicts(Sound, (("has no units", fails),))
    assert last == Verdict("has no units", "failed", "3 units")
