"""The user's choices for an import."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from data.errors import DataError
from models.enums import Datum

_CITY = re.compile(r"\s*(?P<name>[^::]+?)\s*[::]\s*(?P<code>\d{6})(?:0{6})?\s*")
_WHERE = re.compile(r"(?P<column>[^=!]+?)\s*(?:(?P<sign>!?=)\s*(?P<values>.*))?")


@dataclass(frozen=True)
class City:
    """The city that an import into an empty store makes: its name and the six digits of its code."""

    name: str
    code: str

    @classmethod
    def parse(cls, text: str) -> City:
        """Read ``杭州市:330100``."""
        found = _CITY.fullmatch(text)
        if not found:
            raise DataError(f"城市应写成“名称:六位代码”（如 杭州市:330100），现为“{text}”。")
        return cls(found["name"], found["code"])


@dataclass(frozen=True)
class Where:
    """Which rows are meant: those whose `column` is one of `values` (not one of them where `negated`)."""

    column: str
    values: tuple[str, ...] = ()
    negated: bool = False

    @classmethod
    def parse(cls, text: str) -> Where:
        """Read ``列=值1,值2``, ``列!=值`` or ``列`` (not blank)."""
        found = _WHERE.fullmatch(text.strip())
        if not found:
            raise DataError(f"筛选条件应写成“列=值”“列!=值”或“列”，现为“{text}”。")
        values = tuple(one.strip() for one in (found["values"] or "").split(",") if one.strip())
        if found["sign"] and not values:
            raise DataError(f"筛选条件“{text}”没有给出值。")
        return cls(found["column"].strip(), values, found["sign"] == "!=")

    def __str__(self) -> str:
        return self.column + (("!=" if self.negated else "=") + ",".join(self.values) if self.values else "")


@dataclass(frozen=True)
class Options:
    """How a file is read, checked and stored.

    Attributes
    ----------
    layer, encoding, crs, header_row
        As :func:`data.readers.read` takes them.
    datum
        Datum of the coordinates; None lets the file and the stored layers say.
    mapping
        Column of the store -> header of the file, over the guess; an empty header leaves the column out.
    constants
        Column of the store -> one value for all rows.
    where
        Which rows are meant; all where None.
    good_rows_only
        Store the good rows although others are wrong; else one error stops everything.
    repair
        Repair self-crossing polygons; each repair is reported.
    swap_axes
        Exchange x and y.
    complete
        The file holds all of its layer: what it does not hold is to be removed.
    again
        Append a file that has been imported before.
    city
        The city to make where the store has no area yet.
    reach_m
        How far outside the city a row may lie, in metres.
    """

    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None
    header_row: int | None = None
    datum: Datum | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    where: Where | None = None
    good_rows_only: bool = False
    repair: bool = False
    swap_axes: bool = False
    complete: bool = False
    again: bool = False
    city: City | None = None
    reach_m: float = 50_000.0
