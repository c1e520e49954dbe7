"""Sequence classification: network, training, packs, the integer program of the result."""
