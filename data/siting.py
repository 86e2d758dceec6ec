"""Where a feature belongs: the smallest area around it, and the compound or grid that it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.bulk import geo_frame_of, table_of
from models import (
    Area,
    AssistPoint,
    Base,
    Building,
    Canteen,
    Compound,
    Entrance,
    Green,
    Grid,
    MicroGrid,
    Road,
    Station,
    Water,
)
from models.areas import SIGNIFICANT
from models.enums import AreaLevel

Geometries = NDArray[Any]

LINKS: Mapping[type[Base], Mapping[str, type[Base]]] = {
    Building: {"compound_id": Compound, "grid_id": Grid, "micro_grid_id": MicroGrid},
    Entrance: {"micro_grid_id": MicroGrid},
    MicroGrid: {"grid_id": Grid, "compound_id": Compound},
    Station: {"compound_id": Compound},
}
"""Which column of a table names the feature of another that its rows stand in."""

SITED: tuple[type[Base], ...] = (
    Compound,
    Grid,
    MicroGrid,
    Building,
    Entrance,
    Station,
    AssistPoint,
    Canteen,
    Road,
    Water,
    Green,
)
"""Tables whose rows bear the code of the smallest area around them."""

_RANK = {level.value: rank for rank, level in enumerate(AreaLevel)}


def middle(geometries: Geometries) -> Geometries:
    """Return a point on each geometry: inside a polygon, half way along a line; None kept."""
    points = shapely.point_on_surface(geometries)
    lines = shapely.get_type_id(geometries) == shapely.GeometryType.LINESTRING
    points[lines] = shapely.line_interpolate_point(geometries[lines], 0.5, normalized=True)
    return np.asarray(points, dtype=object)


def areas(session: Session) -> gpd.GeoDataFrame:
    """Return every area: ``id``, ``code``, ``level``, ``name``, ``parent_id`` and geometry in EPSG:4490."""
    return geo_frame_of(session, Area, ["id", "code", "level", "name", "parent_id"])


def smallest_area(points: Geometries, known: gpd.GeoDataFrame) -> NDArray[Any]:
    """Return the code of the smallest area around each point, shape (n,); None where there is none."""
    codes = np.full(len(points), None, dtype=object)
    if known.empty:
        return codes
    mine, theirs = shapely.STRtree(known.geometry.values).query(points, predicate="intersects")
    found = pd.DataFrame({"mine": mine, "code": known["code"].to_numpy()[theirs]})
    found["rank"] = known["level"].map(_RANK).to_numpy()[theirs]
    best = found.sort_values(["mine", "rank", "code"], ascending=[True, False, True]).drop_duplicates("mine")
    codes[best["mine"]] = best["code"]
    return codes


def holder(session: Session, model: type[Base], points: Geometries) -> NDArray[Any]:
    """Return the id of the feature of a polygon table around each point, shape (n,); None where none."""
    ids = np.full(len(points), None, dtype=object)
    table = table_of(model)
    conditions = [table.columns["valid_to"].is_(None)] if "valid_to" in table.columns else []
    if not len(points) or not session.scalar(select(func.count()).select_from(table)):
        return ids
    known = geo_frame_of(session, model, ["id"], *conditions)
    mine, theirs = shapely.STRtree(known.geometry.values).query(points, predicate="intersects")
    found = pd.DataFrame({"mine": mine, "id": known["id"].to_numpy()[theirs]})
    best = found.sort_values(["mine", "id"]).drop_duplicates("mine")
    ids[best["mine"]] = best["id"].astype(object)
    return ids


def links(session: Session, model: type[Base], geometries: Geometries) -> dict[str, NDArray[Any]]:
    """Return the link columns of new rows of a table, by where their geometries lie."""
    targets = LINKS.get(model, {})
    points = middle(geometries) if targets else geometries
    return {column: holder(session, parent, points) for column, parent in targets.items()}


def linked_to(model: type[Base]) -> list[type[Base]]:
    """Return the tables whose rows may stand in features of `model`."""
    return [child for child, targets in LINKS.items() if model in targets.values()]


def relink(session: Session, parent: type[Base]) -> None:
    """Link rows that stand in no feature of `parent` yet, where one lies around them now."""
    for child in linked_to(parent):
        table = table_of(child)
        for column in (name for name, model in LINKS[child].items() if model is parent):
            loose = geo_frame_of(session, child, ["id"], table.columns[column].is_(None))
            if loose.empty:
                continue
            ids = holder(session, parent, middle(np.asarray(loose.geometry.values, dtype=object)))
            rows = [
                {"id": int(one), column: int(found)}
                for one, found in zip(loose["id"], ids, strict=True)
                if found is not None
            ]
            if rows:
                session.execute(update(child), rows)


def coarse(session: Session) -> list[type[Base]]:
    """Return the tables with rows that bear the code of a larger area than a community."""
    end = "0" * (SIGNIFICANT[AreaLevel.COMMUNITY] - SIGNIFICANT[AreaLevel.SUBDISTRICT])
    return [
        model
        for model in SITED
        if session.scalar(
            select(func.count()).where(table_of(model).columns["area_code"].endswith(end, autoescape=True))
        )
    ]


def resite(session: Session, models: Iterable[type[Base]]) -> None:
    """Give rows that bear a larger area's code than a community's that of the smallest area around them."""
    known = areas(session)
    for model in models:
        column = table_of(model).columns["area_code"]
        rows = geo_frame_of(session, model, ["id", "area_code"], column.endswith("000"))
        codes = smallest_area(middle(np.asarray(rows.geometry.values, dtype=object)), known)
        changed = [
            {"id": int(one), "area_code": code}
            for one, old, code in zip(rows["id"], rows["area_code"], codes, strict=True)
            if code is not None and code != old
        ]
        if changed:
            session.execute(update(model), changed)


def reparent(session: Session) -> None:
    """Make the nearest area above each area, by code, its parent."""
    rows = session.execute(select(Area.id, Area.code, Area.level, Area.parent_id)).all()
    ids = {row.code: row.id for row in rows}
    levels = list(AreaLevel)
    changed = []
    for row in rows:
        above = [
            row.code[: SIGNIFICANT[level]].ljust(len(row.code), "0")
            for level in reversed(levels[: levels.index(row.level)])
        ]
        parent = next((ids[code] for code in above if code in ids), None)
        if parent != row.parent_id:
            changed.append({"id": row.id, "parent_id": parent})
    if changed:
        session.execute(update(Area), changed)
