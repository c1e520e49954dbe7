"""Tables as floats of the document."""

from __future__ import annotations

import re

from bench.report.parts import to_print
from bench.report.table import Table


def floats(table: Table) -> str:
    """Returns the floats of a table without the comment above them."""
    text = to_print(table)
    return inline(text[text.index(r"\begin{table") :])


def inline(text: str) -> str:
    """Lets the tables of LaTeX stand where they are named: a section then begins below the last, on the same page."""
    return re.sub(r"(\\begin\{table)\*?(\})\[tb\]", r"\1\2[H]", text).replace(r"\end{table*}", r"\end{table}")
