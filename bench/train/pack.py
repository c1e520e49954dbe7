"""Several runs in one process, trained side by side where their task can do that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

from bench.data import Corpus, Dataset
from bench.record import Record
from bench.status import Status
from bench.train.job import Job
from bench.train.runner import Ongoing
from bench.train.signals import Interrupted

_log = logging.getLogger(__name__)


def run_pack(
    jobs: Sequence[Job],
    listener: Callable[[int, int], None] = lambda number, epoch: None,
    data: Dataset | Corpus | None = None,
) -> list[Record]:
    """Does for several runs of one :func:`bench.train.shape_of` what :func:`bench.train.run` does for one.

    Args:
        jobs: the runs. One that fails or diverges leaves the others alone.
        listener: called with a run's place in ``jobs`` and the number of each of its finished epochs.
        data: the runs', where they are open already.

    Returns:
        The record of each, as written.
    """
    runs = [Ongoing(job, partial(listener, number), data, pack=len(jobs)) for number, job in enumerate(jobs)]
    try:
        for run in runs:
            with run.guard():
                run.open(data)
                data = run.data
        try:
            _side_by_side([run for run in runs if not run.ended])
        except Exception:
            _log.exception("the runs cannot be trained together: each goes on alone")
            _one_by_one(runs)
    except (Interrupted, KeyboardInterrupt):
        for run in runs:
            run.close(Status.INTERRUPTED, "stopped by a signal")
    return [run.record for run in runs if run.record is not None]


def _side_by_side(runs: Sequence[Ongoing]) -> None:
    trained = runs[0].task.train_together([run.session for run in runs]) if runs else ()
    if trained is None:
        _one_by_one(runs)
        return
    for number, error in trained:
        with runs[number].guard():
            if error is not None:
                raise error
            runs[number].trained()
            runs[number].measure()


def _one_by_one(runs: Sequence[Ongoing]) -> None:
    for run in runs:
        with run.guard():
            if not run.ended:
                run.begin(alone=True)
                run.train()
                run.measure()
