"""Records -> tables (LaTeX, Markdown, CSV, terminal), figures and one page. It reads records, never a model.

A table is a file in ``tables``, a figure one in ``figures``; both are found by their folder.
"""

from bench.report.rows.results import Results, read
from bench.report.table import Table
from bench.report.write import Compared, Report, write_comparison, write_report, write_results
from bench.report.writers import to_markdown, to_rich

__all__ = [
    "Compared",
    "Report",
    "Results",
    "Table",
    "read",
    "to_markdown",
    "to_rich",
    "write_comparison",
    "write_report",
    "write_results",
]
