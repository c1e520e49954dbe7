"""A cell as a formula, which everything else reads: the compiled scan, the integer program, sizes, cycles.

:func:`formula_of` reads ``project`` and ``step`` once, on the first use, and remembers the formula for as long as the
cell's class, attributes, shapes and dtypes stay as they are. A cell whose step depends on anything else, a global
variable say, must not change meanwhile.
"""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cells.formula.graph import Formula, Hoisted, constants_of, evaluate
from cells.formula.ops import OPS, Op
from cells.formula.read import RefusedError, read
from cells.formula.trial import confirm, untouched
from cells.weight import Weight, materialised

if TYPE_CHECKING:
    from cells.cell import Cell

__all__ = ["OPS", "Formula", "Hoisted", "Op", "RefusedError", "constants_of", "evaluate", "formula_of", "identity"]

_MOST = 256
_known: dict[Any, Formula | str] = {}


def formula_of(cell: Cell) -> Formula:
    """The formula of a cell.

    Raises:
        RefusedError: when its step is no formula; says why and where.
    """
    key = identity(cell)
    if key is None:
        raise RefusedError("an attribute or a module that may change unseen")
    if key not in _known:
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = _read(cell)
    found = _known[key]
    if isinstance(found, str):
        raise RefusedError(found)
    return found


def _read(cell: Cell) -> Formula | str:
    try:
        with torch.inference_mode(False), untouched(cell):
            with materialised(cell, through=_ordinary):
                formula = read(cell)
            confirm(cell, formula)
    except RefusedError as error:
        return str(error)
    except Exception as error:  # what a stranger's cell raises on random numbers
        return f"it fails on random numbers: {type(error).__name__}: {error}"
    return formula


def _ordinary(dense: Tensor) -> Tensor:
    """A matrix that autograd takes: one that was computed in inference mode is copied."""
    return dense.clone() if dense.is_inference() else dense


_FIXED = frozenset((int, float, str, bool, type(None), FunctionType, BuiltinFunctionType, torch.dtype))
_IGNORED = frozenset(vars(nn.Module())) - {"training"} | {"_dense"}


def identity(cell: Cell) -> tuple[Any, ...] | None:
    """All that a formula may depend on beside the numbers in tensors; ``None`` when something cannot be told.

    It is asked for at every call, so it costs microseconds: a plain :class:`Weight` is told by its shape.
    """
    parts: list[Any] = []
    modules: list[tuple[str, nn.Module]] = [("", cell)]
    for name, module in modules:
        for child_name, child in module._modules.items():
            if child is not None:
                modules.append((f"{name}.{child_name}", child))
        kind = type(module)
        if module is not cell and not isinstance(module, Weight):
            return None
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
            return None
        if kind is Weight:
            dense = module._parameters.get("value")
            held = dense is not None and (module._dense is dense if module._dense is not None else not module.rounding)
            parts += (name, module.outputs, module.inputs, held)
            parts += () if dense is None else (dense.dtype, dense.requires_grad)
            continue
        parts += (name, kind, kind.forward, getattr(kind, "project", None), getattr(kind, "step", None))
        for key, value in vars(module).items():
            if key in _IGNORED:
                continue
            items = (*value, *value.values()) if key == "nonlinearities" else value
            for item in items if type(items) is tuple else (items,):
                if type(item) not in _FIXED or getattr(item, "__closure__", None):
                    return None
            parts += (key, items)
        for key, tensor in (*module._parameters.items(), *module._buffers.items()):
            if tensor is not None:
                parts += (key, tensor.shape, tensor.dtype, tensor.requires_grad)
        if isinstance(module, Weight):
            parts.append(module.matrix() is module._parameters.get("value"))
    return tuple(parts)
