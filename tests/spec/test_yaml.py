"""What a user's YAML may not hold is one line that says where."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.errors import RnnbenchError
from bench.spec import read_grid, read_yaml


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ("train: {epochs: 2026-13-45}", "train.epochs: input should be a valid integer"),
        ("train: {epochs: 2026-10-11}", "train.epochs: input should be a valid integer"),
        ("train: {epochs: !!float abc}", "line 2: 'abc' cannot be read"),
        ("train: {epochs: !!int abc}", "line 2: 'abc' cannot be read"),
        ("train: {epochs: !!bool abc}", "line 2: 'abc' cannot be read"),
        ("train: {epochs: !!timestamp [a]}", "line 2: expected a scalar"),
        (f"train: {{epochs: {'9' * 5000}}}", "line 2: '9999999999999999999999999999999999999999...' cannot be read"),
        ("cell: {file: [mine.py]}", "file must be the path of a cell's file, not ['mine.py']"),
        ("cell: {hold: {alpha: .nan}}", "cell.hold.alpha: input should be a finite number, not nan"),
        ("train: ", "train: a mapping, {key: value}, is needed, not None"),
        ("train: {epochs: [3]}", "train.epochs: input should be a valid integer, not [3]"),
        ("1: 2", "line 2: key 1 is not a text"),
        ("yes: 2", "line 2: key True is not a text"),
        ("[a]: 3", "line 2: key ['a'] is not a text"),
        ("{a: b}: 3", "line 2: key {'a': 'b'} is not a text"),
        ("train: " + "[" * 5000, "nested too deeply to be read"),
    ],
)
def test_it_is_one_line(tmp_path: Path, base: str, says: str) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(f"name: g\nbase: {{{base}}}\ngrid: {{data: [digits-mfcc], cell: [gru]}}\n", encoding="utf-8")
    with pytest.raises(RnnbenchError) as caught:
        read_grid(path).runs()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_dates_and_times_are_texts() -> None:
    assert read_yaml("[2026-10-11, 2:00:00, 2026-10-11T12:13:14Z]") == ["2026-10-11", "2:00:00", "2026-10-11T12:13:14Z"]


def test_an_exponent_makes_a_number_with_and_without_a_point() -> None:
    """YAML 1.2, 10.3.2: ``[-+]? ( \\. [0-9]+ | [0-9]+ ( \\. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`` is a float."""
    assert read_yaml("[1e-3, 2E3, -4e+1, 1.5e-2]") == [0.001, 2000.0, -40.0, 0.015]
    assert read_yaml("[1.5e3, 2.E1, -.5e1, 1.5e+3]") == [1500.0, 20.0, -5.0, 1500.0]
    assert read_yaml("['1e-3', e3, 1e, 1e-3x, .e3, 1.2.3e4]") == ["1e-3", "e3", "1e", "1e-3x", ".e3", "1.2.3e4"]


def test_a_mapping_takes_in_those_of_aliases_and_what_it_says_itself_holds() -> None:
    text = "usual: &usual {epochs: 3, patience: 2}\nlong: {<<: *usual, epochs: 9}"
    assert read_yaml(text)["long"] == {"epochs": 9, "patience": 2}
    with pytest.raises(yaml.YAMLError, match="'a' stands twice"):
        read_yaml("b: &b {c: 1}\na: {a: 1, <<: *b, a: 2}")


def test_a_mapping_that_merges_may_be_merged_itself_wherever_it_stands() -> None:
    """``long`` is read after ``more``, as it lies deeper: what it has taken in by then stands in it once more."""
    text = "usual: &usual {epochs: 3}\nbelow: {long: &long {<<: *usual, epochs: 9}}\nmore: {<<: *long, patience: 1}"
    read = read_yaml(text)
    assert (read["below"]["long"], read["more"]) == ({"epochs": 9}, {"epochs": 9, "patience": 1})


@pytest.mark.parametrize(("text", "says"), [("<<: {a: 1, a: 2}", "'a' stands twice"), ("<<: [{1: 2}]", "1 is not a")])
def test_what_is_merged_is_read_as_strictly(text: str, says: str) -> None:
    with pytest.raises(yaml.YAMLError, match=says):
        read_yaml(text)
