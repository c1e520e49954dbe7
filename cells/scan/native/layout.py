"""How the sums, the sources and the kept values of a formula lie in its compiled kernel.

A *section* is a sum of products that is computed at once: of one or several *sources* (a sample of some steps ago, a
state, a vector that the step itself has computed) with matrices, and perhaps H numbers of a sample as they are.
Products of what the step computes must wait, so sections and the vectors between them come in *stages*: the products
of stage 0, then the vectors that those of stage 1 multiply, and so on; after the last stage come the new states.

For GRU with the reset gate before the product, n = tanh(W_n x + U_n (r * h) + b_n):

    sections   r: W_r x + U_r h      z: W_z x + U_z h      n: W_n x + U_n (r * h)
    sources    x (lag 0), h, and the kept vector r * h
    stages     0: r, z, and from them r * h;   1: n, and from it the new h
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cells.formula.ops import DEAR
from cells.formula.record import RefusedError
from cells.formula.units import LEAVES, Unit, Units

_MOST = 96
"""Sections, kept vectors or constants: what a function's registers and stack can do with."""
_AT_HAND = ("input", "state")
"""Sources that are there before a step."""


@dataclass(frozen=True)
class Gate:
    """Where the matrix of a product lies: H rows of a constant (transposed: [outputs, inputs]) and some columns."""

    constant: int
    gate: int
    column: int


@dataclass
class Section:
    """A sum of products.

    Attributes:
        gates: by source, the node that is multiplied.
        copied: which H numbers of a sample are added as they are, and of how many steps ago, or ``None``.
        stage: when it can be computed.
    """

    gates: dict[int, Gate] = field(default_factory=dict)
    copied: tuple[int, int] | None = None
    stage: int = 0


@dataclass
class Layout:
    """A formula laid out.

    Attributes:
        units: the formula, its products gone and ``section`` leaves in their place.
        sections: by stage; of one stage those with the same sources stand together.
        sources: nodes of ``units`` that are multiplied: samples, states, computed vectors.
        multiplied: those that the step computes.
        stage: of each node that depends on the batch.
        kept: nodes whose values are stored for later stages and for backward; first the states but h.
        vectors: constants that the step reads: (constant, section or ``None`` for one number).
    """

    units: Units
    sections: list[Section]
    sources: list[int]
    multiplied: list[int]
    stage: dict[int, int]
    kept: list[int] = field(default_factory=list)
    vectors: list[int] = field(default_factory=list)

    @property
    def stages(self) -> int:
        """How many times products are computed."""
        return max((section.stage for section in self.sections), default=0) + 1


def lay_out(formula: Units) -> Layout:
    """Gathers products into sections, and sections into stages.

    Args:
        formula: in single sections.

    Raises:
        RefusedError: when it is beyond what a kernel can do.
    """
    gathered = _Gatherer(formula)
    units = gathered.units
    units.after = [gathered.node(node) for node in formula.after]
    layout = _staged(units, gathered.sections)
    multiplied = layout.multiplied
    wanted = _read_backward(layout)
    layout.kept = _kept(layout, wanted)
    used = units.needed([*units.after, *multiplied, *wanted])
    layout.vectors = [node for node in used if units.nodes[node].op == "constant"]
    if max(len(layout.sections), len(layout.kept), len(layout.vectors)) > _MOST:
        raise RefusedError(f"more than {_MOST} sections, constants, or vectors to keep")
    return layout


class _Gatherer:
    """Copies a graph, products gathered into sections."""

    def __init__(self, formula: Units) -> None:
        self.formula, self.units = formula, Units()
        self.sections: list[Section] = []
        self.known: dict[int, int] = {}
        needed = formula.needed(formula.after)
        self.readers = Counter(read for node in needed for read in formula.nodes[node].reads)
        self.readers.update(formula.after)

    def node(self, old: int) -> int:
        """The node of the copy."""
        if old not in self.known:
            self.known[old] = self._copied(old)
        return self.known[old]

    def _copied(self, old: int) -> int:
        op, reads, numbers = self.formula.nodes[old]
        if op in ("add", "product") or (op == "input" and numbers[1] is not None):
            return self._sum(list(self._terms(old, root=True)))
        if op in LEAVES:
            return self.units.leaf(op, *numbers)
        return self.units.put(op, *(self.node(read) for read in reads), numbers=numbers)

    def _terms(self, old: int, root: bool = False) -> Iterator[int]:
        """The terms of a sum; one that is read elsewhere too is a term by itself."""
        unit = self.formula.nodes[old]
        if unit.op == "add" and (root or self.readers[old] == 1):
            for read in unit.reads:
                yield from self._terms(read)
        else:
            yield old

    def _sum(self, terms: list[int]) -> int:
        """A section of what can be in one, and the other terms."""
        section, others = Section(), list[int]()
        for term in terms:
            op, reads, numbers = self.formula.nodes[term]
            alone = len(terms) == 1 or self.readers[term] == 1
            if op == "product" and alone and (source := self.node(reads[0])) not in section.gates:
                section.gates[source] = Gate(*numbers)
            elif op == "input" and alone and section.copied is None:
                lag, part = numbers
                section.copied = part, lag
            else:
                others.append(term)
        total = None
        if section.gates or section.copied is not None:
            total = self.units.leaf("section", len(self.sections))
            self.sections.append(section)
        for other in others:
            here = self.node(other)
            total = here if total is None else self.units.put("add", total, here)
        assert total is not None  # noqa: S101
        return total


def _staged(units: Units, sections: list[Section]) -> Layout:
    """Finds the stages, and numbers the sections anew by stage and sources."""
    stage: dict[int, int] = {}

    def stage_of(node: int) -> int:
        """After which products a node can be computed."""
        if node not in stage:
            op, reads, numbers = units.nodes[node]
            if op == "section":
                waits = [source for source in sections[numbers[0]].gates if units.nodes[source].op not in _AT_HAND]
                stage[node] = max((stage_of(source) + 1 for source in waits), default=0)
            else:
                stage[node] = max(map(stage_of, reads), default=0)
        return stage[node]

    leaves = {number: units.leaf("section", number) for number in range(len(sections))}
    for number, section in enumerate(sections):
        section.stage = stage_of(leaves[number])
    for node in range(len(units.nodes)):
        stage_of(node)
    sources = sorted({source for section in sections for source in section.gates}, key=lambda n: _rank(units, n))
    order = sorted(
        range(len(sections)),
        key=lambda n: (
            sections[n].stage,
            [source not in sections[n].gates for source in sources],
            sections[n].copied is None,
            n,
        ),
    )
    place = {old: new for new, old in enumerate(order)}
    for number, leaf in leaves.items():
        units.nodes[leaf] = Unit("section", (), (place[number],))
    units.forget()
    multiplied = [source for source in sources if units.nodes[source].op not in _AT_HAND]
    return Layout(units, [sections[old] for old in order], sources, multiplied, stage)


def _rank(units: Units, node: int) -> tuple[int, int]:
    return ({"input": 0, "state": 1}.get(units.nodes[node].op, 2), node)


def _read_backward(layout: Layout) -> list[int]:
    """The gradients of all sweeps: what backward computes, and so what it reads."""
    found: set[int] = set()
    for stage in range(layout.stages - 1, -1, -1):
        found.update(gradients_of(layout, stage).values())
    return sorted(found)


def gradients_of(layout: Layout, stage: int) -> dict[int, int]:
    """The gradients that a stage finds: of leaves, and of vectors that earlier stages computed.

    The gradients that it starts from are ``seed`` leaves: number i of the i-th new state, and number ``states + m`` of
    the m-th multiplied vector.
    """
    units, last = layout.units, stage == layout.stages - 1
    states, seeds = len(units.after), dict[int, int]()
    if last:
        for number, node in enumerate(units.after):
            seed = units.leaf("seed", number)
            seeds[node] = units.put("add", seeds[node], seed) if node in seeds else seed
    for number, node in enumerate(layout.multiplied):
        if layout.stage[node] == stage and (node not in seeds or not last):
            seeds[node] = units.leaf("seed", states + number)
    stop = [node for node in layout.multiplied if layout.stage[node] < stage]
    found = dict[int, int]()
    for node in [
        node for node in seeds if node in stop
    ]:  # a new state that was multiplied: its gradient joins the others
        found[node] = seeds.pop(node)
    if seeds:
        for node, gradient in units.sweep(seeds, stop).items():
            found[node] = units.put("add", found[node], gradient) if node in found else gradient
    return found


def _kept(layout: Layout, wanted: Iterable[int]) -> list[int]:
    """The states but the first, what is multiplied, results that are dear, and sections that backward reads."""
    units, first = layout.units, layout.units.after[1:]
    always = list(dict.fromkeys([*first, *layout.multiplied]))
    dear = [n for n in units.needed([*units.after, *layout.multiplied]) if units.nodes[n].op in DEAR]
    varying = [node for node in dear if _varies(units, node)]
    read = units.needed(wanted, [*varying, *always])
    extra = [node for node in read if node in varying or units.nodes[node].op == "section"]
    kept = [*always, *(node for node in extra if node not in always)]
    for node in [node for node in kept if node in varying and node not in always]:
        if _at_hand(units, node, [other for other in kept if other != node]):
            kept.remove(node)
    return [*first, *(node for node in kept if node not in first)]


def _varies(units: Units, node: int) -> bool:
    return any(units.nodes[n].op in ("section", "state") for n in units.needed([node]))


def _at_hand(units: Units, node: int, kept: list[int]) -> bool:
    """Whether one dear operation computes a node from what is kept: less work than to write and read it."""
    read = [n for n in units.needed([node], kept) if n not in kept]
    if any(units.nodes[n].op == "section" for n in read):
        return False
    return sum(units.nodes[n].op in DEAR for n in read) == 1
