r"""The table as LaTeX: booktabs rules, a spanner for each data set, siunitx columns that align and bold.

siunitx prints a bold number plain unless the column says ``detect-weight`` and ``mode=text`` (compiled with siunitx
3.2); ``\pm 0.00`` is left out unless it says ``retain-zero-uncertainty``. Versions 2 and 3 know the other options.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.notes import DAGGER
from bench.report.table import Column, Entry, Spanner, Table

_HEADER = r"""% Written by rnnbench from the records of its runs: do not edit, write it again with `rnnbench report`.
% Needs, in the preamble:   \usepackage{booktabs,siunitx}
% With siunitx older than version 3 also:   \usepackage{etoolbox}\robustify\bfseries
% and without retain-zero-uncertainty, where that stands below: it does not know the word.
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
    "…": r"\ldots{}",
    "\u2013": "--",
    "\u2014": "---",
}
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "λ": "lambda", "μ": "mu"}  # noqa: RUF001
_GREEK |= {"π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ω": "omega"}  # noqa: RUF001
_ESCAPES |= {letter: rf"$\{name}$" for letter, name in _GREEK.items()}


def escape(text: str) -> str:
    """Text that LaTeX prints as it stands; letters of other scripts are left to the document's engine."""
    spaced = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(_ESCAPES.get(letter, letter) for letter in spaced)


def to_latex(table: Table) -> str:
    """A ``table`` float (``table*``, over both columns of a page, from three data sets on)."""
    place = "table" if len(table.spanners) < 3 else "table*"
    columns = [_column([row.entries[at] for row in table.rows]) for at in range(len(table.columns))]
    lines = [
        rf"\begin{{{place}}}[tb]",
        r"  \centering",
        rf"  \caption{{{escape(table.caption)}}}",
        rf"  \label{{tab:{''.join(c for c in table.name if c.isalnum() or c in '-+')}}}",
        r"  \small\setlength{\tabcolsep}{4pt}",
        r"  \begin{tabular}{",
        "    l",
        *(f"    {column}" for column in columns),
        "  }",
        r"    \toprule",
        f"    {_spanners(table.spanners)}",
        f"    {_rules(table.spanners)}",
        f"    {_headings(table.columns)}",
        r"    \midrule",
        *(f"    {' & '.join([escape(row.label), *map(_entry, row.entries)])} \\\\" for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        *_footnotes(table),
        rf"\end{{{place}}}",
    ]
    return _HEADER + "\n".join(lines) + "\n"


def _spanners(spanners: Sequence[Spanner]) -> str:
    cells = [rf"\multicolumn{{{len(each.columns)}}}{{c}}{{{escape(each.title)}}}" for each in spanners]
    return " & ".join(["", *cells]).lstrip() + r" \\"


def _rules(spanners: Sequence[Spanner]) -> str:
    rules, at = [], 2
    for each in spanners:
        rules.append(rf"\cmidrule(lr){{{at}-{at + len(each.columns) - 1}}}")
        at += len(each.columns)
    return " ".join(rules)


def _headings(columns: Sequence[Column]) -> str:
    return " & ".join(["Cell", *(f"{{{escape(column.title)}}}" for column in columns)]) + r" \\"


def _column(entries: Sequence[Entry]) -> str:
    """An S column as wide as its numbers need."""
    numbers = [entry.text.split(" ± ") for entry in entries if entry.mean is not None] or [["0"]]
    whole, places = 1, 0
    for mean, *_ in numbers:
        before, _, after = mean.partition(".")
        whole, places = max(whole, len(before)), max(places, len(after))
    spread = max((len(sd.replace(".", "").lstrip("0")) for _, *rest in numbers for sd in rest), default=0)
    spread = max(spread, places) if any(len(number) > 1 for number in numbers) else 0
    options = [f"table-format={whole}.{places}" if places else f"table-format={whole}"]
    if spread:
        options[0] += f"({spread})"
        options.append("separate-uncertainty")
        if any(float(sd) == 0 for _, *rest in numbers for sd in rest):
            options.append("retain-zero-uncertainty")  # or siunitx leaves out "± 0.00", as if of one seed
    options += ["detect-weight", "mode=text"]
    widest = max(
        (entry.marks for entry in entries if entry.mean is not None), key=lambda m: len("".join(m)), default=()
    )
    if widest:
        options += [f"table-space-text-post={{{_marks(widest)}}}", "table-align-text-post=false"]
    return f"S[{', '.join(options)}]"


def _entry(entry: Entry) -> str:
    marks = _marks(entry.marks)
    if entry.mean is None:
        return f"{{{'--' if entry.text == '-' else escape(entry.text)}{marks}}}"
    number = entry.text.replace("±", r"\pm")
    bold = r"\bfseries " if entry.best else ""
    return f"{bold}{number} {{{marks}}}" if marks else f"{bold}{number}"


def _marks(marks: Sequence[str]) -> str:
    raised = ",".join(r"\dagger" if mark == DAGGER else rf"\mathrm{{{mark}}}" for mark in marks)
    return f"$^{{{raised}}}$" if marks else ""


def _footnotes(table: Table) -> list[str]:
    texts = [f"{_marks([note.mark])}~{escape(note.text)}." for note in table.footnotes]
    texts += [escape(text) for text in table.general]
    return (
        [r"  \par\smallskip", r"  {\footnotesize\raggedright", *(rf"   {t}\par" for t in texts), "  }"] if texts else []
    )
