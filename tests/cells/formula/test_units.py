"""Graphs of single sections: what is simplified, what a sweep derives, what is needed for it."""

from __future__ import annotations

from cells.formula.units import Unit, Units


def units_of(*parts: str) -> tuple[Units, dict[str, int]]:
    units = Units()
    return units, {part: units.leaf("state", number) for number, part in enumerate(parts)}


def test_what_needs_no_operation() -> None:
    units, at = units_of("a", "b")
    a, b, zero, one = at["a"], at["b"], units.number(0.0), units.number(1.0)
    assert units.put("add", a, zero) == units.put("add", zero, a) == a
    assert units.put("mul", a, one) == units.put("mul", one, a) == a
    assert units.put("mul", a, zero) == units.put("mul", zero, a) == zero
    assert units.put("sub", a, zero) == units.put("div", a, one) == units.put("neg", units.put("neg", a)) == a
    assert units.put("sub", zero, a) == units.put("neg", a)
    negative = units.put("neg", a)
    assert units.put("add", b, negative) == units.put("add", negative, b) == units.put("sub", b, a)
    assert units.put("where", units.put("greater", a, b), a, a) == a
    assert units.put("div", zero, a) not in (zero, a)
    assert units.put("div", one, a) not in (one, a)
    assert units.put("sub", one, a) not in (one, a)


def test_numbers_are_computed_once_and_for_all() -> None:
    units, at = units_of("a")
    two, three = units.number(2.0), units.number(3.0)
    assert units.nodes[units.put("mul", two, three)] == Unit("number", (), (6.0,))
    assert units.nodes[units.put("clamp", three, numbers=(0.0, 2.5))] == Unit("number", (), (2.5,))
    assert units.nodes[units.put("greater", three, two)].op == "greater"
    assert units.put("add", at["a"], two) == units.put("add", at["a"], two)
    assert not units.wanted(two)
    assert units.wanted(at["a"])


def test_gradients_of_several_uses_add_up() -> None:
    """d (a b + a) = (b + 1) da + a db, and nothing goes below a node that is stopped at."""
    units, at = units_of("a", "b")
    a, b = at["a"], at["b"]
    product = units.put("mul", a, b)
    total = units.put("add", product, a)
    seed = units.leaf("seed", 0)
    assert units.sweep({total: seed}, ()) == {
        a: units.put("add", seed, units.put("mul", seed, b)),
        b: units.put("mul", seed, a),
    }
    assert units.sweep({total: seed}, [product]) == {a: seed, product: seed}
    assert units.sweep({product: seed}, [product]) == {a: units.put("mul", seed, b), b: units.put("mul", seed, a)}
    assert units.sweep({total: units.number(0.0)}, ()) == {}


def test_what_is_needed_stops_where_it_is_given() -> None:
    units, at = units_of("a", "b")
    product = units.put("mul", at["a"], at["b"])
    total = units.put("add", product, at["a"])
    assert units.needed([total]) == [at["a"], at["b"], product, total]
    assert units.needed([total], [product]) == [at["a"], product, total]
    assert units.needed([product], [total]) == [at["a"], at["b"], product]
