"""Helpers that draw figures: points and their names, and SVG in the colours of the page."""
