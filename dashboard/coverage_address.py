"""Where 全市覆盖 is: area, level, rate on the map, period and row, in the URL and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

from data.periods import Period
from models.enums import AreaLevel

_CODE, _KEY = re.compile(r"[0-9]{12}"), re.compile(r"[a-z0-9_]{1,60}")
YEAR: Literal["year"] = "year"
"""Compared with the same months of the year before, whichever period is shown."""
LEVELS = (AreaLevel.COUNTY, AreaLevel.SUBDISTRICT, AreaLevel.COMMUNITY)


@dataclass(frozen=True)
class Address:
    """What the page shows; None is what is usual there: it is compared with the period before."""

    area: str | None = None
    level: AreaLevel | None = None
    show: str | None = None
    period: Period | None = None
    against: Period | Literal["year"] | None = None
    chosen: str | None = None

    def but(self, **changes: Any) -> Address:
        """Return this address with some things changed."""
        return replace(self, **changes)

    def search(self) -> str:
        """Return the query string."""
        pairs = {
            "area": self.area,
            "level": self.level.value if self.level else None,
            "show": self.show,
            "period": self.period.key if self.period else None,
            "against": self.against.key if isinstance(self.against, Period) else self.against,
            "chosen": self.chosen,
        }
        query = urlencode({key: value for key, value in pairs.items() if value is not None})
        return f"?{query}" if query else ""

    @classmethod
    def of(cls, search: str | None) -> Address:
        """Read a query string; what can't be read there is left out."""
        pairs = {key: values[-1] for key, values in parse_qs((search or "").lstrip("?")).items()}
        area, chosen, show = (pairs.get(name, "") for name in ("area", "chosen", "show"))
        level = pairs.get("level")
        return cls(
            area=area if _CODE.fullmatch(area) else None,
            level=AreaLevel(level) if level in LEVELS else None,
            show=show if _KEY.fullmatch(show) else None,
            period=Period.of(pairs.get("period")),
            against=YEAR if pairs.get("against") == YEAR else Period.of(pairs.get("against")),
            chosen=chosen if _CODE.fullmatch(chosen) else None,
        )


def levels_below(top: AreaLevel) -> list[AreaLevel]:
    """Return the levels that areas of a level can be compared by; a community stands alone."""
    order = list(AreaLevel)
    below = [one for one in LEVELS if order.index(one) > order.index(top)]
    return below or [AreaLevel.COMMUNITY]
