"""Records -> tables (LaTeX, Markdown, CSV, terminal), figures and one page. It reads records, never a model."""

from bench.report.table import Table
from bench.report.terminal import to_rich
from bench.report.write import Report, write_report

__all__ = ["Report", "Table", "to_rich", "write_report"]
