r"""A table as LaTeX: booktabs rules, spanners, siunitx columns that align, bold and underline.

siunitx prints a bold number plain unless the column says ``detect-weight`` and ``mode=text`` (compiled with siunitx
3.2); ``\pm 0.00`` is left out unless it says ``retain-zero-uncertainty``. Versions 2 and 3 know the other options.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.notes import DAGGER, MOVED
from bench.report.table import Column, Entry, Row, Table, widths

_HEADER = r"""% Written by rnnbench from the records of its runs: do not edit, write it again with `rnnbench report`.
% Needs, in the preamble:   \usepackage{booktabs,siunitx,graphicx}
% With siunitx older than version 3 also:   \usepackage{etoolbox}\robustify\bfseries
% and without retain-zero-uncertainty, where that stands below: it does not know the word.
"""
_TEXT_HEADER = r"""% Written by rnnbench: do not edit. Needs, in the preamble: \usepackage{booktabs,graphicx}
"""

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",  # a straight quote in any encoding
    "±": r"$\pm$",
    "\u00d7": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "µ": r"$\mu$",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "…": r"\ldots{}",
    "\u2013": "--",
    "\u2014": "---",
}
_WRAPPED = "6.5cm"
_LETTERS_OF_A_COLUMN = 75
"""Letters of a line that a column of a page shows at two thirds of their size."""
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "λ": "lambda", "μ": "mu"}  # noqa: RUF001
_GREEK |= {"π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ω": "omega"}  # noqa: RUF001
_ESCAPES |= {letter: rf"$\{name}$" for letter, name in _GREEK.items()}


_MARKS = {DAGGER: r"\dagger", MOVED: r"\ddagger"}
_USUAL = 530
_WIDTHS = dict.fromkeys("fijl,", 300) | dict.fromkeys("rst", 390) | dict.fromkeys("cez", 444) | {"m": 833, "w": 722}
"""Widths of the letters of footnotes in thousandths of an em, Computer Modern Roman; the others are about as usual."""


def escape(text: str) -> str:
    """Returns text that LaTeX prints as it stands; letters of other scripts are left to the document's engine."""
    spaced = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(_ESCAPES.get(letter, letter) for letter in spaced)


def to_latex(*tables: Table) -> str:
    """Returns a float for each table: ``table``, or ``table*`` over both columns of a page.

    The latter has three spanners or more, or more letters than can be read when they are pressed into one column.
    """
    numbers = any(column.align == "number" for table in tables for column in table.columns)
    return (_HEADER if numbers else _TEXT_HEADER) + "\n".join(map(_float, tables))


def label(table: Table) -> str:
    """Returns the name by which LaTeX refers to a table."""
    return f"tab:{''.join(letter for letter in table.name if letter.isalnum() or letter in '-+')}"


def _float(table: Table) -> str:
    letters = sum(map(sum, widths(table)))
    place = "table" if len(table.spans) < 3 and letters <= _LETTERS_OF_A_COLUMN else "table*"
    lines = [
        rf"\begin{{{place}}}[tb]",
        r"  \centering",
        rf"  \caption{{{escape(table.caption)}}}",
        rf"  \label{{{label(table)}}}",
        r"  \small\setlength{\tabcolsep}{4pt}",
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",  # only where it is too wide
        *_preamble(table),
        r"    \toprule",
        *_spanners(table),
        f"    {' & '.join(map(_heading, [*table.stub, *table.columns]))} \\\\",
        r"    \midrule",
        *(f"    {' & '.join(_row(table, row))} \\\\" for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}}",
        *_footnotes(table),
        rf"\end{{{place}}}",
    ]
    return "\n".join(lines) + "\n"


def _preamble(table: Table) -> list[str]:
    """Lists the kinds of columns: letters on one line, S columns on a line each."""
    kinds = [*map(_letter, table.stub)]
    kinds += [_column(column, [row.entries[at] for row in table.rows]) for at, column in enumerate(table.columns)]
    if all(len(kind) == 1 for kind in kinds):
        return [rf"  \begin{{tabular}}{{{''.join(kinds)}}}"]
    return [r"  \begin{tabular}{", *(f"    {kind}" for kind in kinds), "  }"]


def _spanners(table: Table) -> list[str]:
    """Returns the line of spanners and the rules below them; nothing without spanners."""
    cells, rules, at = ["&" * (len(table.stub) - 1)], [], len(table.stub) + 1
    for title, width in table.spans:
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{escape(title)}}}")
        rules += [rf"\cmidrule(lr){{{at}-{at + width - 1}}}"] if title else []
        at += width
    return [f"    {' & '.join(cells).lstrip()} \\\\", f"    {' '.join(rules)}"] if rules else []


def _heading(column: Column) -> str:
    return f"{{{escape(column.title)}}}" if column.align == "number" else escape(column.title)


def _row(table: Table, row: Row) -> list[str]:
    entries = zip(table.columns, row.entries, strict=True)
    first, *others = map(escape, row.labels)
    first = f"{{}}{first}" if first.startswith(("[", "*")) else first  # or the line break before it takes it
    cited = rf"{first}~\cite{{{row.cite}}}" if row.cite else first
    return [cited, *others, *(_entry(entry, column) for column, entry in entries)]


def _letter(column: Column) -> str:
    kinds = {"left": "l", "right": "r", "wrap": f"p{{{_WRAPPED}}}"}
    return kinds.get(column.align, "r")


def _column(column: Column, entries: Sequence[Entry]) -> str:
    """Returns the kind of column: for numbers, an S column as wide as they need."""
    if column.align != "number":
        return _letter(column)
    numbers = [entry.text.split(" ± ") for entry in entries if entry.mean is not None] or [["0"]]
    whole, places = 1, 0
    for mean, *_ in numbers:
        before, _, after = mean.partition(".")
        whole, places = max(whole, len(before.lstrip("-"))), max(places, len(after))
    spread = max((len(sd.replace(".", "").lstrip("0")) for _, *rest in numbers for sd in rest), default=0)
    spread = max(spread, places) if any(len(number) > 1 for number in numbers) else 0
    sign = "-" if any(mean.startswith("-") for mean, *_ in numbers) else ""
    options = [f"table-format={sign}{whole}.{places}" if places else f"table-format={sign}{whole}"]
    if spread:
        options[0] += f"({spread})"
        options.append("separate-uncertainty")
        if any(float(sd) == 0 for _, *rest in numbers for sd in rest):
            options.append("retain-zero-uncertainty")  # or siunitx leaves out "± 0.00", as if of one seed
    options += ["detect-weight", "mode=text"]
    widest = max((entry.marks for entry in entries if entry.mean is not None), key=_width, default=())
    options += [f"table-space-text-post={{{_marks(widest)}}}"] if widest else []
    if widest or any(entry.best for entry in entries):
        options.append("table-align-text-post=false")
    return f"S[{', '.join(options)}]"


def _entry(entry: Entry, column: Column) -> str:
    marks = _marks(entry.marks)
    if column.align != "number":
        return f"{escape(entry.text)}{marks}"
    if entry.mean is None:
        return f"{{{'--' if entry.text == '-' else escape(entry.text)}{marks}}}"
    number = entry.text.replace("±", r"\pm")
    bold = r"\bfseries " if entry.leads else ""
    after = _underline(number, entry.leads) * entry.best + marks
    return f"{bold}{number} {{{after}}}" if after else f"{bold}{number}"


def _underline(number: str, bold: bool) -> str:
    """Returns a line below the number before it, as wide: siunitx does not align what stands inside a command."""
    wide = rf"\mathbf{{{number}}}" if bold else number
    return rf"\llap{{$\underline{{\phantom{{{wide}}}}}$}}"


def _width(marks: Sequence[str]) -> int:
    """Returns how wide marks are, in thousandths of an em, as Computer Modern has their letters."""
    return sum(_WIDTHS.get(letter, _USUAL) for letter in ",".join(marks))


def _marks(marks: Sequence[str]) -> str:
    raised = ",".join(_MARKS.get(mark, rf"\mathrm{{{mark}}}") for mark in marks)
    return f"$^{{{raised}}}$" if marks else ""


def _footnotes(table: Table) -> list[str]:
    texts = [f"{_marks([note.mark])}~{escape(note.text)}." for note in table.footnotes]
    texts += [escape(text) for text in table.notes]
    return (
        [r"  \par\smallskip", r"  {\footnotesize\raggedright", *(rf"   {t}\par" for t in texts), "  }"] if texts else []
    )
