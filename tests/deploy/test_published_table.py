"""A published table that a user wrote, and what it lacks."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.deploy.published import read
from bench.errors import RnnbenchError


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rows": [{"cell": "gru"}]}, "a row lacks board, format"),
        ({"rows": None}, "a row lacks board, cell, format"),
        ({"datasets": {"a": {"title": "A", "steps": 3}}}, "a data set lacks classes, features"),
    ],
)
def test_a_table_that_lacks_a_key_is_a_fault_of_one_line(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    table = {"source": "", "caveats": [], "datasets": {}, "hidden_sizes": {}, "compressed": {}, "rows": []}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({**table, **change}))
    with pytest.raises(RnnbenchError, match=rf"mine\.yaml: {says}$"):
        read(tmp_path / "mine.yaml")
