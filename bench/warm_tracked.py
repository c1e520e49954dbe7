"""What W&B needs in a worker, the second at its first run; imported by the server that workers are forked from."""

from bench.startup import warm

warm("wandb", "wandb.sdk.launch")
