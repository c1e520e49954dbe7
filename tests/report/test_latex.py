"""The LaTeX: structure of every line, a small table letter for letter, and a run of pdflatex where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from reading import compare
from test_markdown_and_terminal import TABLE

from bench.report.writers.latex import escape, to_latex

_GOLDEN = Path(__file__).with_name("golden.tex")
_LINE = r"\\llap\{\$\\underline\{\\phantom\{[^$]*\}\}\$\}"
_NUMBER = re.compile(rf"(\\bfseries )?\d+(\.\d+)?( \\pm \d+(\.\d+)?)?( \{{({_LINE})?(\$\^\{{[^$]*\}}\$)?\}})?")


def _tex(folder: Any) -> str:
    return to_latex(compare(folder))


def test_golden(small: Any) -> None:
    assert _tex(small) == _GOLDEN.read_text(encoding="utf-8")


def test_structure(small: Any) -> None:
    text = _tex(small)
    assert "booktabs,siunitx,graphicx" in text.partition(r"\begin{table}")[0]
    plain = re.sub(r"\\[\\{}&%#$_]", "", text)
    assert plain.count("{") == plain.count("}")
    rules = re.findall(r"\\(toprule|cmidrule|midrule|bottomrule)", text)
    assert rules == ["toprule", "cmidrule", "cmidrule", "midrule", "bottomrule"]
    assert re.findall(r"cmidrule\(lr\)\{(\d)-(\d)\}", text) == [("2", "4"), ("5", "7")]
    body = text.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == 3
    for line in body:
        assert line.endswith(r" \\")
        _, *cells = re.split(r"(?<!\\)&", line.removesuffix(r" \\"))
        assert len(cells) == len(re.findall(r"^    S\[", text, re.MULTILINE)) == 6
        for cell in map(str.strip, cells):
            assert _NUMBER.fullmatch(cell) or (cell[0] == "{" and cell[-1] == "}"), cell


def test_a_bold_column_detects_weight_in_text_mode(small: Any) -> None:
    columns = re.findall(r"^    S\[(.*)\]$", _tex(small), re.MULTILINE)
    assert all("detect-weight" in column and "mode=text" in column for column in columns)


def test_bold_and_underlined(folder: Any) -> None:
    """Eight seeds: B is a point worse at all of them, C at none on the whole. The line is as wide as the number."""
    for seed in range(8):
        folder.add("A", seed=seed, accuracy=0.9 + seed / 100, latencies=())
        folder.add("B", seed=seed, accuracy=0.89 + seed / 100, latencies=())
        folder.add("C", seed=seed, accuracy=0.9 + (seed ^ 1) / 100 - 0.001, kb=20.0, latencies=())
    text = _tex(folder)
    line = r"\bfseries 93.50 \pm 2.45 {\llap{$\underline{\phantom{\mathbf{93.50 \pm 2.45}}}$}}"
    assert rf"    A & {line} & 10.0 {{\llap{{$\underline{{\phantom{{10.0}}}}$}}}} \\" in text
    assert r"    B & 92.50 \pm 2.45 & 10.0 {" in text
    assert r"    C & \bfseries 93.40 \pm 2.45 & 20.0 \\" in text
    assert text.count("table-align-text-post=false") == 2


def test_a_spread_of_zero_is_printed(folder: Any) -> None:
    folder.add(seed=0, accuracy=0.5)
    folder.add(seed=1, accuracy=0.5)
    text = _tex(folder)
    assert r"50.00 \pm 0.00" in text
    assert "retain-zero-uncertainty," in text


def test_a_label_is_no_argument_of_the_line_break_before_it(folder: Any) -> None:
    """LaTeX reads a bracket behind a line break as a gap, and an asterisk as its starred form."""
    folder.add("A")
    folder.add("[mine]")
    folder.add("*star")
    lines = [line.strip() for line in _tex(folder).splitlines()]
    assert [line.partition(" &")[0] for line in lines if "mine" in line or "star" in line] == ["{}*star", "{}[mine]"]


def test_three_data_sets_span_both_columns_of_a_page(folder: Any) -> None:
    for data in ("a", "b", "c"):
        folder.add(data=data)
    assert r"\begin{table*}" in _tex(folder)


def test_an_s_column_is_as_wide_as_its_numbers(folder: Any) -> None:
    """Means 93.00 and 5.00, deviations sqrt(2) points and none; KB 120 and 64; ms 1250.5 and 3.2."""
    folder.add("A", seed=0, accuracy=0.92, kb=120.0)
    folder.add("A", seed=1, accuracy=0.94, kb=120.0)
    folder.add("B", accuracy=0.05, kb=64.25)
    columns = re.findall(r"^    S\[(.*?), detect", _tex(folder), re.MULTILINE)
    assert columns == ["table-format=2.2(3), separate-uncertainty", "table-format=3.1", "table-format=2.1"]
    folder.add("C", seed=0, accuracy=0.2, kb=1000.0)
    folder.add("C", seed=1, accuracy=0.8, kb=1000.0)  # 30 * sqrt(2) = 42.43: four digits
    assert "table-format=2.2(4)" in _tex(folder)
    assert "table-format=4.1" in _tex(folder)


def test_small_numbers_have_a_narrow_column(folder: Any, make_latency: Any) -> None:
    folder.add("A", kb=3.25, latencies=(make_latency(ms=0.5),))
    folder.add("B", kb=9.96, latencies=(make_latency(ms=0.25),))
    formats = re.findall(r"table-format=([^,]*),", _tex(folder))
    assert formats == ["2.2", "2.1", "1.2"]  # 90.00; 10.0, for 9.96 is printed so; 0.50


def test_columns_of_text_have_letters_and_plain_entries() -> None:
    text = to_latex(TABLE, TABLE)
    assert text.count(r"\begin{table}[tb]") == 2
    assert text.startswith(
        "% Written by rnnbench: do not edit. Needs, in the preamble: \\usepackage{booktabs,graphicx}\n\\begin"
    )
    assert r"\begin{tabular}{lrrr}" in text
    assert "    & & \\multicolumn{1}{c}{int8} & \\multicolumn{1}{c}{} \\\\\n    \\cmidrule(lr){3-3}\n" in text
    assert r"    Cell & H & error \% & ms \\" in text
    assert r"    x\_1 \textbar{} y & 7 & +0.25 &  \\" in text
    assert r"   a \& b\par" in text
    assert r"\label{tab:a-b}" in text


def test_special_characters() -> None:
    assert escape("a_b & 5% #1 $x {y}") == r"a\_b \& 5\% \#1 \$x \{y\}"
    assert escape("~^\\") == r"\textasciitilde{}\textasciicircum{}\textbackslash{}"
    assert escape("0.9 ± 0.1\n\x1b") == r"0.9 $\pm$ 0.1  "


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_compiles(small: Any, tmp_path: Path) -> None:
    found = subprocess.run(["kpsewhich", "siunitx.sty"], capture_output=True, text=True, check=False)
    if not found.stdout.strip():
        pytest.skip("siunitx is not installed")
    small.add("\u03c3 & \u03b2 <x> ~^\\ \"q\" 'r' |", "watch", accuracy=0.5, curve=None)
    (tmp_path / "table.tex").write_text(_tex(small), encoding="utf-8")
    document = (
        r"\documentclass{article}\usepackage{booktabs,siunitx,graphicx}\begin{document}\input{table}\end{document}"
    )
    (tmp_path / "paper.tex").write_text(document, encoding="utf-8")
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 1000
