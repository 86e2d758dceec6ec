"""Where 叠加分析 is: what is shown, by what, when and how it is classed, in the URL and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, get_args
from urllib.parse import parse_qs, urlencode

from data.periods import Period
from data.queries import three_rates
from data.queries.records import Boundaries, Metric, Smoothing, View
from data.queries.three_rates import EQUAL, Weights
from data.units import Level
from geo.classes import SCHEMES, Scheme

_CODE, _CHOSEN = re.compile(r"[0-9]{12}"), re.compile(r"[0-9A-Za-z]{1,24}")
_EDGES = re.compile(r"-?[0-9]+(\.[0-9]+)?(,-?[0-9]+(\.[0-9]+)?){0,7}")
LEVELS = (
    Level.COUNTY,
    Level.SUBDISTRICT,
    Level.COMMUNITY,
    Level.COMPOUND,
    Level.GRID,
    Level.MICRO_GRID,
    Level.CELL,
)
MODES = ("one", "change", "pair")
"""One metric in one period; two periods beside each other; density against satisfaction."""
SIDES = ("change", "was", "now")
"""Of two periods, what the map shows: the change, or either in classes that both share."""
RESOLUTIONS = (7, 8, 9)
"""Of H3 cells: about 5, 0.7 and 0.1 km²."""


@dataclass(frozen=True)
class Address:
    """What the page shows: `period` None is the usual one, `against` the one before, `weights` the city's."""

    area: str | None = None
    mode: str = MODES[0]
    metric: Metric = Metric.SATISFACTION
    level: Level = Level.COMMUNITY
    period: Period | None = None
    against: Period | None = None
    side: str = SIDES[0]
    smoothing: Smoothing = "raw"
    boundaries: Boundaries = "today"
    scheme: Scheme = "quantiles"
    edges: tuple[float, ...] = ()
    resolution: int = 8
    weights: Weights | None = None
    chosen: str | None = None

    @property
    def view(self) -> View:
        """How records are looked at."""
        return View(self.boundaries, self.smoothing, self.resolution, self.weights or EQUAL)

    def but(self, **changes: Any) -> Address:
        """Return this address with some things changed."""
        return replace(self, **changes)

    def search(self) -> str:
        """Return the query string; what is usual is left out."""
        usual = Address()
        names = ("mode", "side", "metric", "level", "resolution", "smoothing", "boundaries", "scheme")
        pairs = {
            "area": self.area,
            **{
                name: str(getattr(self, name))
                for name in names
                if getattr(self, name) != getattr(usual, name)
            },
            "period": self.period.key if self.period else None,
            "against": self.against.key if self.against else None,
            "edges": ",".join(f"{one:g}" for one in self.edges) or None,
            "weights": three_rates.written(self.weights) if self.weights else None,
            "chosen": self.chosen,
        }
        query = urlencode({key: value for key, value in pairs.items() if value is not None}, safe=",")
        return f"?{query}" if query else ""

    @classmethod
    def of(cls, search: str | None) -> Address:
        """Read a query string; what can't be read there is as usual."""
        pairs = {key: values[-1] for key, values in parse_qs((search or "").lstrip("?")).items()}
        choices: dict[str, tuple[Any, ...]] = {
            "mode": MODES,
            "side": SIDES,
            "metric": tuple(Metric),
            "level": LEVELS,
            "smoothing": get_args(Smoothing),
            "boundaries": get_args(Boundaries),
            "scheme": SCHEMES,
        }
        known = {
            name: next(one for one in some if one == pairs[name])
            for name, some in choices.items()
            if pairs.get(name) in some
        }
        area, chosen = pairs.get("area", ""), pairs.get("chosen", "")
        sizes = {str(one): one for one in RESOLUTIONS}
        return cls(
            area=area if _CODE.fullmatch(area) else None,
            period=Period.of(pairs.get("period")),
            against=Period.of(pairs.get("against")),
            resolution=sizes.get(pairs.get("resolution", ""), cls.resolution),
            edges=edges_of(pairs.get("edges")),
            weights=three_rates.read(pairs.get("weights")),
            chosen=chosen if _CHOSEN.fullmatch(chosen) else None,
            **known,
        )


def edges_of(text: str | None) -> tuple[float, ...]:
    """Read class edges written with commas; none where they are not numbers in rising order."""
    plain = (text or "").replace("，", ",").replace(" ", "")
    if not _EDGES.fullmatch(plain):
        return ()
    edges = tuple(float(one) for one in plain.split(","))
    return edges if all(low < high for low, high in pairwise(edges)) else ()
