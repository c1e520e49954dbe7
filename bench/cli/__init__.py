"""The command line."""

from bench.cli.root import app, main

__all__ = ["app", "main"]
