"""Writers of a table: LaTeX, Markdown, HTML and the terminal; and CSV, also of the rows behind it."""

from bench.report.writers.csv import table_to_csv, to_csv
from bench.report.writers.html import to_html
from bench.report.writers.latex import to_latex
from bench.report.writers.markdown import to_markdown
from bench.report.writers.terminal import to_rich

__all__ = ["table_to_csv", "to_csv", "to_html", "to_latex", "to_markdown", "to_rich"]
