"""Tiny data sets in the layouts that the true ones are published in."""

from __future__ import annotations

import csv
import functools
import gzip
import io
import struct
import tarfile
import wave
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from bench.data.families import keywords

Files = dict[str, bytes]


def remembered(make: Callable[..., Files]) -> Callable[..., Files]:
    """Makes the files once for the same arguments; every call returns a dictionary of its own."""
    kept = functools.cache(make)
    return functools.wraps(make)(lambda *given, **named: dict(kept(*given, **named)))


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def tgz(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def wav(samples: Iterable[int] | np.ndarray, rate: int = 16_000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.asarray(samples, dtype="<i2").tobytes())
    return file.getvalue()


def noise(seed: int, count: int = 16_000, loud: float = 1000.0) -> np.ndarray:
    return np.rint(np.random.default_rng(seed).normal(0, loud, count)).astype(np.int16)


def speakers(part: str, count: int) -> list[str]:
    """Speaker ids that the official rule puts into a part."""
    found = (f"{i:08x}" for i in range(10_000))
    return [name for name in found if keywords.which_part(name) == part][:count]


def speech_commands(words: Iterable[str], each: int = 3, length: Callable[[int], int] = lambda i: 16_000) -> Files:
    """A tree of Speech Commands: ``each`` speakers a part say every word once; some clips are shorter."""
    files, number = {}, 0
    lists: dict[str, list[str]] = {"validation": [], "testing": [], "training": []}
    for part, names in lists.items():
        for speaker in speakers(part, each):
            for word in words:
                number += 1
                name = f"{word}/{speaker}_nohash_0.wav"
                files[name] = wav(noise(number, length(number)))
                names.append(name)
    for part in ("validation", "testing"):
        files[f"{part}_list.txt"] = "".join(f"{name}\n" for name in lists[part]).encode()
    for i in range(2):
        files[f"_background_noise_/noise{i}.wav"] = wav(noise(9000 + i, 20 * 16_000))
    files["_background_noise_/README.md"] = b"noise"
    return files


@remembered
def har(users: Iterable[int] = range(1, 31), each: int = 12) -> Files:
    """A tree of UCI HAR: two windows of each activity for every user."""
    from bench.data.families.activity import TEST

    files: Files = {}
    for part in ("train", "test"):
        rows = [(u, a) for u in users if (u in TEST) == (part == "test") for a in range(1, 7) for _ in range(each // 6)]
        root = f"UCI HAR Dataset/{part}"
        files[f"{root}/subject_{part}.txt"] = "".join(f"{u}\n" for u, _ in rows).encode()
        files[f"{root}/y_{part}.txt"] = "".join(f"{a}\n" for _, a in rows).encode()
        for i, name in enumerate(f"{k}_{x}" for k in ("body_acc", "body_gyro", "total_acc") for x in "xyz"):
            values = np.random.default_rng([i, part == "test"]).normal(size=(len(rows), 128))
            text = "".join(" ".join(f"{v: .7e}" for v in row) + "\n" for row in values)
            files[f"{root}/Inertial Signals/{name}_{part}.txt"] = text.encode()
    return files


@remembered
def hapt(users: Iterable[int] = range(1, 31)) -> Files:
    """A tree of UCI HAPT: an experiment a user, a segment of 200 samples for each of six activities."""
    files: Files = {}
    labels = []
    for number, user in enumerate(users, start=1):
        rng = np.random.default_rng(user)
        for sensor, count in (("acc", 1 / 720), ("gyro", np.deg2rad(0.0175))):
            values = rng.integers(-700, 700, size=(1300, 3)) * count
            files[f"RawData/{sensor}_exp{number:02d}_user{user:02d}.txt"] = "".join(
                " ".join(f"{v:.9g}" for v in row) + "\n" for row in values
            ).encode()
        labels += [f"{number} {user} {a} {200 * (a - 1)} {200 * a - 1}\n" for a in range(1, 7)]
        labels.append(f"{number} {user} 7 1200 1290\n")  # a transition: no class
    return files | {"RawData/labels.txt": "".join(labels).encode(), "activity_labels.txt": b"1 WALKING\n"}


@remembered
def dsa(segments: Iterable[int] = (1, 49)) -> Files:
    """A tree of DSA with a few segments a recording."""
    files = {}
    for a in range(1, 20):
        for p in range(1, 9):
            for s in segments:
                values = np.random.default_rng([a, p, s]).normal(a, 1, size=(125, 45))
                text = "".join(",".join(f"{v:.4f}" for v in row) + "\n" for row in values)
                files[f"data/a{a:02d}/p{p}/s{s:02d}.txt"] = text.encode()
    return files


def table(rows: Iterable[Iterable[str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()


@remembered
def yelp(train: int = 200, test: int = 50) -> Files:
    rng = np.random.default_rng(0)
    vocabulary = [f"{a}{b}" for a in "abcdefgh" for b in "klmnopq"]

    def rows(count: int) -> list[list[str]]:
        texts = [" ".join(rng.choice(vocabulary, rng.integers(3, 40))) for _ in range(count)]
        return [[str(1 + i % 5), text.replace(" a", '\n"A', 1)] for i, text in enumerate(texts)]

    made = {"train": rows(train), "test": rows(test)}
    made["train"][7][1] = made["test"][3][1]  # a text of the test set among the training ones
    return {f"yelp_review_full_csv/{part}.csv": table(each) for part, each in made.items()}


def idx(values: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


@remembered
def mnist(train: int = 120, test: int = 30) -> Files:
    rng = np.random.default_rng(0)
    files = {}
    for part, count in (("train", train), ("t10k", test)):
        images = rng.integers(0, 256, size=(count, 28, 28), dtype=np.uint8)
        files[f"{part}-images-idx3-ubyte.gz"] = gzip.compress(idx(images))
        files[f"{part}-labels-idx1-ubyte.gz"] = gzip.compress(idx((np.arange(count) % 10).astype(np.uint8)))
    return files


@remembered
def digits() -> Files:
    files, number = {}, 0
    for digit in range(10):
        for name in ("george", "jackson", "lucas", "nicolas", "theo", "yweweler"):
            for take in (0, 5, 10, 11):
                number += 1
                files[f"recordings/{digit}_{name}_{take}.wav"] = wav(noise(number, 1200 + 7 * number), 8_000)
    return files
