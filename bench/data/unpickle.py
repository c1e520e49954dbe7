"""Reads a pickled numpy file without running code from it.

A pickle may call any function by name. This reader allows the names that plain arrays need and refuses all others.

Reference: Python's documentation of ``pickle``, "Restricting Globals"; numpy's of ``numpy.lib.format``.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np

_KINDS = frozenset("biufO")


def _encode(text: str, encoding: str) -> bytes:
    # Byte strings of Python 2 arrive as latin-1 text. Other codecs would decompress, or import a module by name.
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"codec {encoding!r} is refused")
    return text.encode("latin-1")


def _dtype(code: str, align: object = False, copy: object = True) -> np.dtype[Any]:
    # Old files give `align` as a number, which numpy deprecates; plain numbers do not need it.
    dtype = np.dtype(code)
    if dtype.kind not in _KINDS or dtype.names is not None:
        raise pickle.UnpicklingError(f"array type {code!r} is refused")
    return np.dtype(code, align=False, copy=True)  # a copy: the pickle sets its state


_RECONSTRUCT = np.empty(0).__reduce__()[0]  # its module depends on the version of numpy

_ALLOWED: dict[tuple[str, str], object] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("_codecs", "encode"): _encode,
}


class Stub:
    """Stands in for an object of pandas: keeps its state and does nothing."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


# The parts of the frames of old versions of pandas; an index becomes the dictionary of its parts.
_FRAMES: dict[tuple[str, str], object] = {
    ("pandas.core.frame", "DataFrame"): Stub,
    ("pandas.core.internals.managers", "BlockManager"): Stub,
    ("pandas.core.indexes.base", "_new_Index"): lambda _, parts: parts,
    ("pandas.core.indexes.base", "Index"): Stub,
    ("pandas.core.indexes.range", "RangeIndex"): Stub,
    ("copy_reg", "_reconstructor"): lambda kind, *_: kind(),
    ("__builtin__", "object"): Stub,
    ("__builtin__", "slice"): slice,
}


class _Unpickler(pickle.Unpickler):
    allowed: Mapping[tuple[str, str], object] = _ALLOWED

    def find_class(self, module: str, name: str) -> object:
        try:
            return self.allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is refused") from None


class _FrameUnpickler(_Unpickler):
    allowed = _ALLOWED | _FRAMES


def unpickle(data: bytes, frames: bool = False) -> object:
    """Reads a pickle of plain containers, strings, numbers and numpy arrays.

    Args:
        data: the pickle.
        frames: whether frames of pandas are allowed, too; they become :class:`Stub` objects.

    Raises:
        pickle.UnpicklingError: when the pickle names anything else, or is damaged.
    """
    try:
        return (_FrameUnpickler if frames else _Unpickler)(io.BytesIO(data)).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle raises nearly anything
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from error


def read_object_npy(data: bytes) -> object:
    """The Python object in an ``.npy`` file that holds a single object.

    Raises:
        pickle.UnpicklingError: when the bytes are not such a file, or its pickle is refused.
    """
    file = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("not version 1.0")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    except ValueError as error:
        raise pickle.UnpicklingError(f"not an .npy file: {error}") from error
    if shape != () or not dtype.hasobject:
        raise pickle.UnpicklingError(f"expected one object, not {dtype}{list(shape)}")
    array = unpickle(data[file.tell() :])
    if not isinstance(array, np.ndarray) or array.shape != ():
        raise pickle.UnpicklingError("the pickle is not the array that the header promises")
    return array.item()
