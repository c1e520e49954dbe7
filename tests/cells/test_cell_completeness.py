"""A registered cell has its reference, closed form, citation, formula, explained options; ``missing`` says what not."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import pytest
from cell_cases import registered_here
from references import REFERENCES

from bench.zoo import options
from cells import Cell

FIELDS = ("author", "title", "year", "url")


def cited(citation: str) -> list[str]:
    """What a BibTeX entry lacks."""
    lacks = [] if re.match(r"@[a-z]+\{[A-Za-z0-9:_-]+,\s", citation) else ["an entry type and key"]
    lacks += [field for field in FIELDS if not re.search(rf"^\s*{field} = \{{\s*[^\s}}]", citation, re.MULTILINE)]
    if citation.count("{") != citation.count("}"):
        lacks.append("balanced braces")
    return lacks


def explained(doc: str) -> set[str]:
    """The names under ``Args:``."""
    _, _, rest = doc.partition("Args:\n")
    section = re.split(r"^\S", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^    (\w+): \S", section, re.MULTILINE))


def missing(cells: Mapping[str, type[Cell]], references: Mapping[str, Any]) -> list[str]:
    """What cells lack, one line each; empty when every one is complete."""
    found = []
    for name, cls in cells.items():
        reference = references.get(name)
        wanted = {"step": "reference of a step", "parameters": "closed form of its size", "variants": "options to test"}
        lacks = [text for field, text in wanted.items() if not callable(getattr(reference, field, None))]
        citation = cls.__dict__.get("citation", "")  # its own: what is inherited speaks of another cell
        lacks += [f"citation: {each}" for each in cited(citation)]
        doc = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
        if not re.search(r"\bh_t = \S", doc):
            lacks.append("formula of h_t in its docstring")
        if not re.search(r"^Parameters: \S", doc, re.MULTILINE):
            lacks.append("`Parameters:` line in its docstring")
        arguments = ["input_size", "hidden_size", *options(cls)]
        lacks += [f"`Args:` entry for {each}" for each in arguments if each not in explained(doc)]
        found += [f"{name}: {each}" for each in lacks]
    return found


def test_every_registered_cell_is_complete() -> None:
    assert missing(registered_here(), REFERENCES) == []


def test_no_reference_without_a_cell() -> None:
    assert set(REFERENCES) <= set(registered_here())


def test_every_choice_of_an_option_is_a_variant() -> None:
    for name, cls in registered_here().items():
        tested = REFERENCES[name].variants(5)
        for option, declared in options(cls).items():
            values = getattr(declared.annotation, "__args__", ()) if isinstance(declared.default, str) else ()
            assert {each.get(option, declared.default) for each in tested} >= set(values), (name, option)
            assert any(option in each for each in tested), (name, option)


BIBTEX = (
    "@article{toy2020,\n  author = {A. Toy},\n  title = {Toys},\n  year = {2020},\n  url = {https://example.org}\n}"
)
DOC = """A toy.

        h_t = tanh(x_t)

    Parameters: none.

    Args:
        input_size: D.
        hidden_size: H.
        speed: of the toy.
    """


def toy(doc: str | None = DOC, citation: str = BIBTEX) -> type[Cell]:
    class Toy(Cell):
        def __init__(self, input_size: int, hidden_size: int, *, speed: float = 1.0) -> None:
            super().__init__(input_size, hidden_size)

    Toy.__doc__, Toy.citation = doc, citation
    return Toy


def test_a_complete_toy() -> None:
    assert missing({"toy": toy()}, {"toy": REFERENCES["rnn"]}) == []


def test_a_toy_without_anything() -> None:
    assert missing({"toy": toy(None, "")}, {}) == [
        "toy: reference of a step",
        "toy: closed form of its size",
        "toy: options to test",
        "toy: citation: an entry type and key",
        *(f"toy: citation: {field}" for field in FIELDS),
        "toy: formula of h_t in its docstring",
        "toy: `Parameters:` line in its docstring",
        *(f"toy: `Args:` entry for {each}" for each in ("input_size", "hidden_size", "speed")),
    ]


@pytest.mark.parametrize(
    ("lost", "reported"),
    [
        ("        h_t = tanh(x_t)\n", "formula of h_t in its docstring"),
        ("    Parameters: none.\n", "`Parameters:` line in its docstring"),
        ("        speed: of the toy.\n", "`Args:` entry for speed"),
        (" of the toy.", "`Args:` entry for speed"),
        ("        hidden_size: H.\n", "`Args:` entry for hidden_size"),
    ],
)
def test_one_thing_lost_from_the_docstring(lost: str, reported: str) -> None:
    assert lost in DOC
    assert missing({"toy": toy(DOC.replace(lost, ""))}, {"toy": REFERENCES["rnn"]}) == [f"toy: {reported}"]


@pytest.mark.parametrize(
    ("lost", "reported"),
    [
        ("  author = {A. Toy},\n", "author"),
        ("Toys", "title"),
        ("  year = {2020},\n", "year"),
        ("https://example.org", "url"),
        ("@article{toy2020,", "an entry type and key"),
    ],
)
def test_one_thing_lost_from_the_citation(lost: str, reported: str) -> None:
    found = missing({"toy": toy(citation=BIBTEX.replace(lost, ""))}, {"toy": REFERENCES["rnn"]})
    assert f"toy: citation: {reported}" in found


def test_an_inherited_docstring_and_citation_are_not_its_own() -> None:
    class Heir(toy()):  # type: ignore[misc]
        pass

    found = missing({"heir": Heir}, {"heir": REFERENCES["rnn"]})
    assert "heir: formula of h_t in its docstring" in found
    assert "heir: citation: title" in found


def test_a_reference_without_a_step() -> None:
    class Half:
        parameters = REFERENCES["rnn"].parameters
        variants = REFERENCES["rnn"].variants

    assert missing({"toy": toy()}, {"toy": Half}) == ["toy: reference of a step"]
