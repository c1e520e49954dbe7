"""Kernels that are derived from a cell's step, against the plain scan in float64 and the kernels written by hand."""

from __future__ import annotations

import copy
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from kernel_cases import TOLERANCE, VARIANTS, agree, made, results, tensors
from own_cells import DERIVED, Exponential, Normed, Odd, Peephole, Three, Twice, TwoMatrices, Wide
from torch import Tensor, nn

from cells import Cell, kernels, replay
from cells.kernels import autograd, native, served

SHAPES = [(1, 1, 1, 1), (4, 1, 3, 17), (1, 7, 2, 16), (7, 5, 3, 1), (9, 30, 4, 35)]


@pytest.fixture(autouse=True)
def _auto() -> Iterator[None]:
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        pytest.skip("there is no C++ compiler")
    before = kernels.in_use()
    kernels.use("auto", threads=1)
    kernels._said.clear()
    yield
    kernels.use(before, threads=1)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first lines of the kernels that were called, in order."""
    names: list[str] = []
    run = autograd.run

    def remembered(o: Any, *others: Any) -> Any:
        names.append(o.kernel.partition("\n")[0])
        return run(o, *others)

    monkeypatch.setattr(autograd, "run", remembered)
    return names


def cell_of(cls: type[Cell], inputs: int, hidden: int) -> Cell:
    torch.manual_seed(0)
    return cls(inputs, hidden)


def plain(cell: Cell, shape: tuple[int, ...], given: bool, monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """In float64, one step after another."""
    with monkeypatch.context() as plainly:
        plainly.setattr(replay, "scan", lambda *_: None)
        return results(copy.deepcopy(cell).double(), shape, given, torch.float64)


each_cell = pytest.mark.parametrize("cls", DERIVED)


@each_cell
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "T{}-B{}-D{}-H{}".format(*shape))
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "state"])
@pytest.mark.parametrize("whole", [True, False], ids=["project and step", "step"])
def test_equal_to_the_scan_in_float64(
    cls: type[Cell],
    shape: tuple[int, ...],
    given: bool,
    whole: bool,
    called: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cell = cell_of(cls, *shape[2:])
    if not whole:
        monkeypatch.setattr(replay, "projection_of", lambda *_: None)
    wanted = plain(cell, shape, given, monkeypatch)
    agree(results(cell, shape, given, torch.float32), wanted)
    assert called == [cls.__name__] or shape[3] == 1  # a 1 x 1 matrix looks like its transpose: it is scanned


@pytest.mark.parametrize(("name", "options"), [each for each in VARIANTS if not each[1].get("zoneout")])
def test_equal_to_the_kernels_written_by_hand(
    name: str, options: dict[str, Any], called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, shape = made(name, options, 3, 21), (6, 7, 3, 21)
    by_hand = results(copy.deepcopy(cell), shape, True, torch.float32)
    monkeypatch.setattr(served, "_SERVED", {})
    wanted = plain(cell, shape, True, monkeypatch)
    ours = results(cell, shape, True, torch.float32)
    assert called[1:] == [type(cell).__name__]
    agree(ours, wanted)
    agree(ours, {key: value.double() for key, value in by_hand.items() if key in wanted})


@each_cell
def test_read_out_at_each_sequences_own_end(cls: type[Cell], called: list[str]) -> None:
    cell, lengths = cell_of(cls, 3, 9), torch.tensor([1, 6, 3, 4, 6, 2, 5])
    reference, seen = copy.deepcopy(cell).double(), []
    for each, dtype in ((cell, torch.float32), (reference, torch.float64)):
        x, _ = tensors(each, 6, 7, False, dtype)
        h = each.last(x, lengths) if dtype == torch.float32 else each(x)[0][lengths - 1, torch.arange(7)]
        (h * torch.arange(h.numel()).view_as(h).to(dtype).cos()).sum().backward()
        leaves = {"x": x, **dict(each.named_parameters())}
        seen.append(
            {"output 0": h.detach()} | {key: leaf.grad for key, leaf in leaves.items() if leaf.grad is not None}
        )
    agree(*seen)
    assert called == [cls.__name__]
    with pytest.raises(IndexError, match=r"1\.\.6"):
        cell.last(torch.randn(6, 7, 3), lengths + 1)


@each_cell
@pytest.mark.parametrize("threads", [1, 3])
def test_every_number_of_threads(cls: type[Cell], threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, shape = cell_of(cls, 3, 20), (5, 60, 3, 20)
    kernels.use(threads=threads)
    one = results(cell, shape, True, torch.float32)
    agree(one, plain(cell, shape, True, monkeypatch))
    one = {key: value.clone() for key, value in one.items()}
    cell.zero_grad()
    other = results(cell, shape, True, torch.float32)
    assert all(torch.equal(one[key], other[key]) for key in one)
    with torch.no_grad():
        assert torch.equal(cell(*tensors(cell, 5, 60, True, torch.float32))[0], one["output 0"])


def _has(word: str) -> bool:
    path = Path("/proc/cpuinfo")
    return path.exists() and f" {word} " in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("flags", "needs"), [("-O1", ""), ("-O1 -mavx2 -mfma", "avx2")])
def test_narrower_vectors(flags: str, needs: str, called: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if needs and not _has(needs):
        pytest.skip(f"this processor has no {needs}")
    monkeypatch.setenv("RNNBENCH_KERNEL_FLAGS", flags)
    native.load.cache_clear()
    try:
        for cls in DERIVED:
            cell = cell_of(cls, 3, 21)
            agree(results(cell, (4, 8, 3, 21), True, torch.float32), plain(cell, (4, 8, 3, 21), True, monkeypatch))
    finally:
        native.load.cache_clear()
    assert called == [cls.__name__ for cls in DERIVED]


def test_exp_over_all_of_its_range(called: list[str]) -> None:
    cell = Exponential(1, 16)
    x = torch.cat([torch.linspace(-87.3, 88.7, 4001), torch.linspace(-1e-3, 1e-3, 101)]).view(1, -1, 1)
    error = cell(x)[0].double() / x.double().exp() - 1
    assert float(error.abs().max()) <= 3e-7
    ends = cell(torch.tensor([-torch.inf, -200.0, 0.0, 89.0, 500.0, torch.inf, torch.nan]).view(1, -1, 1))[0][0, :, 0]
    torch.testing.assert_close(ends, torch.tensor([0.0, 0.0, 1.0, *[torch.inf] * 3, torch.nan]), equal_nan=True)
    assert called == ["Exponential"] * 2


def test_a_changed_attribute_gives_another_kernel(called: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cell, shape = cell_of(Odd, 3, 5), (4, 2, 3, 5)
    for power in (0.3, 0.7, 0.3):
        cell.power = power  # type: ignore[assignment]
        cell.zero_grad()
        agree(results(cell, shape, True, torch.float32), plain(cell, shape, True, monkeypatch))
    assert called == ["Odd"] * 3


def test_a_batch_that_lies_sequence_by_sequence_is_multiplied_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the batches of a training do."""
    monkeypatch.setattr(kernels, "recurrence", lambda *_: pytest.fail("it was given the pre-activations"))
    cell, x = cell_of(TwoMatrices, 4, 6), torch.randn(3, 12, 4)
    torch.testing.assert_close(cell(x.transpose(0, 1))[0], cell(x.transpose(0, 1).contiguous())[0])


def test_any_layout_of_the_pre_activations_and_any_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = cell_of(TwoMatrices, 12, 20)
    for weight in cell.weights().values():
        weight.factorise(3)
    agree(results(cell, (5, 6, 12, 20), True, torch.float32), plain(cell, (5, 6, 12, 20), True, monkeypatch))
    x, project = torch.randn(5, 6, 12), cell.project
    monkeypatch.setattr(cell, "project", lambda x: project(x).clone())  # more than a matrix
    wanted = cell(x)[0]
    monkeypatch.setattr(cell, "project", lambda x: project(x).transpose(0, 2).contiguous().transpose(0, 2))
    assert torch.equal(cell(x)[0], wanted)


def test_which_cells_have_one() -> None:
    assert kernels.derives(TwoMatrices(3, 5))
    assert not kernels.derives(Three(3, 5))
    assert not kernels.derives(made("fastgrnn", {}, 3, 5))
    kernels.use("off")
    assert not kernels.derives(TwoMatrices(3, 5))


def test_only_what_is_asked_for_gets_a_gradient(called: list[str]) -> None:
    cell = cell_of(Peephole, 3, 5).requires_grad_(False)
    cell.get_parameter("p_f").requires_grad_()
    cell(torch.randn(4, 2, 3))[0].sum().backward()
    assert [key for key, each in cell.named_parameters() if each.grad is not None] == ["p_f"]
    assert called == ["Peephole"]


REASONS = {
    Normed: "the operation aten.native_layer_norm.default",
    Twice: "more than one section of products of something else than h",
    Three: "more than two states",
    Wide: "more than 24 sections, constants, or vectors to keep",
}


@pytest.mark.parametrize("cls", REASONS)
def test_what_has_no_kernel_is_scanned_and_said_once(
    cls: type[Cell], called: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = cell_of(cls, 3, 5)
    with caplog.at_level(logging.WARNING, "cells.kernels"):
        for _ in range(3):
            cell.zero_grad()
            agree(results(cell, (4, 2, 3, 5), True, torch.float32), plain(cell, (4, 2, 3, 5), True, monkeypatch))
    assert [each.message for each in caplog.records] == [
        f"{cls.__name__} has no kernel ({REASONS[cls]}); the scan runs"
    ]
    assert not called


def test_without_a_compiler_the_scan_runs(
    tmp_path: Path, called: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    native.load.cache_clear()
    cell = cell_of(TwoMatrices, 3, 5)
    try:
        with caplog.at_level(logging.WARNING, "cells.kernels"):
            agree(results(cell, (4, 2, 3, 5), True, torch.float32), plain(cell, (4, 2, 3, 5), True, monkeypatch))
    finally:
        native.load.cache_clear()
        kernels.use("auto")  # forgets what was not to be had
    assert not called
    assert "no C++ compiler" in caplog.text


def test_other_calls_take_the_scan(called: list[str]) -> None:
    cell, x = cell_of(TwoMatrices, 3, 5), torch.randn(4, 2, 3)
    wanted = cell(x)[0]
    assert called.pop() == "TwoMatrices"
    copy.deepcopy(cell).double()(x.double())
    with torch.autocast("cpu", torch.bfloat16):
        cell(x)
    mapped = torch.func.vmap(lambda row: cell(row.unsqueeze(1))[0].squeeze(1), in_dims=1, out_dims=1)(x)
    torch.testing.assert_close(mapped, wanted, rtol=TOLERANCE, atol=TOLERANCE)
    cell.b = nn.Parameter(cell.b.double())  # type: ignore[union-attr]
    with pytest.raises(RuntimeError, match="dtype"):
        cell(x)
    kernels.use("off")
    cell_of(TwoMatrices, 3, 5)(x)
    assert not called
    assert not kernels.serves_each(cell, x)
