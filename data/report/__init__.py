"""The report that a leader takes away: an area and a period as a PDF and as a workbook."""

from data.report.contents import assemble, months
from data.report.typeset import pdf, pictures
from data.report.workbook import write_workbook

__all__ = ["assemble", "months", "pdf", "pictures", "write_workbook"]
