"""Sees the operations that a cell runs, and makes nodes of a formula of them."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from cells.formula.graph import Constant, Formula, Hoisted
from cells.formula.spellings import GENERATORS, SAME, SPELLINGS, VIEWS, Operand
from cells.formula.tensors import edge_of, place, tensors_in

if TYPE_CHECKING:
    from cells.cell import Cell

STEPS, BATCH = 3, 2
"""The shape of the inputs that a cell is read on."""
_CELLS, _TORCH = Path(__file__).parent.parent, Path(torch.__file__).parent
_OURS = (_CELLS / "formula", _CELLS / "weight.py", _CELLS / "cell.py", _CELLS / "gates.py")


class RefusedError(Exception):
    """The cell is no formula; the message says why, and where in its source."""


class Value(NamedTuple):
    """The formula's knowledge of a tensor.

    Attributes:
        node: of the formula; ``None`` for samples, whose node depends on how late they are.
        start: of samples, the step at which they begin, counted from the first past sample; otherwise that of ``x``.
        negated: of a mask, whether it is the opposite of its node.
    """

    node: int | None
    start: int
    negated: bool = False


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves __init_subclass__ untyped
    """Knows tensors by where they lie: all are kept alive meanwhile, and autograd makes views anew."""

    def __init__(self, cell: Cell, leaves: list[Tensor], given: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.formula = Formula(given, 1 if given else cell.window)
        self.width, self.like, self.states, self.features = cell.hidden_size, leaves[-1], cell.states, cell.input_size
        self.base = 0 if given else cell.window - 1
        self.refusal = ""
        self.kept: list[Tensor] = list(leaves)
        self.values: dict[Any, Value] = {}
        self.constants: dict[Any, int] = {}
        self.origins: dict[Any, Any] = {place(leaf): None for leaf in leaves}
        self.made_by: dict[Any, list[tuple[str, list[Tensor]]]] = {}
        self.detached: dict[Any, str] = {}
        self.used: list[Tensor] = []
        self.differentiable: dict[Any, bool] = {place(leaf): True for leaf in leaves}
        for name, weight in cell.weights().items():
            self._source(weight.matrix(), ("matrix", name))
        for name, tensor in (*cell.named_parameters(), *cell.named_buffers()):
            self._source(tensor, ("parameter", name))
        inputs, state = leaves[: -cell.states], leaves[-cell.states :]
        for number, tensor in enumerate(state):
            self.values[place(tensor)] = Value(self.formula.put("state", numbers=(number,), width=1), self.base)
        if given:
            self.values[place(inputs[0])] = Value(self._input(0, self.sections(inputs[0])), self.base)
        else:
            for tensor, start in zip(inputs[::-1], (self.base, 0), strict=False):
                self.values[place(tensor)] = Value(None, start)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Torch's own hook: keeps it from importing its compiler, which takes seconds."""
        return False

    def _input(self, lag: int, width: int) -> int:
        return self.formula.put("input", numbers=(lag,), width=width)

    def _source(self, tensor: Tensor, source: tuple[str, str]) -> None:
        if place(tensor) not in self.constants:
            self.constants[place(tensor)] = len(self.formula.sources)
            self.formula.sources.append(source)
            self.origins[place(tensor)] = tensor.grad_fn
            self.differentiable[place(tensor)] = tensor.requires_grad
            self.kept.append(tensor)

    def sections(self, tensor: Tensor) -> int:
        """How many sections of H a value has that differs from row to row."""
        sections, rest = divmod(tensor.shape[-1] if tensor.dim() else 1, self.width)
        rows = tensor.numel() // max(tensor.shape[-1], 1) if tensor.dim() else 0
        real = tensor.dtype in (self.like.dtype, torch.bool)
        if rest or tensor.dim() not in (2, 3) or rows not in (BATCH, STEPS * BATCH) or not real:
            raise RefusedError(f"a value of {tensor.dtype} {list(tensor.shape)}")
        return sections

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if not self.refusal:
            results = tuple(made) if isinstance(made, tuple | list) else (made,)
            try:
                self._read(func, args, kwargs or {}, results)
            except RefusedError as error:
                self.refusal = f"{error}{_line()}"
            except Exception as error:  # an operation in a form that is not known here
                self.refusal = f"the operation {_name(func)}: {type(error).__name__}: {error}{_line()}"
        return made

    def _read(self, func: Any, args: Any, kwargs: dict[str, Any], made: tuple[Any, ...]) -> None:
        name, operands = _name(func), tensors_in((args, tuple(kwargs.values())))
        if name == "detach":  # autograd does it to what it saves; were the result read, _check would notice
            self.kept += made
            self.detached[place(made[0])] = _line()
            return
        if name in GENERATORS and all(place(operand) in self.values for operand in operands):
            node = self.formula.number(GENERATORS[name](*[a for a in args if not isinstance(a, Tensor | list | tuple)]))
            self.values[place(made[0])] = Value(node, self.base)
            self.differentiable[place(made[0])] = False
            self.kept += made
            return
        tensors = all(isinstance(result, Tensor) for result in made)
        if not operands or not tensors or func._schema.is_mutable or tensors_in(tuple(kwargs.values())):
            raise RefusedError(f"the operation {name}")
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise RefusedError(f"the random operation {name}")
        if any(place(operand) in self.values for operand in operands):
            found = self._values(name, args, kwargs, made)
            for result, value in zip(made, found, strict=True):
                self.values[place(result)] = value
        else:
            self.formula.hoisted.append(Hoisted(func, self._constant(tuple(args)), kwargs, len(made)))
            for result in made:
                self.constants[place(result)] = self._count()
        for result in made:
            self.made_by.setdefault(place(result), []).append((name, operands))
            differs = any(operand.requires_grad for operand in operands)
            self.differentiable[place(result)] = differs and result.is_floating_point()
        self.kept += made
        self.used += operands

    def _count(self) -> int:
        return max(self.constants.values(), default=-1) + 1

    def _values(self, name: str, args: Any, kwargs: dict[str, Any], made: tuple[Any, ...]) -> list[Value]:
        """The values of an operation's results."""
        first = self.values.get(place(args[0])) if isinstance(args[0], Tensor) else None
        if name in SAME and first is not None:
            if made[0].is_floating_point() and args[0].dtype == torch.bool:
                return [Value(self.node(args[0]), self.base)]
            if made[0].dtype == args[0].dtype:
                return [first]
        if name in VIEWS:
            return VIEWS[name](self, made, *args, **kwargs)
        if name not in SPELLINGS:
            raise RefusedError(f"the operation {name}")
        found = SPELLINGS[name](self, *args, **kwargs)
        value = found if isinstance(found, Value) else Value(found, self.base)
        assert value.node is not None  # noqa: S101
        if self.sections(made[0]) != self.formula.nodes[value.node].width:
            raise RefusedError(f"{name} between units")
        return [value]

    def node(self, operand: Operand) -> int:
        """The node of an operand: a number, a constant, a value; a mask becomes 0 and 1.

        Raises:
            RefusedError: when it is a constant of another shape, or samples that are not one a step.
        """
        if not isinstance(operand, Tensor):
            return self.formula.number(float(operand))
        value = self.values.get(place(operand))
        if value is None:
            number = self._constant(operand).number
            width, rest = divmod(operand.numel(), self.width)
            if operand.dtype != self.like.dtype or operand.numel() not in (
                1,
                operand.shape[-1] if operand.dim() else 1,
            ):
                raise RefusedError(f"a constant of {operand.dtype} {list(operand.shape)}")
            if operand.numel() > 1 and rest:
                raise RefusedError(f"a constant of {list(operand.shape)}, which is no multiple of the hidden size")
            return self.formula.put("constant", numbers=(number,), width=0 if operand.numel() == 1 else width)
        if value.node is None:
            if operand.numel() != STEPS * BATCH * self.features:
                raise RefusedError("samples that are not one for every step")
            divides = self.features % self.width == 0
            return self._input(self.base - value.start, self.features // self.width if divides else 0)
        if operand.dtype == torch.bool:
            pair = [self.formula.number(1.0), self.formula.number(0.0)]
            return self.formula.put(
                "where",
                value.node,
                *(pair[::-1] if value.negated else pair),
                width=self.formula.nodes[value.node].width,
            )
        return value.node

    def pointwise(self, op: str, *operands: Operand, numbers: tuple[float, ...] = ()) -> int:
        """The node of an operation of the table."""
        nodes = [self.node(operand) for operand in operands]
        return self.put(op, *nodes, numbers=numbers)

    def put(self, op: str, *nodes: int, numbers: tuple[float, ...] = ()) -> int:
        """The node of an operation on nodes of one width.

        Raises:
            RefusedError: when they are of different widths.
        """
        widths = {self.formula.nodes[node].width for node in nodes} - {0}
        whole = any(n.op in ("input", "cat") and not n.width for n in (self.formula.nodes[node] for node in nodes))
        if len(widths) > 1 or whole:
            raise RefusedError("an operation on values of different widths")
        return self.formula.put(op, *nodes, numbers=numbers)

    def product(self, x: Tensor, matrix: Tensor) -> int:
        """The node of ``x @ matrix``, the matrix a constant."""
        outputs, rest = divmod(matrix.shape[1], self.width)
        if rest or place(x) not in self.values:
            raise RefusedError(f"a product with a matrix of {list(matrix.shape)}")
        constant = self._constant(matrix).number
        return self.formula.put("product", self.node(x), numbers=(constant,), width=outputs)

    def _constant(self, value: Any) -> Any:
        """Arguments with the places of constants in place of tensors."""
        if isinstance(value, Tensor):
            number = self.constants.get(place(value))
            if number is None:
                raise RefusedError("a tensor that is neither the cell's nor made in the step")
            return Constant(number)
        return type(value)(map(self._constant, value)) if type(value) in (list, tuple) else value

    def check_aligned(self, pre_TBG: Tensor) -> None:
        """That ``project`` gave one vector a step, which it computed."""
        value = self.values.get(place(pre_TBG)) if isinstance(pre_TBG, Tensor) else None
        if not self.refusal and (value is None or pre_TBG.dim() != 3 or value.start != self.base):
            self.refusal = "project returns something else than it computed for every step"

    def finish(self, after: Any) -> Formula:
        """The formula, when all was understood and autograd saw it alike.

        Raises:
            RefusedError: otherwise.
        """
        if self.refusal:
            raise RefusedError(self.refusal)
        values = [self.values.get(place(tensor)) for tensor in after if isinstance(tensor, Tensor)]
        if len(after) != self.states or any(tensor.shape != self.like.shape for tensor in after) or None in values:
            raise RefusedError("step returns other states than it was given")
        for tensor in (*self.used, *after):
            self._check(tensor)
        self.formula.after = [self.node(tensor) for tensor in after]
        return self.formula

    def _check(self, tensor: Tensor) -> None:
        """That autograd leads from a value to the operands that it was computed from."""
        here, edge = place(tensor), tensor.grad_fn
        if tensor._backward_hooks or tensor.requires_grad != self.differentiable[here]:
            raise RefusedError(f"a gradient that is stopped or changed{self.detached.get(here, '')}")
        if here not in self.made_by or not tensor.requires_grad:
            return
        if here in self.origins and edge is self.origins[here]:
            return
        # Of the operations that gave this place one is the tensor's: a view lies where its tensor does.
        faults = [_unlike(edge, name, operands) for name, operands in self.made_by[here]]
        if all(faults):
            raise RefusedError(faults[-1])


def _unlike(edge: Any, name: str, operands: list[Tensor]) -> str:
    """The attributes of autograd's node that an operation on these operands lacks; empty when they agree."""
    wanted = [(edge_of(operand), operand.output_nr) for operand in operands if operand.requires_grad]
    if edge is None or not edge.name().lower().startswith(f"{name.replace('_', '')}backward"):
        return f"a gradient of {name} that is not torch's"
    if [found for found in edge.next_functions if found[0] is not None] != wanted:
        return f"an operand of {name} whose gradient is stopped or changed"
    return ""


def _name(func: Any) -> str:
    name: str = func._schema.name.removeprefix("aten::")
    return name


def _line() -> str:
    """Where the cell's own source runs the operation: `` at mine.py:12: `the line` ``."""
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if path.is_file() and not any(path.is_relative_to(ours) for ours in (*_OURS, _TORCH)):
            return f" at {path.name}:{frame.lineno}: `{frame.line}`"
    return ""
