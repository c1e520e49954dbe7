"""The BibTeX entries of the cells, for tables that cite them."""

from __future__ import annotations

import re
from functools import cache

from bench import zoo


@cache
def citations() -> dict[str, tuple[str, str]]:
    """Returns key and entry by the cell's title, of every cell that has both."""
    found = {}
    for cls in zoo.all_cells().values():
        key = re.match(r"\s*@\w+\{([^,\s]+),", cls.citation)
        if key:
            found[cls.title] = (key[1], cls.citation.strip())
    return found


def bibliography() -> str:
    """Returns a ``.bib`` with an entry for each work, in order of its key."""
    entries = dict(sorted(citations().values()))
    return "\n\n".join(entries.values()) + "\n"
