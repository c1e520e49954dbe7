"""Optimizers and learning rates by name, and the steps around an update."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from bench.spec import TrainPart
from bench.train.settings import current


def optimizer(part: TrainPart, parameters: Iterable[Tensor]) -> Optimizer:
    """The optimizer of a specification."""
    own: Any = parameters
    if part.optimizer in ("sgd", "plain-sgd"):
        momentum = 0.9 if part.optimizer == "sgd" else 0.0
        return torch.optim.SGD(
            own, lr=part.learning_rate, momentum=momentum, nesterov=momentum > 0, weight_decay=part.weight_decay
        )
    kind = torch.optim.AdamW if part.optimizer == "adamw" else torch.optim.Adam
    return kind(own, lr=part.learning_rate, weight_decay=part.weight_decay, fused=current().fused_optimizer)


def forget_gradients(parameters: Iterable[Tensor]) -> None:
    """As ``Optimizer.zero_grad``, without its bookkeeping, which a small cell's step feels."""
    for each in parameters:
        each.grad = None


def clip_gradients(parameters: Iterable[Tensor], most: float | None) -> Tensor:
    """As ``torch.nn.utils.clip_grad_norm_`` for dense gradients on one device, bit for bit, without its sorting.

    Args:
        parameters: some of them with a gradient.
        most: the largest norm of the whole gradient; ``None`` for any.

    Returns:
        The norm as it was.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return torch.zeros(())
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    if most is not None:
        torch._foreach_mul_(gradients, (most / (norm + 1e-6)).clamp_(max=1.0))
    return norm


def rate_factor(part: TrainPart, passed: float) -> float:
    """The learning rate as a fraction of the first, when this share of the training has passed."""
    passed = min(passed, 1.0)
    if part.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * passed))
    if part.schedule == "step":
        return 1.0 if passed < 2 / 3 else 0.1
    return 1.0
