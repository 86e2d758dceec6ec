"""Who walks how far to a station, assist point or canteen; where nothing reaches; where the next would help.

Catchments are free shapes, so what they hold is counted in dwellings and compounds, never in people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sqlalchemy import select

from data.bulk import frame_of
from data.errors import DataError
from data.ground import FACILITIES, Ground, degrees, ground_at, ground_of, metres, revisions_of
from data.scope import Scope
from data.store import Store
from geo import catchments
from geo.catchments import BANDS_MIN, WALK_M_PER_MIN
from geo.statistics import rate
from geo.walking import nearest, reach, reached_lines
from models import Area
from models.areas import SIGNIFICANT
from models.enums import AreaLevel, StationTier

COVERED = 0.5
"""A compound counts as covered where at least this share of its dwellings is."""
FURTHEST_MIN = 60.0
"""Ways longer than an hour are not told apart."""


@dataclass(frozen=True)
class Walk:
    """What a catchment is measured by.

    Attributes
    ----------
    facility
        One of `FACILITIES`.
    tiers
        Of stations, which tiers count; all where empty.
    minutes
        The catchment.
    speed_m_per_min
        Walking speed.
    """

    facility: str = "station"
    tiers: tuple[StationTier, ...] = ()
    minutes: float = 15.0
    speed_m_per_min: float = WALK_M_PER_MIN

    def __post_init__(self) -> None:
        if self.facility not in FACILITIES:
            raise DataError(f"没有“{self.facility}”这类设施；可选 {'、'.join(FACILITIES)}。")
        if not 0 < self.minutes <= FURTHEST_MIN or self.speed_m_per_min <= 0:
            raise DataError(
                f"步行时间应在 0—{FURTHEST_MIN:.0f} 分钟之间、速度大于 0，"
                f"现为 {self.minutes:g} 分钟、每分钟 {self.speed_m_per_min:g} 米。"
            )


def coverage(
    store: Store, scope: Scope, walk: Walk, level: AreaLevel, bands_min: Sequence[float] = BANDS_MIN
) -> pd.DataFrame:
    """Return what the facilities cover, by area.

    Returns
    -------
    pandas.DataFrame
        One row an area of the level and band, by code: id, code, name, band_min, dwellings (within it),
        dwellings_total, dwellings_rate (percent), compounds, compounds_total, compounds_rate, and
        straight_dwellings: how many of `dwellings` were measured in a straight line, for want of a street.
    """
    ground = ground_of(store)
    found = _minutes(store, walk.facility, walk.tiers, walk.speed_m_per_min)
    buildings, compounds = ground.buildings, _by_compound(ground, found.minutes)
    digits = SIGNIFICANT[level]
    with store.reading() as session:
        areas = frame_of(
            session,
            select(Area.id, Area.code, Area.name)
            .where(Area.level == level, scope.where(Area.code))
            .order_by(Area.code),
        )
    place = pd.Index(areas["code"].astype(str).str[:digits])
    home, estate = (
        place.get_indexer(pd.Index(one["area_code"].astype(str).str[:digits]))
        for one in (buildings, compounds)
    )
    households = buildings["households"].to_numpy()
    parts = []
    for band in bands_min:
        near = found.minutes <= band
        inside = compounds["minutes"].to_numpy() <= band
        part = areas.assign(band_min=float(band))
        part["dwellings"] = _sum(home, households * near, len(areas))
        part["dwellings_total"] = _sum(home, households, len(areas))
        part["dwellings_rate"] = rate(part["dwellings"], part["dwellings_total"], 100)
        part["compounds"] = _sum(estate, inside, len(areas))
        part["compounds_total"] = _sum(estate, np.ones(len(compounds)), len(areas))
        part["compounds_rate"] = rate(part["compounds"], part["compounds_total"], 100)
        part["straight_dwellings"] = _sum(home, households * (near & found.straight), len(areas))
        parts.append(part)
    result = pd.concat(parts, ignore_index=True)
    return result.sort_values(["code", "band_min"], kind="stable").reset_index(drop=True)


def compounds(store: Store, scope: Scope, walk: Walk) -> pd.DataFrame:
    """Return every compound's walk: id, code, name, area_code, dwellings, minutes, covered_share, straight.

    ``minutes`` is that by which `COVERED` of its dwellings reach a facility (inf beyond an hour),
    ``covered_share`` the share that does within the walk.
    """
    ground = ground_of(store)
    found = _minutes(store, walk.facility, walk.tiers, walk.speed_m_per_min)
    frame = _by_compound(ground, found.minutes, walk.minutes)
    straight = ground.buildings["compound"].to_numpy()[found.straight]
    frame["straight"] = np.isin(np.arange(len(frame)), straight)
    return frame[[code in scope for code in frame["area_code"]]].reset_index(drop=True)


def uncovered(store: Store, scope: Scope, walk: Walk) -> pd.DataFrame:
    """Return the compounds that nothing reaches within the walk, those with most dwellings left out first."""
    frame = compounds(store, scope, walk)
    frame["left_out"] = frame["dwellings"] * (1 - frame["covered_share"])
    gaps = frame[frame["minutes"] > walk.minutes]
    return gaps.sort_values(["left_out", "id"], ascending=[False, True]).reset_index(drop=True)


def load(store: Store, scope: Scope, walk: Walk) -> pd.DataFrame:
    """Return the load of each facility by two-step floating catchments.

    Returns
    -------
    pandas.DataFrame
        id, name, area_code, dwellings (within the walk), supply (floor area of a station in m², else 1; NaN
        where not known), supply_per_1000 (per 1,000 dwellings).
    """
    ground = ground_of(store)
    which = _chosen(ground, walk.facility, walk.tiers)
    frame = ground.facilities[walk.facility][which].reset_index(drop=True)
    spots = ground.spots[walk.facility].take(which)
    reached = reach(ground.network, spots, ground.dwellings, walk.minutes * walk.speed_m_per_min)
    supply = frame["supply"].to_numpy(dtype=float)
    found = catchments.two_step(np.nan_to_num(supply), ground.buildings["households"], reached)
    frame["dwellings"] = found.per_station
    frame["supply_per_1000"] = np.where(np.isnan(supply), np.nan, found.ratio * 1000)
    return frame[[code in scope for code in frame["area_code"]]].reset_index(drop=True)


def access(store: Store, scope: Scope, walk: Walk) -> pd.DataFrame:
    """Return the supply that each compound has of all facilities within the walk, by the same method.

    Returns
    -------
    pandas.DataFrame
        id, code, name, area_code, dwellings, access_per_1000: supply per 1,000 dwellings that share it.
    """
    ground = ground_of(store)
    which = _chosen(ground, walk.facility, walk.tiers)
    supply = ground.facilities[walk.facility]["supply"].to_numpy(dtype=float)[which]
    spots = ground.spots[walk.facility].take(which)
    reached = reach(ground.network, spots, ground.dwellings, walk.minutes * walk.speed_m_per_min)
    households = ground.buildings["households"].to_numpy()
    found = catchments.two_step(np.nan_to_num(supply), households, reached)
    frame = ground.compounds.copy()
    owner = ground.buildings["compound"].to_numpy()
    frame["access_per_1000"] = rate(
        _sum(owner, found.access * households, len(frame)), _sum(owner, households, len(frame)), 1000
    )
    return frame[[code in scope for code in frame["area_code"]]].reset_index(drop=True)


@dataclass(frozen=True)
class WhatIf:
    """What a station at a place would reach.

    Attributes
    ----------
    dwellings, compounds
        Within the walk.
    new_dwellings, new_compounds
        Of these, those that nothing reaches today.
    compound_ids
        The compounds newly covered.
    straight
        Whether the place is far from any street, and ways from it are straight lines.
    """

    dwellings: int
    compounds: int
    new_dwellings: int
    new_compounds: int
    compound_ids: list[int]
    straight: bool


def what_if(store: Store, scope: Scope, walk: Walk, lon: float, lat: float) -> WhatIf:
    """Return what a facility would cover if it stood here: dwellings and compounds in the scope."""
    ground = ground_of(store)
    found = _minutes(store, walk.facility, walk.tiers, walk.speed_m_per_min)
    at = metres(ground.crs, [shapely.Point(lon, lat)])
    here = ground.network.snap(shapely.get_coordinates(at))
    reached = reach(ground.network, here, ground.dwellings, walk.minutes * walk.speed_m_per_min)
    buildings = ground.buildings
    inside = _in_scope(buildings["area_code"], scope)[reached.point]
    point = reached.point[inside]
    households = buildings["households"].to_numpy()
    minutes = found.minutes.copy()
    minutes[point] = np.minimum(minutes[point], reached.metres[inside] / walk.speed_m_per_min)
    touched = np.unique(buildings["compound"].to_numpy()[point])
    touched = touched[touched >= 0]
    own = np.full(len(buildings), np.inf)
    own[point] = 0.0
    some = np.isin(buildings["compound"].to_numpy(), touched)
    now, then, mine = (
        _compound_minutes(ground, one, some)[touched] <= walk.minutes for one in (found.minutes, minutes, own)
    )
    new = touched[then & ~now]
    return WhatIf(
        dwellings=int(households[point].sum()),
        compounds=int(mine.sum()),
        new_dwellings=int(households[point[found.minutes[point] > walk.minutes]].sum()),
        new_compounds=len(new),
        compound_ids=ground.compounds["id"].to_numpy()[new].tolist(),
        straight=not bool(here.on_road[0]),
    )


def best_sites(store: Store, scope: Scope, walk: Walk, count: int) -> pd.DataFrame:
    """Return where the next facilities would reach the most dwellings that none reaches now, the best first.

    Compounds stand for the places where one may be built.

    Returns
    -------
    pandas.DataFrame
        At most `count` rows: id, code, name, area_code, lon, lat, new_dwellings.
    """
    ground = ground_of(store)
    found = _minutes(store, walk.facility, walk.tiers, walk.speed_m_per_min)
    mine = np.flatnonzero(_in_scope(ground.compounds["area_code"], scope))
    sites = ground.network.snap(ground.compounds[["x", "y"]].to_numpy()[mine])
    households = ground.buildings["households"].to_numpy() * _in_scope(ground.buildings["area_code"], scope)
    open_ = np.flatnonzero((found.minutes > walk.minutes) & (households > 0))
    points = ground.dwellings.take(open_)
    reached = reach(ground.network, sites, points, walk.minutes * walk.speed_m_per_min)
    chosen = catchments.best_sites(reached, households[open_], count, len(mine))
    frame = ground.compounds.iloc[mine[chosen.site]].drop(columns=["x", "y", "dwellings"])
    return frame.assign(new_dwellings=chosen.gain.astype(int)).reset_index(drop=True)


def streets(store: Store, scope: Scope, walk: Walk) -> npt.NDArray[Any]:
    """Return the stretches of street within the walk of a facility, EPSG:4490, for a map."""
    ground = ground_of(store)
    inside = _in_scope(ground.facilities[walk.facility]["area_code"], scope)
    spots = ground.spots[walk.facility].take(_chosen(ground, walk.facility, walk.tiers) & inside)
    limit_m = walk.minutes * walk.speed_m_per_min
    lines = reached_lines(ground.network, nearest(ground.network, spots, limit_m), limit_m)
    return degrees(ground.crs, lines)


def _chosen(ground: Ground, facility: str, tiers: tuple[StationTier, ...]) -> npt.NDArray[np.bool_]:
    frame = ground.facilities[facility]
    if facility != "station" or not tiers:
        return np.ones(len(frame), dtype=bool)
    return np.asarray(frame["tier"].isin(tiers))


def _minutes(
    store: Store, facility: str, tiers: tuple[StationTier, ...], speed: float
) -> catchments.Coverage:
    return _minutes_at(store, revisions_of(store), facility, tiers, speed)


@lru_cache(maxsize=16)
def _minutes_at(
    store: Store, revisions: tuple[int, ...], facility: str, tiers: tuple[StationTier, ...], speed: float
) -> catchments.Coverage:
    ground = ground_at(store, revisions)
    spots = ground.spots[facility].take(_chosen(ground, facility, tiers))
    return catchments.cover(
        ground.network, spots, ground.dwellings, bands_min=(FURTHEST_MIN,), speed_m_per_min=speed
    )


def _by_compound(ground: Ground, minutes: npt.NDArray[np.float64], within: float = 0.0) -> pd.DataFrame:
    """Return the compounds that have dwellings, with the minutes by which half of these are reached."""
    frame = ground.compounds.drop(columns=["x", "y"]).copy()
    frame["minutes"] = _compound_minutes(ground, minutes)
    households, owner = ground.buildings["households"].to_numpy(), ground.buildings["compound"].to_numpy()
    frame["covered_share"] = rate(
        _sum(owner, households * (minutes <= within), len(frame)), frame["dwellings"]
    )
    return frame[frame["dwellings"] > 0].copy() if within else frame


def _compound_minutes(
    ground: Ground, minutes: npt.NDArray[np.float64], some: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.float64]:
    """Return for each compound the minutes within which `COVERED` of its dwellings are reached."""
    owner = ground.buildings["compound"].to_numpy()
    which = np.flatnonzero((owner >= 0) if some is None else some)
    order = which[np.lexsort((minutes[which], owner[which]))]
    weight, group = ground.buildings["households"].to_numpy()[order].astype(float), owner[order]
    total = np.cumsum(weight)
    begin = np.flatnonzero(np.diff(group, prepend=-1))
    before = np.repeat(total[begin] - weight[begin], np.diff(np.append(begin, len(group))))
    whole = _sum(group, weight, len(ground.compounds))[group]
    reached = total - before >= COVERED * whole - 1e-9
    result = np.full(len(ground.compounds), np.inf)
    hits = np.flatnonzero(reached)[::-1]
    result[group[hits]] = minutes[order[hits]]  # written backwards: the first that is enough stays
    return result


def _sum(group: Any, weight: Any, count: int) -> npt.NDArray[np.float64]:
    at, value = np.asarray(group), np.asarray(weight, dtype=float)
    return np.bincount(at[at >= 0], value[at >= 0], count).astype(float)


def _in_scope(codes: pd.Series[Any], scope: Scope) -> npt.NDArray[np.bool_]:
    return np.asarray(codes.astype(str).str.startswith(scope.prefix))
