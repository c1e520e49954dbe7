"""The style of a results folder: read from YAML, held for every report, its titles in all tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.citations import citations
from bench.errors import RnnbenchError
from bench.report import read, write_report
from bench.report.rows.style import Style, read_style


def test_a_style_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "style.yaml"
    path.write_text("rows: [LSTM]\nlabels: {LSTM: long}\n", encoding="utf-8")
    assert read_style(path) == Style(rows=("LSTM",), labels={"LSTM": "long"})
    path.write_text("row: [LSTM]\n", encoding="utf-8")
    with pytest.raises(RnnbenchError, match="unknown key 'row'; did you mean 'rows'"):
        read_style(path)


def test_lists_of_a_style_may_be_texts_and_a_missing_file_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "style.yaml"
    path.write_text("columns: accuracy, kb\nrows: LSTM; FastGRNN LSQ\n", encoding="utf-8")
    assert read_style(path) == Style(columns=("accuracy", "kb"), rows=("LSTM", "FastGRNN LSQ"))
    with pytest.raises(RnnbenchError, match=r"cannot read the style .*none\.yaml: No such file or directory$"):
        read_style(tmp_path / "none.yaml")


def test_the_style_of_a_folder_is_every_report_s_and_its_titles_stand_everywhere(small: Any, tmp_path: Path) -> None:
    """A cell keeps its citation; what the folder's style says of the table holds until options say otherwise."""
    (small.path / "style.yaml").write_text("cells: {LSTM: Ours}\ncolumns: accuracy\n", encoding="utf-8")
    results = read(small.path)
    assert "Ours" in results.by_size
    assert not any("LSTM" in label for label in results.by_size)
    written = write_report(small.path)
    tex = written.tex.read_text(encoding="utf-8")
    assert rf"Ours~\cite{{{citations()['LSTM'][0]}}}" in tex
    assert "KB" not in tex
    assert all("LSTM" not in path.read_text(encoding="utf-8") for path in written.tex.parent.glob("*.md"))
    for text, said in (
        ("cells: {LSTN: Ours}", "no cell is 'LSTN'; did you mean 'LSTM'"),
        ("cells: {LSTM: GRU}", "two cells would have the title 'GRU'"),
    ):
        (small.path / "style.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(RnnbenchError, match=said):
            read(small.path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read the style .*: No such file or directory$"),
        ("a, b", "is not a style"),
        ("a: [", "cannot read"),
    ],
)
def test_a_file_that_is_no_style_is_one_line(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "style.yaml").write_text(text)
    with pytest.raises(RnnbenchError, match=said) as caught:
        read_style(tmp_path / "style.yaml")
    assert "\n" not in str(caught.value)
