"""Periods of whole months, by which a leader compares: quarters, halves, years, or months chosen freely.

A free choice of months is for records of events only. Counts of people know no period at all
(`data.queries.people`): they are given for one fixed day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_TEXT = re.compile(r"([0-9]{4})(?:([QH])([1-4]))?")
_FREE = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])(?:_([0-9]{4})-(0[1-9]|1[0-2]))?")
_MONTHS = {"Q": 3, "H": 6, "": 12}
_YEAR = 12
_EARLIEST, _MOST_MONTHS = 1900, 1200


@dataclass(frozen=True)
class Window:
    """A span of days, both ends counted."""

    start: date
    end: date


@dataclass(frozen=True)
class Period:
    """So many whole `months` from a `start` on, the first day of a month."""

    start: date
    months: int

    @classmethod
    def nth(cls, year: int, months: int, number: int = 1) -> Period:
        """Return the `number`-th span of so many months of a year, counted from 1."""
        return cls(date(year, (number - 1) * months + 1, 1), months)

    @classmethod
    def between(cls, first: date, last: date) -> Period:
        """Return the months from that of one day to that of another."""
        return cls(first.replace(day=1), _count(last) - _count(first) + 1)

    @classmethod
    def of(cls, text: str | None) -> Period | None:
        """Read a period as `key` writes it; None where that can't be read."""
        fixed, free = _TEXT.fullmatch(text or ""), _FREE.fullmatch(text or "")
        found = None
        if fixed is not None and _sound(fixed[1]):
            months, number = _MONTHS[fixed[2] or ""], int(fixed[3] or 1)
            found = cls.nth(int(fixed[1]), months, number) if number * months <= _YEAR else None
        elif free is not None and _sound(free[1]) and _sound(free[3] or free[1]):
            first = date(int(free[1]), int(free[2]), 1)
            found = cls.between(first, date(int(free[3] or free[1]), int(free[4] or free[2]), 1))
        return found if found is not None and 0 < found.months <= _MOST_MONTHS else None

    @property
    def number(self) -> int | None:
        """Which span of a year it is; None of months chosen freely."""
        at, rest = divmod(self.start.month - 1, self.months)
        return at + 1 if self.months in _MONTHS.values() and not rest else None

    @property
    def key(self) -> str:
        """In an address: ``2026Q3``, ``2026H1``, ``2026``; else ``2026-03_2026-08`` or ``2026-03``."""
        if self.number is None:
            first, last = f"{self.start:%Y-%m}", f"{self.window.end:%Y-%m}"
            return first if first == last else f"{first}_{last}"
        letter = next(one for one, months in _MONTHS.items() if months == self.months)
        return f"{self.start.year}{letter}{self.number}" if letter else str(self.start.year)

    @property
    def window(self) -> Window:
        """Its first and its last day."""
        return Window(self.start, self.after.start - timedelta(days=1))

    @property
    def before(self) -> Period:
        """The period before it, of the same length."""
        return self._moved(-self.months)

    @property
    def after(self) -> Period:
        """The period after it, of the same length."""
        return self._moved(self.months)

    @property
    def year_before(self) -> Period:
        """The same months of the year before."""
        return self._moved(-_YEAR)

    def overlaps(self, other: Period | Window) -> bool:
        """Tell whether a day is in both."""
        theirs = other.window if isinstance(other, Period) else other
        return self.start <= theirs.end and theirs.start <= self.window.end

    def _moved(self, by: int) -> Period:
        year, month = divmod(_count(self.start) + by, _YEAR)
        return Period(date(year, month + 1, 1), self.months)


def _count(day: date) -> int:
    return day.year * _YEAR + day.month - 1


def _sound(year: str) -> bool:
    return _EARLIEST <= int(year) < date.max.year


def periods(whole: Window) -> list[Period]:
    """Return all quarters, halves and years that records of `whole` lie in, the latest first of each."""
    found = []
    for months in _MONTHS.values():
        period = Period.nth(whole.end.year, months, (whole.end.month - 1) // months + 1)
        while period.window.end >= whole.start:
            found.append(period)
            period = period.before
    return found


def series(period: Period, whole: Window) -> list[Period]:
    """Return the periods as long, end to end with this one, that records lie in, the first first."""
    found = [period]
    while found[0].before.overlaps(whole):
        found.insert(0, found[0].before)
    while found[-1].after.overlaps(whole):
        found.append(found[-1].after)
    return found


def months_of(whole: Window) -> list[Period]:
    """Return the months that records lie in, the latest first: what a free choice begins and ends with."""
    return series(Period.between(whole.end, whole.end), whole)[::-1]


def usual(whole: Window) -> Period:
    """Return the last quarter that is over, or the first there is."""
    quarters = [one for one in periods(whole) if one.months == _MONTHS["Q"]]
    over = [one for one in quarters if one.window.end <= whole.end]
    return over[0] if over else quarters[-1]


def shown(period: Period | None, whole: Window) -> Period:
    """Return a period that records lie in; any other gives way to the usual one."""
    return period if period is not None and period.overlaps(whole) else usual(whole)


def comparable(period: Period, whole: Window, *, same_length: bool = True) -> list[Period]:
    """Return what a period may be compared with: recorded from its first day on, and apart from it.

    The one before and the same months of the year before come first where they are not fixed periods.
    """
    own = [one for one in (period.before, period.year_before) if one.number is None]
    return [
        one
        for one in dict.fromkeys([*own, *periods(whole)])
        if one.start >= whole.start
        and not one.overlaps(period)
        and (one.months == period.months or not same_length)
    ]
