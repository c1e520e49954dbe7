"""The thirty words of Speech Commands v0.01: the FastGRNN paper's Google-30."""

from __future__ import annotations

from bench.data.catalogue import Recipe
from bench.data.families import keywords
from bench.data.sets.speech_commands import read

_WORDS = keywords.WORDS["0.01"]
_INFO = keywords.ClipsInfo(
    name="google30",
    title="Google-30",
    classes=len(_WORDS),
    about="one of thirty spoken words in a second, 32 log-mel energies every 10 ms",
    source=keywords.archive("0.01"),
    counts=(51_088, 6_798, 6_835),  # training and test as in Table 1 of the paper; validation unverified
)

RECIPE = Recipe(_INFO, keywords.source("0.01"), lambda path: read(path, _INFO, _WORDS))
