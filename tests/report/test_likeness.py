"""Like with like: what sets two rows apart, in words, and which rows may be compared."""

from __future__ import annotations

from typing import Any

import pytest
from reading import compare, notes, row, summaries

from bench.report.comparing.likeness import alike, unlike, varying


def groups(folder: Any) -> list[list[str]]:
    return sorted(sorted(row.label for row in group) for group in alike(summaries(folder).values()))


def test_rows_of_the_same_seeds_and_conditions_are_alike(folder: Any) -> None:
    for seed in (0, 1):
        folder.add("A", seed=seed, train={"learning_rate": 0.1, "batch_size": 7})
        folder.add("B", seed=seed, hidden=8)
    assert groups(folder) == [["A", "B"]]
    assert unlike(*summaries(folder).values()) == {}
    assert varying([*summaries(folder).values()]) == []


@pytest.mark.parametrize(
    ("changed", "name", "said"),
    [
        ({"steps": "Q", "integer": 0.9}, "number format", "number format int8 against float32"),
        ({"train": {"epochs": 60}}, "epochs", "epochs 60 against 30"),
        ({"train": {"patience": 5}}, "patience", "patience 5 against -"),
        ({"facts": {"fingerprint": "0123456789"}}, "data", "data 0123456 against sha256:"),
        ({"provenance": {"git": {"commit": "d00f123456", "dirty": False}}}, "commit", "commit d00f123 against c0ffee"),
        ({"provenance": {"git": {"commit": "c0ffee", "dirty": True}}}, "commit", "c0ffee with changes against c0ffee"),
        ({"provenance": {"git": {}}}, "commit", "commit unknown against c0ffee"),
        ({"provenance": {"packages": {"torch": "3.0"}}}, "version of torch", "version of torch 3.0 against -"),
        ({"provenance": {"threads": 2}}, "threads", "threads 2 against -"),
        ({"provenance": {"flush_denormal": False}}, "flush denormal", "flush denormal no against -"),
        ({"provenance": {"kernels": "off"}}, "kernels", "kernels off against -"),
        ({"provenance": {"device": "cuda"}}, "device", "device cuda against -"),
        ({"provenance": {"deterministic": True}}, "deterministic", "deterministic yes against -"),
    ],
)
def test_what_sets_rows_apart(folder: Any, changed: dict[str, Any], name: str, said: str) -> None:
    folder.add("A", **changed)
    folder.add("B", provenance={"pack": 1})
    first, second = summaries(folder).values()
    different = unlike(first, second)
    assert list(different) == [name] == varying([first, second])
    assert said in different[name]
    assert len(alike([first, second])) == 2


@pytest.mark.parametrize(
    ("first", "second", "different"),
    [
        ({}, {}, []),
        ({"git": {"commit": "aaaaaaa"}}, {"git": {"commit": "bbbbbbb"}}, ["code"]),
        ({"git": {}, "sources": "a"}, {"git": {}, "sources": "b"}, ["code"]),
        ({"git": {"commit": "aaaaaaa"}, "sources": "a"}, {"git": {"commit": "bbbbbbb"}, "sources": "a"}, []),
        ({"scan": "compiled, 16 lanes"}, {"scan": "step by step"}, ["scan"]),
        ({"packages": {"torch": "2.0"}}, {"packages": {"torch": "3.0"}, "threads": 2}, ["version of torch", "threads"]),
        ({"pack": 1}, {"pack": 4}, []),
    ],
)
def test_a_mean_over_runs_that_differ_in_more_than_their_seeds_has_a_footnote(
    folder: Any, first: dict[str, Any], second: dict[str, Any], different: list[str]
) -> None:
    folder.add("A", seed=0, provenance=first)
    folder.add("A", seed=1, provenance=second)
    folder.add("A", seed=2, provenance={"threads": 9}, status="failed")  # its numbers are not in the mean
    folder.add("B", seed=0, provenance=first)
    table = compare(folder)
    said = [f"mean over runs that differ in {', '.join(different)}"] if different else []
    assert notes(table, row(table, "A")[0])[1:] == said
    assert notes(table, row(table, "B")[0]) == ["1 of 3 seeds; seeds 1, 2 not run"]


def test_a_table_says_how_many_of_its_runs_were_trained_together(folder: Any) -> None:
    folder.add("A", seed=1, provenance={"pack": 1})
    assert not [note for note in compare(folder).notes if "packs" in note]
    folder.add("A", seed=0, provenance={"pack": 2})
    assert [note for note in compare(folder).notes if note.startswith("1 of 2 runs were trained in packs")]


def test_packs_change_last_bits_and_set_no_rows_apart(folder: Any) -> None:
    folder.add("A", provenance={"pack": 8})
    folder.add("B", provenance={"pack": 1})
    assert groups(folder) == [["A", "B"]]


def test_seeds_that_both_rows_have_from_a_later_commit_set_them_not_apart(folder: Any) -> None:
    for seed in range(3):
        for label in ("A", "B"):
            folder.add(label, seed=seed, provenance={"git": {"commit": "bbbbbbb" if seed == 2 else "aaaaaaa"}})
    assert groups(folder) == [["A", "B"]]
    assert not [note for note in compare(folder).notes if "rows differ" in note]
    folder.add("C", seed=2, provenance={"git": {"commit": "ccccccc"}, "threads": 2})
    assert varying([*summaries(folder).values()]) == ["commit", "threads"], "what differs at seed 2"


def test_one_seed_made_otherwise_is_named(folder: Any) -> None:
    for seed in range(3):
        folder.add("A", seed=seed, provenance={"kernels": "off" if seed == 1 else "auto"})
        folder.add("B", seed=seed, provenance={"kernels": "auto"})
    different = unlike(*summaries(folder).values())
    assert different == {"kernels": "kernels off against auto (seed 1)"}
    assert groups(folder) == [["A"], ["B"]]


def test_seeds_that_one_lacks_are_named(folder: Any) -> None:
    for seed in (0, 1, 2):
        folder.add("A", seed=seed)
    for seed in (2, 5, 7):
        folder.add("B", seed=seed)
    assert unlike(*summaries(folder).values()) == {"seeds": "A lacks seeds 5, 7; B lacks seeds 0, 1"}
    assert groups(folder) == [["A"], ["B"]]


def test_rows_without_a_finished_run_are_in_no_group(folder: Any) -> None:
    folder.add("A")
    folder.add("B", status="failed", reason="x")
    assert groups(folder) == [["A"]]
