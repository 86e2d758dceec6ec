"""Everything that a detail card tells of one feature of the map or node of the tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.queries import areas, organisations
from data.scope import Scope
from models import (
    AssistPoint,
    Building,
    Canteen,
    Compound,
    Entrance,
    Grid,
    GridWorker,
    MicroGrid,
    Organisation,
    Station,
)
from models.base import Base
from models.enums import GridWorkerRole, StationTier

EARTH_RADIUS_M = 6_371_008.8

FEATURES: dict[str, type[Base]] = {
    "compound": Compound,
    "grid": Grid,
    "micro_grid": MicroGrid,
    "building": Building,
    "station": Station,
    "assist_point": AssistPoint,
    "canteen": Canteen,
}
"""Kinds of feature that can be chosen on the map, besides areas."""


@dataclass(frozen=True)
class Near:
    """A station and its straight-line distance."""

    station_id: int
    name: str
    tier: StationTier
    distance_m: float


@dataclass(frozen=True)
class Post:
    """A grid and who answers for it, by role only."""

    grid_id: int
    code: str
    name: str
    responsible_body: str | None
    workers: dict[GridWorkerRole, int]


@dataclass(frozen=True)
class Detail:
    """A chosen feature with what belongs to it.

    Attributes
    ----------
    record
        The row itself, detached.
    geometry
        EPSG:4490.
    """

    kind: str
    record: Base
    geometry: BaseGeometry | None
    path: list[areas.AreaRef]
    organisation: Organisation | None = None
    is_own_seat: bool = False
    buildings: int = 0
    entrances: int = 0
    households: int | None = None
    posts: list[Post] = field(default_factory=list)
    stations: list[Near] = field(default_factory=list)
    compounds: list[tuple[int, str]] = field(default_factory=list)
    below: int = 0


def get(session: Session, scope: Scope, kind: str, feature_id: int) -> Detail | None:
    """Return the detail of a feature or an organisation, None where the scope does not hold it."""
    if kind == "organisation":
        return _organisation(session, scope, feature_id)
    model = FEATURES.get(kind)
    record = session.get(model, feature_id) if model else None
    if record is None or record.area_code not in scope:  # type: ignore[attr-defined]
        return None
    geometry: BaseGeometry = record.geometry  # type: ignore[attr-defined]
    path = areas.path(session, scope, record.area_code)  # type: ignore[attr-defined]
    seat = organisations.seated_at(session, scope, kind, feature_id)
    own = seat is not None and feature_id == {"compound": seat.compound_id, "grid": seat.grid_id}.get(kind)
    own = own or (isinstance(record, Building) and record.organisation_id is not None)
    detail = Detail(kind, record, geometry, path, organisation=seat, is_own_seat=own)
    buildings, entrances, households = _dwellings(session, kind, feature_id)
    return Detail(
        kind,
        record,
        geometry,
        path,
        organisation=detail.organisation,
        is_own_seat=own,
        buildings=buildings,
        entrances=entrances,
        households=households,
        posts=_posts(session, scope, kind, record),
        stations=_nearest(session, scope, geometry) if kind in {"compound", "building"} else [],
        compounds=_compounds(session, scope, kind, record),
    )


def _organisation(session: Session, scope: Scope, organisation_id: int) -> Detail | None:
    node = organisations.get(session, scope, organisation_id)
    if node is None:
        return None
    below = session.scalar(select(func.count()).where(Organisation.parent_id == node.id)) or 0
    buildings = len(organisations.building_ids(session, scope, node.id))
    return Detail(
        "organisation",
        node,
        organisations.geometry(session, scope, node.id),
        areas.path(session, scope, node.area_code),
        organisation=organisations.get(session, scope, node.parent_id) if node.parent_id else None,
        buildings=buildings,
        below=below,
    )


def _dwellings(session: Session, kind: str, feature_id: int) -> tuple[int, int, int | None]:
    """Return buildings, entrances and households inside a feature."""
    if kind == "building":
        entrances = session.scalar(select(func.count()).where(Entrance.building_id == feature_id)) or 0
        return 1, entrances, session.scalar(select(Building.households).where(Building.id == feature_id))
    column = {
        "compound": Building.compound_id,
        "grid": Building.grid_id,
        "micro_grid": Building.micro_grid_id,
    }.get(kind)
    if column is None:
        return 0, 0, None
    count, known_households = session.execute(
        select(func.count(), func.sum(Building.households)).where(column == feature_id)
    ).one()
    inside = select(func.count()).select_from(Entrance).join(Building).where(column == feature_id)
    return count, session.scalar(inside) or 0, known_households


def _posts(session: Session, scope: Scope, kind: str, record: Base) -> list[Post]:
    """Return the grids that a feature lies in, by the buildings that they share."""
    if isinstance(record, Grid):
        ids = [record.id]
    elif isinstance(record, (MicroGrid, Building)):
        ids = [record.grid_id] if record.grid_id is not None else []
    elif kind == "compound":
        ids = [
            grid_id
            for grid_id in session.scalars(
                select(Building.grid_id)
                .where(Building.compound_id == record.id, Building.grid_id.is_not(None))  # type: ignore[attr-defined]
                .group_by(Building.grid_id)
                .order_by(Building.grid_id)
            )
            if grid_id is not None
        ]
    else:
        return []
    grids = session.scalars(
        select(Grid)
        .where(Grid.id.in_(ids), scope.where(Grid.area_code), Grid.valid_to.is_(None))
        .order_by(Grid.code)
    ).all()
    workers: dict[int, dict[GridWorkerRole, int]] = {grid.id: {} for grid in grids}
    for grid_id, role, count in session.execute(
        select(GridWorker.grid_id, GridWorker.role, func.count())
        .where(GridWorker.grid_id.in_(workers))
        .group_by(GridWorker.grid_id, GridWorker.role)
    ):
        if grid_id is not None:
            workers[grid_id][role] = count
    return [Post(grid.id, grid.code, grid.name, grid.responsible_body, workers[grid.id]) for grid in grids]


def _compounds(session: Session, scope: Scope, kind: str, record: Base) -> list[tuple[int, str]]:
    """Return the compounds that a grid, a micro-grid or a building holds or lies in."""
    query = select(Compound.id, Compound.name).where(scope.where(Compound.area_code))
    if kind == "grid":
        inside = select(Building.compound_id).where(Building.grid_id == record.id)  # type: ignore[attr-defined]
        query = query.where(Compound.id.in_(inside)).order_by(Compound.code)
    elif isinstance(record, (MicroGrid, Building)) and record.compound_id is not None:
        query = query.where(Compound.id == record.compound_id)
    else:
        return []
    return [(row.id, row.name) for row in session.execute(query)]


def _nearest(session: Session, scope: Scope, geometry: BaseGeometry, count: int = 3) -> list[Near]:
    """Return the nearest stations by straight line; the scope's own only."""
    stations = session.scalars(select(Station).where(scope.where(Station.area_code))).all()
    if not stations:
        return []
    centre = shapely.centroid(geometry)
    points = shapely.get_coordinates([station.geometry for station in stations])
    distance = great_circle_m(centre.x, centre.y, points[:, 0], points[:, 1])
    return [
        Near(stations[i].id, stations[i].name, stations[i].tier, float(distance[i]))
        for i in np.argsort(distance, kind="stable")[:count]
    ]


def great_circle_m(lon: float, lat: float, lons: np.ndarray, lats: np.ndarray) -> np.ndarray:
    """Return great-circle distances in metres from one point to many, all in degrees (haversine)."""
    phi, phis = np.radians(lat), np.radians(lats)
    half = (
        np.sin((phis - phi) / 2) ** 2 + np.cos(phi) * np.cos(phis) * np.sin(np.radians(lons - lon) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(half)))


def published_on(record: Base) -> date | None:
    """Return since when a boundary is in force, None where that is not recorded."""
    return getattr(record, "valid_from", None)
