"""The facts about a run that a record holds."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, field_validator, model_serializer

from bench.status import Status

SCHEMA = 2
"""Raise it when a reader of older records would go wrong."""

_PROVENANCE: dict[str, type] = {"git": dict, "packages": dict, "pack": int}
"""What readers of records take parts of the provenance for; those not named here may be anything."""


class Frozen(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFacts(Frozen):
    """The data set as it was at the run."""

    name: str
    title: str
    task: str
    metric: str
    """By which epochs and settings are chosen."""
    reported: str | None = None
    """The metric by which tables compare runs, where it is another one: ``f1``."""
    higher_is_better: bool
    fingerprint: str
    train: int
    validation: int
    test: int
    steps: int
    features: int
    classes: int
    majority: float | None
    """Test accuracy of always giving the most frequent training class; ``None`` for a text."""
    licence: str
    source: str


class Labels(Frozen):
    """How tables name the run."""

    cell: str
    """The cell's title: ``FastGRNN``."""
    variant: str
    """The options that differ from its defaults: ``gate tanh``; empty for none."""
    folder: str = Field(default="", exclude=True)
    """What tells its row from those of other results folders, where several are read; never written."""


class Result(Frozen):
    """The result of training. Validation data chose the epoch; the test set was used once, after, and never if sealed.

    Accuracies are of classification, perplexities (exp of the mean loss a word) of a language model; what a task has
    not is not written.
    """

    test_accuracy: float | None = None
    """Accuracy of the network in float32; of a quantised run, with its rounded weights."""
    integer_accuracy: float | None = None
    """Accuracy of a quantised run's integer program over the whole test set: the run's accuracy in every table."""
    test_f1: float | None = None
    """F1 of class 1, where a data set reports it, from the same answers as the accuracy."""
    test_loss: float | None = None
    validation_accuracy: float | None = None
    validation_loss: float | None = None
    best_epoch: int
    epochs: int
    test_perplexity: float | None = None
    validation_perplexity: float | None = None
    learnt: dict[str, float] | None = None
    """The learnt numbers of a cell by name, ``alpha``, of the kept weights; of several layers ``alpha/1`` and so on."""
    random_h0_accuracy: tuple[float, ...] | None = None
    """Test accuracies of the network in float32 from random initial states, where ``evaluate.h0`` asks for them."""
    integer_perplexity: float | None = None
    """Perplexity of a quantised run's integer program over the whole test text: the run's perplexity in every table."""
    train_perplexity: float | None = None
    """Perplexity of the final weights on the training text's first words, as many as the test text has."""

    def of(self, metric: str, split: str = "test") -> float:
        """Returns the value of a task's metric, for instance ``accuracy``, on a split."""
        value = getattr(self, f"{split}_{metric}")
        assert isinstance(value, float)  # noqa: S101
        return value

    @model_serializer(mode="wrap")
    def _leave_out_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        body: dict[str, Any] = handler(self)
        return {key: value for key, value in body.items() if value is not None}


class Chosen(Frozen):
    """The trial that a final run's settings come from; an entry of ``chosen.json``."""

    group: str
    """Whose trials it was chosen from: ``"hapt2, lstm"``."""
    trial: int
    trials: int
    """How many there were."""
    failed: int
    """How many of them failed, because their training diverged."""
    validation: float
    """The mean metric of the chosen trial's runs on validation data."""
    sd: float
    epochs: int
    """Their mean best epoch, rounded."""
    settings: dict[str, Any]
    """The drawn settings, by dotted path."""
    trial_runs: tuple[str, ...]
    """The ids of the trial's runs."""


class SizeFacts(Frozen):
    """The size of cell and classifier; of a language model, of its cells."""

    parameters: int
    nonzero: int
    kb: float
    """As the FastGRNN paper counts: classifier included, 4 bytes a number (1 when quantised), 1 KB = 1024 bytes."""
    embedding_parameters: int = 0
    """Numbers of the embedding of a set of texts, and of a language model's softmax, a matrix that both share once; not
    in the figures above, as in the paper's Tables 2 and 3."""


class LatencyFacts(Frozen):
    """The predicted latency of one sequence on one board; fields of :class:`bench.mcu.Prediction`."""

    board: str
    title: str
    format: str
    method: str
    cycles_per_step: int
    cycles: int
    ms_per_step: float
    ms: float
    ms_low: float
    ms_high: float
    flash_bytes: int
    ram_bytes: int
    fits_flash: bool
    fits_ram: bool


class Times(Frozen):
    """When, in ISO 8601 UTC, and how long in seconds."""

    started: str
    finished: str | None = None
    train_s: float | None = None
    wall_s: float | None = None


class Mirror(Frozen):
    """Where W&B shows a run."""

    url: str = ""
    """The run's page, as W&B's client named it; empty before the client has reached the server."""
    sent: str = ""
    """The folder of W&B's files that was sent whole; an earlier one, or none, while something is still to be sent."""
    to: str = ""
    """Server and project that it was sent to; empty where that was not noted."""
    reason: str = ""
    """Why the files were not sent."""


class Failure(Frozen):
    """Help with a run that failed, beside the reason."""

    log: tuple[str, ...]
    """The last lines of ``log.txt``."""
    command: str
    """Does this run alone."""


class Record(Frozen):
    """``record.json``, and the latency beside it. A run that is not ``done`` lacks what it did not reach."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    id: str
    status: Status
    reason: str = ""
    grid: str
    spec: dict[str, Any]
    labels: Labels
    times: Times
    provenance: dict[str, Any]
    failure: Failure | None = None
    """Set for a run that failed."""
    chosen: Chosen | None = None
    """Set for a final run: the search that its settings come from."""
    data: DataFacts | None = None
    size: SizeFacts | None = None
    result: Result | None = None
    latency: tuple[LatencyFacts, ...] = Field(default=(), exclude=True)
    """From ``latency.json``, as what follows."""
    latency_stale: bool = Field(default=False, exclude=True)
    """Whether an earlier model of latency made these figures, or one with other costs of kernels and boards."""
    latency_due: bool = Field(default=False, exclude=True)
    """Whether a trained model's are missing or out of date, so that they are to be predicted again."""
    latency_reason: str = Field(default="", exclude=True)
    """Why there is none."""
    wandb: Mirror | None = Field(default=None, exclude=True)
    """From ``wandb.json``; ``None`` for a run that nobody has tried to send."""
    folder: Path | None = Field(default=None, exclude=True)
    """The run's folder, where the record was read from one."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("provenance")
    @classmethod
    def _has_what_readers_take_it_for(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, kind in _PROVENANCE.items():
            if not isinstance(given.get(name), (kind, NoneType)):
                raise ValueError(f"its {name} is no {kind.__name__}")
        return given
