"""A report's figures as a workbook: a sheet for each table, map and chart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from data.report.blocks import Report, Table, missing
from data.report.words import say
from data.spreadsheets import harmless, printable

_HEAD = PatternFill("solid", fgColor="E9EDF3")
_LONGEST = 40
_TITLE = 31
"""Letters of a sheet's name at most."""
_FORMATS = {"count": "#,##0", "number": "#,##0.0", "percent": "0.0", "people": "#,##0"}


def write_workbook(report: Report, path: Path) -> None:
    """Write every figure of a report, whole and unrounded, with what it counts, of what, and of which day."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101  (a new workbook has one)
    _about(sheet, report)
    for table in report.tables:
        _fill(book.create_sheet(_sheet_name(table.title)), table, report)
    book.save(path)


def _sheet_name(title: str) -> str:
    return re.sub(r"[\\/*?:\[\]]", " ", title)[:_TITLE]


def _about(sheet: Worksheet, report: Report) -> None:
    sheet.title = say("about", report.language)
    sheet.append([_plain(report.title)])
    sheet["A1"].font = Font(bold=True, size=14)
    for name, value in report.facts:
        sheet.append([name, _plain(value)])
    for section in report.sections:
        for name, text in section.paragraphs:
            sheet.append([name, text])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 110
    for row in sheet.iter_rows(min_row=2, max_col=2):
        for one in row:
            one.alignment = Alignment(wrap_text=True, vertical="top")


def _fill(sheet: Worksheet, table: Table, report: Report) -> None:
    """Write a table: its title, its note, the headers in the third row, then all its rows."""
    columns = _columns(table)
    sheet.append([table.title])
    sheet["A1"].font = Font(bold=True, size=12)
    sheet.append([table.note])
    sheet.append([label for _, label, _ in columns])
    for one in sheet[3]:
        one.font, one.fill = Font(bold=True), _HEAD
    hidden = say("hidden", report.language)
    for row in table.frame.to_dict("records"):
        sheet.append(
            [
                hidden if kind == "people" and missing(row[key]) else _plain(row[key])
                for key, _, kind in columns
            ]
        )
    for at, (key, label, kind) in enumerate(columns, start=1):
        letter = get_column_letter(at)
        longest = max([len(label), *(len(str(one)) for one in table.frame[key].head(200))])
        sheet.column_dimensions[letter].width = min(2 + 1.6 * longest, _LONGEST)
        if kind in _FORMATS:
            for one in sheet[letter][3:]:
                one.number_format = _FORMATS[kind]
    sheet.freeze_panes = "B4"


def _columns(table: Table) -> list[tuple[str, str, str]]:
    """Return key, header and kind of the sheet's columns; what stands under a figure gets one of its own."""
    found: list[tuple[str, str, str]] = []
    for one in table.columns:
        if one.kind == "interval":
            found += [("low", f"{one.label} −", "percent"), ("high", f"{one.label} +", "percent")]
            continue
        found.append((one.key, one.label, one.kind))
        if one.under and one.under not in {key for key, _, _ in found}:
            found.append((one.under, f"{one.label} ·", "text"))
    return found


def _plain(value: Any) -> Any:
    """Return a value as openpyxl takes it; a text that no spreadsheet takes for a formula."""
    if missing(value):
        return None
    if isinstance(value, str):
        return harmless(printable(value))
    return value.item() if hasattr(value, "item") else value
