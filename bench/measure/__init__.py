"""Parameters, non-zeros, bytes."""

from bench.measure.size import Size, size

__all__ = ["Size", "size"]
