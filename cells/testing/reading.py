"""Tests of what is derived from a cell: its formula, its compiled kernel, packs, and all that makes it small."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from cells import scan
from cells.cell import Cell
from cells.compress import HardThreshold, kept_count, quantise_weights
from cells.formula import RefusedError, formula_of
from cells.gates import PIECEWISE
from cells.testing.points import ROUNDED, B, D, H, NotPossibleError, Point, T, alike, inputs
from cells.weight import materialised


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
    x = inputs(cell).requires_grad_()
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
        alike(ours[key], wanted, ROUNDED, key)


def _packed(build: Callable[..., Cell]) -> None:
    """Two models trained by one call of the kernel against each alone."""
    cells, hidden = [build(), build()], H
    with torch.no_grad():
        for parameter in cells[1].parameters():
            parameter.mul_(0.9)
    kernel = scan.kernel_of(cells[0])
    if kernel is None or kernel.given:
        raise NotPossibleError("it has no kernel of its own input, so runs of it are trained one after another")
    x = torch.stack([inputs(cells[0]), 0.5 * inputs(cells[0])])
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
        alike(h_MBH[number], cell.last(x[number], lengths[number]), ROUNDED, "trained together and alone")


def _low_rank(build: Callable[..., Cell]) -> None:
    names = _factors(build)
    cell, full = build(), build()
    for name in names:
        weight = cell.weights()[name]
        weight.factorise(min(weight.outputs, weight.inputs))
    x = inputs(cell)
    alike(cell(x)[0], full(x)[0], ROUNDED, "all matrices factorised at full rank and the dense cell")
    small = build()
    for name in names:
        small.weights()[name].factorise(1)
    small(x)[0].sum().backward()
    alike(small.stream(x[0], small.initial_state(B, x))[0], small(x[:1])[0][0], ROUNDED, "factors and dense product")


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
    if not bool(cell(inputs(cell))[0].isfinite().all()):
        raise AssertionError("a value is not finite when half of the entries are gone")


def _quantised(build: Callable[..., Cell]) -> None:
    loose = [name for name, p in build().named_parameters() if p.dim() > 1 and not _in_weight(build(), name)]
    if loose:
        raise AssertionError(f"{', '.join(loose)}: make it a Weight, or training cannot round it to 8 bits")
    cell, full = build(), build()
    quantise_weights(cell)
    cell.nonlinearities.update(PIECEWISE)
    x = inputs(cell).requires_grad_()
    cell(x)[0].sum().backward()
    quantise_weights(cell, on=False)
    cell.nonlinearities.update(full.nonlinearities)
    alike(cell(x)[0], full(x)[0], 0.0, "rounding turned on and off again, and the cell")


def _in_weight(cell: Cell, name: str) -> bool:
    return any(name.startswith(f"{weight}.") for weight in cell.weights())


POINTS: tuple[Point, ...] = (
    ("is a formula", _formula),
    ("is trained by a compiled kernel that agrees with the loop", _kernel),
    ("is trained together with others of its shape", _packed),
    ("takes matrices of low rank", _low_rank),
    ("takes sparse matrices", _sparse),
    ("takes 8-bit weights and piecewise gates", _quantised),
)
