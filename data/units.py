"""What records are counted by: areas, compounds, grids, micro-grids, with their households and size."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.bulk import frame_of, geo_frame_of
from data.ground import metres
from data.metric import Plane
from data.scope import Scope
from data.store import Store
from geo import hexagons
from models import Area, Building, Compound, Grid, MicroGrid
from models.areas import SIGNIFICANT
from models.enums import AreaLevel


class Level(StrEnum):
    """What records are counted by, from the top."""

    CITY = "city"
    COUNTY = "county"
    SUBDISTRICT = "subdistrict"
    COMMUNITY = "community"
    COMPOUND = "compound"
    GRID = "grid"
    MICRO_GRID = "micro_grid"
    CELL = "cell"

    @property
    def area_level(self) -> AreaLevel | None:
        """The administrative level, None where it is not one."""
        return AreaLevel(self.value) if self.value in set(AreaLevel) else None


_FEATURES: dict[Level, type[Compound | Grid | MicroGrid]] = {
    Level.COMPOUND: Compound,
    Level.GRID: Grid,
    Level.MICRO_GRID: MicroGrid,
}


def units(store: Store, scope: Scope, level: Level) -> pd.DataFrame:
    """Return the units of a level in force that a scope holds, by code.

    Returns
    -------
    pandas.DataFrame
        id, code, name, area_code, households (NaN where not known), area_m2, x, y (metres). Do not change it.
    """
    revisions = store.table_revisions()
    names = ("area", "compound", "grid", "micro_grid", "building")
    return _units(store, scope, level, tuple(revisions.get(name, 0) for name in names))


@lru_cache(maxsize=48)
def _units(store: Store, scope: Scope, level: Level, _revisions: tuple[int, ...]) -> pd.DataFrame:
    with store.reading() as session:
        if level.area_level is not None:
            frame = _areas(session, scope, level.area_level)
        else:
            model = _FEATURES[level]
            conditions = [scope.where(model.area_code)]
            if model is not Compound:
                conditions.append(model.valid_to.is_(None))  # type: ignore[union-attr]
            frame = geo_frame_of(
                session, model, ["id", "code", "name", "area_code", "households"], *conditions
            )
            frame["households"] = _known(session, scope, frame, level)
        shapes = np.asarray(frame.geometry.values, dtype=object)
        flat = metres(Plane.of(session, shapes).crs, shapes) if len(shapes) else shapes
    result = pd.DataFrame(frame.drop(columns="geometry"))
    result["households"] = result["households"].astype(float)
    result["name"] = result["name"].where(result["name"].notna(), result["code"])
    result["area_m2"] = shapely.area(flat)
    result[["x", "y"]] = shapely.get_coordinates(shapely.centroid(flat)).reshape(-1, 2)
    return result.sort_values("code", kind="stable").reset_index(drop=True)


def _areas(session: Session, scope: Scope, level: AreaLevel) -> Any:
    columns = ["id", "code", "name", "households"]
    frame = geo_frame_of(session, Area, columns, Area.level == level, scope.where(Area.code))
    frame["area_code"] = frame["code"]
    key = func.substr(Compound.area_code, 1, SIGNIFICANT[level])
    rows = session.execute(
        select(key, func.sum(Compound.households)).where(scope.where(Compound.area_code)).group_by(key)
    ).all()
    below = frame["code"].astype(str).str[: SIGNIFICANT[level]].map({row[0]: row[1] for row in rows})
    frame["households"] = frame["households"].astype(float).fillna(below.astype(float))
    return frame


def _known(session: Session, scope: Scope, frame: pd.DataFrame, level: Level) -> pd.Series[Any]:
    """Return the households of features: their own figure, else what their buildings hold."""
    column = {Level.GRID: Building.grid_id, Level.MICRO_GRID: Building.micro_grid_id}.get(
        level, Building.compound_id
    )
    own = frame["households"].astype(float)
    if own.notna().all():
        return own
    rows = session.execute(
        select(column, func.sum(Building.households)).where(scope.where(Building.area_code)).group_by(column)
    ).all()
    return own.fillna(frame["id"].map({row[0]: row[1] for row in rows}).astype(float))


def cell_households(store: Store, scope: Scope, resolution: int) -> pd.Series[float]:
    """Return the households of the scope in each H3 cell that has dwellings, by cell."""
    return _cell_households(store, scope, resolution, store.table_revisions().get("building", 0))


@lru_cache(maxsize=12)
def _cell_households(store: Store, scope: Scope, resolution: int, _revision: int) -> pd.Series[float]:
    with store.reading() as session:
        inside = scope.where(Building.area_code)
        frame = geo_frame_of(session, Building, ["households"], Building.households > 0, inside)
    xy = shapely.get_coordinates(shapely.centroid(np.asarray(frame.geometry.values, dtype=object))).reshape(
        -1, 2
    )
    cells = hexagons.cells(xy[:, 0], xy[:, 1], resolution)
    found: pd.Series[float] = frame["households"].astype(float).groupby(cells).sum()
    return found


def retired(store: Store, scope: Scope, level: Level) -> dict[str, str]:
    """Return the names of grids and micro-grids that are not in force any more, by code."""
    if level not in {Level.GRID, Level.MICRO_GRID}:
        return {}
    model: Any = _FEATURES[level]
    with store.reading() as session:
        rows = frame_of(
            session,
            select(model.code, model.name).where(model.valid_to.is_not(None), scope.where(model.area_code)),
        )
    return dict(zip(rows["code"], rows["name"].fillna(rows["code"]), strict=True))
