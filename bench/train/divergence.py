"""Detects a diverged run and says what to try."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_DIVERGED_FROM = 20.0
"""Mean training loss, in units of a uniform guess's, above which a run counts as diverged."""


class DivergedError(Exception):
    """Training has diverged: the loss is not a number, or far above a uniform guess's."""


@dataclass(frozen=True)
class Divergence:
    """Finds losses that say that a run has diverged.

    Attributes:
        learning_rate: the run's, for the advice.
        classes: C.
    """

    learning_rate: float
    classes: int

    def check_finite(self, losses: Sequence[float], epoch: int, batches_before: int) -> None:
        """Checks the losses of some batches of an epoch, after so many others.

        Raises:
            DivergedError: when one is not finite.
        """
        for number, loss in enumerate(losses):
            if not math.isfinite(loss):
                batch = batches_before + number + 1
                advice = f"try a train.learning_rate below {self.learning_rate:g}"
                if (epoch, batch) == (1, 1):
                    advice = "nothing was updated yet, so the cell itself gives it"
                raise DivergedError(f"loss became {loss} in epoch {epoch}, batch {batch}: {advice}")

    def check_learnt(self, loss: float, epoch: int) -> None:
        """Checks the mean training loss of the epoch before weights are rounded.

        Raises:
            DivergedError: when it is no better than a guess's: an untrained model is not worth its bytes.
        """
        guess = math.log(self.classes)
        if not loss < guess:
            raise DivergedError(
                f"nothing to quantise: after epoch {epoch} the mean training loss is {loss:.3g}, a uniform guess has "
                f"{guess:.3g}: train longer, or at another train.learning_rate than {self.learning_rate:g}"
            )

    def check_mean(self, loss: float, epoch: int, split: str = "training") -> None:
        """Checks the mean loss of an epoch.

        Args:
            loss: mean loss of the epoch.
            epoch: its number, from 1.
            split: what it is the loss of.

        Raises:
            DivergedError: when it is many times a guess's.
        """
        guess = math.log(self.classes)
        if not loss <= _DIVERGED_FROM * max(guess, 0.1):
            raise DivergedError(
                f"mean {split} loss of epoch {epoch} is {loss:.3g}, a uniform guess has "
                f"{guess:.3g}: try a train.learning_rate below {self.learning_rate:g}"
            )
