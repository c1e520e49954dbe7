"""What becomes of a document where there is little to write of, and of claims without the rest of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.errors import RnnbenchError
from bench.places import PUBLISHED
from bench.report import read
from bench.report.document import claims_alone, compile_pdf, missing
from bench.report.verdicts import judge, read_claims
from bench.status import Status


@pytest.mark.long
@pytest.mark.skipif(bool(missing()), reason="pdflatex or bibtex is not installed")
def test_claims_alone_fit_a_page_of_another_document(small: Any, tmp_path: Path) -> None:
    judged = [judge(claim, [read(small.path)]) for claim in read_claims(PUBLISHED / "fastgrnn_claims.yaml")]
    (tmp_path / "claims.tex").write_text(claims_alone(judged, "All of them."), encoding="utf-8")
    packages = r"\usepackage{booktabs,longtable,multicol}\usepackage[a4paper,margin=2cm]{geometry}\emergencystretch3em"
    text = rf"\documentclass{{article}}{packages}\begin{{document}}\cite{{a}}\input{{claims}}\end{{document}}"
    (tmp_path / "other.tex").write_text(text, encoding="utf-8")
    assert compile_pdf(tmp_path / "other.tex") == []


def test_a_document_of_other_grids_is_not_about_the_paper(make_folder: Any, tmp_path: Path) -> None:
    """Claims are of grids under configs/paper and configs/studies, or asked for; a title is the user's, escaped."""
    made = make_folder("in/mine")
    made.grid = "mine"
    made.add("GRU")

    def text(*options: str) -> str:
        command = ["paper", str(tmp_path / "in"), "--no-pdf", "--out", str(tmp_path / "out"), *options]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        return (tmp_path / "out" / "paper.tex").read_text(encoding="utf-8")

    alone = text("--title", "Cells & boards")
    assert r"\title{Cells \& boards}" in alone
    assert not re.search(
        r"kusupati2018fastgrnn\}\.|section\{Claims|Verdicts|Raspberry|section\{Microcontrollers", alone
    )
    (made.path / "style.yaml").write_text("cells: {GRU: Ours}\ncaption: Mine.\n", encoding="utf-8")
    styled = text()
    assert r"\caption{Mine.}" in styled
    assert "GRU" not in styled.partition(r"\begin{document}")[2]
    asked = text("--claims")
    assert r"\title{FastGRNN, table by table}" in asked
    assert all(word in asked for word in (r"\section{Claims}", "Verdicts in brief", "Raspberry"))
    other = make_folder("in/other")
    other.grid = "table7"
    other.add("GRU")
    assert r"\section{Claims}" in text()
    assert r"\section{Claims}" not in text("--no-claims")


def test_two_folders_of_one_grid_have_sections_tables_and_figures_each(make_folder: Any, tmp_path: Path) -> None:
    for name in ("in/now", "in/before"):
        made = make_folder(name)
        made.grid = "mine"
        made.add("FastRNN", "har2", 0, 0.91 if name == "in/now" else 0.85, kb=29.0)
        made.add("GRU", "har2", 0, 0.92, kb=74.0)
    done = CliRunner().invoke(app, ["paper", str(tmp_path / "in"), "--no-pdf", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "out" / "paper.tex").read_text(encoding="utf-8")
    assert [name for name in re.findall(r"\\section\{(\w+)\}", text) if name in ("mine", "now", "before")] == [
        "before",
        "now",
    ]
    labels = re.findall(r"\\label\{.*?\}", text)
    assert len(labels) == len(set(labels))
    figures = re.findall(r"figures/(\S+?)\}", text)
    assert len(figures) == len(set(figures)) > 0
    beside = (tmp_path / "out" / "tables" / "side-by-side.csv").read_text(encoding="utf-8")
    rows = [line.split(",")[1:6] for line in beside.splitlines()[1:]]
    assert ["FastRNN", "FastRNN", "before", "Adam", "85.00"] in rows, "one id, but trained twice"
    assert ["FastRNN", "FastRNN", "now", "Adam", "91.00"] in rows


def test_a_grid_of_which_nothing_is_done_is_left_out_of_the_document(make_folder: Any, tmp_path: Path) -> None:
    made, begun = make_folder("in/made"), make_folder("in/begun")
    made.add("GRU")
    begun.add("GRU", status=Status.INTERRUPTED)
    command = ["paper", str(tmp_path / "in"), "--no-pdf", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert f"left out: {tmp_path}/in/begun, of which no run is done" in done.stderr
    shutil.rmtree(made.path)
    failed = CliRunner().invoke(app, command)
    assert isinstance(failed.exception, RnnbenchError)
    assert "nothing to write of yet" in str(failed.exception)
