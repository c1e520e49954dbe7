"""One LaTeX document of all that results folders hold: tables, figures, claims, and the protocol of each."""

from bench.report.document.compiled import compile_pdf, missing
from bench.report.document.moved import Moved, at_commit, moved
from bench.report.document.sections import claims_alone
from bench.report.document.write import write_document

__all__ = ["Moved", "at_commit", "claims_alone", "compile_pdf", "missing", "moved", "write_document"]
