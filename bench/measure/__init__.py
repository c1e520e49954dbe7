"""What a trained model takes: parameters, non-zeros, bytes; time on boards."""

from bench.measure.latency import latency
from bench.measure.size import Size, size

__all__ = ["Size", "latency", "size"]
