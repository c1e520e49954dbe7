"""The real texts for language modelling: counts as published, the vocabulary, no document in two splits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from bench.data import Corpus, absent, open_corpus

pytestmark = pytest.mark.long

FINGERPRINTS = {
    "Brown": "87076ca7bd7e38dbe774aed79bb520ff9e328d179dd24e1913dfbcb5fc712022",
    "PTB-10000": "566ec0ce385284bf400e984ad79084f9e3c6f46e4197b0c48ed690a3aad785b0",
    "State of the Union": "c5904fb4d83372af2467c3a01f0a84202078f966df8dfeb327faa897978adf1d",
}

# Words with the ends of lines, types, and the sum: counts of PTB as in Table 1 of the FastGRNN paper.
CORPORA = {
    "ptb": ((929_589, 73_760, 82_430), 10_000),
    "brown": ((839_293 + 47_477, 91_136 + 4_956, 82_890 + 4_726), 10_000),
    "sotu": ((1_437_609 + 50_320, 191_600 + 6_514, 176_284 + 6_199), 10_001),
}


@pytest.fixture(scope="module", params=CORPORA)
def corpus(request: pytest.FixtureRequest) -> Corpus:
    """A text that is here or can be fetched."""
    if why := absent(request.param):
        pytest.skip(why)
    return open_corpus(request.param)


def test_corpus_counts(corpus: Corpus) -> None:
    counts, types = CORPORA[corpus.info.name]
    assert corpus.info.counts == counts
    assert tuple(len(stream) for stream in (corpus.train, corpus.validation, corpus.test)) == counts
    assert len(corpus.words) == len(set(corpus.words)) == types == corpus.info.vocabulary
    assert corpus.fingerprint == FINGERPRINTS[corpus.info.title]
    for stream in (corpus.train, corpus.validation, corpus.test):
        assert 0 <= int(stream.min()) <= int(stream.max()) < types
        assert corpus.words[int(stream[-1])] == "<eos>"
    # ids go by how often a word is, but for the place of the unknown
    often = torch.bincount(corpus.train, minlength=types)[[word != "<unk>" for word in corpus.words]]
    assert bool((often[:-1] >= often[1:]).all())


def passages(stream: torch.Tensor, length: int) -> np.ndarray:
    """A hash of each passage of so many words: a polynomial modulo 2^64, from differences of its running sum."""
    base = 6364136223846793005

    def powers(of: int, count: int) -> np.ndarray:
        every = np.full(count, of, dtype=np.uint64)
        every[0] = 1
        return np.multiply.accumulate(every)

    words = stream.numpy().astype(np.uint64) + np.uint64(1)
    total = np.concatenate([np.zeros(1, np.uint64), np.add.accumulate(words * powers(base, len(words)))])
    return (total[length:] - total[:-length]) * powers(pow(base, -1, 2**64), len(total) - length)


def test_no_document_of_a_corpus_is_in_two_splits(corpus: Corpus) -> None:
    """Brown's splits share no twenty words. The others are not free of repeats, as published.

    One of PTB's articles stands in training and in validation, and presidents quote: of passages of sixty words, 0.7 %
    of the validation text are in training.
    """
    length, share = (20, 0.0) if corpus.info.name == "brown" else (60, 0.01)
    found = [passages(stream, length) for stream in (corpus.train, corpus.validation, corpus.test)]
    for one, other in itertools.combinations(found, 2):
        assert len(np.intersect1d(one, other)) <= share * min(len(one), len(other))


def test_ptb_begins_as_published() -> None:
    if why := absent("ptb"):
        pytest.skip(why)
    corpus = open_corpus("ptb")
    assert " ".join(corpus.words[i] for i in corpus.train[:8]) == (
        "aer banknote berlitz calloway centrust cluett fromstein gitano"
    )
    assert " ".join(corpus.words[i] for i in corpus.test[:9]) == "no it was n't black monday <eos> but while"
