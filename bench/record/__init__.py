"""The traces of a run: its record, the latency beside it, and the folder of a grid's results."""

from bench.record.atomic import to_disk, write_atomically
from bench.record.facts import (
    SCHEMA,
    Chosen,
    DataFacts,
    Failure,
    Labels,
    LatencyFacts,
    Mirror,
    Record,
    Result,
    SizeFacts,
    Times,
)
from bench.record.failure import LOG_FILE, failure, last_lines
from bench.record.files import (
    CELL_FILE,
    noted_runs,
    observed,
    read,
    read_all,
    recorded,
    runs_folder,
    standing,
    write,
)
from bench.record.find import find
from bench.record.items import Items
from bench.record.latency import Latency
from bench.record.metrics import metrics
from bench.record.note import GRID_NOTE, read_note
from bench.record.search import CHOSEN_FILE, TRIALS_FILE, Choice, Drawn, read_choice, read_trials

__all__ = [
    "CELL_FILE",
    "CHOSEN_FILE",
    "GRID_NOTE",
    "LOG_FILE",
    "SCHEMA",
    "TRIALS_FILE",
    "Choice",
    "Chosen",
    "DataFacts",
    "Drawn",
    "Failure",
    "Items",
    "Labels",
    "Latency",
    "LatencyFacts",
    "Mirror",
    "Record",
    "Result",
    "SizeFacts",
    "Times",
    "failure",
    "find",
    "last_lines",
    "metrics",
    "noted_runs",
    "observed",
    "read",
    "read_all",
    "read_choice",
    "read_note",
    "read_trials",
    "recorded",
    "runs_folder",
    "standing",
    "to_disk",
    "write",
    "write_atomically",
]
