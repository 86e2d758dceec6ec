"""Where 步行覆盖 is: area, facilities, walk and the place of the what-if, in the URL and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from data.ground import FACILITIES
from data.queries.coverage import Walk
from geo.catchments import BANDS_MIN, WALK_M_PER_MIN
from models.enums import AreaLevel, StationTier

_CODE = re.compile(r"[0-9]{12}")
_PLACE = re.compile(r"(-?[0-9]{1,3}\.[0-9]{1,7}),(-?[0-9]{1,2}\.[0-9]{1,7})")
LEVELS = (AreaLevel.COUNTY, AreaLevel.SUBDISTRICT, AreaLevel.COMMUNITY)
SPEEDS = (30.0, 150.0)
"""Walking speeds that may be chosen, metres a minute: from a frail walker's to a hurried one's."""


@dataclass(frozen=True)
class Address:
    """What the page shows."""

    area: str | None = None
    level: AreaLevel | None = None
    facility: str = FACILITIES[0]
    tiers: tuple[StationTier, ...] = ()
    minutes: float = BANDS_MIN[-1]
    speed_m_per_min: float = WALK_M_PER_MIN
    at: tuple[float, float] | None = None
    """Longitude and latitude of the what-if."""
    chosen: int | None = None
    """Id of the compound that is marked."""

    @property
    def walk(self) -> Walk:
        """What catchments are measured by."""
        return Walk(self.facility, self.tiers, self.minutes, self.speed_m_per_min)

    def but(self, **changes: Any) -> Address:
        """Return this address with some things changed."""
        return replace(self, **changes)

    def search(self) -> str:
        """Return the query string; what is usual is left out."""
        usual = Address()
        pairs = {
            "area": self.area,
            "level": self.level.value if self.level else None,
            "facility": self.facility if self.facility != usual.facility else None,
            "tiers": ",".join(one.value for one in self.tiers) or None,
            "minutes": f"{self.minutes:g}" if self.minutes != usual.minutes else None,
            "speed": f"{self.speed_m_per_min:g}" if self.speed_m_per_min != usual.speed_m_per_min else None,
            "at": f"{self.at[0]:.6f},{self.at[1]:.6f}" if self.at else None,
            "chosen": self.chosen,
        }
        query = urlencode({key: value for key, value in pairs.items() if value is not None}, safe=",")
        return f"?{query}" if query else ""

    @classmethod
    def of(cls, search: str | None) -> Address:
        """Read a query string; what can't be read there is as usual."""
        pairs = {key: values[-1] for key, values in parse_qs((search or "").lstrip("?")).items()}
        usual = cls()
        area, chosen = pairs.get("area", ""), pairs.get("chosen", "")
        tiers = set(pairs.get("tiers", "").split(","))
        minutes, speed = _number(pairs.get("minutes")), _number(pairs.get("speed"))
        place = _PLACE.fullmatch(pairs.get("at", ""))
        facility, level = pairs.get("facility"), pairs.get("level")
        return cls(
            area=area if _CODE.fullmatch(area) else None,
            level=AreaLevel(level) if level in LEVELS else None,
            facility=facility if facility in FACILITIES else usual.facility,
            tiers=tuple(one for one in StationTier if one.value in tiers),
            minutes=minutes if minutes in BANDS_MIN else usual.minutes,
            speed_m_per_min=speed if speed and SPEEDS[0] <= speed <= SPEEDS[1] else usual.speed_m_per_min,
            at=(float(place[1]), float(place[2])) if place else None,
            chosen=int(chosen) if re.fullmatch("[0-9]{1,9}", chosen) else None,
        )


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", text) else None
