"""The source of a kernel from a formula: a type in the manner of ``gates.h``."""

from __future__ import annotations

from collections.abc import Mapping

from cells.kernels.lines import Lines
from cells.kernels.sections import sections_of
from cells.replay.formula import DEAR
from cells.replay.plan import Place, Plan
from cells.replay.recorded import RefusedError

_MOST = 24


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
        if len(f.after) > 2:
            raise RefusedError("more than two states")
        self.sections = sections_of(f)
        self.multiplied = self._multiplied()
        self.forward = f.needed([*f.after, *self.multiplied], self.sections.stop)
        wanted = [each.derivative for each in self.terms if each.derivative is not None]
        self.kept = self._kept(wanted)
        used = {*self.forward, *f.needed(wanted, self.kept)}
        self.vectors = sorted(each for each in used if f.nodes[each].op == "constant")
        if max(len(self.sections.all), len(self.kept), len(self.vectors) + self.biases) > _MOST:
            raise RefusedError(f"more than {_MOST} sections, constants, or vectors to keep")

    def _multiplied(self) -> list[int]:
        """What a product multiplies beside h: nothing, or one node that is read by nothing else."""
        f = self.f
        found = [each for each in f.products if f.nodes[each.x] != ("state", (), (0,))]
        if not found:
            return []
        (x, sections), *more = [(each.x, each.sections) for each in found]
        if more or sections > 1:
            raise RefusedError("more than one section of products of something else than h")
        below = f.needed([x], self.sections.stop)
        gated = self.sections.all[self.sections.gated].leaves
        elsewhere = x in f.after or any(each.to[0] == "multiplied" for each in self.terms)
        if elsewhere or any(each in gated or f.nodes[each] == ("state", (), (1,)) for each in below):
            raise RefusedError("a product of what is read elsewhere too, or is made of a second state")
        return [x]

    def _kept(self, wanted: list[int]) -> list[int]:
        """A second state, results that are dear to compute, and sums of the step that others are computed from."""
        f, first = self.f, self.f.after[1:]
        dear = [each for each in self.forward if f.varies[each] and f.nodes[each].op in (*DEAR, "relu")]
        read = f.needed(wanted, [*dear, *first, *self.multiplied, *self.sections.stop])
        kept = [each for each in read if each in dear or each in self.sections.sums]
        kept = [*first, *(each for each in kept if each not in (*first, *self.multiplied)), *self.multiplied]
        for each in [one for one in kept if one in dear and one not in (*first, *self.multiplied)]:
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
                f"static constexpr int gated = {self.sections.gated};",
                f"static constexpr bool given = {str(self.given).lower()};",
                f"static constexpr int of_input[] = {{{', '.join(str(each.given) for each in s)}}};",
                f"static constexpr int of_state[] = {{{', '.join(str(each.state) for each in s)}}};",
                "static V forward(const V* a, const V* P, V h, V& c, V, V* k) {",
                *self._forward(),
                "}",
                "static V backward(const V* k, const V* P, V h, V c, V dh, V& dc, V, V* da, V* dP) {",
                *self._backward(),
                "}",
                *self._gate(),
                "};",
                "}",
                "",
            ]
        )

    def _known(self) -> dict[int, str]:
        states = {each: "hc"[node.numbers[0]] for each, node in enumerate(self.f.nodes) if node.op == "state"}
        return states | {each: f"P[{place}]" for place, each in enumerate(self.vectors)}

    def _forward(self) -> list[str]:
        made = Lines(self.f, self._sums())
        made.add(sorted({*self.forward, *self.kept}))
        made.lines += [f"k[{place}] = {made.known[each]};" for place, each in enumerate(self.kept)]
        after = [made.known[each] for each in self.f.after]
        made.lines += [f"const V after = {after[0]};", *(f"c = {each};" for each in after[1:]), "return after;"]
        return made.lines

    def _sums(self) -> dict[int, str]:
        known = self._known()
        for node, places in self.sections.sums.items():
            known[node] = f"({' + '.join(map(self._sum, places))})"
        return known

    def _sum(self, place: int) -> str:
        """A section, with its bias."""
        given = self.sections.all[place].given
        return f"a[{place}]" + (f" + P[{len(self.vectors) + given}]" if self.biases and given >= 0 else "")

    def _backward(self) -> list[str]:
        """From the gradients of the states."""
        gradients, lines = self._gradients({("after", 0, 0): ["dh"], ("after", 1, 0): ["dc"]})
        zero = "V{}"
        for place, section in enumerate(self.sections.all):
            reached = [gradients["leaf", each, 0] for each in section.leaves if ("leaf", each, 0) in gradients]
            bias = f"dP[{len(self.vectors) + section.given}] = " if self.biases and section.given >= 0 else ""
            lines.append(f"da[{place}] = {bias}{' + '.join(reached) or zero};")
        lines += [f"dP[{place}] = {gradients.get(('leaf', each, 0), zero)};" for place, each in enumerate(self.vectors)]
        lines.append(f"const V before = {gradients.get(('before', 0, 0), zero)};")
        lines += [f"dc = {gradients.get(('before', 1, 0), zero)};"] if len(self.f.after) > 1 else []
        return [*lines, "return before;"]

    def _gate(self) -> list[str]:
        """What is multiplied instead of h, and from its gradient on."""
        if not self.multiplied:
            return []
        made = Lines(self.f, self._sums())
        made.add(self.f.needed(self.multiplied, self.sections.stop))
        (number,) = (each for each, one in enumerate(self.f.products) if one.x in self.multiplied)
        gradients, lines = self._gradients({("multiplied", number, 0): ["d_gated"]})
        for place, section in enumerate(self.sections.all):
            for each in section.leaves:
                if ("leaf", each, 0) in gradients:
                    lines.append(f"const V g{each} = {gradients['leaf', each, 0]};")
                    lines.append(f"da[{place}] += g{each};")
                    if self.biases and section.given >= 0:
                        lines.append(f"dP[{len(self.vectors) + section.given}] += g{each};")
        lines += [
            f"dP[{place}] += {gradients['leaf', each, 0]};"
            for place, each in enumerate(self.vectors)
            if ("leaf", each, 0) in gradients
        ]
        lines += [f"dh += {gradients['before', 0, 0]};"] if ("before", 0, 0) in gradients else []
        return [
            "static V gate(const V* a, const V* P, V h) {",
            *made.lines,
            f"return {made.known[self.multiplied[0]]};",
            "}",
            "static void backward_gate(const V* k, const V* P, V h, V d_gated, V& dh, V* da, V* dP) {",
            *lines,
            "}",
        ]

    def _gradients(self, parts: dict[Place, list[str]]) -> tuple[dict[Place, str], list[str]]:
        """Where some cotangents lead to: sums of terms, added up when first read; no term comes after that."""
        terms = [each for each in self.terms if each.source in parts]
        made = Lines(self.f, self._known() | {each: f"k[{place}]" for place, each in enumerate(self.kept)})
        made.add(self.f.needed([each.derivative for each in terms if each.derivative is not None], self.kept))
        for number, term in enumerate(terms):
            source = parts[term.source]
            if len(source) > 1:
                made.lines.append(f"const V s{number} = {' + '.join(source)};")
                source[:] = [f"s{number}"]
            by = "" if term.derivative is None else f" * {made.known[term.derivative]}"
            parts.setdefault(term.to, []).append(source[0] + by)
        return {place: " + ".join(each) for place, each in parts.items()}, made.lines

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
