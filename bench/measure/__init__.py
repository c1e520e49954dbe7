"""The cost of a trained model: parameters, non-zeros and bytes, and time on boards."""

from bench.measure.latency import latency, latency_or_reason
from bench.measure.size import Size, size

__all__ = ["Size", "latency", "latency_or_reason", "size"]
