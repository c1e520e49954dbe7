"""Plain arrays come through, whichever numpy wrote them; nothing that could run does."""

from __future__ import annotations

import builtins
import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.data.unpickle import read_object_npy, unpickle

CONTENT = {"X": [np.arange(6.0).reshape(2, 3), np.ones((1, 3))], "y": np.array([1, 2]), "names": ["a", "b"]}


class Call:
    """A pickle of it has ``function(*arguments)`` called on loading."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.call


def npy(value: object, shape: tuple[int, ...] = ()) -> bytes:
    array = np.empty(shape, dtype=object)
    array[...] = value
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(np.array_equal(a, b))


def test_arrays_come_through() -> None:
    assert same(read_object_npy(npy(CONTENT)), CONTENT)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL))
@pytest.mark.parametrize("home", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_every_protocol_and_both_homes_of_numpy(protocol: int, home: bytes) -> None:
    data = pickle.dumps(CONTENT, protocol)
    for each in (b"numpy.core.multiarray", b"numpy._core.multiarray"):
        if protocol < 4:  # from 4 on the names carry their length
            data = data.replace(b"c" + each, b"c" + home)
    assert same(unpickle(data), CONTENT)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("depth", [0, 1])
def test_functions_are_refused_and_not_run(protocol: int, depth: int, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    calls = [
        Call(os.system, f"touch {mark}"),
        Call(builtins.eval, f"open({str(mark)!r}, 'w')"),
        Call(builtins.exec, f"open({str(mark)!r}, 'w')"),
        Call(os.mkdir, str(mark)),
        Call(builtins.getattr, CONTENT, "clear"),
        Call(np.load, str(mark)),
        Call(np.fromfile, str(mark)),
    ]
    for call in calls:
        data = pickle.dumps([CONTENT, call] if depth else call, protocol)
        with pytest.raises(pickle.UnpicklingError, match="is refused"):
            unpickle(data)
    assert not mark.exists()


def test_a_pickle_inside_an_npy_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with pytest.raises(pickle.UnpicklingError, match=r"system is refused"):
        read_object_npy(npy(Call(os.system, f"touch {mark}")))
    assert not mark.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"c_codecs\nencode\n(Vx\nVzlib_codec\ntR.",  # any codec, hence any module of encodings
        b"cnumpy\ndtype\n(VM8\ntR.",
        b"cnumpy\ndtype\n(Vi4,f8\ntR.",
        b"cnumpy.core\nmultiarray._reconstruct\n.",
        b"Pname\n.",  # a persistent id
        b"\x80\x02cos\nsystem\n.",
    ],
)
def test_hand_written_pickles_are_refused(data: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError):
        unpickle(data)


def test_damage_is_one_kind_of_error() -> None:
    whole = npy(CONTENT)
    for length in range(0, len(whole) - 1, 7):
        with pytest.raises(pickle.UnpicklingError):
            read_object_npy(whole[:length])
    plain = io.BytesIO()
    np.save(plain, np.arange(3))
    for data in (b"", b"not an npy file", plain.getvalue(), npy(1, (2,))):
        with pytest.raises(pickle.UnpicklingError):
            read_object_npy(data)
