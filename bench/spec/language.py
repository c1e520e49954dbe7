"""The parts of a specification that only a language model has: its network, and AWD regularisation."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from bench.spec.compression import CompressPart
from bench.spec.part import Part
from bench.spec.train import TrainPart

TASK = "language-modelling"
"""The only task that reads these parts."""


class LanguagePart(Part):
    """The network around the cell, and how the text is cut."""

    task: ClassVar[str] = TASK

    layers: int = Field(default=1, ge=1, le=16)
    embedding_size: int | None = Field(default=None, ge=1, le=8192)
    """``null``: the hidden size."""
    tied: bool = False
    """One matrix for embedding and softmax (Press and Wolf, EACL 2017); the last layer has the embedding's size."""
    bptt: int = Field(default=35, ge=1, le=10_000)
    """Words through which the gradient goes back; the state is carried over beyond them."""
    first: dict[str, Any] = Field(default={})
    """Options of the cell in the first layer only: ``{window: 2}``, as the authors of QRNN train it."""
    spread: float = Field(default=0.1, gt=0, le=10)
    """The embedding begins in U(-spread, spread); 0.1 in AWD-LSTM's code, as for the softmax."""
    unigram: bool = False
    """The softmax's bias begins at the logarithms of the words' frequencies, so that training begins at a unigram."""
    scale: dict[str, Annotated[float, Field(gt=0, le=10)]] = Field(default={})
    """Factors on what a cell's matrices begin with: ``{U: 0.4}``; others begin as the cell has them."""
    begin: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default={})
    """Values that a cell's vectors and scalars begin with: ``{raw_nu: -12}``; others begin as the cell has them."""
    products: Literal["float32", "bfloat16"] = "float32"
    """The softmax in training. ``bfloat16``: factors rounded to 8 bits of mantissa, sums and weights in float32."""


class AwdPart(Part):
    """The techniques of Merity et al. ("Regularizing and Optimizing LSTM Language Models", ICLR 2018), each alone.

    Weight decay is ``train.weight_decay``. A technique at its default is off.
    """

    task: ClassVar[str] = TASK

    weight_drop: float = Field(default=0.0, ge=0, lt=1)
    weight_drop_matrix: str = "U"
    """Which matrix of the cell; QRNN, which has no U, takes ``W``, as in its authors' code."""
    dropout_input: float = Field(default=0.0, ge=0, lt=1)
    dropout_between: float = Field(default=0.0, ge=0, lt=1)
    dropout_output: float = Field(default=0.0, ge=0, lt=1)
    dropout_embedding: float = Field(default=0.0, ge=0, lt=1)
    """Whole words, wherever they stand in a batch."""
    ar: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    tar: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    variable_bptt: bool = False
    nt_asgd: int | None = Field(default=None, ge=1, le=1000)
    """Epochs without a better validation loss before the weights are averaged; ``null`` for never."""
    finetune: int = Field(default=0, ge=0, le=100_000)
    """Epochs, at most, of averaged SGD from the best weights, at ``train.learning_rate``."""

    @property
    def averages(self) -> bool:
        """Whether weights are averaged at some time."""
        return self.nt_asgd is not None or self.finetune > 0

    def check(self, train: TrainPart, compress: CompressPart) -> None:
        """Raises ``ValueError`` when averaging does not fit the other parts."""
        if self.averages and train.optimizer != "plain-sgd":
            raise ValueError("awd.nt_asgd and awd.finetune average SGD: set train.optimizer to plain-sgd")
        if self.averages and compress.keep:
            raise ValueError("compress.keep with awd.nt_asgd or awd.finetune: an average of weights is not sparse")
        if self.finetune and train.patience is not None:
            raise ValueError("awd.finetune begins after the last epoch: leave train.patience at null")
