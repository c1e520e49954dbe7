"""How the sums that a formula reads lie in a kernel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cells.replay.formula import Formula


@dataclass
class Section:
    """H sums of a step: of what is given, or a product with h, or both.

    Attributes:
        given: which section of the pre-activations, or -1.
        state: which gate of U multiplies h, or -1.
        leaves: whose gradients it gets.
    """

    given: int
    state: int
    leaves: list[int]


@dataclass
class Sections:
    """All of them.

    Attributes:
        all: products with what is added to them first, then those alone, then pre-activations alone; a gated one last.
        sums: for each leaf, and each node of ``stop``, the sections whose sum it is.
        gated: which section multiplies something else than h, the last one; -1 for none.
        stop: nodes that are a section, though they are a sum of two leaves.
    """

    all: list[Section] = field(default_factory=list)
    sums: dict[int, list[int]] = field(default_factory=dict)
    stop: list[int] = field(default_factory=list)
    gated: int = -1


def sections_of(f: Formula) -> Sections:
    """How the sums of a step lie in its kernel."""
    joined = _joined(f)
    made = Sections(stop=[node for node, _ in joined.values()])
    used = f.needed(f.after, made.stop)
    alone = {f.nodes[each].numbers[0]: each for each in used if f.nodes[each].op == "pre"}
    found: list[tuple[Section, int]] = []
    shared = []
    leaves = [(each, j) for each in f.products for j in range(each.sections)]
    for gate, (each, j) in enumerate(leaves):
        leaf, pre = each.leaves + j, -1 if each.add is None else each.add + j
        if pre in alone:
            shared.append((leaf, pre))
            pre = -1
        node, pre = joined.get(leaf, (leaf, pre))
        found.append((Section(pre, gate, [leaf]), node))
    taken = {section.given for section, _ in found}
    width = sum(each.op == "pre" for each in f.nodes)
    for number in range(width):
        if number not in taken:
            leaf = alone.get(number, -1)
            found.append((Section(number, -1, [leaf]), leaf))
    apart = [f.nodes[each.x] != ("state", (), (0,)) for each in f.products for _ in range(each.sections)]

    def kind(section: Section) -> int:
        gated = section.state >= 0 and apart[section.state]
        return (section.given < 0) + 2 * (section.state < 0) + 4 * gated

    found.sort(key=lambda each: kind(each[0]))
    made.all = [section for section, _ in found]
    if any(apart):
        made.gated = len(found) - 1
    made.sums = {node: [place] for place, (_, node) in enumerate(found)}
    for leaf, pre in shared:
        (place,) = made.sums[alone[pre]]
        made.sums[leaf].append(place)
        made.all[place].leaves.append(leaf)
    return made


def _joined(f: Formula) -> dict[int, tuple[int, int]]:
    """Leaves of products that are read once, to be added to a pre-activation that is: the sum, and that one."""
    order = f.needed(f.after)
    readers = Counter(read for each in order for read in f.nodes[each].reads)
    taken = {each.add + j for each in f.products if each.add is not None for j in range(each.sections)}
    found = {}
    for each in order:
        op, reads, _ = f.nodes[each]
        for product, pre in (reads, reads[::-1]) if op == "add" else ():
            if f.nodes[product].op != "product" or f.nodes[pre].op != "pre":
                continue
            number, part = f.nodes[product].numbers[0], f.nodes[pre].numbers[0]
            if readers[product] == readers[pre] == 1 and f.products[number].add is None and part not in taken:
                found[product] = each, part
    return found
