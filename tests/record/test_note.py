"""The note of the grid in a results folder, whole or damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import record
from bench.errors import RnnbenchError
from bench.record.note import to_text

BODY = {"name": "g", "about": "two runs", "boards": None, "runs": ["a-s0-0123456789abcdef", "a-s1-0123456789abcdef"]}


def test_it_says_what_was_noted(tmp_path: Path) -> None:
    (tmp_path / record.GRID_NOTE).write_text(to_text(BODY))
    assert record.read_note(tmp_path) == BODY


@pytest.mark.parametrize("text", ["1e-3", "1.5e3", "0.1", "yes", "2026-10-11", "<<", "2:00"])
def test_a_text_that_looks_like_something_else_stays_a_text(tmp_path: Path, text: str) -> None:
    """A group of a search goes by the text of its axis: it would be another when read again."""
    body = {**BODY, "name": text, "grid": {"train.learning_rate": [text]}}
    (tmp_path / record.GRID_NOTE).write_text(to_text(body))
    assert record.read_note(tmp_path) == body


def test_a_note_that_was_cut_off_anywhere_lets_no_run_in_or_out(tmp_path: Path) -> None:
    """Cut before its list it would let all runs of the folder in; cut within, finished runs would vanish."""
    text = to_text(BODY)
    for length in range(len(text.rstrip())):
        (tmp_path / record.GRID_NOTE).write_text(text[:length])
        with pytest.raises(RnnbenchError, match="is damaged: delete it"):
            record.noted_runs(tmp_path)


def test_a_note_of_an_earlier_version_has_no_count(tmp_path: Path) -> None:
    (tmp_path / record.GRID_NOTE).write_text("name: g\nruns: [a, b]\n")
    assert record.noted_runs(tmp_path) == {"a", "b"}


@pytest.mark.parametrize("value", ["2026-13-45", "!!float abc", "9" * 5000, "!!bool abc", "{[a]: 3}", "{1: 2}"])
def test_a_value_that_cannot_be_read_is_damage(tmp_path: Path, value: str) -> None:
    (tmp_path / record.GRID_NOTE).write_text(f"name: {value}\nruns: 3\n")
    with pytest.raises(RnnbenchError, match="is damaged: delete it"):
        record.read_note(tmp_path)
