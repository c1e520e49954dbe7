"""One file under ``sets/`` is one data set; what is said of each is complete; a fault names its file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from published import write, zipped

from bench.data import absent, available, catalogue, infos, open_dataset, prepare, prepared, sets, verify
from bench.errors import RnnbenchError


@pytest.fixture
def user_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A further folder of data set files."""
    monkeypatch.setattr(sets, "__path__", [*sets.__path__, str(tmp_path)])
    catalogue._recipes.cache_clear()
    yield tmp_path
    catalogue._recipes.cache_clear()
    for name in [name for name in sys.modules if name.startswith(f"{sets.__name__}.my_")]:
        del sys.modules[name]
        delattr(sets, name.rpartition(".")[2])


def test_every_file_is_a_data_set() -> None:
    files = [path for path in Path(sets.__path__[0]).glob("*.py") if path.name != "__init__.py"]
    assert len(infos()) == len(files)
    assert {"watch7", "digits-mfcc"} <= set(infos())
    assert list(infos()) == sorted(infos())


@pytest.mark.parametrize("name", infos())
def test_what_is_said_is_complete(name: str) -> None:
    info = infos()[name]
    assert info.name == name == name.lower()
    for line in (info.title, info.about, info.protocol, info.licence, info.source):
        assert line
        assert "\n" not in line
    assert info.citation.startswith("@")
    for key in ("author", "title", "year", "url"):
        assert f"{key} " in info.citation
    assert info.citation.count("{") == info.citation.count("}")
    assert min(info.steps, info.features) >= 1
    assert info.classes >= 2


def test_asking_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setenv("RNNBENCH_DATA", str(folder))
    assert not any(available(name) for name in infos())
    assert not folder.exists()


def test_an_unknown_name_gets_the_nearest() -> None:
    for ask in (open_dataset, prepare, available):
        with pytest.raises(RnnbenchError, match=r"unknown data set 'watch_7'; did you mean 'watch7'\?"):
            ask("watch_7")


MINE = '''
"""Waves of two lengths."""

import numpy as np

from bench.data.catalogue import Recipe
from bench.data.dataset import DatasetInfo, RawSplit, build
from bench.data.own import Own
from bench.data.splits import parted
from bench.data.tree import numbers, open_tree

INFO = DatasetInfo(
    name="mine",
    title="Mine",
    steps=4,
    features=2,
    classes=2,
    about="waves of two lengths",
    protocol="by person",
    licence="CC0",
    citation="@misc{me}",
    source="a table",
)
SOURCE = Own(title="the waves", places=("waves.zip",), url="https://example.org", how="make waves")


def read(path):
    table = numbers(open_tree(path).read("waves.csv"), 10, "waves.csv")
    person, label, values = table[:, 0], table[:, 1].astype(int), table[:, 2:].reshape(-1, 4, 2)
    whole = RawSplit(list(values), label, person.astype(int))
    return build(INFO, *parted(whole, person == 1, person == 2), ("short", "long"))


RECIPE = Recipe(INFO, SOURCE, read)
'''


def test_a_data_set_is_one_file(user_sets: Path, tmp_path: Path) -> None:
    """Dropped into the folder, it is listed, asked for, prepared, opened and verified with no other edit."""
    (user_sets / "my_set.py").write_text(MINE)
    folder = tmp_path / "data"
    assert infos()["mine"].steps == 4
    assert absent("mine", folder).startswith("the waves is not here: get it from https://example.org")
    rng = np.random.default_rng(0)
    rows = [[person, label, *rng.normal(person, 2, 8)] for person in range(4) for label in (0, 1)]
    write(folder, {"waves.zip": zipped({"waves.csv": "\n".join(",".join(map(str, row)) for row in rows).encode()})})
    assert available("mine", folder)
    assert not prepared("mine", folder)
    data = open_dataset("mine", folder)
    assert prepared("mine", folder)
    assert verify("mine", folder) == data.fingerprint
    assert [sorted(set(split.group.tolist())) for split in (data.train, data.validation, data.test)] == [
        [0, 3],
        [1],
        [2],
    ]
    train = np.array([row[2:] for row in rows if row[0] in (0, 3)]).reshape(-1, 2)
    expected = (np.array(rows[4][2:]).reshape(4, 2) - train.mean(axis=0)) / train.std(axis=0)
    np.testing.assert_allclose(data.test.x[0].numpy(), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import no_such_thing", "No module named 'no_such_thing'"),
        ("", "has no attribute 'RECIPE'"),
        ("from bench.data.sets.watch7 import RECIPE", "another data set has the name 'watch7'"),
    ],
)
def test_a_faulty_file_is_named(user_sets: Path, text: str, says: str) -> None:
    (user_sets / "my_fault.py").write_text(text)
    with pytest.raises(RnnbenchError) as error:
        infos()
    assert says in str(error.value)
    assert str(error.value).startswith("bench/data/sets/my_fault.py")
