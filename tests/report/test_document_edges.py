"""What becomes of a document where there is little to write of, and of claims without the rest of it."""

from __future__ import annotations

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
