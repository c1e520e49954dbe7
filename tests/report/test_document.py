"""The document of all results: it compiles, nothing is too large for its page, and what moved is marked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reading import whole

from bench.errors import RnnbenchError
from bench.places import PUBLISHED
from bench.report import read
from bench.report.document import (
    compile_pdf,
    data,
    missing,
    sections,
    unmodelled,
    write_document,
)
from bench.report.parts import in_parts, to_print
from bench.report.table import CELL, Column, Entry, Footnote, Row, Spanner, Table
from bench.report.verdicts import read_claims


@pytest.mark.long
@pytest.mark.skipif(bool(missing()), reason="pdflatex or bibtex is not installed")
def test_it_compiles_and_nothing_is_too_large(small: Any, make_latency: Any, tmp_path: Path) -> None:
    """With names that LaTeX would choke on, a failed run, the paper's data, forty rows, and rows made small."""
    small.add("LSTM", "har2", accuracy=0.93, hidden=64)
    small.add("FastGRNN", "har2", accuracy=0.9, steps="LSQ", integer=0.9, variant="rank U 8, kept U 0.3, int8")
    for number in range(40):
        small.add("GRU", "watch", 5, 0.5 + number / 100, train={"learning_rate": 0.001 * (number + 1)})
    document = whole(small, tmp_path)
    assert compile_pdf(document) == []
    assert document.with_suffix(".pdf").stat().st_size > 20_000
    log = document.with_suffix(".log").read_text(encoding="latin-1")
    assert "undefined" not in log, "every work that is cited is in the bibliography"


@pytest.mark.long
@pytest.mark.skipif(bool(missing()), reason="pdflatex or bibtex is not installed")
def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    wide = r"\documentclass{article}\begin{document}\cite{a}\noindent\rule{50cm}{1pt}" + "\n\n\\end{document}\n"
    (tmp_path / "wide.tex").write_text(wide, encoding="utf-8")
    assert any("Overfull \\hbox" in line for line in compile_pdf(tmp_path / "wide.tex"))
    (tmp_path / "bad.tex").write_text(r"\documentclass{article}\begin{document}\nonsense", encoding="utf-8")
    with pytest.raises(RnnbenchError, match=r"pdflatex stopped at .*bad.tex: ! Undefined control sequence"):
        compile_pdf(tmp_path / "bad.tex")


def test_each_grid_has_its_protocol_and_its_command(folder: Any, tmp_path: Path) -> None:
    """Three runs of 55 seconds are 0.05 hours."""
    for seed in range(3):
        folder.add(seed=seed)
    text = whole(folder, tmp_path).read_text(encoding="utf-8")
    assert r"\section{demo}" in text
    assert r"Made by \path{rnnbench run configs/demo.yaml}: 3 runs, 0.0 hours of training" in text
    assert r"at commit \texttt{c0ffee}" in text
    assert "The epoch was chosen on validation data" in text
    assert r"\includegraphics[width=\linewidth]{figures/demo-cost-1.pdf}" in text, "size and latency side by side"


def test_verdicts_stand_in_brief_before_all_else(folder: Any, tmp_path: Path) -> None:
    """P6 says 1.18 to 4.87 times smaller: here 8 KB beside 2, and two figures of the paper's own."""
    for seed in range(3):
        folder.add("FastGRNN", seed=seed, accuracy=0.9 + seed / 100, kb=2.0)
        folder.add("LSTM", seed=seed, accuracy=0.9 + seed / 100, kb=8.0)
    text = whole(folder, tmp_path).read_text(encoding="utf-8")
    brief = text[text.index(r"\section{Verdicts in brief}") : text.index(r"\end{longtable}")]
    assert text.index(r"\section{Verdicts in brief}") < text.index(r"\section{demo}")
    claims = read_claims(PUBLISHED / "fastgrnn_claims.yaml")
    assert brief.count(r" \\") == len(claims) + 1, "a row each, and the heads"
    row = next(line for line in brief.splitlines() if line.startswith("P6 & "))
    assert row.endswith(r" & holds & 1 of 1 \\")
    row = next(line for line in brief.splitlines() if line.startswith("P1 & "))
    assert row.endswith(r" & not tested here &  \\"), "the paper's own figures alone test nothing"
    assert (tmp_path / "figures" / "demo-cost-1.pdf").is_file()


def test_the_paper_s_tables_come_first_by_number_and_then_the_rest_by_name(
    make_folder: Callable[[str], Any], tmp_path: Path
) -> None:
    """Table 13 comes behind Table 3, where letters would put it before; a grid of nobody's is sorted by name."""
    names = ["demo", "table13-15", "table3-har2", "aardvark"]
    for name in names:
        make_folder(name).add()
    results = [replace(read(make_folder(name).path), name=name) for name in names]
    text = write_document(tmp_path / "out", results, []).read_text(encoding="utf-8")
    found = [name for name in re.findall(r"\\section\{(.*)\}", text) if name in names]
    assert found == ["table3-har2", "table13-15", "aardvark", "demo"]


def test_two_narrow_figures_in_a_row_stand_side_by_side(folder: Any) -> None:
    """Of narrow, narrow, narrow, wide and narrow the first two share a line; every one has its caption, in order."""
    folder.add()
    plates = [sections.Plate(f"{n}.pdf", f"Caption {n}.", n != 4) for n in range(1, 6)]
    text = sections.of_grid(read(folder.path), {}, plates)
    shown = re.findall(r"\\begin\{figure\}.*?\\end\{figure\}", text, re.DOTALL)
    assert [re.findall(r"figures/(\d)\.pdf", figure) for figure in shown] == [["1", "2"], ["3"], ["4"], ["5"]]
    assert re.findall(r"\\caption\{Caption (\d)\.\}", text) == list("12345")
    assert r"[width=\linewidth]{figures/4.pdf}" in shown[2]
    assert r"[width=.49\linewidth]{figures/5.pdf}" in shown[3]


def test_a_table_of_forty_rows_is_in_parts_with_its_notes_below_the_last() -> None:
    rows = tuple(Row((f"r{number}",), ()) for number in range(40))
    first, second = in_parts(Table("t", "C.", (), rows, notes=("n",), stub=CELL))
    assert (len(first.rows), len(second.rows)) == (20, 20)
    assert (first.notes, second.notes) == ((), ("n",))
    assert second.caption == "C. Part 2 of 2."
    short = Table("t", "C.", (Column("x"),), ())
    assert in_parts(short) == [short]


def test_the_latex_of_a_long_table_is_a_float_for_each_part_and_many_notes_stand_below() -> None:
    rows = tuple(Row((f"r{number}",), ()) for number in range(40))
    text = to_print(Table("t", "C.", (), rows, notes=tuple(f"note {number}" for number in range(13))))
    assert re.findall(r"\\label\{(.*?)\}", text) == ["tab:t-1", "tab:t-2"]
    assert text.count(r"\begin{table}") == 2
    below = text.rpartition(r"\end{table}")[2]
    assert r"Notes to Table~\ref{tab:t-2}." in below
    assert [f"note {number}\\par" in below for number in range(13)] == [True] * 13


def test_a_table_wider_than_a_page_is_cut_between_its_spanners() -> None:
    """Each data set takes 2 * 32 letters beside a stub of 4: one to a page of 125, with the footnotes it uses."""
    spanners = [Spanner(name, name) for name in "ab"]
    columns = tuple(Column("x" * 30, spanner) for spanner in spanners for _ in range(2))
    row = Row(("r",), (Entry("1", marks=("a",)), Entry("2"), Entry("3", marks=("b",)), Entry("4")))
    notes = (Footnote("a", "first"), Footnote("b", "second"))
    first, second = in_parts(Table("t", "C.", columns, (row,), notes, ("n",), (Column("st"),)))
    assert [entry.text for entry in first.rows[0].entries] == ["1", "2"]
    assert [entry.text for entry in second.rows[0].entries] == ["3", "4"]
    assert (first.footnotes, second.footnotes) == (notes[:1], notes[1:])
    assert (first.notes, second.notes) == ((), ("n",))
    assert second.rows[0].labels == ("r",)


def test_table_1_has_the_paper_s_counts_beside_ours(folder: Any, make_folder: Callable[[str], Any]) -> None:
    """700 training sequences of 128 steps and 6 inputs here; HAR-2 has 7,352 of 128 and 9."""
    folder.add(data="har2")
    folder.add(data="watch")
    table = data.table([read(folder.path)])
    rows = {row.label: [entry.text for entry in row.entries] for row in table.rows}
    assert rows["har2"] == ["700", "100", "200", "128", "6", "7", "7,352", "2,947", "128", "9", "2"]
    assert rows["Watch-7"][6:] == ["-"] * 5
    other = make_folder("other")
    other.add(data="watch")
    alone = data.table([read(other.path)])
    assert [column.whole_title for column in alone.columns] == [
        "train",
        "validation",
        "test",
        "steps",
        "features",
        "classes",
    ]


def test_tables_of_all_folders_are_files_of_each_kind(folder: Any, tmp_path: Path) -> None:
    folder.add(data="har2")
    folder.add(data="watch")
    tables = whole(folder, tmp_path / "out").parent / "tables"
    assert {
        f"{name}.{kind}"
        for name in ("table1-data", "table12-published", "side-by-side")
        for kind in ("csv", "md", "tex")
    } == {path.name for path in tables.iterdir()}
    head, har2, watch = (tables / "table1-data.csv").read_text(encoding="utf-8").splitlines()
    assert head.startswith("Data set,ours: train,ours: validation,")
    assert head.endswith(",the paper's Table 1: input size,the paper's Table 1: classes")
    assert har2 == "har2,700,100,200,128,6,7,7352,2947,128,9,2"
    assert watch == "Watch-7,700,100,200,128,6,7,,,,,"
    assert "7,352" in (tables / "table1-data.md").read_text(encoding="utf-8")
    assert r"\begin{table" in (tables / "table1-data.tex").read_text(encoding="utf-8")
    assert "FastGRNN,int8,7.7,1.8,2.5," in (tables / "table12-published.csv").read_text(encoding="utf-8")


def test_the_paper_s_raspberry_pi_stands_without_a_figure_of_ours_and_says_why() -> None:
    (table,) = unmodelled.tables()
    assert "Table 12" in table.caption
    rows = {row.labels: [entry.text for entry in row.entries] for row in table.rows}
    assert rows["FastGRNN", "int8"] == ["7.7", "1.8", "2.5", "-"]
    assert rows["UGRNN", "float32"] == ["29.7", "5.6", "9.5", "-"]
    assert "no simulator here counts cycles" in table.notes[0]
