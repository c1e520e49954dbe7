"""Trains classifiers of one shape side by side: at small sizes most of a step is Python, and is paid once for all.

Each run keeps its own data order, rate, schedule, clipping, early stopping and record; the numbers are those of the run
alone, to rounding.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from bench.spec import TrainPart
from bench.train import settings
from bench.train.cell import derive_seed
from bench.train.classification.module import Batches
from bench.train.classification.session import ClassificationSession
from bench.train.classification.stack import Optimizer, Stack, clip, losses, packs
from bench.train.optimizers import rate_factor
from bench.train.session import Session

_EVALUATION_BATCH = 512
_CHUNK = 64
"""Steps between two readings of losses: each reading waits for the numbers."""
_log = logging.getLogger(__name__)


def train(sessions: Sequence[Session]) -> Iterator[tuple[int, Exception | None]] | None:
    """Trains runs side by side; see :meth:`bench.train.task.Task.train_together`."""
    classifiers = [session for session in sessions if isinstance(session, ClassificationSession)]
    if settings.device().type == "cpu" and not packs(classifiers[0].network.cell):
        _log.info("its kernel, which is given the pre-activations, is quicker alone: one run after another")
        return None
    return _Together(classifiers).train()


class _Together:
    """The training of some runs.

    Args:
        runs: of one shape.
    """

    def __init__(self, runs: Sequence[ClassificationSession]) -> None:
        self._runs, self._places = list(runs), list(range(len(runs)))
        self._errors: dict[int, Exception] = {}
        self._train, self._data = runs[0].spec.train, runs[0].data
        self._device = settings.device()
        self._stack = Stack([run.network for run in runs], self._device)
        self._optimizer = Optimizer(self._train.optimizer, [part.weight_decay for part in self._parts()])
        split, size = self._data.train, self._train.batch_size
        self._x, self._y = split.x.to(self._device), split.y.to(self._device)
        self._orders = [Batches(split, size, derive_seed(run.spec.seed, "order")) for run in runs]
        self._steps = self._train.epochs * len(self._orders[0])
        self._step = 0

    def _parts(self) -> list[TrainPart]:
        return [run.spec.train for run in self._runs]

    def train(self) -> Iterator[tuple[int, Exception | None]]:
        """Yields the place of each run when its training is over, with what went wrong."""
        for epoch in range(1, self._train.length + 1):
            if self._runs:
                yield from self._close(epoch, self._epoch(epoch))

    def _epoch(self, epoch: int) -> Tensor:
        """Passes over the training data once; returns loss, accuracy and gradient norm of each run, [3, M]."""
        for run in self._runs:
            run.end.begin_epoch()
        self._stack.train()
        orders_MN = torch.stack([batches.order() for batches in self._orders])
        pending, sums = list[Tensor](), torch.zeros(3, len(self._runs), dtype=torch.float64)
        parts = torch.split(orders_MN, self._train.batch_size, dim=1)
        for number, chosen_MB in enumerate(parts, 1):
            pending.append(self._update(chosen_MB))
            if len(pending) == _CHUNK or number == len(parts):
                sums += self._settle(pending, epoch, number - len(pending))
                pending.clear()
        sequences, steps = orders_MN.shape[1], len(parts)
        return sums / torch.tensor([[sequences], [sequences], [steps]])

    def _update(self, chosen_MB: Tensor) -> Tensor:
        """Makes one step of each run; returns sum of losses, right answers and norm of the gradient, [3, M]."""
        M, B = chosen_MB.shape
        lengths_MB, chosen_MB = self._data.train.lengths[chosen_MB], chosen_MB.to(self._device)
        x = self._x.index_select(0, chosen_MB.flatten())[:, : int(lengths_MB.max())]
        y_MB = self._y[chosen_MB]
        x_MTBD = x.view(M, B, *x.shape[1:]).transpose(1, 2)
        scores_MBC = self._stack.scores(x_MTBD, lengths_MB.to(self._device))
        loss_M = losses(scores_MBC, y_MB)
        (gradient_MN,) = torch.autograd.grad([loss_M.sum()], [self._stack.flat])
        parts = self._parts()
        norm_M = clip(gradient_MN, [part.gradient_clip for part in parts])
        self._optimizer.step(self._stack.flat, gradient_MN, torch.tensor(self._rates(parts)))
        self._step += 1
        right_M = (scores_MBC.detach().argmax(dim=2) == y_MB).sum(dim=1)
        return torch.stack([loss_M.detach() * B, right_M, norm_M])

    def _rates(self, parts: Sequence[TrainPart]) -> list[float]:
        return [part.learning_rate * rate_factor(part, self._step / self._steps) for part in parts]

    def _settle(self, pending: Sequence[Tensor], epoch: int, before: int) -> Tensor:
        """Returns the sums of some steps; notes the runs whose loss was not finite."""
        sums = torch.stack(list(pending)).double().cpu()
        for number, (run, found) in enumerate(zip(self._runs, sums[:, 0].T.tolist(), strict=True)):
            with self._noted(number):
                run.divergence.check_finite(found, epoch, before)
        return sums.sum(dim=0)

    @contextmanager
    def _noted(self, number: int) -> Iterator[None]:
        """Notes the first thing that goes wrong with a run."""
        try:
            yield
        except Exception as error:
            self._errors.setdefault(number, error)

    @torch.no_grad()
    def _judge(self) -> Tensor | None:
        """Returns loss and accuracy of each run on what judges the epochs, [2, M]; ``None`` where nothing does."""
        self._stack.eval()
        M, split = len(self._runs), self._runs[0].judge()
        if split is None:
            return None
        sums = torch.zeros(2, M, dtype=torch.float64)
        for batch in Batches(split, max(64, _EVALUATION_BATCH // M)):
            x_TBD, lengths_B, y_B = (part.to(self._device) for part in batch)
            y_MB = y_B.expand(M, -1)
            scores_MBC = self._stack.scores(x_TBD.expand(M, -1, -1, -1), lengths_B.expand(M, -1))
            right_M = (scores_MBC.argmax(dim=2) == y_MB).sum(dim=1)
            sums += torch.stack([losses(scores_MBC, y_MB) * len(y_B), right_M]).cpu()
        return sums / len(split)

    def _close(self, epoch: int, trained: Tensor) -> Iterator[tuple[int, Exception | None]]:
        """Ends an epoch of each run, and yields those that are over."""
        judged = self._judge()
        figures = zip(
            trained.T.tolist(),
            [None] * len(self._runs) if judged is None else judged.T.tolist(),
            self._rates(self._parts()),
            strict=True,
        )
        staying = []
        for number, (run, (train, found, rate)) in enumerate(zip(self._runs, figures, strict=True)):
            stops = epoch == self._train.length
            if number not in self._errors:
                with self._noted(number):
                    self._stack.copy_scalars(number, run.network)
                    loss, accuracy, norm = train
                    told = ((loss, accuracy), found and tuple(found), rate, norm)
                    state = partial(self._state, run, number)
                    stops = run.end.end_epoch(epoch, told, run.divergence, state) or stops
            if number in self._errors or stops:
                yield self._places[number], self._errors.get(number)
            else:
                staying.append(number)
        self._errors.clear()
        if len(staying) < len(self._runs):
            self._keep(staying)

    def _state(self, run: ClassificationSession, number: int) -> dict[str, Tensor]:
        return {**run.network.state_dict(), **self._stack.state(number)}

    def _keep(self, staying: Sequence[int]) -> None:
        self._runs = [self._runs[number] for number in staying]
        self._places = [self._places[number] for number in staying]
        self._orders = [self._orders[number] for number in staying]
        if staying:
            self._stack.keep(staying)
            self._optimizer.keep(staying)
