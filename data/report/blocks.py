"""What a report is made of: tables, maps and bars, each with the figures behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import pandas as pd

from data.periods import Window
from data.queries.areas import AreaRef
from data.report.maps import Drawing

DASH = "—"
"""Stands for what is not known or can't be said."""
CLEAR = "●"
"""Marks a change whose interval leaves zero out."""
Kind = Literal["text", "count", "number", "percent", "measure", "change", "interval", "people"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    key
        Column of the frame.
    kind
        ``measure`` and ``change`` take their unit from the column ``unit``, a change its mark from
        ``clear``; ``interval`` is drawn from ``low``,
        ``value`` and ``high`` (percent); ``people`` may be hidden.
    under
        Column with a text set below the figure, such as what it counts.
    width
        Relative; 0 for as wide as it needs.
    """

    key: str
    label: str
    kind: Kind = "text"
    under: str | None = None
    width: float = 0.0


@dataclass(frozen=True)
class Table:
    """Figures with their columns; a sheet of the workbook.

    Attributes
    ----------
    most
        How many rows the page shows, None for all; the workbook has all.
    """

    key: str
    title: str
    columns: Sequence[Column]
    frame: pd.DataFrame
    note: str = ""
    most: int | None = None


@dataclass(frozen=True)
class Map:
    """A map, its legend (colour, label, how many places), and the figures that it is drawn from."""

    drawing: Drawing
    legend: Sequence[tuple[str, str, int]]
    table: Table
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """A row of bars for each of several rates, in percent, with n under each bar."""

    series: Sequence[str]
    table: Table
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it."""

    title: str
    intro: str = ""
    blocks: Sequence[Table | Map | Bars] = ()
    paragraphs: Sequence[tuple[str, str]] = ()
    new_page: bool = False


@dataclass(frozen=True)
class Report:
    """A report on an area and a period, ready to be set and to be written as a workbook."""

    language: Literal["zh", "en"]
    title: str
    area: AreaRef
    window: Window
    before: Window
    as_of: date | None
    facts: Sequence[tuple[str, str]]
    footer: str
    sections: Sequence[Section] = field(default_factory=list)

    @property
    def tables(self) -> list[Table]:
        """All figures, in the order of the pages."""
        blocks = [block for section in self.sections for block in section.blocks]
        return [block if isinstance(block, Table) else block.table for block in blocks]

    def table(self, key: str) -> Table:
        """Return the table with this key."""
        return next(one for one in self.tables if one.key == key)


def span_text(window: Window, language: str) -> str:
    """Return a span of whole months as people write it."""
    start, end = window.start, window.end
    same_year, same = start.year == end.year, (start.year, start.month) == (end.year, end.month)
    if language == "zh":
        last = f"{end.month} 月" if same_year else f"{end.year} 年 {end.month} 月"
        return f"{start.year} 年 {start.month} 月" + ("" if same else f"至 {last}")
    first = f"{start:%b}" if same_year else f"{start:%b %Y}"
    return f"{end:%b %Y}" if same else f"{first} – {end:%b %Y}"


def day_text(value: date | None, language: str) -> str:
    """Return a day as people write it."""
    if value is None:
        return DASH
    zh = f"{value.year} 年 {value.month} 月 {value.day} 日"
    return zh if language == "zh" else f"{value.day} {value:%b %Y}"


def missing(value: object) -> bool:
    """Tell whether there is no value."""
    return value is None or value is pd.NA or value != value  # noqa: PLR0124  (NaN)


def count_text(value: Any) -> str:
    """Return a whole number with thousands separators; of a fraction, two digits."""
    if missing(value):
        return DASH
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def measure_text(value: Any, unit: str, *, sign: bool = False) -> str:
    """Return a value with one digit, percent where it is a share; a number of records whole."""
    if missing(value):
        return DASH
    plus = "+" if sign else ""
    if unit == "count":
        return f"{value:{plus},.0f}".replace("-", "−")
    return f"{value:{plus},.1f}".replace("-", "−") + ("%" if unit == "percent" and not sign else "")


def _change(value: Any, row: dict[str, Any]) -> str:
    return measure_text(value, row["unit"], sign=True) + (f" {CLEAR}" if row["clear"] else "")


def _interval(row: dict[str, Any]) -> dict[str, Any]:
    low, value, high = (float(row[name]) for name in ("low", "value", "high"))
    return {"low": low, "value": value, "high": high, "text": f"{low:.1f} – {high:.1f}"}


def cell(column: Column, row: dict[str, Any], hidden: str) -> Any:
    """Return what the page shows in a cell: a text, or the bounds and the value of an interval."""
    value = row[column.key]
    texts: dict[Kind, Callable[[], Any]] = {
        "text": lambda: DASH if missing(value) else str(value),
        "count": lambda: count_text(value),
        "number": lambda: measure_text(value, ""),
        "percent": lambda: measure_text(value, "percent"),
        "measure": lambda: measure_text(value, row["unit"]),
        "change": lambda: _change(value, row),
        "people": lambda: hidden if missing(value) else count_text(value),
        "interval": lambda: DASH if missing(row["value"]) else _interval(row),
    }
    text = texts[column.kind]()
    under = row[column.under] if column.under else None
    return text if missing(under) or not under else {"text": text, "under": str(under)}
