"""Problems as a CSV file that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from data.readers import Problem
from data.spreadsheets import harmless

_HEADERS = {
    "zh": ("级别", "文件", "行", "列", "值", "问题"),
    "en": ("severity", "file", "row", "column", "value", "problem"),
}
_LEVELS = {"zh": {"error": "错误", "warning": "提示"}, "en": {"error": "error", "warning": "warning"}}


def rows_as_csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV without formulas, with a byte order mark so that Excel reads it as UTF-8."""
    file = io.StringIO(newline="")
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(headers)
    for row in rows:
        writer.writerow(["" if cell is None else harmless(str(cell)) for cell in row])
    return file.getvalue()


def csv_text(problems: Iterable[Problem], language: str = "zh") -> str:
    """Return the problems as CSV."""
    rows = (
        (_LEVELS[language][one.severity], one.file, one.row, one.column, one.value, one.message(language))
        for one in problems
    )
    return rows_as_csv(_HEADERS[language], rows)


def write_csv(path: Path, problems: Iterable[Problem]) -> None:
    """Write the problems to a file."""
    path.write_text(csv_text(problems), encoding="utf-8", newline="")
