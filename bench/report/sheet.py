"""Plain tables of figures, for a paper (LaTeX), a page (Markdown) and a program (CSV)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.record import write_atomically
from bench.report import latex, text


@dataclass(frozen=True)
class Heading:
    """A column: its title, the group that it stands under (``""`` for none), and whether it is flush left."""

    title: str
    group: str = ""
    left: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table whose entries are printed already.

    Attributes:
        name: letters, digits and dashes.
        caption: what it shows.
        headings: of the columns.
        rows: entries, ``""`` for none.
        notes: below the table.
    """

    name: str
    caption: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def to_markdown(sheet: Sheet) -> str:
    """GitHub's kind of table; a group's name stands before each of its columns'."""
    heads = [f"{each.group}: {each.title}" if each.group else each.title for each in sheet.headings]
    rules = ["---" if each.left else "---:" for each in sheet.headings]
    rows = [heads, rules, *sheet.rows]
    lines = [f"| {' | '.join(each if row is rules else text.escape(each) for each in row)} |" for row in rows]
    return "\n\n".join([f"## {text.escape(sheet.caption)}", "\n".join(lines), *map(text.escape, sheet.notes)]) + "\n"


def to_latex(sheet: Sheet) -> str:
    """A ``table`` float with booktabs rules."""
    groups = [(name, len(list(run))) for name, run in groupby(each.group for each in sheet.headings)]
    spans, rules, at = [], [], 1
    for name, width in groups:
        spans.append(rf"\multicolumn{{{width}}}{{c}}{{{latex.escape(name)}}}" if name else "&" * (width - 1))
        rules += [rf"\cmidrule(lr){{{at}-{at + width - 1}}}"] if name else []
        at += width
    above = [rf"    {' & '.join(spans)} \\", f"    {' '.join(rules)}"] if rules else []
    lines = [
        r"\begin{table}[tb]",
        r"  \centering",
        rf"  \caption{{{latex.escape(sheet.caption)}}}",
        rf"  \label{{tab:{sheet.name}}}",
        r"  \small\setlength{\tabcolsep}{4pt}",
        rf"  \begin{{tabular}}{{{''.join('l' if each.left else 'r' for each in sheet.headings)}}}",
        r"    \toprule",
        *above,
        _line([each.title for each in sheet.headings]),
        r"    \midrule",
        *map(_line, sheet.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
    ]
    if sheet.notes:
        notes = [rf"   {latex.escape(each)}\par" for each in sheet.notes]
        lines += [r"  \par\smallskip", r"  {\footnotesize\raggedright", *notes, "  }"]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _line(entries: Sequence[str]) -> str:
    return rf"    {' & '.join(map(latex.escape, entries))} \\"


def to_csv(records: Sequence[Mapping[str, Any]]) -> str:
    """Rows of the same keys, numbers unrounded."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return file.getvalue()


def write(
    folder: Path, name: str, sheets: Sequence[Sheet], records: Sequence[Mapping[str, Any]], origin: Mapping[str, Any]
) -> list[Path]:
    """Writes ``<name>.csv``, ``.md``, ``.tex``, and ``.json`` with the origin, each whole or not at all.

    Raises:
        OSError: when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    header = "% Written by rnnbench: do not edit. Needs, in the preamble: \\usepackage{booktabs}\n"
    texts = {
        "csv": to_csv(records),
        "md": "\n".join(map(to_markdown, sheets)),
        "tex": header + "\n".join(map(to_latex, sheets)),
        "json": json.dumps(origin, indent=1) + "\n",
    }
    paths = [folder / f"{name}.{end}" for end in texts]
    for path, body in zip(paths, texts.values(), strict=True):
        write_atomically(path, body)
    return paths
