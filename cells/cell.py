"""The contract that every cell keeps.

A cell is one recurrent layer, split where training and streaming part ways:

    project(x_TBD) -> pre_TBG       all that does not depend on the state, for every step at once
    step(pre_BG, state) -> state    the recurrence; ``state`` is a tuple of tensors, the first is h_BH
    forward(x_TBD, state) -> (h_TBH, state)     the scan over both

Training hoists ``project`` out of the loop; a microcontroller calls both once a sample; the operation counter reads
the same two functions. To add a cell, write one file: a subclass, its formula, its citation, ``@register``.

Shapes: T time, B batch, D input, H hidden, G gate pre-activations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import torch
from torch import Tensor, nn

from cells import scan
from cells.gates import SMOOTH, Nonlinearity
from cells.weight import Weight

State = tuple[Tensor, ...]


def _unwritten(self: Cell, *_: Any) -> NoReturn:
    raise NotImplementedError(f"{type(self).__name__} must define project(x_TBD) and step(pre_BG, state)")


def one_of(option: str, value: str, among: tuple[str, ...]) -> None:
    """Checks an option that is one of a few words.

    Raises:
        ValueError: when it is another; names them.
    """
    if value not in among:
        raise ValueError(f"{option} must be one of {', '.join(among)}, not {value!r}")


class Cell(nn.Module):
    """One recurrent layer. Subclasses build their weights in ``__init__`` and define ``project`` and ``step``.

    Options of a cell are the keyword-only arguments of its ``__init__``; their annotations and defaults are what a
    configuration may say. Raise ``ValueError`` for a value out of range.

    A cell calls ``self.sigmoid``, ``self.tanh`` and ``self.relu`` rather than torch's, so that a quantised model can
    put its piecewise-linear forms in their place.

    Args:
        input_size: D.
        hidden_size: H.

    Attributes:
        states: how many tensors of [B, H] the recurrent state holds.
        window: how many inputs ``project`` looks back at, this one included. Above 1, ``project`` takes a second
            argument, the ``window - 1`` earlier inputs [window - 1, B, D] (zeros when ``None``).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    citation: ClassVar[str]
    states: int = 1
    window: int = 1

    project: Callable[..., Tensor] = _unwritten
    step: Callable[..., State] = _unwritten

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError(f"a cell needs sizes of at least 1, not input {input_size}, hidden {hidden_size}")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.nonlinearities: dict[str, Nonlinearity] = dict(SMOOTH)

    def sigmoid(self, x: Tensor) -> Tensor:
        """The logistic function 1 / (1 + exp(-x)), or what a quantised model puts in its place."""
        return self.nonlinearities["sigmoid"](x)

    def tanh(self, x: Tensor) -> Tensor:
        """The hyperbolic tangent, or what a quantised model puts in its place."""
        return self.nonlinearities["tanh"](x)

    def relu(self, x: Tensor) -> Tensor:
        """The larger of x and 0, or what a quantised model puts in its place."""
        return self.nonlinearities["relu"](x)

    def weights(self) -> dict[str, Weight]:
        """The cell's matrices by name (``W``, ``U``, ...), as a configuration names them."""
        return {name: module for name, module in self.named_modules() if isinstance(module, Weight)}

    def scalars(self) -> dict[str, Tensor]:
        """The parameters that are one number each, by name, as the formula uses them.

        A cell whose formula reads ``raw_alpha`` through a function, as sigmoid(raw_alpha), gives that as a property
        ``alpha``, and the value of the property is what is told.
        """
        found: dict[str, Tensor] = {}
        for raw, parameter in self.named_parameters():
            if parameter.dim() == 0:
                name = raw.removeprefix("raw_") if hasattr(type(self), raw.removeprefix("raw_")) else raw
                found[name] = parameter if name == raw else getattr(self, name)
        return found

    def initial_state(self, batch: int, like: Tensor) -> State:
        """Zeros: ``states`` tensors [B, H], and for ``window`` > 1 the past inputs [window - 1, B, D].

        Args:
            batch: B.
            like: any tensor of the wanted dtype and device.
        """
        state = [like.new_zeros(batch, self.hidden_size) for _ in range(self.states)]
        if self.window > 1:
            state.append(like.new_zeros(self.window - 1, batch, self.input_size))
        return tuple(state)

    def forward(self, x_TBD: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Runs the cell over a sequence, each matrix computed once.

        Args:
            x_TBD: the inputs, T >= 1.
            state: what an earlier call returned, or ``None`` for :meth:`initial_state`.

        Returns:
            h_TBH of every step, and the state after the last.

        Raises:
            ValueError: when the input is not [T, B, D] with this cell's D and T >= 1, or the state is of another batch.
        """
        x_TBD, state = self._checked(x_TBD, state)
        return scan.run(self, x_TBD, state)

    def _checked(self, x_TBD: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Input and state, or zeros in place of ``None``; raises for wrong shapes."""
        if x_TBD.dim() != 3 or x_TBD.shape[2] != self.input_size or x_TBD.shape[0] < 1:
            raise ValueError(f"expected input [T >= 1, B, {self.input_size}], got {list(x_TBD.shape)}")
        if state is None:
            state = self.initial_state(x_TBD.shape[1], x_TBD)
        elif state[0].shape != (x_TBD.shape[1], self.hidden_size):
            wanted = [x_TBD.shape[1], self.hidden_size]
            raise ValueError(f"expected a state whose h is {wanted}, got {list(state[0].shape)}")
        return x_TBD, state

    def last(self, x_TBD: Tensor, lengths_B: Tensor, state: State | None = None) -> Tensor:
        """The state of each sequence after its own last step.

        Args:
            x_TBD: the inputs, anything after a sequence's end: cells are causal, so it does not matter.
            lengths_B: steps of each sequence, 1..T, int64.
            state: before the first step; ``None`` for :meth:`initial_state`.

        Returns:
            h_BH.

        Raises:
            ValueError: as :meth:`forward`.
        """
        x_TBD, state = self._checked(x_TBD, state)
        return scan.run(self, x_TBD, state, lengths_B - 1)[0]

    def stream(self, x_BD: Tensor, state: State) -> State:
        """One sample through ``project`` and ``step``, each matrix used in its stored form, as a device does it.

        Args:
            x_BD: the sample.
            state: from :meth:`initial_state` or an earlier call.
        """
        pre_1BG, state, past = self._project(x_BD.unsqueeze(0), state)
        return self.step(pre_1BG.squeeze(0), state) + past

    def _project(self, x_TBD: Tensor, state: State) -> tuple[Tensor, State, State]:
        """Pre-activations, the recurrent part of the state, and the past inputs that the next call needs."""
        if self.window == 1:
            return self.project(x_TBD), state, ()
        *recurrent, past = state
        seen = torch.cat([past, x_TBD])
        return self.project(x_TBD, past), tuple(recurrent), (seen[1 - self.window :],)
