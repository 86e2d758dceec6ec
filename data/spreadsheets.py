"""Tables as files for spreadsheets, in which a text is never taken for a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
from openpyxl.utils import get_column_letter

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Letters that a workbook can't hold."""
_WIDEST = 44
_LOOKED_AT = 200
"""Rows by which a column's width is chosen."""


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe before what would be one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def printable(text: str) -> str:
    """Return a text without letters that a workbook can't hold."""
    return _CONTROL.sub(" ", text)


def write_tables(target: Path | BinaryIO, tables: Mapping[str, pd.DataFrame], keys: int = 0) -> None:
    """Write a workbook, a sheet for each table by name; texts are stored as texts, whatever they begin with.

    Parameters
    ----------
    keys
        Columns at the left that stay when a reader scrolls, beside the header that always does.
    """
    with pd.ExcelWriter(target, engine="openpyxl") as book:
        for name, table in tables.items():
            table.map(_cleaned).to_excel(book, sheet_name=name, index=False, freeze_panes=(1, keys))
            sheet = book.sheets[name]
            for row in sheet.iter_rows(min_row=2):
                for cell in row:
                    if cell.data_type == "f":
                        cell.data_type = "s"
            for at, column in enumerate(table.columns, start=1):
                longest = max(map(_width, [column, *table.iloc[:_LOOKED_AT, at - 1]]))
                sheet.column_dimensions[get_column_letter(at)].width = min(longest + 2, _WIDEST)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV without formulas, UTF-8 with a mark that Excel knows it by."""
    return table.map(_harmless).to_csv(index=False).encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


def _cleaned(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value


def _width(value: object) -> int:
    return sum(2 if one > "\u2e7f" else 1 for one in str(value if value is not None else ""))
