"""Fixed periods of a year, by which a leader compares: quarters, halves, whole years."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_TEXT = re.compile(r"([0-9]{4})(?:([QH])([1-4]))?")
_MONTHS = {"Q": 3, "H": 6, "": 12}
_YEAR = 12


@dataclass(frozen=True)
class Window:
    """A span of days, both ends counted."""

    start: date
    end: date


@dataclass(frozen=True)
class Period:
    """The `number`-th span of so many `months` of a year.

    Attributes
    ----------
    months
        3, 6 or 12.
    number
        From 1.
    """

    year: int
    months: int
    number: int = 1

    @property
    def key(self) -> str:
        """How it is written in an address: ``2026Q3``, ``2026H1``, ``2026``."""
        letter = next(one for one, months in _MONTHS.items() if months == self.months)
        return f"{self.year}{letter}{self.number}" if letter else str(self.year)

    @property
    def window(self) -> Window:
        """Its first and its last day."""
        return Window(self.start, self._moved(1).start - timedelta(days=1))

    @property
    def before(self) -> Period:
        """The period before it, of the same length."""
        return self._moved(-1)

    @property
    def start(self) -> date:
        """Its first day."""
        return date(self.year, (self.number - 1) * self.months + 1, 1)

    def overlaps(self, other: Period) -> bool:
        """Tell whether a day is in both."""
        return self.window.start <= other.window.end and other.window.start <= self.window.end

    def _moved(self, by: int) -> Period:
        a_year = _YEAR // self.months
        years, at = divmod(self.number - 1 + by, a_year)
        return Period(self.year + years, self.months, at + 1)

    @classmethod
    def of(cls, text: str | None) -> Period | None:
        """Read a period as `key` writes it; None where that can't be read."""
        found = _TEXT.fullmatch(text or "")
        if found is None or not 1 < int(found[1]) < date.max.year:
            return None
        months, number = _MONTHS[found[2] or ""], int(found[3] or 1)
        return cls(int(found[1]), months, number) if number * months <= _YEAR else None


def periods(whole: Window) -> list[Period]:
    """Return all quarters, halves and years that records of `whole` lie in, the latest first of each."""
    found = []
    for months in _MONTHS.values():
        period = Period(whole.end.year, months, (whole.end.month - 1) // months + 1)
        while period.window.end >= whole.start:
            found.append(period)
            period = period.before
    return found


def usual(whole: Window) -> Period:
    """Return the last quarter that is over, or the first there is."""
    quarters = [one for one in periods(whole) if one.months == _MONTHS["Q"]]
    over = [one for one in quarters if one.window.end <= whole.end]
    return over[0] if over else quarters[-1]
