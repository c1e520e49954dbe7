"""Networks of one shape as one: their parameters side by side, one pass for all, an optimizer with a rate for each.

Shapes: M models, N parameters of each (with some unused at the end), T time, B batch, D input, C classes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional

from bench.train.classification.network import Network
from cells import Cell, materialised, scan
from cells.scan import Constants, Kernel

_ALIGN = 64
"""Each model's numbers begin a whole number of vectors after another's: they are rounded alike in any place."""


class _Dense(nn.Module):
    """The matrices of cell and classifier as functions of the parameters."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, kernel: Kernel) -> tuple[Constants, Tensor, Tensor]:
        """The arrays that a kernel reads, and the classifier's W and b."""
        head, cell = self.network.head, self.network.cell
        with materialised(cell):
            return kernel.constants(cell), head.W.matrix(), head.b


def packs(cell: Cell) -> bool:
    """Whether runs of a cell are quicker together than alone: not when its kernel is given the pre-activations."""
    kernel = scan.kernel_of(cell)
    return kernel is None or not kernel.given


class Stack:
    """M networks of one shape.

    Args:
        networks: with numbers as inputs; their parameters are copied.
        device: where to.

    Attributes:
        flat: all parameters [M, N], a leaf that wants a gradient.
    """

    def __init__(self, networks: Sequence[Network], device: torch.device | None = None) -> None:
        self._network = copy.deepcopy(networks[0]).to(device)
        named = dict(self._network.named_parameters())
        self._names, self._shapes = list(named), [parameter.shape for parameter in named.values()]
        sizes = [parameter.numel() for parameter in named.values()]
        self._sizes = [*sizes, -sum(sizes) % _ALIGN]
        rows = [[parameter.detach().flatten() for parameter in network.parameters()] for network in networks]
        padding = rows[0][0].new_zeros(self._sizes[-1])
        self.flat = torch.stack([torch.cat([*row, padding]) for row in rows]).to(device).requires_grad_()
        self._dense = _Dense(self._network)

    def __len__(self) -> int:
        return len(self.flat)

    def parameters(self) -> dict[str, Tensor]:
        """By name, each with a first dimension of models."""
        parts = torch.split(self.flat, self._sizes, dim=1)
        return {
            name: part.view(-1, *shape) for name, part, shape in zip(self._names, parts, self._shapes, strict=False)
        }

    def state(self, model: int) -> dict[str, Tensor]:
        """Copies of one model's parameters, for ``load_state_dict`` of its network."""
        return {name: stacked[model].detach().clone() for name, stacked in self.parameters().items()}

    @torch.no_grad()
    def copy_scalars(self, model: int, network: nn.Module) -> None:
        """Copies one model's parameters of one number each into its network."""
        own = self.parameters()
        for name, parameter in network.named_parameters():
            if parameter.dim() == 0:
                parameter.copy_(own[name][model])

    def train(self) -> None:
        """Sets the networks to training."""
        self._network.train()

    def eval(self) -> None:
        """Sets the networks to evaluation."""
        self._network.eval()

    def keep(self, models: Sequence[int]) -> None:
        """Goes on with these alone."""
        self.flat = self.flat.detach()[list(models)].requires_grad_()

    def scores(self, x_MTBD: Tensor, lengths_MB: Tensor) -> Tensor:
        """The outputs of each network for its own inputs: [M, B, C]."""
        parameters = self.parameters()
        cell = self._network.cell
        kernel = scan.kernel_of(cell) if scan.plain(x_MTBD) else None
        if kernel is None or kernel.given:
            scored: Tensor = vmap(self._score)(parameters, x_MTBD, lengths_MB)
            return scored
        found, W_MCH, b_MC = vmap(self._matrices, in_dims=(0, None))(parameters, kernel)
        h_MBH = scan.last_of_each(kernel, found, cell.hidden_size, x_MTBD, lengths_MB)
        return torch.baddbmm(b_MC.unsqueeze(1), h_MBH, W_MCH.transpose(1, 2))

    def _matrices(self, parameters: dict[str, Tensor], kernel: Kernel) -> tuple[Constants, Tensor, Tensor]:
        named = {f"network.{name}": parameter for name, parameter in parameters.items()}
        made: tuple[Constants, Tensor, Tensor] = functional_call(self._dense, named, (kernel,), tie_weights=False)
        return made

    def _score(self, parameters: dict[str, Tensor], x_TBD: Tensor, lengths_B: Tensor) -> Tensor:
        scored: Tensor = functional_call(self._network, parameters, (x_TBD, lengths_B), tie_weights=False)
        return scored


def losses(scores_MBC: Tensor, y_MB: Tensor) -> Tensor:
    """Mean cross-entropy of each model: [M]."""
    each = functional.cross_entropy(scores_MBC.flatten(0, 1), y_MB.flatten(), reduction="none")
    return each.view(y_MB.shape).mean(dim=1)


def clip(gradient_MN: Tensor, most: Sequence[float | None]) -> Tensor:
    """Scales each model's gradient to at most its norm, in place, as ``torch.nn.utils.clip_grad_norm_``.

    Returns:
        norm_M, as it was.
    """
    norm_M: Tensor = torch.linalg.vector_norm(gradient_MN, dim=1)
    if any(limit is not None for limit in most):
        limit_M = gradient_MN.new_tensor([math.inf if limit is None else limit for limit in most])
        gradient_MN.mul_((limit_M / (norm_M + 1e-6)).clamp(max=1.0).unsqueeze(1))
    return norm_M


class Optimizer:
    """torch's Adam, AdamW and SGD, for each model with a rate and a weight decay of its own.

    Args:
        kind: ``adam``, ``adamw``, ``sgd`` with Nesterov momentum 0.9, or ``plain-sgd`` without any.
        decays: weight decay of each model.
    """

    def __init__(self, kind: str, decays: Sequence[float]) -> None:
        self._kind, self._step = kind, 0
        self._decay_M1 = torch.tensor(decays).unsqueeze(1) if any(decays) else None
        self._moments: list[Tensor] = []

    def keep(self, models: Sequence[int]) -> None:
        """Goes on with these alone."""
        chosen = list(models)
        self._moments = [moment[chosen] for moment in self._moments]
        self._decay_M1 = None if self._decay_M1 is None else self._decay_M1[chosen]

    @torch.no_grad()
    def step(self, flat_MN: Tensor, gradient_MN: Tensor, rates_M: Tensor) -> None:
        """Moves the parameters, in place.

        Args:
            flat_MN: the parameters.
            gradient_MN: their gradient, which may be overwritten.
            rates_M: the learning rate of each model.
        """
        rates_M1 = rates_M.to(flat_MN.device).unsqueeze(1)
        if self._decay_M1 is not None:
            self._decay_M1 = self._decay_M1.to(flat_MN.device)
            if self._kind == "adamw":
                flat_MN.mul_(1 - rates_M1 * self._decay_M1)
            else:
                gradient_MN.addcmul_(flat_MN, self._decay_M1)
        first, self._step = not self._moments, self._step + 1
        if self._kind in ("sgd", "plain-sgd"):
            change_MN = self._nesterov(gradient_MN, first) if self._kind == "sgd" else gradient_MN
            flat_MN.sub_(change_MN * rates_M1)
            return
        if first:
            self._moments = [torch.zeros_like(flat_MN), torch.zeros_like(flat_MN)]
        mean, square = self._moments
        mean.lerp_(gradient_MN, 1 - 0.9)
        square.mul_(0.999).addcmul_(gradient_MN, gradient_MN, value=1 - 0.999)
        scale = square.sqrt().div_(math.sqrt(1 - 0.999**self._step)).add_(1e-8)
        flat_MN.sub_((mean / scale).mul_(rates_M1 / (1 - 0.9**self._step)))

    def _nesterov(self, gradient_MN: Tensor, first: bool) -> Tensor:
        if first:
            self._moments = [gradient_MN.clone()]
        else:
            self._moments[0].mul_(0.9).add_(gradient_MN)
        return gradient_MN.add(self._moments[0], alpha=0.9)
