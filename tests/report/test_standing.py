"""Bold and underlined in the comparison: who leads, who has the best mean, and what the caption says of it."""

from __future__ import annotations

import json
from typing import Any

from reading import compare, row, summaries

from bench.record import runs_folder
from bench.report import write_report
from bench.report.comparing.standing import standing

SIX = (0.90, 0.91, 0.92, 0.93, 0.94, 0.95)
NEAR = (0.91, 0.90, 0.93, 0.92, 0.95, 0.93)  # 1, -1, 1, -1, 1, -2 points from SIX: sum -1


def add(folder: Any, cell: str, accuracies: tuple[float, ...], **more: Any) -> None:
    for seed, accuracy in enumerate(accuracies):
        folder.add(cell, seed=seed, accuracy=accuracy, **more)


def marks(folder: Any) -> dict[str, tuple[bool, bool]]:
    """Whether the first entry of each row is bold, and underlined."""
    return {line.label: (line.entries[0].leads, line.entries[0].best) for line in compare(folder).rows}


def test_a_row_that_is_worse_at_every_seed_is_not_bold(folder: Any) -> None:
    """Six seeds, one point each: p = 2/64."""
    add(folder, "A", SIX)
    add(folder, "B", tuple(value - 0.01 for value in SIX))
    assert marks(folder) == {"A": (True, True), "B": (False, False)}
    caption = compare(folder).caption
    assert (
        "Bold: the best and all that is not significantly worse (paired by seed, sign-flip test, Holm, 5 %)." in caption
    )
    assert "cannot show" not in caption


def test_a_row_that_is_not_significantly_worse_is_bold_and_not_underlined(folder: Any) -> None:
    add(folder, "A", SIX)
    add(folder, "B", NEAR)
    assert marks(folder) == {"A": (True, True), "B": (True, False)}


def test_where_less_is_better_the_lowest_leads(folder: Any) -> None:
    text = {"metric": "perplexity", "higher_is_better": False, "majority": None}
    add(folder, "A", tuple(100 * value for value in SIX), facts=text)
    add(folder, "B", tuple(100 * value - 1 for value in SIX), facts=text)
    assert marks(folder) == {"A": (False, False), "B": (True, True)}


def test_a_row_without_the_data_set_s_metric_has_no_standing_and_the_page_no_number_of_it(folder: Any) -> None:
    """No perplexity is not one of zero."""
    text: dict[str, Any] = {"metric": "perplexity", "higher_is_better": False, "majority": None}
    place = runs_folder(folder.path) / folder.add("A", accuracy=120.0, facts=text).id / "record.json"
    body = json.loads(place.read_text())
    body["result"]["test_perplexity"] = None
    place.write_text(json.dumps(body))
    folder.add("B", accuracy=110.0, facts=text)
    folder.add("C", accuracy=115.0, facts=text)
    assert {label: best for label, (_, best) in marks(folder).items()} == {"A": False, "B": True, "C": False}
    assert write_report(folder.path).html.is_file()


def test_the_best_as_printed_is_so_by_the_rounding_of_the_table(folder: Any) -> None:
    """100 * .90125 is 90.125 to the last bit; the table prints 90.13, as it does .90129."""
    folder.add("A", accuracy=0.90125)
    folder.add("B", accuracy=0.90129)
    assert {line.entries[0].text for line in compare(folder).rows} == {"90.13"}
    assert marks(folder) == {"A": (False, True), "B": (False, True)}


def test_few_seeds_leave_nothing_bold(folder: Any) -> None:
    add(folder, "A", SIX[:5])
    add(folder, "B", tuple(value - 0.5 for value in SIX[:5]))
    assert marks(folder) == {"A": (False, True), "B": (False, False)}
    caption = compare(folder).caption
    assert "5 seeds cannot show a difference between 2 rows (least p 0.062): nothing is bold among them." in caption
    assert "Bold:" not in caption


def test_one_seed_leaves_nothing_bold(folder: Any) -> None:
    folder.add("A", accuracy=0.9)
    folder.add("B", accuracy=0.2)
    assert marks(folder) == {"A": (False, True), "B": (False, False)}
    assert "One seed cannot show a difference: nothing is bold." in compare(folder).caption
    for cell in ("C", "D", "E"):
        add(folder, cell, (0.9,), data="digits")
    assert compare(folder).caption.count("One seed cannot show a difference") == 1, "of 2 rows and of 3"


def test_number_formats_are_not_marked_against_each_other(folder: Any) -> None:
    """In float32 A leads B; in int8 C leads D, though both are below B; E is alone in its budget."""
    add(folder, "A", SIX)
    add(folder, "B", tuple(value - 0.01 for value in SIX))
    add(folder, "C", SIX, steps="Q", integer=0.5)
    for seed in range(6):
        folder.add("D", seed=seed, steps="Q", integer=0.4)
    add(folder, "E", tuple(value + 0.04 for value in SIX), train={"epochs": 300})
    assert marks(folder) == {
        "A": (True, True),
        "B": (False, False),
        "C": (True, True),
        "D": (False, False),
        "E": (False, False),
    }
    said = "Watch-7: rows differ in number format, epochs; those that do are not compared with each other."
    assert said in compare(folder).notes


def test_a_row_that_lacks_a_seed_is_not_marked(folder: Any) -> None:
    add(folder, "A", SIX)
    add(folder, "B", tuple(value - 0.01 for value in SIX))
    add(folder, "C", (0.99,) * 5)
    assert marks(folder) == {"A": (True, True), "B": (False, False), "C": (False, False)}


def test_means_that_print_alike_are_underlined_alike(folder: Any) -> None:
    add(folder, "A", (0.90001, 0.8))
    add(folder, "B", (0.90002, 0.8))
    assert [best for _, best in marks(folder).values()] == [True, True]


def test_groups_are_counted(folder: Any) -> None:
    add(folder, "A", SIX)
    add(folder, "B", SIX)
    add(folder, "C", SIX[:3])
    add(folder, "D", SIX[:3])
    add(folder, "E", SIX[:2])
    rows = summaries(folder)
    assert sorted(standing(rows["A"].data, rows.values()).groups) == [(3, 2), (6, 2)]
    assert "3 seeds cannot show a difference between 2 rows (least p 0.25)" in compare(folder).caption
    assert "Bold: the best" in compare(folder).caption


def test_costs_are_underlined_and_never_bold(folder: Any) -> None:
    add(folder, "A", SIX, kb=3.0)
    add(folder, "B", NEAR, kb=4.0)
    for cell, best in (("A", True), ("B", False)):
        assert [(entry.leads, entry.best) for entry in row(compare(folder), cell)[1:2]] == [(False, best)]


def test_groups_of_as_many_seeds_are_told_in_one_sentence(folder: Any) -> None:
    """Of four seeds the least p is 2 of 16, whatever they show."""
    for seed in range(4):
        for cell in "ABC":
            folder.add(cell, seed=seed)
        for cell in "DE":
            folder.add(cell, seed=seed, train={"epochs": 60})
    caption = compare(folder).caption
    assert "4 seeds cannot show a difference between 2 or 3 rows (least p 0.12): nothing is bold among them." in caption
    assert caption.count("cannot show") == 1
