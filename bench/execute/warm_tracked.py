"""Imports what W&B needs in a run, the second module at its first run; the fork server imports this module."""

from bench.execute.warm import warm

warm("wandb", "wandb.sdk.launch")
