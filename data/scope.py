"""What a user may see: a prefix of the 12-digit area codes. Every query takes a scope first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, true

from models.areas import CODE_LENGTH, prefix_of

_DIGITS = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the city.

    Attributes
    ----------
    prefix
        Leading digits of the area codes inside; empty for everything.
    """

    prefix: str = ""

    def __post_init__(self) -> None:
        if len(self.prefix) > CODE_LENGTH or (self.prefix and not _DIGITS.fullmatch(self.prefix)):
            raise ValueError(f"{self.prefix!r} is not a prefix of area codes")

    @classmethod
    def of_area(cls, code: str) -> Scope:
        """Return the scope that holds exactly what lies in the area with this 12-digit `code`."""
        return cls(prefix_of(code))

    def where(self, column: Any) -> ColumnElement[bool]:
        """Return the SQL condition that `column` (an area code) lies inside; its index can serve."""
        if not self.prefix:
            return true()
        after = str(int(self.prefix) + 1).zfill(len(self.prefix))
        if len(after) > len(self.prefix):  # all nines: nothing sorts after the prefix
            return and_(column >= self.prefix)
        return and_(column >= self.prefix, column < after)

    def __contains__(self, code: str) -> bool:
        """Tell whether the area with this code lies inside."""
        return code.startswith(self.prefix)

    def touches(self, code: str) -> bool:
        """Tell whether the area with this 12-digit code lies inside, or holds the scope."""
        prefix = prefix_of(code)
        return prefix.startswith(self.prefix) or self.prefix.startswith(prefix)

    def narrowed(self, code: str | None) -> Scope:
        """Return the part of this scope inside the area `code`; itself where that is None or outside."""
        if code is None:
            return self
        inner = Scope.of_area(code)
        return inner if inner.prefix.startswith(self.prefix) else self
