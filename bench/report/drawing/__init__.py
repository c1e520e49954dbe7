"""What figures are drawn with: points and their names, curves, SVG in the colours of the page."""
