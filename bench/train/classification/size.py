"""The size of a classifier, trained or not yet."""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import nn

from bench.data import DatasetInfo
from bench.measure import size
from bench.record import SizeFacts
from bench.spec import CompressPart, RunSpec
from bench.train.cell import build_cell, derive_seed, make_small, one_thread, uncomputed
from bench.train.classification.network import Network, build
from cells.compress import HardThreshold, quantise_weights

_FLOAT_BYTES, _INTEGER_BYTES = 4, 1
"""Bytes of a number in float32, and of a quantised weight or an index, as the paper counts."""


def size_facts(network: Network, compress: CompressPart) -> SizeFacts:
    """Returns the size of cell and classifier, as the paper prints it; an embedding is counted beside it."""
    counted = size(nn.ModuleList([network.cell, network.head]), _INTEGER_BYTES if compress.quantise else _FLOAT_BYTES)
    embedding = 0 if network.embedding is None else network.embedding.weight.numel()
    return SizeFacts(**asdict(counted), embedding_parameters=embedding)


def compressed(spec: RunSpec, info: DatasetInfo) -> Network:
    """Returns the network of a run at its initial weights, as sparse and as rounded as the trained one will be."""
    return _compress(build(spec, info.features, info.classes, info.vocabulary).eval(), spec)


@one_thread()
def planned_kb(spec: RunSpec, info: DatasetInfo) -> float:
    """Returns the size in KB that the model of a run will have.

    Its initial weights are not computed, which takes most of the time of building a model: random numbers stand for
    them.

    Raises:
        RnnbenchError: when the model cannot be built.
    """
    network: Network | None
    try:
        with uncomputed():
            network = Network(build_cell(spec.cell, info.features, spec.compress), info.classes, info.vocabulary)
    except (NotImplementedError, RuntimeError):  # a cell that reads its weights while it is built
        network = None
    if network is None or any(True for _ in network.buffers()):
        return size_facts(compressed(spec, info), spec.compress).kb
    torch.default_generator.manual_seed(derive_seed(spec.seed, "init"))
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.1)
    return size_facts(_compress(network, spec), spec.compress).kb


def _compress(network: Network, spec: RunSpec) -> Network:
    make_small(network.cell, spec.cell, spec.compress)
    HardThreshold(network.cell, spec.compress.keep).threshold()
    if spec.compress.quantise:
        quantise_weights(network)
    return network
