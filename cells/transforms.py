"""Detects what torch may be doing to the operations that are run."""

from __future__ import annotations

import torch


def transformed(device: str) -> bool:
    """Whether each operation is wanted as torch knows it: it is traced, mapped, cast, looked at or derived forward.

    Args:
        device: the type of device that autocast is asked about.
    """
    if torch._C._get_tracing_state() is not None or torch.is_autocast_enabled(device):
        return True
    if torch._C._len_torch_dispatch_stack() or torch._C._functorch.peek_interpreter_stack() is not None:
        return True
    return torch.autograd.forward_ad._current_level >= 0
