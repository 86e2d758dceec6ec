"""Which areas a record lies in: found once when it is written, and again when boundaries are published.

A record keeps what is known of its place (a point, a building, a compound, a grid, an area) and names the
features around it now. Where it lay on its own day, if that was elsewhere, is kept in ``former_place``: the
first move is the one that counts, so that history can always be read by the boundaries of its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from data.bulk import geo_frame_of, insert_frame, table_of
from data.cubes import DAY_OF, LOCAL_S, RECORDS, days_of, seconds_of
from geo.locate import NOWHERE, Points
from models import Area, Base, BoundaryVersion, Compound, FormerPlace, Grid, MicroGrid
from models.enums import AreaLevel, PlaceKind

LAYERS: Mapping[str, type[Compound | Grid | MicroGrid]] = {
    "compound": Compound,
    "grid": Grid,
    "micro_grid": MicroGrid,
}
"""Layers that a record names a feature of, where its point lies in one."""
EXACT = (PlaceKind.POINT, PlaceKind.BUILDING)
"""Places exact enough to be found again in new boundaries."""
_RANK = list(AreaLevel)
_IN_ONE_STATEMENT = 500
_AT_ONCE = 200_000


# --- when records are written ---


def features_at(session: Session, points: Points) -> dict[str, npt.NDArray[np.int64]]:
    """Return the id of the feature in force around each point, shape (n,) by layer; 0 where there is none."""
    found = {}
    for layer, model in LAYERS.items():
        frame = geo_frame_of(session, model, ["id"], *_in_force(model))
        at = points.holder(np.asarray(frame.geometry.values, dtype=object))
        ids = frame["id"].to_numpy(dtype=np.int64)
        found[layer] = np.where(at == NOWHERE, 0, ids[at] if len(ids) else 0)
    return found


def areas_at(session: Session, points: Points) -> npt.NDArray[Any]:
    """Return the code of the smallest area around each point, shape (n,); None where there is none."""
    codes = np.full(points.count, None, dtype=object)
    left = np.arange(points.count)
    for level in reversed(_RANK):  # the smallest first: few points are left for the larger ones
        frame = geo_frame_of(session, Area, ["code"], Area.level == level)
        at = points.holder(np.asarray(frame.geometry.values, dtype=object))
        inside = at != NOWHERE
        codes[left[inside]] = frame["code"].to_numpy(dtype=object)[at[inside]]
        left, points = left[~inside], points.take(np.flatnonzero(~inside))
    return codes


def lay_then(
    session: Session,
    layer: str,
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    day: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return where points lay by the boundaries of their days, where these were not today's.

    Parameters
    ----------
    lon, lat, day
        Shape (n,): places and days (since 1970).

    Returns
    -------
    position, code
        Points that lay elsewhere: their positions, and the code of the feature there (None: in none).
    """
    former = geo_frame_of(
        session, BoundaryVersion, ["code", "valid_from", "valid_to"], BoundaryVersion.layer == layer
    )
    if former.empty:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=object)
    model = LAYERS[layer]
    now = geo_frame_of(session, model, ["code", "valid_from", "plan_id"], *_in_force(model))
    # what was imported first is taken to have been there before
    planned = now["valid_from"].where(now["plan_id"].notna(), None)
    start = [_EVER if one is None else days_of(one) for one in planned]
    today = Points(lon, lat).holder(np.asarray(now.geometry.values, dtype=object))
    since = np.where(today == NOWHERE, _EVER, np.array(start, dtype=np.int64)[today] if len(now) else _EVER)
    last = max(days_of(one) for one in former["valid_to"])
    doubtful = np.flatnonzero((day < since) | ((today == NOWHERE) & (day < last)))
    codes = np.full(len(doubtful), None, dtype=object)
    begin = np.array([_EVER if one is None else days_of(one) for one in former["valid_from"]])
    end = np.array([days_of(one) for one in former["valid_to"]])
    shapes = np.asarray(former.geometry.values, dtype=object)
    points = shapely.points(lon[doubtful], lat[doubtful])
    mine, theirs = shapely.STRtree(shapes).query(points, predicate="intersects")
    valid = (begin[theirs] <= day[doubtful][mine]) & (day[doubtful][mine] < end[theirs])
    mine, theirs = mine[valid][::-1], theirs[valid][::-1]
    codes[mine] = former["code"].to_numpy(dtype=object)[theirs]
    here = np.where(today == NOWHERE, None, now["code"].to_numpy(dtype=object)[today] if len(now) else None)
    other = codes != here[doubtful]
    return doubtful[other], codes[other]


_EVER = -(10**9)


def _in_force(model: type[Base]) -> list[ColumnElement[bool]]:
    columns = table_of(model).columns
    return [columns["valid_to"].is_(None)] if "valid_to" in columns else []


# --- when boundaries are published ---


def note_removed(session: Session, model: type[Base], ids: Iterable[int], plan_id: int, on: date) -> None:
    """Note the features that records lay in, before the features are removed and the records let go."""
    layer, features = str(model.__tablename__), table_of(model)
    chosen = list(ids)
    for name, record in RECORDS.items():
        table = table_of(record)
        link = table.columns[f"{layer}_id"]
        noted = exists().where(
            FormerPlace.table_name == name,
            FormerPlace.layer == layer,
            FormerPlace.record_id == table.columns["id"],
        )
        query = (
            select(
                literal(name, Text()),
                table.columns["id"],
                literal(layer, Text()),
                features.columns["code"],
                literal(plan_id, Integer()),
            )
            .join(features, features.columns["id"] == link)
            .where(link.in_(chosen), _before(session, name, on), ~noted)
        )
        columns = ["table_name", "record_id", "layer", "code", "plan_id"]
        session.execute(insert(FormerPlace).from_select(columns, query))


def reassign(session: Session, model: type[Base], changes: Any, plan_id: int, on: date) -> int:
    """Find the features of a layer anew for the records around what a plan changed; return how many moved.

    Parameters
    ----------
    changes
        The plan's accepted lines for the layer, with their new geometries.
    on
        First day of the new boundaries: records of that day and later never lay in the former.
    """
    layer = str(model.__tablename__)
    shapes = np.asarray(changes.geometry.values, dtype=object)
    was = geo_frame_of(
        session, BoundaryVersion, ["id"], BoundaryVersion.plan_id == plan_id, BoundaryVersion.layer == layer
    )
    around = np.concatenate(
        [shapes[~shapely.is_missing(shapes)], np.asarray(was.geometry.values, dtype=object)]
    )
    if not len(around):
        return 0
    near = geo_frame_of(session, model, ["id", "code"], *_in_force(model))
    return sum(_reassign(session, name, layer, near, around, plan_id, on) for name in RECORDS)


def _reassign(
    session: Session, name: str, layer: str, near: Any, around: npt.NDArray[Any], plan_id: int, on: date
) -> int:
    record = RECORDS[name]
    columns = table_of(record).columns
    link = columns[f"{layer}_id"]
    west, south, east, north = shapely.total_bounds(around)
    seconds = seconds_of(columns[DAY_OF[name]], session.connection().dialect.name)
    rows = session.execute(
        select(columns["id"], columns["lon"], columns["lat"], func.coalesce(link, 0), seconds).where(
            columns["place"].in_(EXACT),
            columns["lon"].between(west, east),
            columns["lat"].between(south, north),
        )
    ).all()
    if not rows:
        return 0
    data = np.array([tuple(row) for row in rows], dtype=float)
    touched = np.unique(
        shapely.STRtree(shapely.points(data[:, 1], data[:, 2])).query(around, predicate="intersects")[1]
    )
    data = data[touched]
    ids = near["id"].to_numpy(dtype=np.int64)
    at = Points(data[:, 1], data[:, 2]).holder(np.asarray(near.geometry.values, dtype=object))
    now = np.where(at == NOWHERE, 0, ids[at] if len(ids) else 0)
    moved = np.flatnonzero(now != data[:, 3].astype(np.int64))
    if not len(moved):
        return 0
    data, now = data[moved], now[moved]
    _note_moved(session, name, layer, data, plan_id, on)
    session.connection().execute(
        update(table_of(record))
        .where(columns["id"] == bindparam("record"))
        .values({link.name: bindparam("feature")}),
        [{"record": int(a), "feature": int(b) or None} for a, b in zip(data[:, 0], now, strict=True)],
    )
    return len(moved)


def _note_moved(
    session: Session, name: str, layer: str, data: npt.NDArray[np.float64], plan_id: int, on: date
) -> None:
    """Note where records lay until now, unless that is noted, or they are of a later day."""
    ids, link, seconds = data[:, 0].astype(np.int64), data[:, 3].astype(np.int64), data[:, 4].astype(np.int64)
    day = (seconds + LOCAL_S) // 86_400 if name == "request" else seconds // 86_400
    known = set(
        session.scalars(
            select(FormerPlace.record_id).where(FormerPlace.table_name == name, FormerPlace.layer == layer)
        )
    )
    fresh = (day < days_of(on)) & ~np.isin(ids, np.fromiter(known, dtype=np.int64, count=len(known)))
    columns = table_of(LAYERS[layer]).columns
    codes = {row[0]: row[1] for row in session.execute(select(columns["id"], columns["code"]))}
    insert_frame(
        session,
        FormerPlace,
        pd.DataFrame(
            {
                "table_name": name,
                "record_id": ids[fresh],
                "layer": layer,
                "code": [codes.get(int(one)) for one in link[fresh]],
                "plan_id": plan_id,
            }
        ),
    )


def _before(session: Session, name: str, on: date) -> ColumnElement[bool]:
    """Return the condition that a record is of a day before `on`, by China's clocks."""
    seconds = seconds_of(table_of(RECORDS[name]).columns[DAY_OF[name]], session.connection().dialect.name)
    before: ColumnElement[bool] = seconds < days_of(on) * 86_400 - (LOCAL_S if name == "request" else 0)
    return before


def resite(session: Session) -> None:
    """Give records of an exact place the code of the smallest area around them: after areas were imported."""
    for record in RECORDS.values():
        table = table_of(record)
        columns = table.columns
        rows = session.execute(
            select(
                columns["id"], columns["lon"], columns["lat"], columns["area_code"], columns["place"]
            ).where(and_(columns["lon"].is_not(None), columns["place"].in_((*EXACT, PlaceKind.NOWHERE))))
        ).all()
        if not rows:
            continue
        codes = areas_at(session, Points([row[1] for row in rows], [row[2] for row in rows]))
        changed = [
            {
                "record": row[0],
                "code": code,
                "place": PlaceKind.POINT if row[4] is PlaceKind.NOWHERE else row[4],
            }
            for row, code in zip(rows, codes, strict=True)
            if code is not None and code != row[3]
        ]
        if changed:
            session.connection().execute(
                update(table)
                .where(columns["id"] == bindparam("record"))
                .values(area_code=bindparam("code"), place=bindparam("place", type_=columns["place"].type)),
                changed,
            )
