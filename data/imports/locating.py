"""In which area each row lies; what lies outside the city or outside the user's part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from data import siting
from data.imports.fields import Target
from data.imports.findings import Findings
from data.imports.options import City, Options
from data.imports.placing import to_metric
from data.scope import Scope
from models.areas import CODE_LENGTH, level_of, prefix_of
from models.enums import AreaLevel

Geometries = NDArray[Any]
_NEW_CITY_REACH = 3
"""A new city's extent is not known: so many times the usual reach, from the middle of the rows."""


@dataclass(frozen=True)
class Located:
    """Where the rows lie.

    Attributes
    ----------
    area_codes
        Shape (n,): 12-digit codes, None where unknown.
    city
        The city to be made, None where there are areas.
    """

    area_codes: NDArray[Any]
    city: City | None = None


def locate(
    known: gpd.GeoDataFrame,
    geometries: Geometries,
    metric: CRS,
    frame: pd.DataFrame,
    target: Target,
    options: Options,
    scope: Scope,
    findings: Findings,
) -> Located:
    """Find each row's area and report rows outside the city or the scope.

    Parameters
    ----------
    known
        Stored areas.
    geometries
        Shape (n,): in EPSG:4490; None where unusable.
    frame
        Columns read so far; ``code`` and ``area_code`` are looked at.
    """
    points = siting.middle(geometries)
    city = _new_city(known, len(frame), target, options, findings)
    _report_outside(known, points, metric, options, findings, new_city=city is not None)
    if target.level is not None:
        codes = (
            frame["code"].to_numpy(dtype=object)
            if "code" in frame
            else np.full(len(frame), None, dtype=object)
        )
        _check_level(codes, target, findings)
        if city is not None:
            _check_below(codes, city, findings)
    elif city is not None:
        codes = np.full(len(points), city.code.ljust(CODE_LENGTH, "0"), dtype=object)
        codes[shapely.is_missing(points)] = None
    else:
        codes = _codes(known, points, metric, frame, target, findings)
    for position in np.flatnonzero(~findings.bad):
        if codes[position] is not None and codes[position] not in scope:
            findings.note("out_of_scope", int(position), value=codes[position])
    return Located(codes, city)


def _new_city(
    known: gpd.GeoDataFrame, rows: int, target: Target, options: Options, findings: Findings
) -> City | None:
    """Return the city to be made: an empty store needs one, unless the rows are a city or a single area."""
    city = options.city
    if not known.empty or target.level is AreaLevel.CITY:
        if city is not None:
            findings.note("city_kept", value=city.name)
        return None
    if city is None:
        if target.level is None:
            findings.note("city_missing")
        elif rows > 1:
            findings.note("city_above")
        return None
    if level_of(city.code.ljust(CODE_LENGTH, "0")) not in {AreaLevel.CITY, AreaLevel.COUNTY}:
        findings.note("city_code", value=city.code)
    else:
        findings.note("city_made", value=city.name)
    return city


def _roots(known: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return known[known["parent_id"].isna()]


def _report_outside(
    known: gpd.GeoDataFrame,
    points: Geometries,
    metric: CRS,
    options: Options,
    findings: Findings,
    *,
    new_city: bool,
) -> None:
    present = np.flatnonzero(~shapely.is_missing(points))
    if not len(present) or (known.empty and not new_city):
        return
    places = to_metric(points[present], metric)
    if known.empty:
        middle = shapely.Point(np.median(shapely.get_coordinates(places), axis=0))
        distance_m = shapely.distance(places, middle)
        reach_m = _NEW_CITY_REACH * options.reach_m
    else:
        city = shapely.union_all(to_metric(np.asarray(_roots(known).geometry.values, dtype=object), metric))
        shapely.prepare(city)
        distance_m = shapely.distance(places, city)
        reach_m = options.reach_m
    for far in np.flatnonzero(~(distance_m <= reach_m)):
        point = points[present[far]]
        findings.note(
            "outside", int(present[far]), x=point.x, y=point.y, distance_km=float(distance_m[far]) / 1000
        )


def _check_level(codes: NDArray[Any], target: Target, findings: Findings) -> None:
    for position, code in enumerate(codes):
        if code is not None and level_of(code) != target.level:
            findings.note("code_area", position, column="code", value=code, label=target.label)


def _check_below(codes: NDArray[Any], city: City, findings: Findings) -> None:
    """Report areas whose codes do not begin as the city's does, and one that is the city itself."""
    own = city.code.ljust(CODE_LENGTH, "0")
    prefix = prefix_of(own)
    for position, code in enumerate(codes):
        if code is not None and (code == own or not code.startswith(prefix)):
            findings.note(
                "city_other", position, column="code", value=code, city=f"{city.name}（{city.code}）"
            )


def _codes(
    known: gpd.GeoDataFrame,
    points: Geometries,
    metric: CRS,
    frame: pd.DataFrame,
    target: Target,
    findings: Findings,
) -> NDArray[Any]:
    """Return the area codes: what the file says, what a grid's code begins with, or where the row lies."""
    lies_in = siting.smallest_area(points, known)
    codes = lies_in.copy()
    alone = np.flatnonzero(np.array([one is None for one in codes], dtype=bool) & ~shapely.is_missing(points))
    roots = _roots(known)
    if len(alone) and len(roots):
        around = to_metric(np.asarray(roots.geometry.values, dtype=object), metric)
        nearest = shapely.STRtree(around).nearest(to_metric(points[alone], metric))
        codes[alone] = roots["code"].to_numpy()[nearest]
    exist = set(known["code"])
    if "area_code" in frame:
        stated = frame["area_code"].to_numpy(dtype=object)
        for position in np.flatnonzero(frame["area_code"].notna()):
            if stated[position] in exist:
                codes[position] = stated[position]
            else:
                findings.note("area_unknown", int(position), value=stated[position])
    if target.name in {"grid", "micro_grid"} and "code" in frame:
        communities = set(known.loc[known["level"] == AreaLevel.COMMUNITY, "code"])
        own = frame["code"].to_numpy(dtype=object)
        for position in np.flatnonzero(frame["code"].notna()):
            owner, found = own[position][:CODE_LENGTH], lies_in[position]
            if owner not in communities:
                continue
            if found in communities and found != owner:
                findings.note("area_differs", int(position), owner=owner, found=found)
            codes[position] = owner
    return codes
