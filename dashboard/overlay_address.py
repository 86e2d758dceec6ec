"""Where 叠加分析 is: what is shown, by what, when and how it is classed, in the URL and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, get_args
from urllib.parse import parse_qs, urlencode

from data.periods import Period
from data.queries.records import Boundaries, Metric, Smoothing, View
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
)
MODES = ("one", "change", "pair")
"""One metric in one period; its change on the period before; density against satisfaction."""


@dataclass(frozen=True)
class Address:
    """What the page shows; a period of None is the usual one."""

    area: str | None = None
    mode: str = MODES[0]
    metric: Metric = Metric.SATISFACTION
    level: Level = Level.COMMUNITY
    period: Period | None = None
    smoothing: Smoothing = "raw"
    boundaries: Boundaries = "today"
    scheme: Scheme = "quantiles"
    edges: tuple[float, ...] = ()
    chosen: str | None = None

    @property
    def view(self) -> View:
        """How records are looked at."""
        return View(boundaries=self.boundaries, smoothing=self.smoothing)

    def but(self, **changes: Any) -> Address:
        """Return this address with some things changed."""
        return replace(self, **changes)

    def search(self) -> str:
        """Return the query string; what is usual is left out."""
        usual = Address()
        names = ("mode", "metric", "level", "smoothing", "boundaries", "scheme")
        pairs = {
            "area": self.area,
            **{
                name: str(getattr(self, name))
                for name in names
                if getattr(self, name) != getattr(usual, name)
            },
            "period": self.period.key if self.period else None,
            "edges": ",".join(f"{one:g}" for one in self.edges) or None,
            "chosen": self.chosen,
        }
        query = urlencode({key: value for key, value in pairs.items() if value is not None}, safe=",")
        return f"?{query}" if query else ""

    def _differs(self, other: Address, name: str) -> bool:
        return bool(getattr(self, name) != getattr(other, name))

    @classmethod
    def of(cls, search: str | None) -> Address:
        """Read a query string; what can't be read there is as usual."""
        pairs = {key: values[-1] for key, values in parse_qs((search or "").lstrip("?")).items()}
        choices: dict[str, tuple[Any, ...]] = {
            "mode": MODES,
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
        return cls(
            area=area if _CODE.fullmatch(area) else None,
            period=Period.of(pairs.get("period")),
            edges=edges_of(pairs.get("edges")),
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
