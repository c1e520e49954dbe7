"""Handwritten digits, read pixel by pixel in a fixed shuffled order: long dependencies, no neighbourhood."""

from __future__ import annotations

import numpy as np

from bench.data.families import images
from bench.data.splits import shuffled

_INFO = images.DigitsInfo(
    name="mnist-permuted",
    title="Permuted MNIST",
    steps=784,
    features=1,
    about="handwritten digits, read pixel by pixel in a fixed shuffled order",
    inputs="a pixel, 0 for the background to 255",
)

ORDER = np.array(shuffled("mnist-permuted", 784))

RECIPE = images.recipe(_INFO, lambda image: image.reshape(-1, 1)[ORDER])
