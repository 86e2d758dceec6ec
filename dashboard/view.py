"""The state of a view, which is in the URL and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlencode

from data.periods import Window
from data.queries.records import Metric
from data.units import Level
from models.enums import CompoundKind

KINDS = "kind"
"""What the map shows where no overlay is chosen: the four kinds."""
UNCLASSIFIED = "none"
MEASURES = (Metric.CLAIMS_PER_1000, Metric.CLAIMS_PER_KM2, Metric.SATISFACTION)
"""What the map and the wall may show instead; all others are on the page of overlays."""
UNITS = (Level.COMPOUND, Level.COMMUNITY, Level.SUBDISTRICT, Level.COUNTY)
"""By what."""
ALL_KINDS = (*(kind.value for kind in CompoundKind), UNCLASSIFIED)
OPTIONAL_LAYERS = (
    "station.subdistrict",
    "station.community",
    "station.micro",
    "assist_point",
    "canteen",
    "grid",
    "micro_grid",
    "building",
)
USUAL_LAYERS = ("station.subdistrict", "station.community", "station.micro", "grid", "micro_grid", "building")

_CODE = re.compile(r"[0-9]{12}")
_KEY = re.compile(
    r"(area:[0-9]{12}|(organisation|compound|grid|micro_grid|building|station|assist_point|canteen):[0-9]{1,9})"
)


@dataclass(frozen=True)
class View:
    """What a screen shows.

    Attributes
    ----------
    area
        12-digit code of the area that the figures are of; None for the whole scope.
    chosen
        Key of the chosen feature or node, such as ``compound:17``.
    show
        ``kind``, or one of `MEASURES`.
    unit
        What an overlay is counted by.
    start, end
        Time window of an overlay; None for all of it.
    kinds
        Compound kinds that are shown.
    layers
        Optional layers that are shown.
    """

    area: str | None = None
    chosen: str | None = None
    show: str = KINDS
    unit: Level = Level.COMPOUND
    start: date | None = None
    end: date | None = None
    kinds: tuple[str, ...] = ALL_KINDS
    layers: tuple[str, ...] = USUAL_LAYERS

    @property
    def measure(self) -> Metric | None:
        """The overlay that is shown, None for the kinds."""
        return None if self.show == KINDS else Metric(self.show)

    @property
    def chosen_kind(self) -> str | None:
        """Kind of the chosen feature."""
        return self.chosen.partition(":")[0] if self.chosen else None

    @property
    def chosen_id(self) -> int | None:
        """Id of the chosen feature, or the code of the chosen area as a number."""
        return int(self.chosen.partition(":")[2]) if self.chosen else None

    def window(self, whole: Window | None) -> Window | None:
        """Return the chosen time window, within the `whole` that there are records of."""
        if whole is None:
            return None
        return Window(max(self.start or whole.start, whole.start), min(self.end or whole.end, whole.end))

    def but(self, **changes: Any) -> View:
        """Return this view with some things changed."""
        return replace(self, **changes)

    def search(self) -> str:
        """Return the query string of the URL; what is usual is left out."""
        usual = View()
        pairs = {
            "area": self.area,
            "chosen": self.chosen,
            "show": self.show if self.show != usual.show else None,
            "unit": self.unit.value if self.unit != usual.unit else None,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "kinds": ",".join(self.kinds) if self.kinds != usual.kinds else None,
            "layers": ",".join(self.layers) if self.layers != usual.layers else None,
        }
        query = urlencode({key: value for key, value in pairs.items() if value is not None}, safe=",:")
        return f"?{query}" if query else ""

    @classmethod
    def of(cls, search: str | None) -> View:
        """Read a query string; what can't be read there is as usual."""
        pairs = {
            key: values[-1]
            for key, values in parse_qs((search or "").lstrip("?"), keep_blank_values=True).items()
        }
        usual = cls()
        show, unit = pairs.get("show", KINDS), pairs.get("unit", "")
        area, chosen = pairs.get("area", ""), pairs.get("chosen", "")
        return cls(
            area=area if _CODE.fullmatch(area) else None,
            chosen=chosen if _KEY.fullmatch(chosen) else None,
            show=show if show in MEASURES else KINDS,
            unit=Level(unit) if unit in UNITS else usual.unit,
            start=_day(pairs.get("start")),
            end=_day(pairs.get("end")),
            kinds=_some_of(pairs.get("kinds"), ALL_KINDS, usual.kinds),
            layers=_some_of(pairs.get("layers"), OPTIONAL_LAYERS, usual.layers),
        )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _some_of(text: str | None, known: Iterable[str], usual: tuple[str, ...]) -> tuple[str, ...]:
    if text is None:
        return usual
    chosen = set(text.split(","))
    return tuple(value for value in known if value in chosen)
