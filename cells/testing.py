"""The contract of a cell as a test that anyone can run on a cell of their own.

    from cells.testing import check
    check(MyCell)            # raises with the points that failed

:func:`verdicts` gives every point with its verdict. A point that cannot hold for a cell (a step that is no formula has
no kernel) is ``not possible``, with the reason, and is no failure.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from cells import scan
from cells.cell import Cell, State
from cells.compress import HardThreshold, kept_count, quantise_weights
from cells.formula import RefusedError, formula_of
from cells.gates import PIECEWISE
from cells.weight import materialised

D, H, T, B = 5, 6, 9, 4
"""The small sizes that a cell is tried at: all different, none a multiple of another."""
_CLOSE, _ROUNDED = 1e-9, 2e-5
"""Largest difference over the largest value, in float64 and in float32."""


@dataclass(frozen=True)
class Verdict:
    """What came of one point of the contract.

    Attributes:
        point: what was tried.
        outcome: ``passed``, ``failed``, or ``not possible`` for this cell.
        why: the reason, where it did not pass.
    """

    point: str
    outcome: Literal["passed", "failed", "not possible"]
    why: str = ""


class NotPossibleError(Exception):
    """A point that cannot hold for this cell; the message says why."""


Point = tuple[str, Callable[[Callable[..., Cell]], None]]
"""A point and its test, which raises when it fails: it is given a function that builds the cell, seeded."""


def check(cls: type[Cell], **options: Any) -> None:
    """Tries a cell on every point of the contract.

    Args:
        cls: the cell.
        **options: its own.

    Raises:
        AssertionError: names every point that failed, and why.
    """
    failed = [verdict for verdict in verdicts(cls, **options) if verdict.outcome == "failed"]
    if failed:
        raise AssertionError("; ".join(f"{verdict.point}: {verdict.why}" for verdict in failed))


def verdicts(cls: type[Cell], more: tuple[Point, ...] = (), **options: Any) -> Iterator[Verdict]:
    """Tries a cell on every point of the contract, one after another.

    Args:
        cls: the cell.
        more: further points.
        **options: the cell's own.
    """

    def build(inputs: int = D, hidden: int = H) -> Cell:
        torch.manual_seed(0)
        return cls(inputs, hidden, **options).eval()

    for name, test in (*POINTS, *more):
        try:
            test(build)
        except NotPossibleError as error:
            yield Verdict(name, "not possible", str(error))
        except Exception as error:  # whatever a stranger's cell raises
            text = str(error).strip().partition("\n")[0] or "it does not hold"
            yield Verdict(
                name, "failed", text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"
            )
        else:
            yield Verdict(name, "passed")


def _inputs(cell: Cell, steps: int = T, batch: int = B) -> Tensor:
    """Random inputs of the cell's dtype; float64 for a cell without parameters, which has none."""
    draw = torch.Generator().manual_seed(1)
    like = next(iter(cell.parameters()), torch.empty(0, dtype=torch.float64))
    return torch.randn(steps, batch, cell.input_size, generator=draw).to(like)


def _alike(one: Tensor, other: Tensor, tolerance: float, what: str) -> None:
    if one.shape != other.shape:
        raise AssertionError(f"{what}: shape {list(one.shape)} and {list(other.shape)}")
    one, other = one.detach().double(), other.detach().double()
    difference, scale = float((one - other).abs().max()), max(float(other.abs().max()), 1e-6)
    if not difference <= tolerance * scale:
        raise AssertionError(f"{what} differ by {difference / scale:.1e} of the largest, more than {tolerance:.0e}")


def _registered(build: Callable[..., Cell]) -> None:
    cell = type(build())
    for name in ("name", "title", "citation"):
        if not getattr(cell, name, ""):
            raise AssertionError(f"it has no {name}: decorate the class with @register(name, title=..., citation=...)")
    if not (cell.__doc__ or "").strip():
        raise AssertionError("its class has no docstring: write the formula there")


def _shapes(build: Callable[..., Cell]) -> None:
    for steps, batch, inputs, hidden in ((T, B, D, H), (1, 1, 1, 1), (2, 1, 7, 3)):
        try:
            cell = build(inputs, hidden)
        except ValueError:
            if hidden == H:
                raise
            continue  # a cell may ask for a larger hidden size
        h_TBH, state = cell(_inputs(cell, steps, batch))
        if list(h_TBH.shape) != [steps, batch, hidden]:
            raise AssertionError(f"h has shape {list(h_TBH.shape)}, not {[steps, batch, hidden]}")
        wanted = [tuple(tensor.shape) for tensor in cell.initial_state(batch, h_TBH)]
        if [tuple(tensor.shape) for tensor in state] != wanted:
            raise AssertionError(f"the state has shapes {[tuple(s.shape) for s in state]}, not {wanted}")
        _alike(state[0], h_TBH[-1], 0.0, "the state's h and the last output")


def _finite(build: Callable[..., Cell]) -> None:
    cell = build(D, 20)
    h_TBH, state = cell(_inputs(cell, 300))
    if not bool(h_TBH.isfinite().all()) or not all(bool(tensor.isfinite().all()) for tensor in state):
        raise AssertionError("with its initial weights a value is not finite within 300 steps of N(0, 1) inputs")


def _repeatable(build: Callable[..., Cell]) -> None:
    cell = build()
    x = _inputs(cell)
    _alike(cell(x)[0], cell(x)[0], 0.0, "two runs on the same input")
    for name, twin in (("deepcopy", copy.deepcopy(cell)), ("pickle", pickle.loads(pickle.dumps(cell)))):  # noqa: S301
        _alike(twin(x)[0], cell(x)[0], 0.0, f"the cell and its {name}")
    other = build()
    other.load_state_dict(cell.state_dict())
    _alike(other(x)[0], cell(x)[0], 0.0, "the cell and another with its state_dict")


def _streams(build: Callable[..., Cell]) -> None:
    """Sample by sample, in two halves and whole: the same."""
    cell = build().double()
    x = _inputs(cell)
    whole, last = cell(x)
    first, state = cell(x[:4])
    second, halves = cell(x[4:], state)
    _alike(torch.cat([first, second]), whole, _CLOSE, "a sequence in two halves and the whole")
    state, seen = cell.initial_state(B, x), []
    for x_BD in x:
        state = cell.stream(x_BD, state)
        seen.append(state[0])
    _alike(torch.stack(seen), whole, _CLOSE, "step by step and the sequence")
    for number, (one, other) in enumerate(zip(halves, last, strict=True)):
        _alike(one, other, _CLOSE, f"tensor {number} of the state after two halves and after the whole")


def _independent(build: Callable[..., Cell]) -> None:
    """The future does not reach back, and no row of a batch another."""
    cell = build().double()
    x = _inputs(cell)
    h, changed = cell(x)[0], x.clone()
    changed[5:] += 1
    _alike(cell(changed)[0][:5], h[:5], _CLOSE, "outputs before a change of the input")
    _alike(cell(x[:, :2])[0], h[:, :2], _CLOSE, "rows alone and in a larger batch")


def _gradients(build: Callable[..., Cell]) -> None:
    cell = build(3, 4).double()
    x = _inputs(cell, 3, 2).requires_grad_()
    torch.autograd.gradcheck(lambda x: cell(x)[0], (x,), atol=1e-6)
    names = [name for name, parameter in cell.named_parameters() if parameter.requires_grad]
    given = tuple(dict(cell.named_parameters())[name].detach().clone().requires_grad_() for name in names)

    def of_parameters(*values: Tensor) -> Tensor:
        h: Tensor = torch.func.functional_call(cell, dict(zip(names, values, strict=True)), (x.detach(),))[0]
        return h

    torch.autograd.gradcheck(of_parameters, given, atol=1e-6)
    cell(x)[0].sum().backward()
    idle = [name for name, parameter in cell.named_parameters() if parameter.grad is None]
    if idle:
        raise AssertionError(f"no gradient reaches {', '.join(idle)}: is it used?")


def _formula(build: Callable[..., Cell]) -> None:
    try:
        formula = formula_of(build())
    except RefusedError as error:
        raise NotPossibleError(f"step is no formula ({error}): it trains step by step, and has no latency") from None
    if formula.given:
        raise NotPossibleError(f"project is no formula ({formula.why}): it runs in torch, and there is no latency")


def _results(cell: Cell, state: bool = True) -> dict[str, Tensor]:
    """Outputs, and the gradients of a linear form of all of them."""
    draw = torch.Generator().manual_seed(2)
    x = _inputs(cell).requires_grad_()
    begin = tuple(torch.randn(s.shape, generator=draw).to(x).requires_grad_() for s in cell.initial_state(B, x))
    h, after = cell(x, begin)
    cell.zero_grad()
    sum((out * torch.randn(out.shape, generator=draw).to(out)).sum() for out in (h, *after[: cell.states])).backward()
    leaves = {"x": x, **{f"state {n}": s for n, s in enumerate(begin)}, **dict(cell.named_parameters())}
    found = {"h": h, **{f"state {number} after": tensor for number, tensor in enumerate(after)}}
    return found | {f"the gradient of {key}": leaf.grad for key, leaf in leaves.items() if leaf.grad is not None}


def _kernel(build: Callable[..., Cell]) -> None:
    """The compiled kernel against the plain loop in float64, values and gradients."""
    cell = build(D, 21)
    if why := scan.why_not(cell):
        raise NotPossibleError(why)
    ours = _results(cell)
    for key, wanted in _results(copy.deepcopy(cell).double()).items():
        _alike(ours[key], wanted, _ROUNDED, key)


def _packed(build: Callable[..., Cell]) -> None:
    """Two models trained by one call of the kernel against each alone."""
    cells, hidden = [build(), build()], H
    with torch.no_grad():
        for parameter in cells[1].parameters():
            parameter.mul_(0.9)
    kernel = scan.kernel_of(cells[0])
    if kernel is None or kernel.given:
        raise NotPossibleError("it has no kernel of its own input, so runs of it are trained one after another")
    x = torch.stack([_inputs(cells[0]), 0.5 * _inputs(cells[0])])
    constants = []
    for cell in cells:
        with materialised(cell):
            constants.append(kernel.constants(cell))
    stacked = tuple(
        tuple(torch.stack(pair) for pair in zip(*parts, strict=True)) for parts in zip(*constants, strict=True)
    )
    lengths = torch.tensor([[T, 3, 1, 5], [2, T, T, 4]])
    h_MBH = scan.last_of_each(kernel, (stacked[0], stacked[1]), hidden, x, lengths)
    for number, cell in enumerate(cells):
        _alike(h_MBH[number], cell.last(x[number], lengths[number]), _ROUNDED, "trained together and alone")


def _low_rank(build: Callable[..., Cell]) -> None:
    names = _factors(build)
    cell, full = build(), build()
    for name in names:
        weight = cell.weights()[name]
        weight.factorise(min(weight.outputs, weight.inputs))
    x = _inputs(cell)
    _alike(cell(x)[0], full(x)[0], _ROUNDED, "all matrices factorised at full rank and the dense cell")
    small = build()
    for name in names:
        small.weights()[name].factorise(1)
    small(x)[0].sum().backward()
    _alike(small.stream(x[0], small.initial_state(B, x))[0], small(x[:1])[0][0], _ROUNDED, "factors and dense product")


def _factors(build: Callable[..., Cell]) -> list[str]:
    """The matrices that can be made sparse and of low rank."""
    names = []
    for name, weight in build().weights().items():
        try:
            weight.factors()
            names.append(name)
        except ValueError:
            continue
    if not names:
        raise NotPossibleError("it has no matrix made of Weight")
    return names


def _sparse(build: Callable[..., Cell]) -> None:
    names, cell = _factors(build), build()
    threshold = HardThreshold(cell, dict.fromkeys(names, 0.5))
    threshold.threshold()
    for name in names:
        for factor in cell.weights()[name].factors():
            found, most = int(torch.count_nonzero(factor)), kept_count(0.5, factor.numel())
            if found > most:
                raise AssertionError(f"{name} keeps {found} of {factor.numel()} entries, more than {most}")
    if not bool(cell(_inputs(cell))[0].isfinite().all()):
        raise AssertionError("a value is not finite when half of the entries are gone")


def _quantised(build: Callable[..., Cell]) -> None:
    loose = [name for name, p in build().named_parameters() if p.dim() > 1 and not _in_weight(build(), name)]
    if loose:
        raise AssertionError(f"{', '.join(loose)}: make it a Weight, or training cannot round it to 8 bits")
    cell, full = build(), build()
    quantise_weights(cell)
    cell.nonlinearities.update(PIECEWISE)
    x = _inputs(cell).requires_grad_()
    cell(x)[0].sum().backward()
    quantise_weights(cell, on=False)
    cell.nonlinearities.update(full.nonlinearities)
    _alike(cell(x)[0], full(x)[0], 0.0, "rounding turned on and off again, and the cell")


def _in_weight(cell: Cell, name: str) -> bool:
    return any(name.startswith(f"{weight}.") for weight in cell.weights())


POINTS: tuple[Point, ...] = (
    ("is registered, with a title and a citation", _registered),
    ("gives outputs and states of the right shapes", _shapes),
    ("stays finite with its initial weights", _finite),
    ("is deterministic, and survives copying and saving", _repeatable),
    ("gives step by step what it gives over a sequence", _streams),
    ("does not see the future or other rows", _independent),
    ("has gradients that agree with finite differences", _gradients),
    ("is a formula", _formula),
    ("is trained by a compiled kernel that agrees with the loop", _kernel),
    ("is trained together with others of its shape", _packed),
    ("takes matrices of low rank", _low_rank),
    ("takes sparse matrices", _sparse),
    ("takes 8-bit weights and piecewise gates", _quantised),
)
"""The points of the contract, in order."""

__all__ = ["POINTS", "NotPossibleError", "Point", "State", "Verdict", "check", "verdicts"]
