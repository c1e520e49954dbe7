"""The C++ of a cell, written from its formula: a type ``Own`` that the headers beside this file run over a sequence.

A worked example: FastRNN, ``c = tanh(W x + U h + b); h = alpha c + beta h``. It has one section (W x + U h) of two
sources (a sample, the state), one stage, and keeps c for backward; the constants are b, alpha and beta:

    struct Own {
    static constexpr int states = 1, sections = 1, stages = 1, kept = 1, vectors = 3, sources = 2, multiplied = 0;
    ...
    static void forward(Stage<0>, const V* a, const V* P, const V* s, V* k, V* after) {
    const V n2 = a[0] + P[0];                   // W x + U h + b
    const V n3 = tanh(n2);                      // c
    const V n5 = P[1] * n3;
    const V n7 = P[2] * s[0];
    const V n8 = n5 + n7;                       // alpha c + beta h
    k[0] = n3;
    after[0] = n8;
    }
    static void backward(Stage<0>, const V* k, const V* P, const V* s, const V* d, V* da, V* dP, V* ds, V* dm) {
    const V n10 = d[0] * P[1];                  // of c
    const V n12 = splat(0x1p+0f) - k[0] * k[0]; // (in statements of their own)
    da[0] = n10 * n12;                          // of the section, and so of W, U, x and h through U
    dP[0] = ...                                 // of b, alpha and beta, summed over rows and steps
    ds[0] = d[0] * P[2];                        // of h, on the direct way
    }
    };

``a`` are the sections of a row, LANES hidden units at a time, ``P`` the constants, ``s`` the states before the step,
``k`` the kept values, ``d`` the gradients that arrive: of the new states, then of the vectors that are multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch

from cells.formula.ops import OPS
from cells.formula.record import RefusedError
from cells.formula.units import Units
from cells.scan.native.layout import Layout, gradients_of

_KINDS = {"input": 0, "state": 1}
_KEPT = 2
_COUNTS = ("states", "sections", "stages", "kept", "vectors", "sources", "multiplied")


class Lines:
    """Statements that compute nodes, each once, as ``n`` and its number.

    Args:
        units: the graph.
        known: what stands for a node; grows.
    """

    def __init__(self, units: Units, known: dict[int, str]) -> None:
        self.units, self.known, self.lines = units, known, list[str]()

    def compute(self, nodes: Iterable[int]) -> None:
        """Writes the statements of some nodes and of all that they read, as far as it is not known."""
        for node in self.units.needed(nodes, self.known):
            if node not in self.known:
                self.lines.append(f"const auto n{node} = {self._expression(node)};")
                self.known[node] = f"n{node}"

    def _expression(self, node: int) -> str:
        op, reads, numbers = self.units.nodes[node]
        if op == "number":
            return f"splat({literal(numbers[0])})"
        if op not in OPS:
            raise RefusedError(f"{op} {numbers} where it cannot be read")
        ends = dict(zip(("low", "high"), map(literal, numbers), strict=False))
        return OPS[op].cpp.format(*(self.known[read] for read in reads), **ends)


def literal(number: float) -> str:
    """The float32 nearest to a number, exactly."""
    value = float(torch.tensor(number, dtype=torch.float32))
    if math.isnan(value):
        raise RefusedError("a number that is none")
    if math.isinf(value):
        return "-__builtin_inff()" if value < 0 else "__builtin_inff()"
    return f"{value.hex()}f"


class Emitter:
    """Writes the type of one cell.

    Args:
        layout: of its formula.
        window: how many samples it looks back at.
        matrices: the constants that are multiplied, in the order in which the kernel is given them.
        constants: those that the step reads as vectors, likewise.
    """

    def __init__(self, layout: Layout, window: int, matrices: list[int], constants: list[int]) -> None:
        self.layout, self.units, self.window = layout, layout.units, window
        self.matrices, self.constants = matrices, constants
        self.slots = {node: slot for slot, node in reversed(list(enumerate(layout.kept)))}
        last = layout.stages - 1
        self.written = [min(layout.stage[node], last) for node in layout.kept]
        self.places = [
            (node, f"s[{unit.numbers[0]}]") for node, unit in enumerate(self.units.nodes) if unit.op == "state"
        ]
        self.places += [(node, f"P[{place}]") for place, node in enumerate(layout.vectors)]

    def text(self) -> str:
        """The type, and the headers that it needs."""
        layout, units = self.layout, self.units
        counts = (
            *(len(units.after), len(layout.sections), layout.stages, len(layout.kept), len(layout.vectors)),
            *(len(layout.sources), len(layout.multiplied)),
        )
        sweeps = [gradients_of(layout, stage) for stage in range(layout.stages)]
        lines = [
            '#include "functions.h"',
            '#include "types.h"',
            "namespace {  // of this library alone: of what has one name in several, a process holds one",
            "struct Own {",
            f"static constexpr int {', '.join(f'{n} = {c}' for n, c in zip(_COUNTS, counts, strict=True))};",
            f"static constexpr int window = {self.window};",
            *self._tables(),
            *(line for stage in range(layout.stages) for line in self._forward(stage)),
            *(line for stage, found in enumerate(sweeps) for line in self._backward(stage, found)),
            "};",
            "}",
            "",
        ]
        return "\n".join(lines)

    def _tables(self) -> list[str]:
        """The places of all arrays, as constants of the type."""
        layout, nodes = self.layout, self.units.nodes
        sources = [
            (_KEPT, self.slots[node]) if node in layout.multiplied else (_KINDS[nodes[node].op], nodes[node].numbers[0])
            for node in layout.sources
        ]
        gates = [
            [
                (self.matrices.index(gate.constant), gate.gate, gate.column) if gate is not None else (-1, 0, 0)
                for gate in (section.gates.get(node) for section in layout.sections)
            ]
            for node in layout.sources
        ]
        vectors = [
            (self.constants.index(constant), -1 if part is None else part)
            for constant, part in (nodes[node].numbers for node in layout.vectors)
        ]
        multiplied = [(self.slots[node], self.written[self.slots[node]]) for node in layout.multiplied]
        return [
            _table("Copied", "copied", [section.copied or (-1, 0) for section in layout.sections]),
            _table("int", "stage", [section.stage for section in layout.sections]),
            _table("int", "written", self.written),
            _table("Source", "source", sources),
            _table("Multiplied", "computed", multiplied),
            _table("Vector", "vector", vectors),
            f"static constexpr Gate gate[{max(len(sources), 1)}][{max(len(layout.sections), 1)}] = "
            f"{_braced([_braced(row) for row in gates])};",
        ]

    def _known(self, stage: int) -> dict[int, str]:
        """The values that a row has at a stage: states, constants, and what earlier stages kept."""
        known = dict(self.places)
        known |= {node: f"k[{slot}]" for node, slot in self.slots.items() if self.written[slot] < stage}
        return known

    def _forward(self, stage: int) -> list[str]:
        layout, units = self.layout, self.units
        known = self._known(stage)
        for node, unit in enumerate(units.nodes):
            if unit.op == "section" and layout.sections[unit.numbers[0]].stage <= stage:
                known.setdefault(node, f"a[{unit.numbers[0]}]")
        made = Lines(units, known)
        slots = [slot for slot, written in enumerate(self.written) if written == stage]
        after = units.after if stage == layout.stages - 1 else []
        made.compute([*(layout.kept[slot] for slot in slots), *after])
        stores = [f"k[{slot}] = {made.known[layout.kept[slot]]};" for slot in slots]
        stores += [f"after[{number}] = {made.known[node]};" for number, node in enumerate(after)]
        head = f"static inline void forward(Stage<{stage}>, const V* a, const V* P, const V* s, V* k, V* after) {{"
        return [head, *made.lines, *stores, "}"]

    def _backward(self, stage: int, found: dict[int, int]) -> list[str]:
        """The gradients of a stage: assigned in the last, which comes first; added by the others."""
        layout, nodes, last = self.layout, self.units.nodes, stage == self.layout.stages - 1
        known = self._known(layout.stages)
        known |= {n: f"d[{unit.numbers[0]}]" for n, unit in enumerate(nodes) if unit.op == "seed"}
        made = Lines(self.units, known)
        to: dict[tuple[str, int], str] = {}
        made.compute(gradient for node, gradient in found.items())
        for node, gradient in found.items():
            op, _, numbers = nodes[node]
            place: tuple[str, int] | None = None
            if node in layout.multiplied and layout.stage[node] < stage:
                place = ("dm", layout.multiplied.index(node))
            elif op == "constant":
                place = ("dP", layout.vectors.index(node))
            elif op in ("section", "state"):
                place = ("da" if op == "section" else "ds", numbers[0])
            if place is not None:
                to[place] = made.known[gradient]
        sizes = {
            "da": len(layout.sections),
            "dP": len(layout.vectors),
            "ds": len(self.units.after),
            "dm": len(layout.multiplied),
        }
        if last:
            stores = [f"{name}[{n}] = {to.get((name, n), 'V{}')};" for name, size in sizes.items() for n in range(size)]
        else:
            stores = [f"{name}[{n}] += {value};" for (name, n), value in to.items()]
        head = (
            f"static inline void backward(Stage<{stage}>, const V* k, const V* P, const V* s, const V* d, "
            "V* da, V* dP, V* ds, V* dm) {"
        )
        touched = [
            f"static constexpr bool touches_{name}(Stage<{stage}>, int n) {{ return "
            f"{' || '.join(f'n == {n}' for n in range(size) if last or (name, n) in to) or 'false'}; }}"
            for name, size in sizes.items()
        ]
        return [*touched, head, *made.lines, *stores, "}"]


def _table(kind: str, name: str, rows: Sequence[object]) -> str:
    """A constant array; one row of zeros where there would be none, which C++ has not."""
    return f"static constexpr {kind} {name}[{max(len(rows), 1)}] = {_braced(rows)};"


def _braced(rows: Sequence[object]) -> str:
    parts = (_braced(row) if isinstance(row, tuple) else str(row) for row in rows)
    return "{" + ", ".join(parts) + "}"
