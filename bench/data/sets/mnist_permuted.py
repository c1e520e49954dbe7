"""Handwritten digits, read pixel by pixel in one fixed order without sense: long dependencies, no neighbourhood."""

from __future__ import annotations

import hashlib

import numpy as np

from bench.data.families import images

_INFO = images.info(
    "mnist-permuted", "Permuted MNIST", 784, 1, "handwritten digits, read pixel by pixel in a fixed shuffled order"
)

# By the sha256 of a pixel's number: an order that no library or seed can change.
ORDER = np.array(sorted(range(784), key=lambda i: hashlib.sha256(f"mnist-permuted/{i}".encode()).digest()))

RECIPE = images.recipe(_INFO, lambda image: image.reshape(-1, 1)[ORDER])
