"""What every worker needs; imported by the server that workers are forked from."""

from bench.startup import warm

warm("bench.execute.worker")
