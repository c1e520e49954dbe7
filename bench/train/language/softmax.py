"""The softmax over a vocabulary and its cross-entropy: all gradients in the pass that finds the loss.

Three products of [N, E] and [V, E] are nine tenths of a language model's training. Between them only one array of
[N, V] is kept, and rows are exponentiated while they are in the cache.

Shapes: N words, E embedding, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_ROWS = 32
"""Rows that are exponentiated at a time: 1.3 MB of them for 10,000 words."""


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h_NE: Tensor, W_VE: Tensor, b_V: Tensor, y_N: Tensor, dtype: torch.dtype) -> Tensor:
        held = dtype if _multiplies(dtype, h_NE.device) else h_NE.dtype
        h, W = h_NE.to(dtype).to(held), W_VE.to(dtype).to(held)
        scores_NV = torch.mm(h, W.t()).to(dtype)
        likelihood_N1, db_V = _to_gradients(scores_NV, b_V, y_N)
        d_NV, count = scores_NV.to(held), len(y_N)
        ctx.save_for_backward(
            torch.mm(d_NV, W).to(dtype).to(h_NE.dtype).div_(count),
            torch.mm(d_NV.t(), h).to(dtype).to(W_VE.dtype).div_(count),
            db_V.div_(count),
        )
        return -likelihood_N1.clamp_min(torch.finfo(likelihood_N1.dtype).tiny).log().mean()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, d_loss: Tensor) -> tuple[Tensor | None, ...]:
        dh_NE, dW_VE, db_V = ctx.saved_tensors
        return dh_NE * d_loss, dW_VE * d_loss, db_V * d_loss, None, None


def _multiplies(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether a device multiplies a type as fast as wider ones; else factors are rounded to it and multiplied wide.

    Of processors only those with AVX-512 do bfloat16: with AVX2 torch's product of it takes 6 to 24 times the time of
    float32's.
    """
    return dtype != torch.bfloat16 or device.type != "cpu" or torch.backends.cpu.get_cpu_capability() == "AVX512"


def _to_gradients(scores_NV: Tensor, b_V: Tensor, y_N: Tensor) -> tuple[Tensor, Tensor]:
    """Turns scores without bias, in place, into gradients of the summed loss; the targets' likelihoods, and db."""
    likelihoods, db_V = [], torch.zeros_like(b_V)
    for rows, y in zip(torch.split(scores_NV, _ROWS), torch.split(y_N, _ROWS), strict=True):
        p = torch.softmax(rows + b_V, dim=1)
        at = y.unsqueeze(1)
        likelihood = p.gather(1, at)
        likelihoods.append(likelihood)
        p.scatter_(1, at, likelihood - 1)
        db_V += p.sum(0)
        rows.copy_(p)
    return torch.cat(likelihoods), db_V


def cross_entropy(h_NE: Tensor, W_VE: Tensor, b_V: Tensor, y_N: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Mean of -log softmax(W h + b)[y], differentiable once.

    A likelihood below the smallest normal number counts as that.

    Args:
        h_NE: outputs of the last layer.
        W_VE: a row for each word.
        b_V: likewise.
        y_N: the words that came, int64.
        dtype: of the factors of the three products, and of the scores without bias; that of ``h_NE`` by default. Sums
            inside a product, the softmax and the loss are of ``h_NE``'s.
    """
    loss: Tensor = _Loss.apply(h_NE, W_VE, b_V, y_N, dtype or h_NE.dtype)  # type: ignore[no-untyped-call]
    return loss


@torch.no_grad()
def log_likelihood(h_NE: Tensor, W_VE: Tensor, b_V: Tensor, y_N: Tensor) -> float:
    """The sum of log softmax(W h + b)[y], in the precision of its operands, summed in float64."""
    total = 0.0
    for h, y in zip(torch.split(h_NE, 1024), torch.split(y_N, 1024), strict=True):
        scores = torch.mm(h, W_VE.t()).add_(b_V)
        found = scores.gather(1, y.unsqueeze(1)).squeeze(1) - scores.logsumexp(1)
        total += float(found.double().sum())
    return total
