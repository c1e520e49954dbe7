"""Handwritten digits, read pixel by pixel: the FastGRNN paper's Pixel-MNIST-10."""

from __future__ import annotations

from bench.data.families import images

_INFO = images.DigitsInfo(
    name="mnist-pixel",
    title="Pixel-MNIST-10",
    steps=784,
    features=1,
    about="handwritten digits, read pixel by pixel, row after row",
    inputs="a pixel, 0 for the background to 255",
)

RECIPE = images.recipe(_INFO, lambda image: image.reshape(-1, 1))
