"""A language model's run: trains, tests, measures."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.data import Corpus
from bench.measure import size
from bench.record import Latency, Result, SizeFacts
from bench.spec import RunSpec
from bench.train.cell import derive_seed
from bench.train.chunks import Chunks
from bench.train.epochs import EpochEnd, Listener
from bench.train.language import text
from bench.train.language.averaging import Averaging
from bench.train.language.model import LanguageModel, build
from bench.train.language.module import LanguageModelling, perplexity
from bench.train.resume import LastEpoch
from bench.train.stages import Compression
from bench.train.trainer import save, trainer
from cells import Cell

_NO_LATENCY = "the program of an embedding and of a softmax over a vocabulary is not written"


def train_and_measure(
    spec: RunSpec, corpus: Corpus, folder: Path, listeners: list[Listener], keep: LastEpoch
) -> tuple[dict[str, Any], EpochEnd]:
    """What a record says of a run on a text, and its epochs; ``model.pt`` and ``metrics.csv`` are left in the folder.

    Raises:
        RnnbenchError: when the text and the specification do not fit.
        DivergedError: when training leaves the ground.
    """
    text.check(corpus)
    network = build(spec, corpus.info.classes)
    if spec.language.unigram:
        network.begin_at_unigram(corpus.train)
    cells = [each for each in network.layers if isinstance(each, Cell)]
    compression = Compression(network, cells, spec.compress, spec.train.epochs)
    end = EpochEnd(folder / "metrics.csv", spec.train.patience, listeners, "perplexity", False, compression)
    began = time.monotonic()
    of_validation, validation_loss = _fit(spec, corpus, network, end, compression, keep)
    train_s = end.continued_s + time.monotonic() - began
    test_loss = _loss(network, corpus.test)
    save(folder, spec, network)
    result = Result(
        test_loss=test_loss,
        validation_loss=validation_loss,
        best_epoch=end.best_epoch,
        epochs=end.epochs,
        test_perplexity=perplexity(test_loss),
        validation_perplexity=of_validation,
        train_perplexity=perplexity(_loss(network, corpus.train[: len(corpus.test)])),
    )
    facts = SizeFacts(**asdict(size(network.layers)), embedding_parameters=network.outside)
    return {"result": result, "size": facts, "latency": Latency(reason=_NO_LATENCY), "train_s": train_s}, end


def _loss(network: LanguageModel, stream: Tensor) -> float:
    """The mean loss a word of a whole text."""
    return -network.log_likelihood(stream) / (len(stream) - 1)


def _fit(
    spec: RunSpec, corpus: Corpus, network: LanguageModel, end: EpochEnd, compression: Compression, keep: LastEpoch
) -> tuple[float, float]:
    """Trains, and puts the weights of the best epoch back; its perplexity and loss on the validation text."""
    seed = derive_seed(spec.seed, "windows") if spec.awd.variable_bptt else None
    windows = text.Windows(corpus.train, spec.train.batch_size, spec.language.bptt, seed)
    module = LanguageModelling(network, spec, corpus.info.classes)
    module.order = windows.generator
    torch.manual_seed(derive_seed(spec.seed, "noise"))
    epochs = spec.train.epochs + spec.awd.finetune
    averaging = [Averaging(end)] if spec.awd.averages else []
    fitting = trainer(max_epochs=epochs, callbacks=[compression, end, *averaging, keep])
    read, validation = Chunks(windows), text.Whole(corpus.validation)
    fitting.fit(module, read, validation, ckpt_path=keep.usable(), weights_only=True)
    return end.restore(network)
