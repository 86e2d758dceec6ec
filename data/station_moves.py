"""Service stations that a plan moves: its ledger's lines, into force, and back with a former version.

A line's ``code`` is the station's id; its attributes are ``[former, new]`` of ``place`` (longitude, latitude)
and ``compound`` (its name, None outside of any).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import siting
from data.bulk import geo_frame_of
from data.errors import ConflictError
from data.metric import Plane
from models import Change, Compound, Grid, Station
from models.areas import prefix_of
from models.enums import ChangeAction

LAYER = "station"
Place = tuple[float, float]
"""Longitude and latitude, as stored."""


def holds(code: str, area_code: str) -> bool:
    """Tell whether an area is, or lies in, the one with a code."""
    return area_code.startswith(prefix_of(code))


def place_of(point: shapely.Point) -> Place:
    """Return where a station stands."""
    return float(point.x), float(point.y)


def named_around(session: Session, model: type[Compound | Grid], area_code: str, place: Place) -> str | None:
    """Return the name, else the code, of the feature of a community around a place."""
    conditions = [model.area_code == area_code]
    if model is Grid:
        conditions.append(Grid.valid_to.is_(None))
    found = geo_frame_of(session, model, ["id", "code", "name"], *conditions)
    inside = found[shapely.intersects_xy(np.asarray(found.geometry.values, dtype=object), *place)]
    if inside.empty:
        return None
    first = inside.sort_values("id").iloc[0]
    return str(first["name"] or first["code"])


def overtaken(plan_id: int, names: Sequence[str]) -> ConflictError:
    """Return what is said where stations are not any more where a plan moves them from."""
    return ConflictError(
        f"“{names[0]}”等 {len(names)} 处阵地在草稿挪动以后已由他人移动或删除；方案 {plan_id} 仍为草稿，"
        f"没有丢失。请把它放回原处，看过现在的位置后再挪。"
    )


def moves(session: Session, area_code: str, moved: Sequence[tuple[str, Place, Place]]) -> pd.DataFrame:
    """Return the lines of a ledger (``change`` without ``plan_id``) that move stations.

    Parameters
    ----------
    moved
        Id, from where, to where.
    """
    if not moved:
        return pd.DataFrame()
    ends = [np.array([shapely.Point(*move[n]) for move in moved], dtype=object) for n in (1, 2)]
    plane = Plane.of(session, np.concatenate(ends))
    away = shapely.distance(*(plane.metres(one) for one in ends))
    compounds = [[named_around(session, Compound, area_code, place) for place in move[1:]] for move in moved]
    return pd.DataFrame(
        {
            "area_code": area_code,
            "layer": LAYER,
            "code": [move[0] for move in moved],
            "action": ChangeAction.CHANGE.value,
            "attributes": [
                json.dumps({"place": move[1:], "compound": pair}, ensure_ascii=False)
                for move, pair in zip(moved, compounds, strict=True)
            ],
            "displacement_m": away,
            "geometry": ends[1],
        }
    )


def apply(session: Session, plan_id: int, changes: gpd.GeoDataFrame) -> None:
    """Move stations to where the accepted lines of a plan have them, with what they stand in.

    Raises
    ------
    ConflictError
        Where one is not where the ledger says that it was.
    """
    rows: list[tuple[Station, Any]] = []
    late = []
    for code, attributes, point in zip(changes["code"], changes["attributes"], changes.geometry, strict=True):
        former = json.loads(attributes)["place"][0]
        row = session.get(Station, int(code), with_for_update=True)
        if row is None or list(place_of(row.geometry)) != former:
            late.append(row.name if row is not None else f"阵地 {code}")
        else:
            rows.append((row, point))
    if late:
        raise overtaken(plan_id, late)
    points = np.array([point for _row, point in rows], dtype=object)
    inside = siting.links(session, Station, points)["compound_id"]
    areas = siting.smallest_area(points, siting.areas(session))
    for (row, point), compound, area in zip(rows, inside, areas, strict=True):
        row.geometry, row.compound_id = point, None if compound is None else int(compound)
        if area is not None and not holds(row.area_code, area):  # a street's own station stays the street's
            row.area_code = area
    session.flush()


def names(session: Session, codes: Sequence[str]) -> dict[str, str]:
    """Return the names of stations by the code of their line."""
    query = select(Station.id, Station.name).where(Station.id.in_([int(one) for one in codes]))
    return {str(row.id): row.name for row in session.execute(query)}


def back(session: Session, after: Sequence[int], area_codes: Sequence[str]) -> pd.DataFrame:
    """Return the lines that put stations back to where they were before some plans, the oldest plan first."""
    rows = session.execute(
        select(Change.plan_id, Change.area_code, Change.code, Change.attributes).where(
            Change.layer == LAYER,
            Change.area_code.in_(list(area_codes)),
            Change.plan_id.in_(list(after)),
            Change.accepted.is_(True),
        )
    ).all()
    rank = {one: n for n, one in enumerate(after)}
    was: dict[str, tuple[str, Place]] = {}
    for row in sorted(rows, key=lambda row: rank[row.plan_id]):
        x, y = json.loads(row.attributes)["place"][0]
        was.setdefault(row.code, (row.area_code, (x, y)))
    now = {
        str(row.id): place_of(row.geometry)
        for row in session.scalars(select(Station).where(Station.id.in_([int(one) for one in was])))
    }
    parts = [
        moves(session, area, [(code, now[code], place)])
        for code, (area, place) in was.items()
        if code in now and now[code] != place
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
