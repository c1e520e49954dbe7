"""MNIST as sequences: the order of the pixels, and files that are not the published ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from layouts import loose, read_mnist
from published import mnist, write

from bench.data.families import images
from bench.data.sets import mnist_pixel, mnist_row
from bench.errors import RnnbenchError


def test_pixels_are_the_rows_in_order(tmp_path: Path) -> None:
    path = write(tmp_path, mnist())
    rows = read_mnist(path)
    pixels = images.read(path, loose(mnist_pixel._INFO), lambda image: image.reshape(-1, 1), sums={})
    assert torch.equal(rows.train.y, pixels.train.y)
    one, other = rows.test.x[4].reshape(-1), pixels.test.x[4, :, 0]
    assert np.corrcoef(one, other)[0, 1] > 0.99


def test_another_mnist_is_found_by_its_sum(tmp_path: Path) -> None:
    with pytest.raises(RnnbenchError, match=r"train-images-idx3-ubyte .* md5"):
        images.read(write(tmp_path, mnist()), loose(mnist_row._INFO), lambda image: image)
