"""Minutes of training beside the paper's."""

from __future__ import annotations

from typing import Any

from bench.report import read
from bench.report.tables import times


def test_minutes_stand_beside_the_paper_s_in_minutes(folder: Any) -> None:
    """Ours are 55 s each; Table 3: LSTM on HAR-2 0.18 h, FastRNN on DSA-19 1.92 min; QRNN is in no table."""
    folder.add("LSTM", "har2", kb=74)
    folder.add("QRNN", "har2", kb=80)
    folder.add("FastRNN", "har2", kb=29)
    made = times.table(read(folder.path))
    assert made is not None
    assert [column.title for column in made.columns] == ["min", "paper min"]
    found = {row.label: [entry.mean for entry in row.entries] for row in made.rows}
    assert found == {"FastRNN": [55 / 60, 0.06 * 60], "LSTM": [55 / 60, 0.18 * 60]}
    assert "Table 3, on an Nvidia Tesla P40" in made.notes[0]
    assert "Machines differ" in made.notes[0]


def test_hours_are_minutes_but_on_dsa19(folder: Any) -> None:
    """Table 3 times DSA-19 in minutes, all other sets in hours."""
    folder.add("FastRNN", "dsa19")
    made = times.table(read(folder.path))
    assert made is not None
    assert made.rows[0].entries[1].mean == 1.92


def test_without_published_times_there_is_no_such_table(folder: Any) -> None:
    """Nobody has published any of watch; coRNN's on HAR-2 has an accuracy and no time."""
    folder.add("LSTM", "watch")
    folder.add("coRNN", "har2")
    assert times.table(read(folder.path)) is None
