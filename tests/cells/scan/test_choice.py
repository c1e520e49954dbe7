"""What a kernel serves, what is run step by step instead, and what the log says of it."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from own_cells import Linear, Normed, Odd, TwoMatrices
from published_cells import LEM
from scan_cases import TOLERANCE, agree, made, own, results, wanted
from torch import Tensor, nn

from cells import Cell, State, Weight, scan

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def _nothing_said() -> Iterator[None]:
    scan._said.clear()
    yield
    scan._said.clear()


def close(ours: Tensor, exact: Tensor) -> None:
    torch.testing.assert_close(ours, exact, rtol=TOLERANCE, atol=TOLERANCE)


class Marked(Tensor):
    """A tensor of a class of its own."""


OTHERS: dict[str, Callable[[Cell, Tensor], Tensor]] = {
    "float64": lambda cell, x: copy.deepcopy(cell).double()(x.double())[0].float(),
    "a class of tensors": lambda cell, x: cell(x.as_subclass(Marked))[0].as_subclass(Tensor),
    "vmap": lambda cell, x: torch.func.vmap(lambda row: cell(row.unsqueeze(1))[0].squeeze(1), 1, 1)(x),
    "forward derivatives": lambda cell, x: torch.func.jvp(lambda x: cell(x)[0], (x,), (x,))[0],
    "torch.compile": lambda cell, x: torch.compile(cell, backend="eager")(x)[0],
    "torch.export": lambda cell, x: torch.export.export(cell, (x,)).module()(x)[0],
    "torch.jit.trace": lambda cell, x: torch.jit.trace(cell, (x,), check_trace=False)(x)[0],
}


@pytest.mark.parametrize("how", OTHERS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*TracerWarning", "ignore::torch.jit.TracerWarning")
def test_anything_but_plain_float32_is_run_step_by_step(how: str, ran: list[str]) -> None:
    cell, x = own(LEM, 3, 5), torch.randn(4, 2, 3)
    exact = cell(x)[0].detach()
    assert ran == ["kernel"]
    close(OTHERS[how](cell, x).detach(), exact)
    assert "kernel" not in ran[1:]


def test_autocast_casts_every_product(ran: list[str]) -> None:
    cell, x = own(LEM, 3, 5), torch.randn(4, 2, 3)
    with torch.autocast("cpu", torch.bfloat16):
        h = cell(x)[0]
    torch.testing.assert_close(h.float(), cell(x)[0], rtol=0.1, atol=0.1)
    assert ran == ["loop", "kernel"]


def test_meta_tensors_and_empty_batches_have_shapes(ran: list[str]) -> None:
    cell = own(LEM, 3, 5)
    assert cell(torch.randn(4, 0, 3))[0].shape == (4, 0, 5)
    h, state = cell.to("meta")(torch.empty(4, 2, 3, device="meta"))
    assert (h.shape, [tensor.shape for tensor in state]) == ((4, 2, 5), [(2, 5)] * 2)
    assert ran == ["loop"] * 2


def test_a_parameter_of_another_dtype_is_torchs_to_refuse(ran: list[str]) -> None:
    cell = own(TwoMatrices, 3, 5)
    cell.b = nn.Parameter(cell.get_parameter("b").double())
    with pytest.raises(RuntimeError, match="dtype"):
        cell(torch.randn(4, 2, 3))
    assert ran == ["loop"]


def test_a_matrix_of_a_class_of_its_own_is_run_step_by_step(ran: list[str]) -> None:
    """It passes for a tensor until it is computed."""
    cell, x = made("rnn", {}, 3, 5), torch.randn(4, 2, 3)
    exact = cell(x)[0].detach()
    cell.get_submodule("U").value = nn.Parameter(cell.get_parameter("U.value").detach().as_subclass(Marked))
    close(cell(x)[0].detach().as_subclass(Tensor), exact)
    assert ran == ["kernel", "loop"]


@pytest.mark.parametrize("how", [torch.inference_mode, torch.no_grad])
def test_the_first_sequence_may_be_run_without_gradients(how: Any, ran: list[str]) -> None:
    cell = own(Odd, 3, 5)
    cell.power = 0.1234 if how is torch.no_grad else 0.4321  # type: ignore[assignment]  # as no test before
    x = torch.randn(4, 2, 3)
    with how():
        h = cell(x)[0].clone()
    assert torch.equal(h, cell(x)[0])
    assert ran == ["kernel", "kernel"]


def test_kernels_can_be_turned_off(ran: list[str]) -> None:
    cell, x = made("fastgrnn", {}, 3, 4), torch.randn(2, 2, 3)
    assert (scan.in_use(), scan.why_not(cell)) == ("auto", "")
    scan.use("off")
    try:
        assert (scan.in_use(), scan.why_not(cell), scan.kernel_of(cell)) == ("off", "kernels are turned off", None)
        cell(x)
    finally:
        scan.use("auto")
    assert ran == ["loop"]


def test_settings_out_of_range() -> None:
    with pytest.raises(ValueError, match="kernels must be auto or off, not 'on'"):
        scan.use("on")
    with pytest.raises(ValueError, match="threads must be at least 1, not 0"):
        scan.use(threads=0)
    assert scan.in_use() == "auto"


def test_a_changed_attribute_gives_another_kernel(ran: list[str]) -> None:
    cell = own(Odd, 3, 5)
    for power in (0.3, 0.7, 0.3):
        cell.power = power  # type: ignore[assignment]
        agree(results(cell, 4, 2), wanted(cell, 4, 2))
    assert ran == ["kernel", "loop"] * 3


def test_copies_share_a_kernel_and_no_numbers() -> None:
    cell, x = own(LEM, 3, 5), torch.randn(4, 2, 3)
    twin = copy.deepcopy(cell)
    assert scan.kernel_of(twin) is scan.kernel_of(cell)
    with torch.no_grad():
        before = cell(x)[0]
        twin.get_parameter("b").add_(1.0)
        assert not torch.equal(twin(x)[0], before)
        assert torch.equal(cell(x)[0], before)


class Chained(Linear):
    """So many operations one after another that Python cannot go down them."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        (h,) = state
        for _ in range(2000):
            h = torch.tanh(h)
        return (h + pre_BG,)


class Crowded(Linear):
    """A hundred gates."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.V = Weight(100 * hidden_size, hidden_size)

    def step(self, pre_BG: Tensor, state: State) -> State:
        return (sum((gate.tanh() for gate in self.V(state[0]).chunk(100, -1)), pre_BG),)


REASONS = {
    Normed: "the operation native_layer_norm at own_cells.py:",
    Crowded: "more than 96 sections, constants, or vectors to keep",
    Chained: "its step is a chain of too many operations",
}


@pytest.mark.parametrize("cls", REASONS)
def test_why_a_cell_has_no_kernel_is_said_once(
    cls: type[Cell], ran: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    cell = own(cls, 3, 5)
    with caplog.at_level(logging.WARNING, "cells.scan"):
        for _ in range(3):
            agree(results(cell, 4, 2), wanted(cell, 4, 2))
    assert set(ran) == {"loop"}
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{cls.__name__} has no kernel ({REASONS[cls]}")
    assert record.getMessage().endswith("): it is run step by step, which is slower")
    assert scan.why_not(cell).startswith(REASONS[cls])


def test_another_cell_is_said_too(caplog: pytest.LogCaptureFixture) -> None:
    class Other(Normed):
        pass

    for cls in (Normed, Other, Normed):
        own(cls, 3, 5)(torch.randn(2, 2, 3))
    assert len(caplog.records) == 2


def test_without_a_compiler_the_loop_runs(
    tmp_path: Path, ran: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    scan.use("auto")
    cell = own(TwoMatrices, 3, 5)
    try:
        agree(results(cell, 4, 2), wanted(cell, 4, 2))
        assert scan.lanes() == 0
        assert scan.multiply_adds(10) == 0
    finally:
        scan.use("auto")  # forgets what was not to be had
    assert ran == ["loop", "loop"]
    (record,) = caplog.records
    assert "there is no C++ compiler (c++, g++ or clang++) on the path" in record.getMessage()


def test_a_processor_is_measured() -> None:
    assert scan.lanes() in (4, 8, 16)
    assert scan.multiply_adds(3) == 3 * 10 * 2 * scan.lanes()
