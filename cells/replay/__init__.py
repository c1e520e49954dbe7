"""The scan where no kernel serves, without a graph of autograd for every step.

Between its products with the state, the step of most cells does nothing but elementwise operations. Such a step is read
once (:mod:`cells.replay.record`), checked, and made a formula. Forward repeats its operations; backward computes the
derivatives of many steps at once, and from step to step only multiplies by them. The numbers are those of the plain
scan to rounding. A step that is no formula is scanned as it is.
"""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from cells.replay import forward
from cells.replay.backward import Incoming, Sweep
from cells.replay.forward import Kept
from cells.replay.plan import Plan, plan
from cells.replay.projection import Projection, project
from cells.replay.record import record
from cells.replay.recorded import RefusedError, constants_of
from cells.replay.trial import confirm, confirm_projection, untouched
from cells.transforms import transformed
from cells.weight import Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cells.cell import Cell

    State = tuple[Tensor, ...]

__all__ = ["plan_of", "projection_of", "scan"]

_T = TypeVar("_T")
_MOST = 256
_SHORTEST = 10
"""Steps; over fewer, looking whether a formula holds still costs more than it saves."""
_plans: dict[Any, Plan | str] = {}
_projections: dict[Any, Projection | str] = {}


class _Sequence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, made: Plan, ends_B: Tensor | None, pre_TBG: Tensor, count: int, *rest: Tensor | None) -> Any:
        ctx.set_materialize_grads(False)
        kept = forward.run(made, pre_TBG, rest[:count], rest[count:], True)  # type: ignore[arg-type]
        ctx.save_for_backward(pre_TBG, ends_B, *rest, *kept.states, *kept.nodes, *kept.products)
        ctx.made, ctx.count, ctx.rest = made, count, len(rest)
        return _results(kept, ends_B)

    @staticmethod
    def backward(ctx: Any, d_h: Tensor | None, *d_last: Tensor | None) -> Any:
        pre_TBG, ends_B, *saved = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _differentiable(ctx, pre_TBG, ends_B, saved[: ctx.rest], (d_h, *d_last))
        made, count = ctx.made, ctx.count
        rest, saved = saved[: ctx.rest], saved[ctx.rest :]
        kept = Kept(saved[:count], saved[count : count + len(made.kept)], saved[count + len(made.kept) :])
        sweep = Sweep(made, pre_TBG, kept, rest[count:], ctx.needs_input_grad[4 + count :])
        if ends_B is None or d_h is None:
            found = sweep.run(Incoming(d_h, {}, d_last))
        else:
            found = sweep.run(Incoming(None, _rows(ends_B, d_h, len(pre_TBG)), d_last))
        return None, None, found.pre, None, *found.state, *found.constants


def _differentiable(
    ctx: Any, pre_TBG: Tensor, ends_B: Tensor | None, rest: Sequence[Tensor | None], d: Sequence[Tensor | None]
) -> Any:
    """The gradients as a graph, by the steps as autograd records them."""
    # Views: what a constant is to another is beyond this function.
    own = [None if each is None else each.view_as(each) for each in (pre_TBG, *rest)]
    h_TBH, *last = forward.differentiable(ctx.made, own[0], own[1 : ctx.count + 1], own[ctx.count + 1 :])  # type: ignore[arg-type]
    every = zip((_ends(h_TBH, ends_B), *last), d, strict=True)
    pairs = [(out, gradient) for out, gradient in every if gradient is not None and out.requires_grad]
    inputs = [each for each in own if each is not None and each.requires_grad]
    outputs, gradients = zip(*pairs, strict=True)
    found = iter(torch.autograd.grad(outputs, inputs, gradients, create_graph=True, allow_unused=True))
    first, *others = [next(found) if each is not None and each.requires_grad else None for each in own]
    return None, None, first, None, *others


def _results(kept: Kept, ends_B: Tensor | None) -> tuple[Tensor, ...]:
    return (_ends(kept.states[0][1:], ends_B), *(each[-1].clone() for each in kept.states))


def _ends(h_TBH: Tensor, ends_B: Tensor | None) -> Tensor:
    return h_TBH if ends_B is None else h_TBH[ends_B, torch.arange(len(ends_B), device=h_TBH.device)]


def _rows(ends_B: Tensor, d_BH: Tensor, T: int) -> dict[int, tuple[Tensor, Tensor]]:
    """The rows whose sequence ends after a step, and their gradients."""
    found = {}
    for end in sorted({each % T for each in ends_B.tolist()}):
        rows = (ends_B % T == end).nonzero().squeeze(1)
        found[end] = rows, d_BH[rows]
    return found


def scan(cell: Cell, pre_TBG: Tensor, state: State, ends_B: Tensor | None) -> tuple[Tensor, State] | None:
    """Runs every step from the pre-activations; ``None`` when the plain scan is to run.

    Args:
        cell: its matrices are materialised.
        pre_TBG: of every step.
        state: before the first.
        ends_B: the step after which to read h of each sequence, from 0; after each step when ``None``.

    Returns:
        h_TBH, or with ``ends_B`` h_BH; and every state after the last step.
    """
    made = plan_of(cell, pre_TBG, state) if len(pre_TBG) >= _SHORTEST else None
    if not isinstance(made, Plan):
        return None
    used = made.used
    given = [each if n in used else None for n, each in enumerate(constants_of(cell, made.recorded))]
    tensors = [pre_TBG, *state, *given]
    if torch.is_grad_enabled() and any(each is not None and each.requires_grad for each in tensors):
        h, *after = _Sequence.apply(made, ends_B, pre_TBG, len(state), *state, *given)  # type: ignore[no-untyped-call]
    else:
        h, *after = _results(forward.run(made, pre_TBG, state, given, False), ends_B)
    return h, tuple(after)


def plan_of(cell: Cell, pre_TBG: Tensor, state: State) -> Plan | str | None:
    """The formula of a cell's step, made ready, or why it is none; ``None`` when this call is the plain scan's."""
    if not _plain(pre_TBG, *state) or any(each.shape != state[0].shape for each in state):
        return None
    return _plan(cell, pre_TBG, state)


def projection_of(cell: Cell, x_TBD: Tensor) -> Projection | str | None:
    """What a cell's ``project`` does when that is a matrix, or why it is none; ``None`` when this call cannot tell."""
    key = _key(cell, x_TBD, cell.window) if _plain(x_TBD) else None

    def read() -> Projection:
        made = project(cell, x_TBD)
        confirm_projection(cell, made, x_TBD)
        return made

    if key is None:
        return None
    return _remembered(_projections, key, cell, x_TBD, read)


def _plan(cell: Cell, pre_TBG: Tensor, state: State) -> Plan | str:
    key = _key(cell, pre_TBG, len(state))
    if key is None:
        return "an attribute that may change unseen"

    def read() -> Plan:
        made = plan(record(cell, pre_TBG[0], state))
        confirm(cell, made, pre_TBG[0], state)
        return made

    return _remembered(_plans, key, cell, pre_TBG, read)


def _remembered(known: dict[Any, _T | str], key: Any, cell: Cell, like: Tensor, read: Callable[[], _T]) -> _T | str:
    """What is read of a cell once, or why it was refused."""
    if key not in known:
        if len(known) >= _MOST:
            known.clear()
        try:
            with untouched(cell, like):
                made = read()
            known[key] = made
        except RefusedError as error:
            known[key] = str(error)
    return known[key]


_FIXED = (int, float, str, bool, type(None), FunctionType, BuiltinFunctionType, torch.dtype)
_OWN = frozenset(vars(nn.Module())) - {"training"} | {"_dense"}


def _key(cell: Cell, pre_TBG: Tensor, states: int) -> Any:
    """All that a step may depend on beside the numbers in tensors; ``None`` when something cannot be told."""
    parts: list[Any] = [pre_TBG.shape[1:], pre_TBG.dtype, pre_TBG.device, states, torch.is_grad_enabled()]
    for name, module in cell.named_modules():
        if module is not cell and not isinstance(module, Weight):
            return None
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
            return None
        parts += (name, type(module), type(module).forward)
        parts += [getattr(type(module), each, None) for each in ("project", "step")]
        for key, value in vars(module).items():
            if key in _OWN:
                continue
            values = (
                (*value, *value.values()) if key == "nonlinearities" else value if type(value) is tuple else (value,)
            )
            if not all(isinstance(each, _FIXED) and not getattr(each, "__closure__", None) for each in values):
                return None
            parts += (key, values)
        tensors = (*module._parameters.items(), *module._buffers.items())
        parts += [(key, each.shape, each.dtype, each.requires_grad) for key, each in tensors if each is not None]
        if isinstance(module, Weight):
            parts.append(module.matrix() is module._parameters.get("value"))
    return tuple(parts)


def _plain(*tensors: Tensor) -> bool:
    """Whether all are ordinary tensors with numbers in them, under no transform of torch's."""
    device = tensors[0].device.type
    if torch.compiler.is_compiling() or torch.is_inference_mode_enabled():
        return False
    if device not in ("cpu", "cuda") or transformed(device):
        return False
    same = {(each.dtype, each.device) for each in tensors}
    kinds = all(type(each) in (Tensor, nn.Parameter) and each.numel() for each in tensors)
    return kinds and len(same) == 1 and tensors[0].is_floating_point()
