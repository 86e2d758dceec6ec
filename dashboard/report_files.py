"""The report on an area and a period as files: what the page's buttons and the command line hand out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from data import report
from data.catalogue import read_catalogue
from data.periods import Window
from data.report.blocks import Report
from data.scope import Scope
from data.settings import Settings
from data.store import Store

FONTS = Path(__file__).parent / "assets" / "fonts"


def assembled(
    store: Store,
    settings: Settings,
    scope: Scope,
    area_code: str,
    window: Window,
    language: Literal["zh", "en"] = "zh",
    against: Window | None = None,
) -> Report:
    """Return the report on an area of the scope and a period of whole months, compared with another as long.

    Raises
    ------
    DataError
        Where the scope holds no such area.
    """
    catalogue = read_catalogue(settings.home / "catalogue")
    return report.assemble(store, scope, area_code, window, language, catalogue=catalogue, against=against)


def pdf_bytes(settings: Settings, found: Report) -> bytes:
    """Return a report as a PDF, A4."""
    return report.pdf(found, FONTS, settings.home / "fonts")


def workbook_bytes(found: Report) -> bytes:
    """Return the figures of a report as an Excel workbook."""
    with TemporaryDirectory(prefix="pingqi-report-") as folder:
        path = Path(folder) / "report.xlsx"
        report.write_workbook(found, path)
        return path.read_bytes()


def file_name(found: Report, suffix: str) -> str:
    """Return a name for a file of a report, such as ``990100000000_2026-05_2026-10.pdf``."""
    return f"{found.area.code}_{found.window.start:%Y-%m}_{found.window.end:%Y-%m}{suffix}"
