"""How the reader knows tensors again."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def edge_of(tensor: Tensor) -> Any:
    """Autograd's node that a tensor came from."""
    return torch.autograd.graph.get_gradient_edge(tensor).node


def place(tensor: Tensor) -> tuple[Any, ...]:
    """Where a tensor's numbers lie."""
    return tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype


def tensors_in(values: Any) -> list[Tensor]:
    """The tensors among arguments, those in lists included."""
    found = []
    for value in values:
        found += [value] if isinstance(value, Tensor) else tensors_in(value) if isinstance(value, list | tuple) else []
    return found
