"""The thirty words of Speech Commands v0.01: the FastGRNN paper's Google-30."""

from __future__ import annotations

import dataclasses

from bench.data.catalogue import Recipe
from bench.data.families import keywords
from bench.data.sets.speech_commands import read

_WORDS = keywords.WORDS["0.01"]
_INFO = dataclasses.replace(
    keywords.info(
        "google30",
        "Google-30",
        len(_WORDS),
        "one of thirty spoken words in a second, 32 log-mel energies every 10 ms",
        "by speaker, official hash rule; a training clip whose bytes are in validation or test is dropped",
        "0.01",
    ),
    counts=(51_088, 6_798, 6_835),  # training and test as in Table 1 of the paper; validation unverified
)

RECIPE = Recipe(_INFO, keywords.source("0.01"), lambda path: read(path, _INFO, _WORDS))
