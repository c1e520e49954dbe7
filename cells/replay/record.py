"""Reads the formula of a cell's step from the operations that it does, or finds that it has none.

Operations are seen as torch dispatches them. What autograd recorded for the same step must agree with them, edge by
edge: so a part that is detached, or has a gradient of its own, is noticed, and the cell refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from cells.replay.formula import Formula, Product
from cells.replay.recorded import Constant, Hoisted, Recorded, RefusedError, edge_of, place, tensors_in

if TYPE_CHECKING:
    from cells.cell import Cell


def record(cell: Cell, pre_BG: Tensor, state: tuple[Tensor, ...]) -> Recorded:
    """Runs a step and reads it.

    Args:
        cell: its matrices are materialised.
        pre_BG: of one step.
        state: before it.

    Raises:
        RefusedError: when it is more than elementwise operations and products of the state with constant matrices.
    """
    leaves = [each.detach().clone().requires_grad_() for each in (pre_BG, *state)]
    with Recorder(cell, leaves) as seen:
        after = cell.step(leaves[0], tuple(leaves[1:]))
    found: Recorded = seen.finish(after, len(state))
    return found


_UNARY = ("neg", "exp", "sigmoid", "tanh", "relu")
_BINARY = ("add", "sub", "rsub", "mul", "div")
_CUTS = ("split", "split_with_sizes", "slice", "cat")


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves __init_subclass__ untyped
    """Knows tensors by where they lie: all are kept alive meanwhile, and autograd makes views anew."""

    def __init__(self, cell: Cell, leaves: list[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.formula, self.width, self.like = Formula(), cell.hidden_size, leaves[0]
        self.refusal = ""
        self.kept: list[Tensor] = list(leaves)
        self.rows: dict[Any, list[int]] = {}
        self.constants: dict[Any, int] = {}
        self.sources: list[tuple[str, str]] = []
        self.hoisted: list[Hoisted] = []
        self.made_by: dict[Any, tuple[str, list[Tensor]]] = {}
        self.used: list[Tensor] = []
        self.differentiable: dict[Any, bool] = {place(each): True for each in leaves}
        for name, each in (*cell.named_parameters(), *cell.named_buffers()):
            self._source(each, ("parameter", name))
        for name, weight in cell.weights().items():
            self._source(weight.matrix(), ("matrix", name))
        self._lay(leaves)

    def _lay(self, leaves: list[Tensor]) -> None:
        """Makes leaves of what a step is given."""
        self.rows[place(leaves[0])] = [self.formula.leaf("pre", j) for j in range(self._sections(leaves[0]))]
        for number, each in enumerate(leaves[1:]):
            if self._sections(each) != 1:
                raise RefusedError("a state is not [B, H]")
            self.rows[place(each)] = [self.formula.leaf("state", number)]

    def _source(self, tensor: Tensor, source: tuple[str, str]) -> None:
        if place(tensor) not in self.constants:
            self.constants[place(tensor)] = len(self.sources)
            self.sources.append(source)
            self.differentiable[place(tensor)] = tensor.requires_grad
            self.kept.append(tensor)

    def _sections(self, tensor: Tensor) -> int:
        """How many sections of H a value has that differs from row to row."""
        sections, rest = divmod(tensor.shape[-1] if tensor.dim() else 1, self.width)
        if rest or tensor.dim() != 2 or len(tensor) != len(self.like) or tensor.dtype != self.like.dtype:
            raise RefusedError(f"a value of {tensor.dtype} {list(tensor.shape)}")
        return sections

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if not self.refusal:
            results = tuple(made) if isinstance(made, (tuple, list)) else (made,)
            try:
                self._read(func, args, kwargs or {}, results)
            except RefusedError as error:
                self.refusal = str(error)
            except Exception as error:  # an operation in a form that is not known here
                self.refusal = f"the operation {func}: {type(error).__name__}: {error}"
        return made

    def _read(self, func: Any, args: Any, kwargs: dict[str, Any], made: tuple[Any, ...]) -> None:
        name, operands = func._schema.name.removeprefix("aten::"), tensors_in(args)
        if name == "detach":  # autograd does it to what it saves; were the result read, _check would notice
            self.kept += made
            return
        tensors = all(isinstance(each, Tensor) for each in made) and not tensors_in(tuple(kwargs.values()))
        if not operands or not tensors or func._schema.is_mutable:
            raise RefusedError(f"the operation {func}")
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise RefusedError(f"the random operation {func}")
        if any(place(each) in self.rows for each in operands):
            self._read_rows(func, name, args, kwargs, made)
        else:
            self.hoisted.append(Hoisted(func, self._constant(tuple(args)), kwargs))
            for each in made:
                self.constants[place(each)] = self._count()
        for each in made:
            self.made_by[place(each)] = name, operands
            self.differentiable[place(each)] = any(one.requires_grad for one in operands)
        self.kept += made
        self.used += operands

    def _count(self) -> int:
        return max(self.constants.values(), default=-1) + 1

    def _read_rows(self, func: Any, name: str, args: Any, kwargs: dict[str, Any], made: tuple[Any, ...]) -> None:
        if name in _CUTS and not kwargs:
            found = self._cut(name, *args)
        elif name in ("mm", "addmm") and not kwargs and len(made) == 1:
            found = [self._product(*([None] if name == "mm" else []), *args)]
        elif name in (*_UNARY, *_BINARY, "clamp"):
            found = [self._pointwise(name, args, dict(kwargs), self._sections(made[0]))]
        else:
            raise RefusedError(f"the operation {func}")
        for each, sections in zip(made, found, strict=True):
            if self._sections(each) != len(sections):
                raise RefusedError(f"{func} between units")
            self.rows[place(each)] = sections

    def _constant(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            if place(value) not in self.constants:
                raise RefusedError("a tensor that is no parameter")
            return Constant(self.constants[place(value)])
        return type(value)(self._constant(each) for each in value) if type(value) in (list, tuple) else value

    def _operand(self, value: Any, sections: int) -> list[int]:
        """The sections of an operand of an elementwise operation."""
        if not isinstance(value, Tensor):
            return [self.formula.leaf("number", float(value))] * sections
        found = self.rows.get(place(value))
        if found is None:
            number = self._constant(value).number
            if value.dtype != self.like.dtype or value.shape not in ((), (1,), (sections * self.width,)):
                raise RefusedError(f"a constant of {value.dtype} {list(value.shape)}")
            places = [None] * sections if value.numel() == 1 else list(range(sections))
            found = [self.formula.leaf("constant", number, each) for each in places]
        if len(found) != sections:
            raise RefusedError("an operation on values of different widths")
        return found

    def _pointwise(self, name: str, args: Any, kwargs: dict[str, Any], sections: int) -> list[int]:
        put = self.formula.put
        if name == "clamp":
            low, high = (*args[1:], *kwargs.values(), None, None)[:2]
            if isinstance(low, Tensor) or isinstance(high, Tensor) or "max" in kwargs:
                raise RefusedError("a clamp between tensors")
            return [put("clamp", x, numbers=(low, high)) for x in self._operand(args[0], sections)]
        if name in _UNARY:
            return [put(name, x) for x in self._operand(args[0], sections)]
        left, right = (self._operand(each, sections) for each in args[:2])
        alpha = kwargs.pop("alpha", args[2] if len(args) > 2 else 1)
        if kwargs:
            raise RefusedError(f"{name} with {', '.join(kwargs)}")
        if name == "rsub":
            name, left, right = "sub", right, left
        if alpha != 1:
            right = [put("mul", self.formula.leaf("number", float(alpha)), x) for x in right]
        return [put(name, x, y) for x, y in zip(left, right, strict=True)]

    def _cut(self, name: str, value: Any, *how: Any) -> list[list[int]]:
        """The sections of each result of taking apart or putting together along the units."""
        at = 0 if name in ("slice", "cat") else 1
        dim = how[at] if len(how) > at else 0
        if dim not in (1, -1):
            raise RefusedError(f"{name} along the batch")
        if name == "cat":
            return [[node for each in value for node in self._operand(each, self._sections(each))]]
        sections = self._operand(value, self._sections(value))
        total = len(sections) * self.width
        if name == "slice":
            start, end, step = (*how[1:], *(None, None, 1)[len(how) - 1 :])  # type: ignore[misc]
            bounds = [(start or 0, min(total if end is None else end, total))]
            if step != 1 or min(bounds[0]) < 0:
                raise RefusedError("a slice from the end, or with gaps")
        else:
            sizes = how[0] if name == "split_with_sizes" else [how[0]] * -(-total // how[0])
            ends = [sum(sizes[: number + 1]) for number in range(len(sizes))]
            bounds = [(end - size, min(end, total)) for size, end in zip(sizes, ends, strict=True)]
        if any(bound % self.width for pair in bounds for bound in pair):
            raise RefusedError(f"{name} between units")
        return [sections[first // self.width : end // self.width] for first, end in bounds]

    def _product(self, add: Any, x: Any, matrix: Any) -> list[int]:
        """Of a state-like value with a constant matrix."""
        f = self.formula
        sections, number = self._sections(x @ matrix), self._constant(matrix).number
        (x_node,) = self._operand(x, 1)
        terms = None if add is None else self._operand(add, sections)
        first = f.nodes[terms[0]].numbers[0] if terms and f.nodes[terms[0]].op == "pre" else None
        known = [f.leaf("pre", first + j) for j in range(sections)] if first is not None else []
        taken = [each.add + j for each in f.products if each.add is not None for j in range(each.sections)]
        fused = first is not None and known == terms and not any(first + j in taken for j in range(sections))
        leaves = [f.leaf("product", len(f.products), j) for j in range(sections)]
        f.products.append(Product(leaves[0], sections, x_node, number, first if fused else None))
        if terms is None or fused:
            return leaves
        return [f.put("add", one, other) for one, other in zip(leaves, terms, strict=True)]

    def finish(self, after: Any, states: int) -> Recorded:
        """The formula, when all was understood and autograd saw it alike."""
        if self.refusal:
            raise RefusedError(self.refusal)
        known = [self.rows.get(place(each), []) for each in after if isinstance(each, Tensor)]
        if len(after) != states or [len(each) for each in known] != [1] * states:
            raise RefusedError("other states than before")
        for each in (*self.used, *after):
            self._check(each)
        self.formula.after = [self.rows[place(each)][0] for each in after]
        return Recorded(self.formula, tuple(self.sources), tuple(self.hoisted))

    def _check(self, tensor: Tensor) -> None:
        """That autograd leads from a value to the operands that it was made of."""
        here, edge = place(tensor), tensor.grad_fn
        if tensor._backward_hooks or tensor.requires_grad != self.differentiable[here]:
            raise RefusedError("a gradient that is stopped or changed")
        if here not in self.made_by or not tensor.requires_grad:
            return
        name, operands = self.made_by[here]
        wanted = [(edge_of(each), each.output_nr) for each in operands if each.requires_grad]
        alike = f"{name.replace('_', '')}backward"
        if edge is None or not edge.name().lower().startswith(alike):
            raise RefusedError(f"a gradient of {name} that is not torch's")
        if [each for each in edge.next_functions if each[0] is not None] != wanted:
            raise RefusedError(f"an operand of {name} whose gradient is stopped or changed")
