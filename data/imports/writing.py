"""Rows in order, into the store: the city where there is none, new rows inserted, known ones updated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data import siting
from data.bulk import insert_frame, table_of
from data.cities import today
from data.imports.options import City
from data.imports.prepared import Prepared
from data.imports.recording import write_records
from data.imports.values import initials
from geo.crs import STORED_CRS
from models import Area, Base, FormerPlace, Setting
from models.areas import CODE_LENGTH, level_of
from models.enums import AreaLevel

_CITY_MARGIN_M = 1_000.0


def tables_written(session: Session, prepared: Prepared) -> list[str]:
    """Return the tables that an import writes, so that their revisions rise."""
    target = prepared.target
    if target.boundary and not prepared.first:
        return ["source", "plan", "change"]
    models: list[type[Base]] = [target.model, *([FormerPlace] if target.record else [])]
    if prepared.located and prepared.located.city:
        models.append(Area)
    if target.level:
        models += siting.coarse(session)
    models += [one for one in siting.linked_to(target.model) if _filled(session, one)]
    return list(dict.fromkeys(["source", *(one.__tablename__ for one in models)]))


def _filled(session: Session, model: type[Base]) -> bool:
    return bool(session.scalar(select(func.count()).select_from(table_of(model))))


def write(
    session: Session,
    prepared: Prepared,
    good: pd.DataFrame,
    source_id: int,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Write the good rows and return how many; make the city first where one is wanted."""
    target, table = prepared.target, table_of(prepared.target.model)
    if target.record:
        return write_records(session, prepared, good, source_id, progress)
    frame = good.copy()
    if prepared.located and prepared.located.city:
        _make_city(session, prepared.located.city, prepared, frame)
    if "source_id" in table.columns:
        frame["source_id"] = source_id
    if target.level:
        frame["level"] = target.level.value
    if target.boundary:
        given = (
            frame["valid_from"] if "valid_from" in frame else pd.Series(None, index=frame.index, dtype=object)
        )
        frame["valid_from"] = given.where(given.notna(), today())
    ids = pd.Series(None, index=frame.index, dtype=object)
    if "code" in table.columns:
        stored = {
            code: one for one, code in session.execute(select(table.columns["id"], table.columns["code"]))
        }
        ids = frame["code"].map(stored)
    known = ids.notna()
    insert_frame(session, target.model, frame[~known], progress)
    if known.any():
        rows = _updates(prepared, frame[known], ids[known])
        session.execute(update(target.model), rows)
    session.flush()
    _follow_up(session, prepared, frame)
    return len(frame)


def _updates(prepared: Prepared, frame: pd.DataFrame, ids: pd.Series[Any]) -> list[dict[str, Any]]:
    """Return the changes of rows that are there: what the file states; what it leaves blank stays."""
    columns = [one for one in ("geometry", "area_code", "source_id", *prepared.given) if one in frame]
    if "name" in prepared.given and "initials" in frame:
        columns.append("initials")
    records = frame[list(dict.fromkeys(columns))].astype(object)
    present = records.notna()
    return [
        {"id": int(one)} | {column: row[column] for column in records.columns if there[column]}
        for one, row, there in zip(ids, records.to_dict("records"), present.to_dict("records"), strict=True)
    ]


def _make_city(session: Session, city: City, prepared: Prepared, frame: pd.DataFrame) -> None:
    """Add the city, as wide as the rows and a margin, and note its name, code and metric system."""
    crs = prepared.metric
    if crs is None:
        raise AssertionError
    forward = Transformer.from_crs(STORED_CRS, crs, always_xy=True)
    back = Transformer.from_crs(crs, STORED_CRS, always_xy=True)
    rows = shapely.multipoints(shapely.get_coordinates(np.asarray(frame["geometry"], dtype=object)))
    hull = shapely.transform(shapely.convex_hull(rows), forward.transform, interleaved=False)
    around = shapely.transform(shapely.buffer(hull, _CITY_MARGIN_M), back.transform, interleaved=False)
    code = city.code.ljust(CODE_LENGTH, "0")
    session.add(
        Area(
            code=code,
            level=level_of(code),
            name=city.name,
            initials=initials([city.name])[0],
            geometry=around,
        )
    )
    for key, value in _city_settings(city.name, city.code, crs.to_epsg()).items():
        session.merge(Setting(key=key, value=value))
    session.flush()


def _city_settings(name: str, code: str, epsg: int | None) -> dict[str, str]:
    return {"city_name": name, "city_code": code, "metric_epsg": str(epsg)}


def _follow_up(session: Session, prepared: Prepared, frame: pd.DataFrame) -> None:
    """Bring up to date what depends on the rows: links, parents of areas, area codes."""
    target = prepared.target
    if not target.level:
        siting.relink(session, target.model)
        return
    siting.reparent(session)
    siting.resite(session, siting.coarse(session))
    epsg = prepared.metric.to_epsg() if prepared.metric else None
    if target.level is AreaLevel.CITY:
        first = frame.iloc[0]
        for key, value in _city_settings(first["name"], first["code"][:6], epsg).items():
            session.merge(Setting(key=key, value=value))
    elif session.get(Setting, "metric_epsg") is None:
        session.merge(Setting(key="metric_epsg", value=str(epsg)))
