"""What an entry of the catalogue says, once it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from data.errors import DataError

Language = Literal["zh", "en"]
AS_OF = "as_of"
"""Of a date: the day that the store's records are of."""
PER = {"percent": 100.0, "per_1000": 1000.0}
"""What a rate may be given per."""
PALETTES = ("sequential", "diverging")


class CatalogueError(DataError):
    """Entries that can't be used: one line for each fault, with file, key, value and choices."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Text:
    """A text in both languages."""

    zh: str
    en: str

    def __getitem__(self, language: str) -> str:
        """Return the text in a language; Chinese where it is not English."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True)
class Condition:
    """What must hold of a column: it is `among` some values, from `least` to `most`, or just there."""

    column: str
    among: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Linked:
    """At least so many rows of another table that name this one in column `by`, and meet the conditions."""

    table: str
    by: str
    where: tuple[Condition, ...] = ()
    at_least: int = 1


@dataclass(frozen=True)
class Scale:
    """How a map is coloured: inner class edges where the scheme is ``fixed``, else how many classes."""

    scheme: Literal["quantiles", "natural", "fixed"] = "quantiles"
    palette: str = PALETTES[0]
    classes: int = 5
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class CoverageRate:
    """A share of things that have something.

    Attributes
    ----------
    key
        Name of its file, by which it is chosen.
    label, numerator_label, denominator_label
        What the rate is called; what is counted; of what.
    table, where
        The things that the denominator counts.
    has
        What must hold of one so that the numerator counts it too. One for which a column of these is
        missing is in neither: it is counted as unknown.
    linked
        What must name it, all of them.
    unit
        ``percent`` or ``per_1000``.
    date
        A day, or `AS_OF`.
    """

    key: str
    label: Text
    numerator_label: Text
    denominator_label: Text
    table: str
    where: tuple[Condition, ...]
    has: tuple[Condition, ...]
    linked: tuple[Linked, ...]
    unit: str
    date: str | date
    scale: Scale

    @property
    def per(self) -> float:
        """What the rate is multiplied by."""
        return PER[self.unit]


@dataclass(frozen=True)
class PointLayer:
    """Points of a kind.

    Attributes
    ----------
    fields
        Columns shown with a point -> what they are called.
    shares_places_with
        Keys of layers whose points may be the same places: their numbers must not be added to these.
    """

    key: str
    label: Text
    table: str
    where: tuple[Condition, ...]
    fields: Mapping[str, Text]
    symbol: str
    shares_places_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All entries by key, in the order of their files' names."""

    rates: Mapping[str, CoverageRate]
    points: Mapping[str, PointLayer]
