"""What captions of the document do not repeat: each explanation stands before them, and stays where it is another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.report import read
from bench.report.document import captions, write_document

DENSE, SPARSE = "KB: cell, 1 KB = 1024 bytes.", "KB: cell; of a sparse matrix, indices, too."


def test_of_each_term_the_explanation_of_most_captions_is_said_once_if_they_are_four() -> None:
    """The other explanation of KB stays in its caption, and so does what only three explain."""
    many = [f"Rows of {number}. {SPARSE} ms: on a board. Bold: the best." for number in range(3)]
    many += [f"More. {SPARSE}", f"Others. {DENSE}"]
    said = captions.repeated(many)
    assert said == (SPARSE,)
    assert captions.shorter(many[0], said) == "Rows of 0. ms: on a board. Bold: the best."
    assert captions.shorter(many[-1], said) == many[-1]
    assert captions.repeated(many[1:]) == ()


def test_what_a_word_means_in_one_table_only_is_never_said_for_all() -> None:
    """Milliseconds are of a board that a caption names; a protocol is of its runs."""
    assert captions.repeated(["ms: on the Uno. The weights are those of the last epoch."] * 9) == ()


def test_a_document_explains_kb_once_before_the_results(make_folder: Callable[[str], Any], tmp_path: Path) -> None:
    folders = []
    for name in "abcd":
        folder = make_folder(name)
        folder.add("GRU", kb=2.0)
        folders.append(read(folder.path))
    text = write_document(tmp_path / "out", folders, []).read_text(encoding="utf-8")
    meaning = "KB: cell and classifier, 4 bytes a number, 1 KB = 1024 bytes."
    assert text.count(meaning) == 1
    assert text.index("How to read") < text.index(meaning) < text.index(r"\caption{Test accuracy")
    text = write_document(tmp_path / "few", folders[:3], []).read_text(encoding="utf-8")
    assert text.count(meaning) == 3
    assert "How to read" not in text
