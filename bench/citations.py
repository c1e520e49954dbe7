"""The BibTeX entries of cells and data sets, for tables that cite them."""

from __future__ import annotations

import re
from functools import cache

from bench import zoo


def _key(entry: str) -> str:
    found = re.match(r"\s*@\w+\{([^,\s]+),", entry)
    return found[1] if found else ""


@cache
def citations() -> dict[str, tuple[str, str]]:
    """Returns key and entry by the cell's title, of every cell that has both."""
    cells = zoo.described().values()
    return {cell.title: (_key(cell.citation), cell.citation.strip()) for cell in cells if _key(cell.citation)}


@cache
def data_citations() -> dict[str, tuple[str, str]]:
    """Returns key and entry by the name of a data set, of every one that has both."""
    from bench.data import infos  # here: slow to import

    return {name: (_key(info.citation), info.citation) for name, info in infos().items() if _key(info.citation)}


def bibliography() -> str:
    """Returns a ``.bib`` with an entry for each work, in order of its key."""
    entries = dict(sorted([*citations().values(), *data_citations().values()]))
    return "\n\n".join(entries.values()) + "\n"
