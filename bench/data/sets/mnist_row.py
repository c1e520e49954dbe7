"""Handwritten digits, read row by row."""

from __future__ import annotations

from bench.data.families import images

_INFO = images.DigitsInfo(
    name="mnist-row",
    title="MNIST rows",
    steps=28,
    features=28,
    about="handwritten digits, read in 28 rows of 28 pixels",
)

RECIPE = images.recipe(_INFO, lambda image: image)
