"""Every row of the table of operations against torch: its value, its derivative, its C++."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from cells import Cell, State, scan
from cells.formula.ops import OPS
from cells.formula.units import Units

LOW, HIGH = -0.5, 1.5
TORCH: Mapping[str, Callable[..., Tensor]] = {
    **{name: getattr(torch, name) for name in ("add", "sub", "mul", "div", "neg", "exp", "sqrt", "sin", "cos")},
    **{name: getattr(torch, name) for name in ("sigmoid", "tanh", "relu", "abs", "maximum", "minimum")},
    "silu": functional.silu,
    "softplus": lambda x: functional.softplus(x, threshold=700),  # of the function, not of torch's short cut
    "clamp": lambda x: x.clamp(LOW, HIGH),
    "greater": torch.gt,
    "where": lambda a, b, c: torch.where(a > 0.5, b, c),
}
OPERANDS = {**dict.fromkeys(("add", "sub", "mul", "div", "maximum", "minimum", "greater"), 2), "where": 3}
NUMBERS = {"clamp": (LOW, HIGH)}
EXACT = ("add", "sub", "mul", "div", "neg", "sqrt", "relu", "abs", "clamp", "maximum", "minimum", "greater", "where")
"""Rounded once, if at all: float32's own result."""
each_row = pytest.mark.parametrize("name", OPS)


def test_every_row_has_its_function_of_torch() -> None:
    assert TORCH.keys() == OPS.keys()


def operands(name: str) -> list[Tensor]:
    """Numbers of both signs with kinks and ties among them: of two or more operands every pair."""
    values = torch.linspace(-4, 4, 33, dtype=torch.float64)
    if name == "sqrt":
        values = values.square()
    count = OPERANDS.get(name, 1)
    found = [each.flatten() for each in torch.meshgrid([values] * count, indexing="ij")]
    return [found[0][found[1] != 0], found[1][found[1] != 0]] if name == "div" else found


def close(ours: Any, wanted: Any) -> None:
    torch.testing.assert_close(torch.as_tensor(ours), torch.as_tensor(wanted), rtol=1e-13, atol=1e-14)


@each_row
def test_values(name: str) -> None:
    given, numbers = operands(name), NUMBERS.get(name, ())
    wanted = TORCH[name](*given)
    masked = [given[0] > 0.5, *given[1:]] if name == "where" else given
    close(OPS[name].real(torch, *masked, *numbers), wanted)
    close(OPS[name].real(np, *(each.numpy() for each in masked), *numbers), wanted)


def test_values_of_large_arguments_in_numpy() -> None:
    """No overflow, which would be a warning and so an error: what the integer program computes its tables from."""
    large = np.array([-1e3, -100.0, 100.0, 1e3])
    for name in ("sigmoid", "tanh", "silu", "softplus", "relu"):
        close(OPS[name].real(np, large), TORCH[name](torch.from_numpy(large)))


def evaluated(units: Units, node: int, leaves: Mapping[str, list[Tensor]]) -> Tensor:
    """The value of a node from those of the states and seeds."""
    op, reads, numbers = units.nodes[node]
    if op in leaves:
        return leaves[op][numbers[0]]
    if op == "number":
        return torch.tensor(numbers[0], dtype=torch.float64)
    found: Tensor = OPS[op].real(torch, *(evaluated(units, read, leaves) for read in reads), *numbers)
    return found


@each_row
def test_derivatives(name: str) -> None:
    given = [each.requires_grad_() for each in operands(name)]
    units = Units()
    nodes = [units.leaf("state", number) for number in range(len(given))]
    read = [units.put("greater", nodes[0], units.number(0.5)), *nodes[1:]] if name == "where" else nodes
    node = units.put(name, *read, numbers=NUMBERS.get(name, ()))
    found = units.sweep({node: units.leaf("seed", 0)}, ())
    if name == "greater":
        assert found == {}
        return
    seed = torch.arange(1.0, given[0].numel() + 1, dtype=torch.float64).cos()
    leaves = {"state": [each.detach() for each in given], "seed": [seed]}
    wanted = torch.autograd.grad(TORCH[name](*given), given, seed, allow_unused=True)
    for number, gradient in enumerate(wanted):
        if gradient is None:
            assert nodes[number] not in found
        else:
            close(evaluated(units, found[nodes[number]], leaves).expand_as(seed), gradient)


TINY = 1.2e-38
"""Numbers below the normal range count as 0 in a kernel."""


class Table(Cell):
    """Each operation of the table as a state of its own; the sample is three operands, a root's, and a divisor."""

    states = len(OPS)

    def project(self, x_TBD: Tensor) -> Tensor:
        return x_TBD

    def step(self, pre_BG: Tensor, state: State) -> State:
        given = pre_BG.chunk(5, dim=-1)
        found = {name: TORCH[name](*(given[place] for place in places(name))) for name in OPS if name != "softplus"}
        found["greater"], found["softplus"] = found["greater"].to(pre_BG.dtype), functional.softplus(given[0])
        return tuple(found[name] for name in OPS)


def places(name: str) -> tuple[int, ...]:
    """Where a sample has the operands: a root's and a quotient's derivative is NaN at 0, so these have their own."""
    return {"sqrt": (3,), "div": (0, 4)}.get(name, (0, 1, 2)[: OPERANDS.get(name, 1)])


def _has(word: str) -> bool:
    path = Path("/proc/cpuinfo")
    return not word or (path.exists() and f" {word} " in path.read_text(encoding="utf-8"))


Run = Callable[..., Tensor]


@pytest.fixture(scope="module", params=["", "-O1 -mavx2 -mfma", "-O1"], ids=["native", "avx2", "narrow"])
def table(request: pytest.FixtureRequest, quick_kernels: None) -> Run:
    """An operation by the kernel, of every width of vectors that this processor has."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            if "avx2" in request.param and not _has("avx2"):
                pytest.skip("this processor has no AVX2")
            patch.setenv("RNNBENCH_KERNEL_FLAGS", request.param)
        scan.use("auto")
        assert scan.kernel_of(Table(15, 3)) is not None
        if request.param and platform.machine() in ("x86_64", "AMD64"):
            assert scan.engine(Table(15, 3)) == f"compiled, {8 if 'avx2' in request.param else 4} lanes"

    def run(name: str, *operands: Tensor) -> Tensor:
        """Of operands of one size, in rows of three units."""
        size = operands[0].numel()
        columns = [torch.ones(size)] * 5
        for place, operand in zip(places(name), operands, strict=True):
            columns[place] = operand
        rows = [functional.pad(column, (0, -size % 3), value=1.0).view(-1, 3) for column in columns]
        after = Table(15, 3)(torch.cat(rows, dim=1).unsqueeze(0))[1]
        return after[list(OPS).index(name)].flatten()[:size]

    return run


def test_cpp_of_exact_operations(table: Run) -> None:
    draw = torch.Generator().manual_seed(0)
    odd = torch.tensor([0.0, -0.0, 1.0, -0.5, 1.5, 0.5, 3e38, -3e38, 1e-30, torch.inf, -torch.inf, torch.nan])
    pairs = torch.cartesian_prod(odd, odd)
    given = [torch.cat([column, torch.randn(500, generator=draw)]) for column in (*pairs.unbind(1), pairs[:, 0])]
    for name in EXACT:
        operands = given[: OPERANDS.get(name, 1)]
        wanted = TORCH[name](*(operand.double() for operand in operands)).float()  # torch's own root is off at times
        torch.testing.assert_close(table(name, *operands), wanted, rtol=0, atol=TINY, equal_nan=True, msg=name)


RANGES: dict[str, tuple[list[Tensor], float, float]] = {
    "exp": ([torch.linspace(-87.3, 88.7, 4001), torch.linspace(-1e-3, 1e-3, 101)], 3e-7, 0),
    "sigmoid": ([torch.linspace(-86, 30, 4001), torch.linspace(-1e-3, 1e-3, 101)], 4e-6, 0),
    "tanh": ([torch.linspace(-20, 20, 4001), torch.logspace(-30, 1, 1001), -torch.logspace(-30, 1, 1001)], 5e-7, 1e-37),
    "silu": ([torch.linspace(-80, 80, 4001), torch.logspace(-20, 1, 101)], 4e-6, 1e-37),
    "softplus": ([torch.linspace(-86, 100, 4001), torch.linspace(-1e-3, 1e-3, 101)], 5e-7, 0),
    "sin": ([torch.linspace(-10, 10, 4001)], 0, 1.5e-7),
    "cos": ([torch.linspace(-10, 10, 4001)], 0, 1.5e-7),
}
"""Arguments, and how far a result may be off, relatively and absolutely: 3e-7 is two to three units of the last place.

sigmoid loses some where it is all but 0: its argument's rounding is a relative one of the result.
"""


def test_every_row_is_exact_or_has_a_range() -> None:
    assert {*EXACT, *RANGES} == set(OPS)


@pytest.mark.parametrize("name", RANGES)
def test_cpp_over_the_whole_range(name: str, table: Run) -> None:
    parts, relative, absolute = RANGES[name]
    for x in parts:
        torch.testing.assert_close(table(name, x).double(), TORCH[name](x.double()), rtol=relative, atol=absolute)


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_cpp_of_waves_of_large_arguments(name: str, table: Run) -> None:
    """To 2^15 by parts of pi, beyond by the C library."""
    far = torch.linspace(33e3, 1e6, 4001)
    for x, most in ((torch.linspace(-32e3, 32e3, 40001), 6e-7), (torch.cat([far, -far]), 1.5e-7)):
        error = table(name, x).double() - TORCH[name](x.double())
        assert float(error.abs().max()) <= most


def test_cpp_of_sigmoid_to_the_last_places(table: Run) -> None:
    x = torch.linspace(-20, 20, 100_001)
    assert float((table("sigmoid", x).double() - torch.sigmoid(x.double())).abs().max()) < 1.5e-7


ENDS = {
    "exp": {-torch.inf: 0.0, -1e30: 0.0, -200.0: 0.0, 0.0: 1.0, 89.0: torch.inf, 500.0: torch.inf, 1e30: torch.inf},
    "sigmoid": {-torch.inf: 0.0, -1e30: 0.0, -100.0: 0.0, 0.0: 0.5, 100.0: 1.0, torch.inf: 1.0},
    "tanh": {-torch.inf: -1.0, -1e30: -1.0, 0.0: 0.0, 1e30: 1.0, torch.inf: 1.0},
    "silu": {-100.0: 0.0, 0.0: 0.0, 100.0: 100.0, 1e30: 1e30, torch.inf: torch.inf},
    "softplus": {-torch.inf: 0.0, -200.0: 0.0, 100.0: 100.0, 1e30: 1e30, torch.inf: torch.inf},
    "sin": {0.0: 0.0, torch.inf: torch.nan},
    "cos": {0.0: 1.0, -torch.inf: torch.nan},
}


@pytest.mark.parametrize("name", ENDS)
def test_cpp_at_the_ends(name: str, table: Run) -> None:
    """Limits, overflow, NaN; in one vector and each in a vector of its own."""
    x = torch.tensor([*ENDS[name], torch.nan])
    found, wanted = table(name, x), torch.tensor([*ENDS[name].values(), torch.nan])
    torch.testing.assert_close(found, wanted, rtol=2e-7, atol=1e-35, equal_nan=True)
    alone = torch.stack([table(name, number.expand(3))[0] for number in x])
    torch.testing.assert_close(alone, wanted, rtol=2e-7, atol=1e-35, equal_nan=True)


@each_row
def test_cpp_of_derivatives(name: str, table: Run) -> None:
    """At kinks and ties, too; compared with torch in float64."""
    given = [each.float().requires_grad_() for each in operands(name)]
    exact = [each.detach().double().requires_grad_() for each in given]
    gradients = torch.autograd.grad(table(name, *given).cos().sum(), given)
    if name == "greater":
        assert not any(gradient.any() for gradient in gradients)
        return
    wanted = torch.autograd.grad(TORCH[name](*exact).cos().sum(), exact, allow_unused=True)
    for ours, gradient in zip(gradients, wanted, strict=True):
        gradient = torch.zeros_like(ours) if gradient is None else gradient
        torch.testing.assert_close(ours.double(), gradient.double(), rtol=1e-5, atol=2e-6, equal_nan=True)
