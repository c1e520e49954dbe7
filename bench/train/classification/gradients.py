"""How a gradient travels back through a sequence: its norm at each state, and the condition number of the way.

With s_t all that the cell carries on after step t, J_t = d s_T / d s_t is the product of the steps' Jacobians, and
d loss / d s_t = J_t^T d loss / d s_T. The FastGRNN paper (section 3.1.1) bounds the condition number of such products
for FastRNN. Over long sequences it exceeds what a number of 64 bits holds of one matrix, so that the greatest singular
value is taken of the product and the least of the product of the inverses, each kept at norm 1 with its logarithm
beside it.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor
from torch.nn import functional

from bench.data import Split
from bench.record.gradients import Course
from bench.train.classification.module import Batch, Batches
from bench.train.classification.network import Network
from cells import Cell, State

SEQUENCES = 8
_STATES = 64


def fixed_batch(split: Split) -> Batch:
    """Returns a few sequences, the same whatever the run."""
    batch: Batch = next(iter(Batches(split, SEQUENCES, seed=0)))
    return batch


def course(network: Network, batch: Batch) -> Course:
    """Measures gradients at about 64 states from the last one back, in float64; the network stays as it is.

    Args:
        network: with its weights.
        batch: x_TBD, lengths_B, y_B. A sequence counts for the states that it has.
    """
    twin, (x_TBD, lengths_B, y_B) = copy.deepcopy(network).cpu().double().eval(), batch
    inputs = x_TBD.double() if twin.embedding is None else twin.embedding(x_TBD)
    pre_TBG, states = _forward(twin.cell, inputs.detach())
    way = _Way(twin, states, lengths_B, y_B)
    longest = int(lengths_B.max())
    wanted = {*range(0, longest, max(1, longest // _STATES)), longest}
    found = [(0, *way.medians())]
    for back in range(1, longest + 1):
        way.go_back(twin.cell, pre_TBG, states, lengths_B - back)
        if back in wanted:
            found.append((back, *way.medians()))
    backs, norms, conditions = zip(*found, strict=True)
    return Course(back=backs, log10_norm=norms, log10_condition=conditions)


@torch.no_grad()
def _forward(cell: Cell, x_TBD: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Returns what the steps read, and the state before each and after the last: tensors [T + 1, B, H]."""
    state = cell.initial_state(x_TBD.shape[1], x_TBD)
    past, state = state[cell.states :], state[: cell.states]
    pre_TBG = cell.project(x_TBD, *past)
    states = [state]
    for pre_BG in pre_TBG:
        state = cell.step(pre_BG, state)
        states.append(state)
    return pre_TBG, [torch.stack(part) for part in zip(*states, strict=True)]


class _Way:
    """The way back from the last state of each sequence.

    Args:
        network: in float64.
        states: of every step, from :func:`_forward`.
        lengths_B: steps of each sequence.
        y_B: classes.
    """

    def __init__(self, network: Network, states: list[Tensor], lengths_B: Tensor, y_B: Tensor) -> None:
        every = torch.arange(len(lengths_B))
        h_BH = states[0][lengths_B, every].clone().requires_grad_()
        loss = functional.cross_entropy(network.head(h_BH), y_B, reduction="sum")
        (last_BH,) = torch.autograd.grad(loss, h_BH)
        size = len(states) * h_BH.shape[1]
        self._gradient = torch.cat([last_BH, *(torch.zeros_like(last_BH) for _ in states[1:])], dim=1)
        self._there, self._back = (torch.eye(size, dtype=torch.float64).expand(len(every), -1, -1) for _ in range(2))
        self._logs = torch.zeros(3, len(every), dtype=torch.float64)  # of the gradient, the product, its inverse
        self._active = every
        self._scale()

    def go_back(self, cell: Cell, pre_TBG: Tensor, states: list[Tensor], at_B: Tensor) -> None:
        """Goes back over one step, that from the state before step ``at`` of each sequence; those at an end stop."""
        keep = at_B[self._active] >= 0
        self._active, self._logs = self._active[keep], self._logs[:, keep]
        at = at_B[self._active]
        state = tuple(part[at, self._active] for part in states)
        step_BSS = jacobian(cell, pre_TBG[at, self._active], state)
        inverse_BSS, failed = torch.linalg.inv_ex(step_BSS)
        inverse_BSS[failed > 0] = math.inf
        self._gradient = (step_BSS.mT @ self._gradient[keep].unsqueeze(2)).squeeze(2)
        self._there, self._back = self._there[keep] @ step_BSS, inverse_BSS @ self._back[keep]
        self._scale()

    def _scale(self) -> None:
        parts = (self._gradient, self._there, self._back)
        sizes = torch.stack([part.flatten(1).norm(dim=1) for part in parts])
        self._logs = self._logs + sizes.log10()
        divide = torch.where((sizes > 0) & sizes.isfinite(), sizes, 1.0)
        self._gradient = self._gradient / divide[0][:, None]
        self._there, self._back = self._there / divide[1][:, None, None], self._back / divide[2][:, None, None]

    def medians(self) -> tuple[float | None, float | None]:
        """Returns the logarithms of the norm and of the condition number, each the median over the sequences."""
        gradient, there, back = self._logs
        singular = ~(self._there.isfinite().all(dim=(1, 2)) & self._back.isfinite().all(dim=(1, 2)) & back.isfinite())
        condition = torch.full_like(there, math.inf)
        known = ~singular
        largest = (torch.linalg.matrix_norm(part[known], 2).log10() for part in (self._there, self._back))
        condition[known] = there[known] + back[known] + sum(largest)
        return _number(gradient.quantile(0.5)), _number(condition.sort().values[len(condition) // 2])


def _number(value: Tensor) -> float | None:
    return round(float(value), 4) if value.isfinite() else None


def jacobian(cell: Cell, pre_BG: Tensor, state: State) -> Tensor:
    """Returns the Jacobian of one step, [B, S, S]: row i has the derivatives of the new state's number i.

    Every sequence is computed S times at once, and the i-th copy is asked for its number i.
    """
    old_BS = torch.cat(state, dim=1)
    B, S = old_BS.shape
    copies = old_BS.repeat_interleave(S, dim=0).requires_grad_()
    new = cell.step(pre_BG.repeat_interleave(S, dim=0), tuple(copies.chunk(len(state), dim=1)))
    own = torch.cat(new, dim=1).view(B, S, S).diagonal(dim1=1, dim2=2)
    (rows,) = torch.autograd.grad(own.sum(), copies)
    return rows.view(B, S, S)
