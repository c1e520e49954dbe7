"""The kinds of learning. A task is a package beside this file; all else about a run is the same for all of them."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from bench.data import Corpus, Dataset, DatasetInfo, describe
from bench.record import Latency
from bench.spec import RunSpec
from bench.train.job import Job, Listener, Metric

if TYPE_CHECKING:
    from torch import Tensor

    from bench.train.session import Session
    from cells import Cell

D = TypeVar("D", bound=Dataset | Corpus)


class Task(ABC, Generic[D]):
    """A kind of data, of network and of metric. To add one, give a package here a ``TASK``.

    Planning uses it without Lightning, which takes a second to import: what trains is imported by :meth:`session`. A
    grid that is done is planned without torch, which takes two.

    Attributes:
        name: as data sets say it.
        metric: of which a run's result has a value for every split.
    """

    name: ClassVar[str]
    metric: ClassVar[Metric]

    @abstractmethod
    def cells(self, spec: RunSpec, info: DatasetInfo) -> Sequence[Cell]:
        """Builds the cells of a run.

        Raises:
            RnnbenchError: when one cannot be built, or the task cannot do what the specification asks for.
        """

    @abstractmethod
    def kb(self, spec: RunSpec, info: DatasetInfo) -> float:
        """Returns the size of a run's model before it is trained, as tables count it.

        Raises:
            RnnbenchError: when it cannot be built.
        """

    def shape(self, spec: RunSpec, info: DatasetInfo) -> str | None:
        """Returns what runs have in common that can be trained together; ``None`` for a run that cannot, with any."""
        return None

    @abstractmethod
    def open(self, spec: RunSpec) -> D:
        """Opens the data of a run, prepared first where they are not."""

    @abstractmethod
    def session(self, job: Job, data: D, listeners: Sequence[Listener]) -> Session:
        """Returns a run before its first step, its network at initial weights.

        Args:
            job: the run.
            data: of the run.
            listeners: called with the figures of every epoch.

        Raises:
            RnnbenchError: when data and specification do not fit.
        """

    def train_together(self, sessions: Sequence[Session]) -> Iterator[tuple[int, Exception | None]] | None:
        """Trains runs of one shape side by side.

        Returns:
            Yields the place of each run when its training is over, and what went wrong with it; ``None`` instead when
            the runs are quicker one after another.
        """
        return None

    @abstractmethod
    def latency(self, spec: RunSpec, info: DatasetInfo, weights: dict[str, Tensor]) -> Latency:
        """Predicts the latency of a trained model on every board.

        Args:
            spec: its run.
            info: of its data set.
            weights: as ``model.pt`` has them.
        """


@cache
def tasks() -> dict[str, Task[Any]]:
    """Returns every task by name: the packages beside this file."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    found = [importlib.import_module(f"{__package__}.{module.name}").TASK for module in modules if module.ispkg]
    return {task.name: task for task in found}


def task_of(spec: RunSpec) -> Task[Any]:
    """Returns the task of a run, which is that of its data set."""
    return tasks()[describe(spec.data.name, spec.data.options).task]


def check_cells(spec: RunSpec) -> Sequence[Cell]:
    """Builds the cells of a run for their shapes: their weights may have any values.

    Raises:
        RnnbenchError: when one cannot be built.
    """
    from bench.train.cell import one_thread, uncomputed

    info, task = describe(spec.data.name, spec.data.options), task_of(spec)
    with one_thread():
        try:
            with uncomputed():
                return task.cells(spec, info)
        except Exception:  # it may be for want of values
            return task.cells(spec, info)


def shape_of(spec: RunSpec) -> str | None:
    """Returns what is equal for runs that can be trained together; ``None`` for a run that cannot, with any."""
    return task_of(spec).shape(spec, describe(spec.data.name, spec.data.options))
