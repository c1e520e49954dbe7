"""Handwritten digits, read row by row."""

from __future__ import annotations

from bench.data.families import images

_INFO = images.info("mnist-row", "MNIST rows", 28, 28, "handwritten digits, read in 28 rows of 28 pixels")

RECIPE = images.recipe(_INFO, lambda image: image)
