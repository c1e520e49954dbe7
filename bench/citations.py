"""The BibTeX entries of cells and data sets, for tables that cite them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bench import zoo


def _key(entry: str) -> str:
    found = re.match(r"\s*@\w+\{([^,\s]+),", entry)
    return found[1] if found else ""


def citations(files: Iterable[Path] = ()) -> dict[str, tuple[str, str]]:
    """Returns key and entry by the cell's title, of every cell that has both.

    Args:
        files: users' own, whose cells are among them.
    """
    own = {title: entry for file in files for title, entry in zoo.read_citations(file).items()}
    return {title: (_key(entry), entry.strip()) for title, entry in (own | _shipped()).items() if _key(entry)}


@cache
def _shipped() -> dict[str, str]:
    return {cell.title: cell.citation for cell in zoo.described().values()}


@cache
def data_citations() -> dict[str, tuple[str, str]]:
    """Returns key and entry by the name of a data set, of every one that has both."""
    from bench.data import infos  # here: slow to import

    return {name: (_key(info.citation), info.citation) for name, info in infos().items() if _key(info.citation)}


def bibliography(files: Iterable[Path] = ()) -> str:
    """Returns a ``.bib`` with an entry for each work, in order of its key.

    Args:
        files: users' own cells, which are among them.
    """
    entries = dict(sorted([*citations(files).values(), *data_citations().values()]))
    return "\n\n".join(entries.values()) + "\n"
