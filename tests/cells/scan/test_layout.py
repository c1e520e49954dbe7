"""How formulas are laid out for a kernel, written out by hand: sections, stages, sources, what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from formula_cases import Own
from own_cells import Joined, Linear, LookBack, Skip, Through, Tied, Trading, Twice
from published_cells import LEM, CoRNN
from scan_cases import own
from torch import Tensor

from bench.zoo import all_cells
from cells import Cell
from cells.formula import formula_of
from cells.formula.units import expand
from cells.scan.native import Kernel
from cells.scan.native.layout import Layout, gradients_of, lay_out

D, H = 3, 5


def here(name: str, **options: Any) -> Cell:
    torch.manual_seed(0)
    return all_cells()[name](D, H, **options).eval()


def laid_out(cell: Cell) -> Layout:
    formula = formula_of(cell)
    return lay_out(expand(formula, cell.hidden_size, cell.hidden_size if formula.given else cell.input_size))


def said(layout: Layout, node: int) -> str:
    """A node as a text: ``h``, ``s1`` states, ``x``, ``x-2`` samples, ``{...}`` sections, ``b`` any constant."""
    op, reads, numbers = layout.units.nodes[node]
    if op == "state":
        return f"s{numbers[0]}" if numbers[0] else "h"
    if op == "input":
        return f"x-{numbers[0]}" if numbers[0] else "x"
    if op == "section":
        return f"{{{section(layout, numbers[0])}}}"
    if op in ("constant", "number"):
        return "b" if op == "constant" else f"{numbers[0]:g}"
    return f"{op}({', '.join(said(layout, read) for read in reads)})"


def section(layout: Layout, number: int) -> str:
    """What a section adds up, by source: the rows of its matrix, and its first column where that is not 0."""
    made = layout.sections[number]
    parts = [] if made.copied is None else [f"copied {made.copied}"]
    for node in layout.sources:
        if gate := made.gates.get(node):
            column = f", {gate.column}:" if gate.column else ""
            parts.append(f"{said(layout, node)}[{gate.gate}{column}]")
    return " + ".join(parts)


Expected = tuple[str, Cell, list[list[str]], list[str], int]


def expectations() -> Iterator[Expected]:
    """Name, cell, the sections by stage, the kept values (the states but h first), and how many vectors are read."""
    one, two, three, four = (f"x[{n}] + h[{n}]" for n in range(4))
    yield "RNN", here("rnn"), [[one]], [f"tanh(add({{{one}}}, b))"], 1
    yield "FastRNN", here("fastrnn"), [[one]], [f"tanh(add({{{one}}}, b))"], 3
    yield "FastGRNN", here("fastgrnn"), [[one]], [f"{f}(add({{{one}}}, b))" for f in ("sigmoid", "tanh")], 4
    # r * U_n h is a product of sections: U_n h stands alone, is read backward, and kept.
    r, z = f"sigmoid(add({{{one}}}, b))", f"sigmoid(add({{{two}}}, b))"
    n = f"tanh(add(add({{x[2]}}, b), mul({r}, {{h[2]}})))"
    yield "GRU", here("gru"), [[one, two, "x[2]", "h[2]"]], [r, z, n, "{h[2]}"], 3
    last = f"x[2] + mul({r}, h)[0]"
    kept = [f"mul({r}, h)", r, z, f"tanh(add({{{last}}}, b))"]
    yield "GRU, reset before", here("gru", reset="before"), [[one, two], [last]], kept, 3
    # tanh c is one operation away from c, and computed again.
    i, f, o = (f"sigmoid(add({{{gate}}}, b))" for gate in (one, two, four))
    g = f"tanh(add({{{three}}}, b))"
    c = f"add(mul({f}, s1), mul({i}, {g}))"
    yield "LSTM", here("lstm"), [[one, two, three, four]], [c, i, f, o, g], 4
    parts = [f"x-1[{n}] + x[{n}, {D}:]" for n in range(3)]
    z, f, o = f"tanh(add({{{parts[0]}}}, b))", *(f"sigmoid(add({{{part}}}, b))" for part in parts[1:])
    c = f"add(mul({f}, s1), mul(sub(1, {f}), {z}))"
    yield "QRNN", here("qrnn", window=2), [parts], [c, z, f, o], 3
    parts = [f"x[{n}, {H}:] + h[{n}]" for n in range(2)]
    yield "Joined", own(Joined, D, H), [parts], [f"sigmoid(add({{{parts[0]}}}, b))", f"tanh(add({{{parts[1]}}}, b))"], 2
    # The sample is read twice, so it is a section of its own; nothing is kept of it.
    yield "Skip", own(Skip, D, H), [[one, "copied (0, 0)"]], [f"tanh(add(add({{{one}}}, b), {{copied (0, 0)}}))"], 1
    # Of three samples that are added as they are one is read once, and shares a section with a product.
    z = "x-2[0] + x-1[0] + x[0, 5:]"
    f = "sigmoid(add({copied (0, 0) + x-2[1]}, {copied (0, 2)}))"
    parts = [z, "copied (0, 0) + x-2[1]", "copied (0, 2)", "copied (0, 1)"]
    yield "LookBack", own(LookBack, D, H), [parts], [f, f"tanh({{{z}}})", "{copied (0, 1)}"], 0
    one_of_both = "x[0] + h[0] + s1[0]"
    drive = f"tanh(add({{{one_of_both}}}, b))"
    z = f"add(s1, mul(sub(sub({drive}, mul(h, 1.5)), mul(s1, 0.7)), 0.3))"
    yield "CoRNN", own(CoRNN, D, H), [[one_of_both]], [z, drive], 1
    # The new z is a state and multiplied: it is kept once.
    dt, dz = f"mul(sigmoid(add({{{one}}}, b)), 0.5)", f"tanh(add({{{three}}}, b))"
    z = f"add(mul(sub(1, {dt}), s1), mul({dt}, {dz}))"
    last = f"x[3] + {z}[0]"
    kept = [z, dt[4:-6], f"sigmoid(add({{{two}}}, b))", dz, f"tanh(add({{{last}}}, b))"]
    yield "LEM", own(LEM, D, H), [[one, two, three], [last]], kept, 4
    inner = f"add({{{one}}}, b)"
    last = f"x[1] + {inner}[0]"
    yield "Through", own(Through, D, H), [[one], [last]], [inner, f"tanh(add({{{last}}}, b))"], 2
    # Two matrices on h cannot share a section; the sum that waits for the gate takes one of them along.
    gated = f"mul(sigmoid(add({{{one}}}, b)), h)"
    last = f"x[1] + h[0] + {gated}[0]"
    kept = [gated, gated[4:-4], f"tanh(sub(add({{{last}}}, b), {{h[0]}}))"]
    yield "Tied", own(Tied, D, H), [[one, "h[0]"], [last]], kept, 2
    gate = "sigmoid({tanh({h[0]})[0]})"
    last = f"x[1] + mul({gate}, h)[0]"
    kept = ["tanh({h[0]})", f"mul({gate}, h)", gate, f"tanh(add(add(add({{{last}}}, b), {{x[0]}}), b))"]
    yield "Twice", own(Twice, D, H), [["x[0]", "h[0]"], ["tanh({h[0]})[0]"], [last]], kept, 2
    # h is what c was; of three parts of W x and two of U h one each is read by nobody.
    c = "tanh(sub({x[0] + h[1]}, s1))"
    yield "Trading", own(Trading, D, H), [["x[0] + h[1]", "x[2]"]], [f"mul({c}, {{x[2]}})", c, "{x[2]}"], 0
    yield "Linear", own(Linear, D, H), [["copied (0, 0)"]], [], 0


EXPECTED = {case[0]: case[1:] for case in expectations()}


@pytest.mark.parametrize("name", EXPECTED)
def test_how_a_formula_is_laid_out(name: str) -> None:
    cell, sections, kept, vectors = EXPECTED[name]
    layout = laid_out(cell)
    stages: list[list[str]] = [[] for _ in range(layout.stages)]
    for number, made in enumerate(layout.sections):
        stages[made.stage].append(section(layout, number))
    assert [sorted(stage) for stage in stages] == [sorted(stage) for stage in sections]
    assert [made.stage for made in layout.sections] == sorted(made.stage for made in layout.sections)
    texts, first = [said(layout, node) for node in layout.kept], cell.states - 1
    assert texts[:first] == kept[:first]
    assert sorted(texts[first:]) == sorted(kept[first:])
    assert len(layout.vectors) == vectors


def test_sections_of_the_same_sources_stand_together() -> None:
    """So that they share panels: those of both sources first."""
    assert [section(laid_out(here("gru")), n) for n in range(4)] == ["x[0] + h[0]", "x[1] + h[1]", "x[2]", "h[2]"]


def test_samples_come_before_states_and_states_before_what_is_computed() -> None:
    assert [said(laid_out(own(LEM, D, H)), node)[:3] for node in laid_out(own(LEM, D, H)).sources] == ["x", "h", "add"]
    assert [said(laid_out(own(CoRNN, D, H)), node) for node in laid_out(own(CoRNN, D, H)).sources] == ["x", "h", "s1"]


def test_the_worked_example_of_the_emitter() -> None:
    """FastRNN, as cells/scan/native/emit.py explains it."""
    formula = formula_of(here("fastrnn"))
    source = Kernel("FastRNN", formula, H, D).source
    counts = "states = 1, sections = 1, stages = 1, kept = 1, vectors = 3, sources = 2, multiplied = 0;"
    assert f"static constexpr int {counts}" in source
    head, forward = source.split("static inline void forward(Stage<0>, ")[0], source.split("forward(Stage<0>")[1]
    assert "Source source[2] = {{0, 0}, {1, 0}};" in head
    assert "Gate gate[2][1] = {{{0, 0, 0}}, {{1, 0, 0}}};" in head
    assert "Copied copied[1] = {{-1, 0}};" in head
    lines = forward.split("}\n")[0].splitlines()[1:]
    assert [line.partition(" = ")[2].rstrip(";").split("(")[0] for line in lines[:2]] == ["a[0] + P[1]", "tanh"]
    assert len(lines) == 7
    assert lines[5].startswith("k[0] = n")
    assert lines[6].startswith("after[0] = n")


def test_stages_hand_gradients_down() -> None:
    """LEM: the last finds that of z, which is a state and multiplied; the first goes on from there."""
    layout = laid_out(own(LEM, D, H))
    (z,) = layout.multiplied
    assert layout.units.after[1] == z
    last, first = (gradients_of(layout, stage) for stage in (1, 0))
    seeds = {unit.numbers[0]: node for node, unit in enumerate(layout.units.nodes) if unit.op == "seed"}
    assert last[z] == seeds[1]
    sections = {unit.numbers[0]: node for node, unit in enumerate(layout.units.nodes) if unit.op == "section"}
    assert {number for number, node in sections.items() if node in last} == {3, *_gate_of_y(layout)}
    assert {number for number, node in sections.items() if node in first} == {0, 1, 2} - set(_gate_of_y(layout))
    assert seeds[2] in layout.units.needed(first.values())
    assert not {seeds[0], seeds[1]} & set(layout.units.needed(first.values()))


def _gate_of_y(layout: Layout) -> list[int]:
    """The section of dt of y, which reads rows H to 2 H of V."""
    return [n for n in range(3) if section(layout, n) == "x[1] + h[1]"]


def test_two_states_of_one_value() -> None:
    def step(s: Any, p: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        made = torch.tanh(s.U(h, add=p) * c)
        return made, made

    layout = laid_out(Own(step, 2))
    assert layout.units.after[0] == layout.units.after[1] == layout.kept[0]
    seeds = [node for node, unit in enumerate(layout.units.nodes) if unit.op == "seed"]
    assert layout.units.put("add", *seeds) in layout.units.needed(gradients_of(layout, 0).values())
