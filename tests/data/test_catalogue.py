"""One file under ``sets/`` is one data set; what is said of each is complete; a fault names its file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.data import available, catalogue, infos, open_dataset, prepare, sets
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


def test_a_further_file_is_a_further_set(user_sets: Path) -> None:
    (user_sets / "my_set.py").write_text(
        "import dataclasses\n"
        "from bench.data.sets.watch7 import RECIPE as other\n"
        "RECIPE = dataclasses.replace(other, info=dataclasses.replace(other.info, name='mine'))\n"
    )
    assert infos()["mine"].steps == 128


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
