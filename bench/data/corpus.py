"""A text for language modelling: three streams of words and their vocabulary."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.data.dataset import DatasetInfo, wrong

if TYPE_CHECKING:
    from torch import Tensor

END, UNKNOWN = "<eos>", "<unk>"

Lines = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Corpus:
    """A text in three splits, no document in two of them.

    Attributes:
        info: the description; ``classes`` and ``vocabulary`` are the size of the vocabulary.
        train: [n] int32, ids of words, :data:`END` after every line.
        validation: the same for validation.
        test: the same for test.
        fingerprint: sha256 over the vocabulary and the splits, in hexadecimal.
        words: the vocabulary; a word's place is its id.
    """

    info: DatasetInfo
    train: Tensor
    validation: Tensor
    test: Tensor
    fingerprint: str
    words: tuple[str, ...]

    def majority(self) -> None:
        """Returns nothing: a text has no classes of which one could be the most frequent."""


def vocabulary(lines: Lines, size: int | None = None) -> tuple[str, ...]:
    """The words of the training text and :data:`END`, most frequent first, ties in order of appearance.

    Args:
        lines: the lines of the training split.
        size: how many words to keep, :data:`END` and :data:`UNKNOWN` among them; ``None`` keeps all and adds no
            :data:`UNKNOWN`.
    """
    counts = Counter(word for line in lines for word in line)
    counts[END] += len(lines)
    if size is not None:
        counts[UNKNOWN] += 0
        kept = {END, UNKNOWN}
        free = sorted((word for word in counts if word not in kept), key=lambda word: -counts[word])
        kept.update(free[: size - len(kept)])
        counts = Counter({word: count for word, count in counts.items() if word in kept})
    return tuple(sorted(counts, key=lambda word: -counts[word]))


def build_corpus(info: DatasetInfo, train: Lines, validation: Lines, test: Lines, words: Sequence[str]) -> Corpus:
    """Turns three texts into ids.

    Args:
        info: the description, which the texts must fit.
        train: the lines of the training split.
        validation: the lines of the validation split.
        test: the lines of the test split.
        words: the vocabulary; a word outside it becomes :data:`UNKNOWN`.

    Raises:
        RnnbenchError: when the texts do not fit ``info``.
    """
    import torch  # here: slow to import, and most commands open no data

    ids = {word: i for i, word in enumerate(words)}
    if len(ids) != len(words) or len(ids) != info.vocabulary:
        raise wrong(info.name, f"{len(ids)} different words, not {info.vocabulary}")
    splits = {}
    for name, lines in (("train", train), ("validation", validation), ("test", test)):
        splits[name] = torch.from_numpy(_stream(info, name, lines, ids))
    counts = tuple(len(stream) for stream in splits.values())
    if info.counts not in (None, counts):
        raise wrong(info.name, f"{counts} words in training, validation and test, not {info.counts}")
    return Corpus(info, **splits, fingerprint=corpus_fingerprint(splits, words), words=tuple(words))


def _stream(
    info: DatasetInfo, name: str, lines: Lines, ids: Mapping[str, int]
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    if not lines:
        raise wrong(info.name, f"the {name} split is empty")
    unknown = ids.get(UNKNOWN)
    stream: list[int] = []
    for line in lines:
        for word in line:
            number = ids.get(word, unknown)
            if number is None:
                raise wrong(info.name, f"the word {word!r} of the {name} split is not in the vocabulary")
            stream.append(number)
        stream.append(ids[END])
    return np.array(stream, dtype=np.int32)


def corpus_fingerprint(splits: Mapping[str, Tensor], words: Iterable[str]) -> str:
    """The sha256, in hexadecimal, of the vocabulary and the little-endian bytes of the streams, in order."""
    total = hashlib.sha256("\n".join(words).encode())
    for name, stream in splits.items():
        total.update(f"\n{name}[{len(stream)}]\n".encode())
        total.update(np.ascontiguousarray(stream.numpy().astype("<i4", copy=False)).data)
    return total.hexdigest()
