"""Rows held against each other, like with like: standings, differences, twins, and sentences of what they show."""
