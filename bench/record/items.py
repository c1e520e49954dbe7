"""Which test sequences a run got right, beside its record: what intervals over subjects and speakers need."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.record.atomic import write_atomically

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FILE = "items.npz"


@dataclass(frozen=True)
class Items:
    """The test sequences of a run, in the order of the data set.

    Attributes:
        correct: [N], whether the answer was right: that of the integers in a quantised run.
        group: [N], the subject, speaker or recording.
    """

    correct: npt.NDArray[np.bool_]
    group: npt.NDArray[np.int64]


def write(folder: Path, items: Items) -> None:
    """Writes the file into a run's folder."""
    import numpy as np  # here: a command that plans does without it

    held = io.BytesIO()
    np.savez_compressed(held, correct=items.correct, group=items.group)
    write_atomically(folder / FILE, held.getvalue())


def read(folder: Path) -> Items | None:
    """Reads the file of a run's folder; ``None`` where there is none that can be read."""
    import numpy as np

    try:
        with np.load(io.BytesIO((folder / FILE).read_bytes()), allow_pickle=False) as held:
            return Items(held["correct"], held["group"])
    except Exception:  # a damaged archive raises nearly anything
        return None
