"""How the tests run a specification on the tiny data set."""

from collections.abc import Callable
from pathlib import Path

from bench.record import Record

RunTiny = Callable[..., tuple[Record, Path]]
