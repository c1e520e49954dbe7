"""The source of a kernel from a formula: a type in the manner of ``gates.h``."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from cells.kernels.sections import sections_of
from cells.replay.formula import DEAR, Formula
from cells.replay.plan import Place, Plan
from cells.replay.recorded import RefusedError

_MOST = 24
_OPERATORS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_FUNCTIONS = {"exp": "exp", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "positive": "positive"}
_BETWEEN = {"clamp": "clamp", "inside": "within"}
_SLOPES = {"sigmoid_backward": "sigmoid_slope", "tanh_backward": "tanh_slope"}


def _literal(number: float) -> str:
    """The float32 nearest to a number, exactly."""
    value = float(torch.tensor(number, dtype=torch.float32))
    if math.isnan(value):
        raise RefusedError("a number that is none")
    if math.isinf(value):
        return "-__builtin_inff()" if value < 0 else "__builtin_inff()"
    return f"{value.hex()}f"


class _Lines:
    """Statements that compute nodes, each once, as ``n`` and its number."""

    def __init__(self, formula: Formula, known: dict[int, str]) -> None:
        self.formula, self.known, self.lines = formula, known, list[str]()

    def add(self, nodes: list[int]) -> None:
        for each in nodes:
            if each not in self.known:
                self.lines.append(f"const V n{each} = {self._expression(each)};")
                self.known[each] = f"n{each}"

    def _expression(self, node: int) -> str:
        op, reads, numbers = self.formula.nodes[node]
        values = [self.known[each] for each in reads]
        if op == "number":
            return f"splat({_literal(numbers[0])})"
        if op in _OPERATORS:
            return f"{values[0]} {_OPERATORS[op]} {values[1]}"
        if op in _FUNCTIONS:
            return f"{_FUNCTIONS[op]}({values[0]})"
        if op in _SLOPES:
            return f"{values[0]} * {_SLOPES[op]}({values[1]})"
        if op in _BETWEEN:
            ends = [
                _literal(end if each is None else each)
                for each, end in zip(numbers, (-math.inf, math.inf), strict=True)
            ]
            return f"{_BETWEEN[op]}({values[0]}, {', '.join(ends)})"
        if op in ("neg", "copy"):
            return f"{'-' if op == 'neg' else ''}{values[0]}"
        raise RefusedError(f"the operation {op}")


class Source:
    """What a kernel is made of.

    Args:
        plan: of the step.
        given: whether it is given the pre-activations.
        biased: whether it adds a bias to each section of theirs; those follow the other vectors of P.

    Attributes:
        vectors: the constants that P holds, by their nodes.

    Raises:
        RefusedError: when it is beyond what a kernel can do.
    """

    def __init__(self, plan: Plan, given: bool, biased: bool) -> None:
        self.f = f = plan.formula
        self.given, self.biases = given, sum(each.op == "pre" for each in f.nodes) if biased else 0
        fused = {
            each.add + j: each.leaves + j for each in f.products if each.add is not None for j in range(each.sections)
        }
        self.terms = [each._replace(to=self._to(each.to, fused)) for each in plan.steps if each.product is None]
        self.terms += [each._replace(to=self._to(each.to, {})) for each in plan.rest]
        if any(f.nodes[each.x] != ("state", (), (0,)) for each in f.products):
            raise RefusedError("a product of something else than h")
        if len(f.after) > 2:
            raise RefusedError("more than two states")
        self.sections = sections_of(f)
        self.forward = f.needed(f.after, self.sections.stop)
        wanted = [each.derivative for each in self.terms if each.derivative is not None]
        self.kept = self._kept(wanted)
        self.backward = f.needed(wanted, self.kept)
        used = {*self.forward, *self.backward}
        self.vectors = sorted(each for each in used if f.nodes[each].op == "constant")
        if max(len(self.sections.all), len(self.kept), len(self.vectors) + self.biases) > _MOST:
            raise RefusedError(f"more than {_MOST} sections, constants, or vectors to keep")

    def _kept(self, wanted: list[int]) -> list[int]:
        """A second state, results that are dear to compute, and sums of the step that others are computed from."""
        f, first = self.f, self.f.after[1:]
        dear = [each for each in self.forward if f.varies[each] and f.nodes[each].op in (*DEAR, "relu")]
        read = f.needed(wanted, [*dear, *first, *self.sections.stop])
        kept = [each for each in read if each in dear or each in self.sections.sums]
        kept = [*first, *(each for each in kept if each not in first)]
        for each in [one for one in kept if one in dear and one not in first]:
            if self._at_hand(each, [one for one in kept if one != each]):
                kept.remove(each)
        return kept

    def _at_hand(self, node: int, kept: list[int]) -> bool:
        """Whether one dear operation computes a node from what is kept: less work than to write and read it."""
        f = self.f
        read = [each for each in f.needed([node], kept) if each not in kept]
        return not any(f.nodes[each].op in ("pre", "product") for each in read) and (
            sum(f.nodes[each].op in DEAR for each in read) == 1
        )

    def text(self) -> str:
        """A type called ``Own``."""
        s = self.sections.all
        most = max(len(s), len(self.kept), len(self.vectors) + self.biases, 1)
        counts = {"sections": len(s), "states": len(self.f.after)}
        counts |= {"kept": len(self.kept), "vectors": len(self.vectors) + self.biases}
        return "\n".join(
            [
                f"#define MOST {most}",
                '#include "formula.h"',
                "namespace {  // of this library alone: of what has one name in several, a process holds one",
                "struct Own : Plain {",
                f"static constexpr int {', '.join(f'{name} = {count}' for name, count in counts.items())};",
                f"static constexpr bool given = {str(self.given).lower()};",
                f"static constexpr int of_input[] = {{{', '.join(str(each.given) for each in s)}}};",
                f"static constexpr int of_state[] = {{{', '.join(str(each.state) for each in s)}}};",
                "static V forward(const V* a, const V* P, V h, V& c, V, V* k) {",
                *self._forward(),
                "}",
                "static V backward(const V* k, const V* P, V h, V c, V dh, V& dc, V, V* da, V* dP) {",
                *self._backward(),
                "}",
                "};",
                "}",
                "",
            ]
        )

    def _known(self) -> dict[int, str]:
        states = {each: "hc"[node.numbers[0]] for each, node in enumerate(self.f.nodes) if node.op == "state"}
        return states | {each: f"P[{place}]" for place, each in enumerate(self.vectors)}

    def _forward(self) -> list[str]:
        known = self._known()
        for node, places in self.sections.sums.items():
            known[node] = f"({' + '.join(map(self._sum, places))})"
        made = _Lines(self.f, known)
        made.add(sorted({*self.forward, *self.kept}))
        made.lines += [f"k[{place}] = {made.known[each]};" for place, each in enumerate(self.kept)]
        after = [made.known[each] for each in self.f.after]
        made.lines += [f"const V after = {after[0]};", *(f"c = {each};" for each in after[1:]), "return after;"]
        return made.lines

    def _sum(self, place: int) -> str:
        """A section, with its bias."""
        given = self.sections.all[place].given
        return f"a[{place}]" + (f" + P[{len(self.vectors) + given}]" if self.biases and given >= 0 else "")

    def _backward(self) -> list[str]:
        """Cotangents are sums of terms: each is added up when it is first read, and no term comes after that."""
        made = _Lines(self.f, self._known() | {each: f"k[{place}]" for place, each in enumerate(self.kept)})
        made.add(self.backward)
        parts: dict[Place, list[str]] = {("after", 0, 0): ["dh"], ("after", 1, 0): ["dc"]}
        for number, term in enumerate(self.terms):
            source = parts[term.source]
            if len(source) > 1:
                made.lines.append(f"const V s{number} = {' + '.join(source)};")
                source[:] = [f"s{number}"]
            by = "" if term.derivative is None else f" * {made.known[term.derivative]}"
            parts.setdefault(term.to, []).append(source[0] + by)
        gradients = {place: " + ".join(each) for place, each in parts.items()}
        zero = "V{}"
        for place, section in enumerate(self.sections.all):
            reached = [gradients["leaf", each, 0] for each in section.leaves if ("leaf", each, 0) in gradients]
            bias = f"dP[{len(self.vectors) + section.given}] = " if self.biases and section.given >= 0 else ""
            made.lines.append(f"da[{place}] = {bias}{' + '.join(reached) or zero};")
        made.lines += [
            f"dP[{place}] = {gradients.get(('leaf', each, 0), zero)};" for place, each in enumerate(self.vectors)
        ]
        made.lines.append(f"const V before = {gradients.get(('before', 0, 0), zero)};")
        made.lines += [f"dc = {gradients.get(('before', 1, 0), zero)};"] if len(self.f.after) > 1 else []
        return [*made.lines, "return before;"]

    def _to(self, to: Place, fused: Mapping[int, int]) -> Place:
        """Where a term goes; what was added to a product has its gradient from the product's leaf."""
        kind, number, part = to
        if kind == "constant":
            return "leaf", part, 0
        if kind == "product":
            return "leaf", self.f.products[number].leaves + part, 0
        if kind == "pre":
            return "leaf", fused[number] if number in fused else self.f.leaf("pre", number), 0
        return to
