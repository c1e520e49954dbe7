"""Sequence classification: network, training, packs, the integer program of the result."""

from bench.train.classification.task import Classification

TASK = Classification()
