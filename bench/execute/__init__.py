"""Runs a grid: workers claim its runs and train them, and executors start workers."""
