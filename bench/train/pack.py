"""Runs of one shape trained together: at small sizes most of a step is Python, and is paid once for all.

Each run keeps its own data order, rate, schedule, clipping, early stopping and record; the numbers are those of the run
alone, to rounding.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from bench.data import Dataset
from bench.record import Record
from bench.spec import TrainPart
from bench.status import Status
from bench.train import settings
from bench.train.cell import derive_seed
from bench.train.classification.module import Batches
from bench.train.classification.stack import Optimizer, Stack, clip, losses, packs
from bench.train.job import Job
from bench.train.optimizers import rate_factor
from bench.train.runner import Ongoing, train_alone
from bench.train.signals import Interrupted

_EVALUATION_BATCH = 512
_CHUNK = 64
"""Steps between two readings of losses: each reading waits for the numbers."""
_log = logging.getLogger(__name__)


def run_pack(
    jobs: Sequence[Job],
    listener: Callable[[int, int], None] = lambda number, epoch: None,
    dataset: Dataset | None = None,
) -> list[Record]:
    """As :func:`bench.train.run`, for several runs of one :func:`bench.train.shape_of`.

    Args:
        jobs: the runs. One that fails or diverges leaves the others alone.
        listener: called with a run's place in ``jobs`` and the number of each of its finished epochs.
        dataset: the runs', where it is open already.

    Returns:
        The record of each, as written.
    """
    runs = [Ongoing(job, partial(listener, number), pack=len(jobs)) for number, job in enumerate(jobs)]
    try:
        _open(runs, dataset)
        opened = [run for run in runs if run.record is None]
        if opened and settings.device().type == "cpu" and not packs(opened[0].network.cell):
            _log.info("its kernel, which is given the pre-activations, is quicker alone: one run after another")
            _one_by_one(opened)
            return [run.record for run in runs if run.record is not None]
        try:
            for run in _Together(opened).train():
                with run.guard():
                    run.measure()
        except Exception:
            _log.exception("the runs cannot be trained together: each goes on alone")
            _one_by_one(runs)
    except (Interrupted, KeyboardInterrupt):
        for run in runs:
            run.close(Status.INTERRUPTED, "stopped by a signal")
    return [run.record for run in runs if run.record is not None]


def _open(runs: Sequence[Ongoing], dataset: Dataset | None) -> None:
    for run in runs:
        with run.guard():
            run.open(dataset)
            dataset = run.dataset


def _one_by_one(runs: Sequence[Ongoing]) -> None:
    for run in runs:
        with run.guard():
            if run.record is None:
                run.prepare(alone=True)
                train_alone(run)
                run.measure()


class _Together:
    """The training of some runs that are open.

    Args:
        runs: of one shape.
    """

    def __init__(self, runs: Sequence[Ongoing]) -> None:
        self._runs = list(runs)
        if not runs:
            return
        self._train, self._dataset = runs[0].job.spec.train, runs[0].dataset
        self._device = settings.device()
        self._stack = Stack([run.network for run in runs], self._device)
        self._optimizer = Optimizer(self._train.optimizer, [each.weight_decay for each in self._parts()])
        split, size = self._dataset.train, self._train.batch_size
        self._x, self._y = split.x.to(self._device), split.y.to(self._device)
        self._orders = [Batches(split, size, derive_seed(run.job.spec.seed, "order")) for run in runs]
        self._steps = self._train.epochs * len(self._orders[0])
        self._step = 0

    def _parts(self) -> list[TrainPart]:
        return [run.job.spec.train for run in self._runs]

    def train(self) -> Iterator[Ongoing]:
        """Yields each run when its training is over; one that failed is ended by then, and not yielded."""
        for epoch in range(1, self._train.epochs + 1):
            if self._runs:
                yield from self._close(epoch, self._epoch(epoch))

    def _epoch(self, epoch: int) -> Tensor:
        """A pass of each run over the training data; loss and accuracy of each, [2, M]."""
        for run in self._runs:
            run.end.begin_epoch()
        self._stack.train()
        orders_MN = torch.stack([each.order() for each in self._orders])
        pending, sums = list[Tensor](), torch.zeros(2, len(self._runs), dtype=torch.float64)
        parts = torch.split(orders_MN, self._train.batch_size, dim=1)
        for number, chosen_MB in enumerate(parts, 1):
            pending.append(self._update(chosen_MB))
            if len(pending) == _CHUNK or number == len(parts):
                sums += self._settle(pending, epoch, number - len(pending))
                pending.clear()
        return sums / orders_MN.shape[1]

    def _update(self, chosen_MB: Tensor) -> Tensor:
        """One optimizer step of each run; of each the sum of losses and the count of right answers, [2, M]."""
        M, B = chosen_MB.shape
        lengths_MB, chosen_MB = self._dataset.train.lengths[chosen_MB], chosen_MB.to(self._device)
        x = self._x.index_select(0, chosen_MB.flatten())[:, : int(lengths_MB.max())]
        y_MB = self._y[chosen_MB]
        x_MTBD = x.view(M, B, *x.shape[1:]).transpose(1, 2)
        scores_MBC = self._stack.scores(x_MTBD, lengths_MB.to(self._device))
        loss_M = losses(scores_MBC, y_MB)
        (gradient_MN,) = torch.autograd.grad([loss_M.sum()], [self._stack.flat])
        parts = self._parts()
        clip(gradient_MN, [each.gradient_clip for each in parts])
        self._optimizer.step(self._stack.flat, gradient_MN, torch.tensor(self._rates(parts)))
        self._step += 1
        return torch.stack([loss_M.detach() * B, (scores_MBC.detach().argmax(dim=2) == y_MB).sum(dim=1)])

    def _rates(self, parts: Sequence[TrainPart]) -> list[float]:
        return [each.learning_rate * rate_factor(each, self._step / self._steps) for each in parts]

    def _settle(self, pending: Sequence[Tensor], epoch: int, before: int) -> Tensor:
        """The sums of some steps; a run whose loss was not finite is ended."""
        sums = torch.stack(list(pending)).double().cpu()
        for run, each in zip(self._runs, sums[:, 0].T.tolist(), strict=True):
            if run.record is None:
                with run.guard():
                    run.ground.check_finite(each, epoch, before)
        return sums.sum(dim=0)

    @torch.no_grad()
    def _validate(self) -> Tensor:
        """Loss and accuracy of each run on the validation data, [2, M]."""
        self._stack.eval()
        M, split = len(self._runs), self._dataset.validation
        sums = torch.zeros(2, M, dtype=torch.float64)
        for batch in Batches(split, max(64, _EVALUATION_BATCH // M)):
            x_TBD, lengths_B, y_B = (each.to(self._device) for each in batch)
            y_MB = y_B.expand(M, -1)
            scores_MBC = self._stack.scores(x_TBD.expand(M, -1, -1, -1), lengths_B.expand(M, -1))
            right_M = (scores_MBC.argmax(dim=2) == y_MB).sum(dim=1)
            sums += torch.stack([losses(scores_MBC, y_MB) * len(y_B), right_M]).cpu()
        return sums / len(split)

    def _close(self, epoch: int, trained: Tensor) -> Iterator[Ongoing]:
        """Ends an epoch of each run, and yields those that are over."""
        figures = zip(trained.T.tolist(), self._validate().T.tolist(), self._rates(self._parts()), strict=True)
        staying = []
        for number, (run, (train, validation, rate)) in enumerate(zip(list(self._runs), figures, strict=True)):
            if run.record is not None:
                continue
            over = True
            with run.guard():
                told = (tuple(train), tuple(validation), rate)
                over = run.end.end_epoch(epoch, told, run.ground, partial(self._state, run, number))
                over = over or epoch == self._train.epochs
                if over:
                    run.trained()
            if not over:
                staying.append(number)
            elif run.record is None:
                yield run
        if len(staying) < len(self._runs):
            self._keep(staying)

    def _state(self, run: Ongoing, number: int) -> dict[str, Tensor]:
        return {**run.network.state_dict(), **self._stack.state(number)}

    def _keep(self, staying: Sequence[int]) -> None:
        self._runs = [self._runs[number] for number in staying]
        self._orders = [self._orders[number] for number in staying]
        if staying:
            self._stack.keep(staying)
            self._optimizer.keep(staying)
