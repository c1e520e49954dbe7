"""The latency of the comparison: of which board, in which format, stale, missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reading import compare, notes, row, texts, titles

from bench import record
from bench.deploy import refresh
from bench.errors import RnnbenchError
from bench.record import Latency
from bench.record.latency import MODEL_VERSION
from bench.report import frame, read
from bench.report.figures import cost
from bench.report.notes import STALE
from bench.spec import RECORDED, RunSpec
from bench.status import Status

TEXT = {"metric": "perplexity", "higher_is_better": False, "majority": None}


def test_a_language_model_that_failed_has_dashes_for_sizes_and_latency(folder: Any) -> None:
    folder.add("A", accuracy=120.0, facts=TEXT)
    folder.add("B", status=Status.FAILED, reason="x")
    assert texts(compare(folder))["B"] == ["failed", "-", "-", "-"]


def test_several_number_formats_are_said_beside_each_latency(folder: Any, make_latency: Any) -> None:
    folder.add("A", latencies=(make_latency(ms=4.0, format="int8"),))
    folder.add("B")
    table = compare(folder)
    assert notes(table, row(table, "A")[2]) == ["in int8"]
    assert notes(table, row(table, "B")[2]) == ["in float32"]
    assert "(format float32 or int8, predicted for the exported code)" in table.caption


def test_a_model_without_latency_on_the_board_says_so(folder: Any) -> None:
    folder.add("A")
    folder.add("B", latencies=())
    table = compare(folder)
    assert row(table, "B")[2].text == "-"
    assert notes(table, row(table, "B")[2]) == ["no latency on Arduino mkr1000 is in the records"]


def test_a_stale_latency_says_so_everywhere(folder: Any, make_latency: Any) -> None:
    """In the table, at the figure, in the CSV; a latency of today is preferred and unmarked."""
    old = Latency(model=MODEL_VERSION - 1, boards=(make_latency(ms=8.0),))
    folder.add("A", beside=old)
    folder.add("B")
    folder.add("C", seed=0, beside=old)
    folder.add("C", seed=1, latencies=(make_latency(ms=6.0),))
    table = compare(folder)
    assert {label: found[2] for label, found in texts(table).items()} == {"A": "8.0", "B": "12.5", "C": "6.0"}
    assert notes(table, row(table, "A")[2]) == [STALE]
    assert not row(table, "B")[2].marks
    assert not row(table, "C")[2].marks
    results = read(folder.path)
    drawn = cost.figure(results)
    assert drawn is not None
    assert f" The latency of A is {STALE}." in drawn.about
    assert [(line["label"], line["ms"], line["latency_stale"]) for line in frame.rows(results.summaries)] == [
        ("A", 8.0, True),
        ("B", 12.5, False),
        ("C", 8.0, True),
        ("C", 6.0, False),
    ]


def test_latencies_of_other_costs_are_stale(folder: Any, make_latency: Any) -> None:
    """Where every latency is stale, that is said once."""
    folder.add("A", beside=Latency(files={"boards/due.yaml": "other"}, boards=(make_latency(),)))
    table = compare(folder)
    assert table.notes == (f"Every latency is {STALE}.",)
    assert not row(table, "A")[2].marks
    drawn = cost.figure(read(folder.path))
    assert drawn is not None
    assert drawn.about.endswith(f" Every latency is {STALE}.")


def test_why_there_is_no_latency_is_said(folder: Any) -> None:
    folder.add("A")
    folder.add("B", beside=Latency(reason="no program of it is written"))
    table = compare(folder)
    assert notes(table, row(table, "B")[2]) == ["no latency: no program of it is written"]
    assert not table.notes


def test_why_no_run_has_a_latency_is_said_once(folder: Any) -> None:
    for seed in (0, 1):
        folder.add("A", seed=seed, beside=Latency(reason="no program of it is written"))
    assert compare(folder).notes == ("No latency: no program of it is written.",)


@pytest.mark.parametrize(
    ("flash", "ram", "said"),
    [
        (False, True, "not on Arduino mkr1000: the weights do not fit its flash"),
        (True, False, "not on Arduino mkr1000: the state does not fit its RAM"),
    ],
)
def test_no_latency_for_what_does_not_fit(folder: Any, make_latency: Any, flash: bool, ram: bool, said: str) -> None:
    folder.add("A")
    folder.add("B", latencies=(make_latency(flash=flash, ram=ram),))
    table = compare(folder)
    assert row(table, "B")[2].text == "-"
    assert notes(table, row(table, "B")[2]) == [said]


def test_the_board_that_most_models_fit_the_first_of_equals(folder: Any, make_latency: Any) -> None:
    for cell, fits in (("A", True), ("B", False)):
        folder.add(cell, latencies=(make_latency("uno", flash=fits), make_latency("due"), make_latency("big")))

    def name(board: str | None = None) -> str:
        return (read(folder.path, board).board or pytest.fail("no board")).name

    assert (name(), name("uno")) == ("due", "uno")
    with pytest.raises(RnnbenchError, match="no run has a latency on board 'dues'; did you mean 'due'"):
        compare(folder, board="dues")


def test_a_board_whose_ram_is_too_small_is_not_preferred(folder: Any, make_latency: Any) -> None:
    folder.add("A", latencies=(make_latency("uno", ram=False), make_latency("due")))
    assert "Arduino due" in compare(folder).caption


def test_without_any_latency_there_is_no_column_for_it(folder: Any) -> None:
    folder.add(latencies=())
    table = compare(folder)
    assert titles(table) == ["accuracy (%)", "KB"]
    assert "ms:" not in table.caption


def test_a_report_predicts_again_what_is_out_of_date_and_shown(
    folder: Any, rnnbench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, as_it_should = Latency(model=MODEL_VERSION - 1), Latency(reason="no program")
    shown, current = folder.add("A", beside=old), folder.add("B", beside=as_it_should)
    trial = RunSpec.model_validate({**shown.spec, "sealed": True}, context=RECORDED)
    place = record.runs_folder(folder.path) / trial.id
    place.mkdir()
    record.write(place, shown.model_copy(update={"id": trial.id, "spec": trial.written("classification")}))
    for name in (shown.id, current.id, trial.id):
        (record.runs_folder(folder.path) / name / "model.pt").touch()
    asked = []

    def predicted(path: Path) -> bool:
        asked.append(path.name)
        record.latency.write(path, as_it_should)
        return True

    monkeypatch.setattr(refresh, "_predict", predicted)
    for _ in range(2):
        assert rnnbench("report", folder.path).code == 0
    assert asked == [shown.id]
    assert f"No latency: {as_it_should.reason}." in (folder.path / "tables" / "demo.md").read_text()
