"""docs/grids.md names every key of a run with the default that it has."""

import re
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bench.spec import Grid, RunSpec

TEXT = (Path(__file__).parents[1] / "docs" / "grids.md").read_text(encoding="utf-8")
ROWS = {key: default.strip() for key, default in re.findall(r"^\| `([\w.]+)` \| ([^|]*) \|", TEXT, re.MULTILINE)}
NOT_WRITTEN = {"data.name", "data.options", "cell.name", "cell.options", "cell.source"}
"""Said with the key that holds them."""


def keys(model: type[BaseModel], above: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= keys(field.annotation, f"{above}{name}.")
        elif f"{above}{name}" not in NOT_WRITTEN:
            found[f"{above}{name}"] = field.get_default(call_default_factory=True)
    return found


def test_every_key_of_a_run_is_there_with_its_default() -> None:
    for key, default in keys(RunSpec).items():
        assert key in ROWS
        if default is not PydanticUndefined:
            said = {"null": "None"}.get(ROWS[key], ROWS[key])
            assert said == str(default), key


def test_every_key_of_a_grid_is_there() -> None:
    assert set(Grid.model_fields) <= set(ROWS)


def test_no_key_is_there_that_is_not() -> None:
    assert set(ROWS) <= {*keys(RunSpec), *Grid.model_fields, "data", "cell"}
