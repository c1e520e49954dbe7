"""Writes the document: one file of LaTeX, its figures and its bibliography."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.citations import bibliography
from bench.errors import RnnbenchError
from bench.places import grids
from bench.report.discover import all_figures, all_tables
from bench.report.document import captions, data, parts, sections, sidebyside, unmodelled
from bench.report.document.moved import Moved
from bench.report.figure import file_name
from bench.report.rows.results import Results
from bench.report.table import Table
from bench.report.verdicts import Judged
from bench.report.verdicts.table import table as claims_table
from bench.report.write import in_formats, write_all
from bench.report.writers.latex import escape

NAME = "paper.tex"
_TITLE = r"\title{%s}\author{rnnbench}\date{}\maketitle"
_REPRODUCTION = "FastGRNN, table by table"
_INTRODUCTION = "Written by rnnbench from the records of its runs and from published figures; no number was typed."
_THE_PAPER = r"The paper is FastGRNN \cite{kusupati2018fastgrnn}."
_CONTENTS = r"\begin{multicols}{2}\tableofcontents\end{multicols}"


def write_document(
    folder: Path,
    folders: Sequence[Results],
    judged: Sequence[Judged],
    others: Sequence[Path] = (),
    changed: tuple[str, Sequence[Moved]] | None = None,
    title: str = "",
) -> Path:
    """Writes the document with its figures and its bibliography, and returns its path.

    Tables that are of no one folder of results lie beside it as LaTeX, Markdown and CSV: ``table1-data``,
    ``table12-published`` beside claims and, where rows have a published figure, ``side-by-side``.

    Args:
        folder: where it goes.
        folders: the results folders, each a section.
        judged: the claims of the FastGRNN paper; without any the document is not about that paper, and leaves out what
            only it has: the verdicts, the claims, its boards that we do not predict.
        others: LaTeX of tables that commands on microcontrollers wrote.
        changed: an earlier state, and what moved against it.
        title: of the document; by default what it is about.

    Raises:
        RnnbenchError: when the folder cannot be written.
    """
    cells = [file for results in folders for file in results.cell_files]
    files: dict[Path, str | bytes] = {folder / "references.bib": bibliography(cells)}
    against, found = changed or ("", ())
    chapters = []
    for results in in_order(folders):
        chapter, figures = _chapter(results, found)
        chapters.append(chapter)
        files |= {folder / "figures" / name: content for name, content in figures.items()}
    beside = sidebyside.table([chapter.results for chapter in chapters])
    of_all = [made for made in (data.table(folders), beside) if made.rows]
    of_none = [*unmodelled.tables()] if judged else []
    for made in (*of_all, *of_none):
        files |= in_formats(folder / "tables" / made.name, made, made)
    every = [own.caption for chapter in chapters for own in chapter.tables.values()]
    every += [own.caption for chapter in chapters for own in chapter.plates]
    said = captions.repeated(every)
    heading = _TITLE % escape(title or (_REPRODUCTION if judged else "Results"))
    body = [sections.PREAMBLE, r"\begin{document}", heading, _INTRODUCTION, *([_THE_PAPER] if judged else [])]
    body += [parts.floats(sections.explained(made, against)) for made in of_all]
    body += [*([sections.of_verdicts(judged)] if judged else []), _CONTENTS]
    if changed:
        body.append(sections.of_moved(found, against))
    body.append(sections.of_captions(said))
    body += [sections.of_grid(*chapter, against, said) for chapter in chapters]
    boards = [*(parts.inline(path.read_text(encoding="utf-8")) for path in others), *map(parts.floats, of_none)]
    body += [r"\section{Microcontrollers}", *boards] if boards else []
    body += [sections.of_claims(judged, claims_table(judged).caption)] if judged else []
    body += [r"\bibliographystyle{plain}\bibliography{references}", r"\end{document}", ""]
    files[folder / NAME] = "\n\n".join(body)
    try:
        write_all(files)
    except OSError as error:
        raise RnnbenchError(f"cannot write the document into {folder}: {error.strerror or error}") from None
    return folder / NAME


class _Chapter(NamedTuple):
    """What a section prints of a results folder."""

    results: Results
    tables: dict[str, Table]
    plates: list[sections.Plate]


def _chapter(own: Results, found: Sequence[Moved]) -> tuple[_Chapter, dict[str, bytes]]:
    """Makes the tables and figures of a results folder, what moved marked, and the files of figures by their names."""
    beyond = (row for row in found if row.grid == own.name and row.verdict == "moved")
    results = replace(own, moved=frozenset((row.now.data.name, row.now.label) for row in beyond))
    drawn = {
        plate: content
        for name, figure in all_figures(results).items()
        for plate, content in sections.of_figure(figure, f"{file_name(results.name)}-{name}")
    }
    files = {plate.file: content for plate, content in drawn.items()}
    return _Chapter(results, all_tables(results), [*drawn]), files


def in_order(folders: Iterable[Results]) -> list[Results]:
    """Returns results in the order of their sections: tables of the paper by number, then other grids by name."""
    tables = {path.stem for path in grids() if path.parent.name == "paper"}

    def place(results: Results) -> tuple[bool, int, str]:
        number = re.search(r"\d+", results.name) if results.name in tables else None
        return number is None, int(number.group()) if number else 0, results.name

    return sorted(folders, key=place)
