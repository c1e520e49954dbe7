"""Handwritten digits, read row by row."""

from __future__ import annotations

from bench.data.families import images

_INFO = images.DigitsInfo(
    name="mnist-row",
    title="MNIST rows",
    steps=28,
    features=28,
    about="handwritten digits, read in 28 rows of 28 pixels",
    inputs="the 28 pixels of a row from left to right, 0 for the background to 255",
)

RECIPE = images.recipe(_INFO, lambda image: image)
