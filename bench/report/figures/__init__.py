"""Figures: each file makes one, by its function ``figure(results) -> Figure | None``; adding a file adds a figure.

``rnnbench report`` writes its named panels as ``figures/<name>.svg``, and shows all of them on the page.
"""
