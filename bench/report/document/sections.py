"""The sections of the document, as LaTeX."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from bench.places import CONFIGS, grids
from bench.report.caption import protocol
from bench.report.discover import MAIN
from bench.report.document.captions import shorter
from bench.report.document.moved import Moved
from bench.report.document.parts import floats
from bench.report.drawing.press import to_print
from bench.report.figure import Figure, Panel
from bench.report.journal import for_journal, shortly, without_name
from bench.report.notes import MOVED, Notes
from bench.report.rows.results import Results
from bench.report.rows.style import noted_style
from bench.report.table import DASH, Column, Entry, Row, Table, between, number, plain, typeset
from bench.report.verdicts import Judged, tally
from bench.report.writers.latex import escape

PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[a4paper,margin=2cm]{geometry}
\usepackage{booktabs,siunitx,graphicx,longtable,float,multicol}
\usepackage[obeyspaces,spaces]{url}
\setlength{\belowcaptionskip}{4pt}
\setlength{\emergencystretch}{3em}
\raggedbottom
"""
_LONGEST = 400  # letters of names in a caption, which LaTeX measures on one line
_MOST_PANELS = 9


class Plate(NamedTuple):
    """What is printed together.

    Attributes:
        file: its name.
        caption: as plain text.
        narrow: whether it is half a page wide.
    """

    file: str
    caption: str
    narrow: bool


def of_grid(
    results: Results,
    tables: Mapping[str, Table],
    plates: Sequence[Plate],
    against: str = "",
    said: Collection[str] = (),
) -> str:
    """Returns the section of a results folder: what was run and how, its tables, its figures.

    Args:
        results: of the folder.
        tables: by name of their modules.
        plates: of its figures.
        against: the earlier state that marked figures moved against.
        said: sentences that captions leave out, for :func:`of_captions` has them.
    """
    grid = results.grid
    about = f"{escape(grid.about.rstrip('.'))}. " if grid and grid.about else ""
    files = [path.relative_to(CONFIGS.parent).as_posix() for path in grids() if path.stem == results.name]
    command = rf"Made by \path{{rnnbench run {files[0]}}}" if files else "Its grid is not among those that we ship"
    minutes = sum(run.figures.get("minutes", 0.0) for summary in results.summaries for run in summary.runs)
    done = sum(summary.n for summary in results.summaries)
    undone = len(results.records) - done
    state = f"{done} runs" + (f" and {undone} that are not done" if undone else "")
    parts = [
        rf"\section{{{escape(results.name)}}}",
        f"{about}{command}: {state}, {minutes / 60:.1f} hours of training, at commit {_commits(results)}. "
        f"{escape(protocol(results.summaries))}",
    ]
    style = noted_style(results.folder) if results.folder else None
    for name, table in tables.items():
        made = for_journal(table, results, style) if name == MAIN else shortly(table, results)
        made = explained(without_name(made, results.name), against)
        parts.append(floats(replace(made, caption=shorter(made.caption, said))))
    return "\n\n".join([*parts, *_figures([plate._replace(caption=shorter(plate.caption, said)) for plate in plates])])


def of_captions(said: Collection[str]) -> str:
    """Returns the section with what captions do not repeat; nothing where they say all."""
    if not said:
        return ""
    head = r"\section{How to read the tables and figures}"
    return f"{head}\nUnless a caption says otherwise: {escape(' '.join(said))}"


def _figures(plates: Sequence[Plate]) -> Iterator[str]:
    """Yields figures for LaTeX; two narrow ones in a row stand side by side."""
    at = 0
    while at < len(plates):
        pair = plates[at : at + 2]
        side_by_side = len(pair) == 2 and all(plate.narrow for plate in pair)
        shown = pair if side_by_side else pair[:1]
        at += len(shown)
        yield "\n".join(
            [r"\begin{figure}[H]", r"  \centering", *map(_half if side_by_side else _whole, shown), r"\end{figure}"]
        )


def _whole(plate: Plate) -> str:
    width = r".49\linewidth" if plate.narrow else r"\linewidth"
    return f"  \\includegraphics[width={width}]{{figures/{plate.file}}}\n  \\caption{{{escape(plate.caption)}}}"


def _half(plate: Plate) -> str:
    return "\n".join(
        [
            r"  \begin{minipage}[t]{.48\linewidth}",
            rf"    \includegraphics[width=\linewidth]{{figures/{plate.file}}}",
            rf"    \caption{{{escape(plate.caption)}}}",
            r"  \end{minipage}\hfill",
        ]
    )


def explained(table: Table, against: str) -> Table:
    """Says in the caption what the mark of figures that moved means, where one stands in the table."""
    if not any(MOVED in entry.marks for row in table.rows for entry in row.entries):
        return table
    said = f"{MOVED}: moved against {against} beyond the noise of the seeds (the 95 % interval leaves zero out)."
    return replace(table, caption=f"{table.caption} {said}")


def _commits(results: Results) -> str:
    found = {str((record.provenance.get("git") or {}).get("commit") or "unknown")[:7] for record in results.records}
    return ", ".join(rf"\texttt{{{escape(commit)}}}" for commit in sorted(found))


def of_figure(figure: Figure, stem: str) -> Iterator[tuple[Plate, bytes]]:
    """Yields what can be printed of a figure, each with its file.

    Args:
        figure: of a results folder.
        stem: begins the names of files.
    """
    for place, (caption, panels) in enumerate(_plates(figure), 1):
        yield Plate(f"{stem}-{place}.pdf", caption, len(panels) == 1), to_print(panels, "pdf")["pdf"]


def _plates(figure: Figure) -> Iterator[tuple[str, list[Panel]]]:
    """Yields what is printed together, with its caption: a group, or all groups where each has but one panel."""
    groups = figure.printed
    if len(groups) > 1 and all(len(panels) == 1 for _, panels in groups):
        titles = list(dict.fromkeys(panel.title for _, (panel,) in groups))
        both = [replace(panel, title=heading) for heading, (panel,) in groups]
        groups = [(", ".join([figure.title, *(titles if len(titles) == 1 else [])]), both)]
    for heading, panels in groups:
        alone = [panel.title for panel in panels] if len(panels) == 1 and panels[0].title not in heading else []
        missing = "; ".join(f"Not in {panel.title}: {panel.left_out}." for panel in panels if panel.left_out)
        left_out = textwrap.shorten(missing, _LONGEST, placeholder=" and others, which the tables name.")
        for at in range(0, len(panels), _MOST_PANELS):
            caption = f"{', '.join([heading or figure.title, *alone])}. {figure.caption} {left_out}".strip()
            yield caption, panels[at : at + _MOST_PANELS]


def of_verdicts(judged: Sequence[Judged]) -> str:
    """Returns the section of the verdicts in brief: a row for each claim, and how many parts of its evidence hold."""
    rows = []
    for own in judged:
        rows.append((escape(own.claim.id), escape(own.claim.says), escape(own.standing.value), tally(own)))
    return "\n".join(
        [
            r"\section{Verdicts in brief}",
            r"Section~\ref{claims} has the evidence, part by part; the last column counts what holds of it.",
            r"\begingroup\small\begin{longtable}{@{}lp{.6\linewidth}p{.17\linewidth}r@{}}",
            r"\toprule & Claim & Verdict & holds \\ \midrule \endhead \bottomrule \endfoot",
            *(rf"{' & '.join(row)} \\" for row in rows),
            r"\end{longtable}\endgroup",
        ]
    )


def of_claims(judged: Sequence[Judged], caption: str) -> str:
    """Returns the section of the claims: a paragraph for each, its evidence as a list."""
    parts = [
        r"\section{Claims}\label{claims}",
        escape(caption),
        r"\begin{multicols}{2}\raggedright\setlength{\leftmargini}{1em}",
    ]
    for own in judged:
        parts.append(rf"\paragraph{{{escape(own.claim.id)}.}} {escape(own.claim.says)} ({escape(own.claim.source)})")
        decided = f" Decided by {own.claim.decided_by}." if own.claim.decided_by else ""
        reason = f" {own.reason[:1].upper()}{own.reason[1:]}." if own.reason else ""
        parts.append(rf"\textbf{{{escape(own.standing.value)}}}.{escape(decided)}{escape(reason)}")
        if own.evidence:
            items = (
                rf"  \item {escape(found.where)}: {escape(found.said)}. \emph{{{escape(found.standing.value)}}}"
                for found in own.evidence
            )
            parts.append("\n".join([r"\begin{itemize}\footnotesize\itemsep0pt\parskip0pt", *items, r"\end{itemize}"]))
    return "\n\n".join([*parts, r"\end{multicols}"])


def claims_alone(judged: Sequence[Judged], caption: str) -> str:
    """Returns both sections of the claims, to be read into another document."""
    head = (
        "% Written by rnnbench claims: do not edit. Needs, in the preamble: \\usepackage{booktabs,longtable,multicol}\n"
    )
    return head + of_verdicts(judged) + "\n\n" + of_claims(judged, caption) + "\n"


def of_moved(found: Sequence[Moved], against: str) -> str:
    """Returns the section on what moved against an earlier state: the rows that are not the same, and how many are."""
    changed = [own for own in found if not own.same]
    notes = Notes()
    rows = [
        Row(
            (own.name, own.now.data.title, own.grid),
            (
                number(own.before.mean(own.now.data.quality), scale=own.now.data.scale),
                number(own.now.mean(own.now.data.quality), scale=own.now.data.scale),
                replace(number(own.difference), leads=own.verdict == "moved"),
                between(own.interval),
                Entry(own.verdict),
                _from_to(own.kb),
                replace(_from_to(own.ms), marks=notes.mark(f"on {own.board}" if own.ms else "")),
            ),
        )
        for own in changed
    ]
    columns = (
        *(Column(title, places=2) for title in ("before", "now", "difference")),
        *(Column(title, align="left") for title in ("95 % interval", "verdict", "KB", "ms")),
    )
    stub = tuple(Column(title, align="left") for title in ("Row", "Data", "Grid"))
    caption = (
        f"Against {against}: rows that both have, by seed. Moved, and bold: the interval leaves zero out. KB, ms: "
    )
    caption += "where they are not what they were; ms on the board where they differ most."
    same = len(found) - len(rows)
    said = f"Rows that are in both this and {escape(against)}: {len(found)}, of which the same: {same}."
    made = [floats(typeset(Table("moved", caption, columns, tuple(rows), notes.listed(), stub=stub)))] if rows else []
    return "\n".join([r"\section{What moved}", said, *made])


def _from_to(both: tuple[float, float] | None) -> Entry:
    return DASH if both is None else Entry(" to ".join(map(plain, both)))
