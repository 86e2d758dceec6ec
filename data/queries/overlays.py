"""Overlays: claim density and satisfaction of map units within a time window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from data.bulk import frame_of, geo_frame_of
from data.scope import Scope
from data.store import Store
from geo.crs import metric_crs
from geo.statistics import rate, wilson_interval
from models import Area, Claim, Compound, Rating
from models.areas import SIGNIFICANT
from models.enums import AreaLevel

SATISFIED = 4
"""A mark from here upwards counts as satisfied."""
TOO_FEW = 10
"""Below so many ratings a satisfaction is neither coloured nor ranked."""


class Measure(StrEnum):
    """What an overlay shows."""

    CLAIMS_PER_1000 = "claims_per_1000"
    CLAIMS_PER_KM2 = "claims_per_km2"
    SATISFACTION = "satisfaction"


class Unit(StrEnum):
    """What an overlay is counted by."""

    COMPOUND = "compound"
    COMMUNITY = "community"
    SUBDISTRICT = "subdistrict"
    COUNTY = "county"


@dataclass(frozen=True)
class Window:
    """A span of days, both ends counted."""

    start: date
    end: date


@dataclass(frozen=True)
class Overlay:
    """A measured overlay.

    Attributes
    ----------
    frame
        One row a unit, in order of id: id, code, name, numerator, denominator, n, value, low, high, too_few.
        ``value`` is NaN where nothing can be said; ``low`` and ``high`` bound a satisfaction (Wilson, 95%).
    above
        Records in no row: known only for a larger area than the unit.
    """

    measure: Measure
    unit: Unit
    window: Window
    frame: pd.DataFrame
    above: int


def span(session: Session, scope: Scope) -> Window | None:
    """Return the days of the first and the last claim or rating, None where there is none."""
    days: list[date] = []
    for column, code in ((Claim.claimed_on, Claim.area_code), (Rating.rated_on, Rating.area_code)):
        first, last = session.execute(
            select(func.min(column), func.max(column)).where(scope.where(code))
        ).one()
        days += [day for day in (first, last) if day]
    return Window(min(days), max(days)) if days else None


def measure(store: Store, scope: Scope, what: Measure, unit: Unit, window: Window) -> Overlay:
    """Return the overlay of every unit in the scope."""
    with store.reading() as session:
        units = _units(session, store, scope, unit)
        key = _unit_key(unit, Rating if what is Measure.SATISFACTION else Claim)
        if what is Measure.SATISFACTION:
            counted = _ratings(session, scope, key, window)
        else:
            counted = _claims(session, scope, key, window)
    frame = units.merge(counted[counted["key"].notna()], on="key", how="left")
    frame[["numerator", "n"]] = frame[["numerator", "n"]].fillna(0).astype(int)
    above = int(counted["n"].sum() - frame["n"].sum())
    if what is Measure.SATISFACTION:
        frame["denominator"] = frame["n"].astype(float)
        frame["too_few"] = frame["n"] < TOO_FEW
        frame["value"] = np.where(frame["too_few"], np.nan, rate(frame["numerator"], frame["n"], 100))
        low, high = wilson_interval(frame["numerator"], frame["n"])
        frame["low"], frame["high"] = low * 100, high * 100
    else:
        per_km2 = what is Measure.CLAIMS_PER_KM2
        frame["denominator"] = frame["area_m2"] / 1e6 if per_km2 else frame["households"].astype(float)
        frame["value"] = rate(frame["numerator"], frame["denominator"], 1 if per_km2 else 1000)
        frame["too_few"], frame["low"], frame["high"] = False, np.nan, np.nan
    columns = ["id", "code", "name", "numerator", "denominator", "n", "value", "low", "high", "too_few"]
    return Overlay(what, unit, window, frame[columns], above)


def ranking(overlay: Overlay) -> pd.DataFrame:
    """Return the units that may be ranked, best first; a satisfaction by its lower bound."""
    known = overlay.frame[overlay.frame["value"].notna()]
    by = "low" if overlay.measure is Measure.SATISFACTION else "value"
    return known.sort_values([by, "n", "id"], ascending=[False, False, True]).reset_index(drop=True)


def _units(session: Session, store: Store, scope: Scope, unit: Unit) -> pd.DataFrame:
    revision = store.table_revisions().get("compound" if unit is Unit.COMPOUND else "area", 0)
    area_m2 = _areas_m2(store, revision, unit)
    if unit is Unit.COMPOUND:
        query: Any = (
            select(Compound.id, Compound.code, Compound.name, Compound.households, Compound.id.label("key"))
            .where(scope.where(Compound.area_code))
            .order_by(Compound.id)
        )
    else:
        level = AreaLevel(unit.value)
        households = (
            select(func.sum(Compound.households))
            .where(
                func.substr(Compound.area_code, 1, SIGNIFICANT[level])
                == func.substr(Area.code, 1, SIGNIFICANT[level])
            )
            .scalar_subquery()
        )
        query = (
            select(
                Area.id,
                Area.code,
                Area.name,
                func.coalesce(Area.households, households).label("households"),
                func.substr(Area.code, 1, SIGNIFICANT[level]).label("key"),
            )
            .where(Area.level == level, scope.where(Area.code))
            .order_by(Area.id)
        )
    frame = frame_of(session, query)
    frame["area_m2"] = frame["id"].map(area_m2)
    return frame


@lru_cache(maxsize=8)
def _areas_m2(store: Store, revision: int, unit: Unit) -> dict[int, float]:  # noqa: ARG001  (part of the key)
    """Return the area of every unit in square metres, measured in the city's metric CRS."""
    with store.reading() as session:
        if unit is Unit.COMPOUND:
            frame = geo_frame_of(session, Compound, ["id"])
        else:
            frame = geo_frame_of(session, Area, ["id"], Area.level == AreaLevel(unit.value))
    if frame.empty:
        return {}
    centre = shapely.centroid(shapely.box(*frame.total_bounds))
    epsg = store.setting("metric_epsg")
    metric = frame.to_crs(epsg=int(epsg)) if epsg else frame.to_crs(metric_crs(centre.x, centre.y))
    return dict(zip(frame["id"].tolist(), metric.area.tolist(), strict=True))


def _unit_key(unit: Unit, record: type[Claim | Rating]) -> Any:
    if unit is Unit.COMPOUND:
        return record.compound_id
    return func.substr(record.area_code, 1, SIGNIFICANT[AreaLevel(unit.value)])


def _claims(session: Session, scope: Scope, key: Any, window: Window) -> pd.DataFrame:
    count = func.count()
    query = (
        select(key.label("key"), count.label("numerator"), count.label("n"))
        .where(scope.where(Claim.area_code), Claim.claimed_on.between(window.start, window.end))
        .group_by(key)
    )
    return frame_of(session, query)


def _ratings(session: Session, scope: Scope, key: Any, window: Window) -> pd.DataFrame:
    satisfied = func.count().filter(Rating.score >= SATISFIED)
    query = (
        select(key.label("key"), satisfied.label("numerator"), func.count().label("n"))
        .where(scope.where(Rating.area_code), Rating.rated_on.between(window.start, window.end))
        .group_by(key)
    )
    return frame_of(session, query)


def monthly(session: Session, scope: Scope, what: Measure, window: Window) -> pd.DataFrame:
    """Return counts by month within the window: month (first day), n, satisfied (ratings only)."""
    record = Rating if what is Measure.SATISFACTION else Claim
    day = Rating.rated_on if what is Measure.SATISFACTION else Claim.claimed_on
    satisfied = (
        func.count().filter(Rating.score >= SATISFIED) if what is Measure.SATISFACTION else func.count()
    )
    year, month = extract("year", day), extract("month", day)
    rows = session.execute(
        select(year, month, func.count(), satisfied)
        .where(scope.where(record.area_code), day.between(window.start, window.end))
        .group_by(year, month)
        .order_by(year, month)
    ).all()
    return pd.DataFrame(
        {
            "month": [date(int(row[0]), int(row[1]), 1) for row in rows],
            "n": [row[2] for row in rows],
            "satisfied": [row[3] for row in rows],
        }
    )
