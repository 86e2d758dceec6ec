"""What is known of the city before its tables are written: places, codes and names in one order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.demo.figures import CENTRE, CITY_CODE, CITY_NAME, COMPOUND_COUNT, COMPOUNDS, KINDS, Scale
from data.demo.plan import COUNTY_SEEDS, Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.demo.names import Names
    from data.demo.partition import Partition
    from data.demo.plan import Community
    from data.demo.works import Built

PREFIX = CITY_CODE[:4]
LARGE = 700
"""Households from which a compound surely holds several grids."""
COUNTRY_M = 9_000.0
"""Beyond this distance from the middle a subdistrict is a town, and most of its communities are villages."""


@dataclass
class Place:
    """An area: its code, name and level, and its parent's code."""

    code: str
    name: str
    level: str
    parent: str | None


@dataclass
class City:
    """The chosen part of the city, built and partitioned."""

    communities: list[Community]
    built: list[Built]
    partition: Partition
    places: list[Place]
    names: Names
    share: float
    roads: list[str]

    @property
    def community_code(self) -> NDArray[np.object_]:
        """Return the communities' codes in their order."""
        return np.array([community.code for community in self.communities], dtype=object)

    def scaled(self, figure: int) -> int:
        """Return a figure of the whole city for the part that is built, by its share of compounds."""
        return figure if self.share == 1 else max(1, round(figure * self.share))


def choose(layout: Layout, scale: Scale) -> list[int]:
    """Return the communities of a scale: all, those of a typical county, or of a riverside subdistrict."""
    everyone = layout.communities
    key = np.array([(c.county, c.subdistrict) for c in everyone])
    kinds = np.array([[sum(p.kind == k for p in c.programme) for k in range(4)] for c in everyone])
    large = np.array([sum(p.households > LARGE for p in c.programme) for c in everyone])
    corridor = layout.skeleton.corridor
    river = np.array(
        [any(corridor.contains(shapely.Point(np.mean(r, axis=0)[:2])) for r in c.water) for c in everyone]
    )
    centre = np.array([c.centre for c in everyone])
    if scale == Scale.CITY:
        return list(range(len(everyone)))
    if scale == Scale.DISTRICT:
        groups = [np.flatnonzero(key[:, 0] == county) for county in range(len(COUNTY_SEEDS))]
        return _best(groups, kinds, large, river, centre, COMPOUND_COUNT // 10)
    singles = [np.flatnonzero((key == k).all(axis=1)) for k in np.unique(key, axis=0)]
    pairs = []
    number = {int(c): n for n, group in enumerate(singles) for c in group}
    touching = {(number[int(i)], number[int(j)]) for i, j, metres in layout.neighbours if metres > 200}
    for a, b in sorted(touching):
        if a < b and key[singles[a][0], 0] == key[singles[b][0], 0]:
            pairs.append(np.concatenate([singles[a], singles[b]]))
    return _best([*singles, *pairs], kinds, large, river, centre, 100)


def _best(
    groups: list[NDArray[np.int64]],
    kinds: NDArray[np.int64],
    large: NDArray[np.int64],
    river: NDArray[np.bool_],
    centre: NDArray[np.float64],
    wanted: int,
) -> list[int]:
    """Return the group with the river, all kinds, and about `wanted` compounds in the mix of the city."""
    mix = np.array([COMPOUNDS[kind] for kind in KINDS]) / COMPOUND_COUNT

    def cost(group: NDArray[np.int64]) -> float:
        count = kinds[group].sum(axis=0)
        missing = 2.0 * int((count < 3).sum()) + 0.6 * max(0, 6 - int(large[group].sum()))
        unlike = float(np.abs(count / max(1, count.sum()) - mix).sum())
        spread = float(np.ptp(centre[group], axis=0).max() / (300 * np.sqrt(wanted)))
        size = 4 * max(0.0, abs(int(count.sum()) - wanted) / wanted - 0.12)
        return size + missing + 2.0 * float(not river[group].any()) + unlike + spread

    return sorted(int(c) for c in min(groups, key=cost))


def name_places(layout: Layout, names: Names) -> list[Place]:
    """Give every community its code and every area of the whole city a code and a name."""
    places = [Place(CITY_CODE, CITY_NAME, "city", None)]
    streets, villages = iter(names.streets), iter(reversed(names.communities))
    quarters = iter(names.communities)
    for county, (county_name, _, _) in enumerate(COUNTY_SEEDS):
        county_code = f"{PREFIX}{county + 1:02d}"
        places.append(Place(county_code + "0" * 6, county_name, "county", CITY_CODE))
        own = [c for c in layout.communities if c.county == county]
        street, town = 0, 99
        for number in sorted({c.subdistrict for c in own}):
            members = [c for c in own if c.subdistrict == number]
            outside = float(np.mean([c.radius for c in members])) > COUNTRY_M
            street, town = (street, town + 1) if outside else (street + 1, town)
            code = f"{county_code}{town if outside else street:03d}"
            name = next(streets) + ("镇" if outside else "街道")
            places.append(Place(code + "000", name, "subdistrict", county_code + "0" * 6))
            order = reading_order(np.array([c.centre for c in members]))
            for serial, n in enumerate(order, start=1):
                community = members[n]
                community.code = f"{code}{serial:03d}"
                rural = community.radius > COUNTRY_M and not community.town
                community.name = next(villages if rural else quarters)
                suffix = "村" if rural and not community.name.endswith(("村", "里", "街", "巷")) else "社区"
                places.append(Place(community.code, community.name + suffix, "community", code + "000"))
    return places


def reading_order(centre: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return an order from north to south in bands, and from west to east within each."""
    low, high = centre.min(axis=0), centre.max(axis=0)
    spread = np.maximum(high - low, 1.0)
    bands = max(1, round(float(np.sqrt(len(centre) * spread[1] / spread[0]))))
    band = np.minimum(((high[1] - centre[:, 1]) / spread[1] * bands).astype(int), bands - 1)
    order: NDArray[np.int64] = np.lexsort((centre[:, 0], band))
    return order


def order_within(centre: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each item's serial from 1 in its group, in reading order; groups need not be sorted."""
    serial = np.zeros(len(group), np.int64)
    order = np.argsort(group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        serial[members[reading_order(centre[members])]] = np.arange(1, len(members) + 1)
    return serial


def centres(polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return (n, 2) centroids."""
    result: NDArray[np.float64] = shapely.get_coordinates(shapely.centroid(polygons))
    return result


def smooth_field(xy: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return values of about −1 to 1 that change slowly over the city, for what neighbours have in common."""
    at = xy - np.array(CENTRE)
    value = np.zeros(len(at))
    for length in (9_000.0, 4_500.0, 2_400.0, 1_300.0):
        heading, phase = rng.uniform(0, 2 * np.pi, 2)
        value += (
            np.sin(2 * np.pi / length * (at @ np.array([np.cos(heading), np.sin(heading)])) + phase) / 2.6
        )
    return value
