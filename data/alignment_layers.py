"""The layers of communities out of the store, in metres, as the engine takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy.orm import Session

from data.bulk import geo_frame_of, table_of
from data.errors import DataError
from data.metric import Plane
from data.scope import Scope
from data.store import Store
from models import Area, Base, Building, Compound, Grid, MicroGrid
from models.enums import AreaLevel


@dataclass(frozen=True)
class Layers:
    """What the engine takes: frames in metres with ``id`` (the code; of communities the area code).

    Attributes
    ----------
    revision
        Of the store, when they were read.
    """

    communities: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    micro_grids: gpd.GeoDataFrame | None
    buildings: gpd.GeoDataFrame | None
    plane: Plane
    revision: int

    def of(self, layer: str) -> gpd.GeoDataFrame | None:
        """Return the frame of ``compound``, ``grid`` or ``micro_grid``."""
        return {"compound": self.compounds, "grid": self.grids, "micro_grid": self.micro_grids}[layer]


def read_layers(store: Store, scope: Scope, community_codes: Iterable[str]) -> Layers:
    """Read communities with all that lies in them, in metres.

    Parameters
    ----------
    community_codes
        12-digit codes; what lies outside the `scope` is left out.

    Raises
    ------
    DataError
        Where none of them is a community of the scope.
    """
    codes = sorted(set(community_codes))
    with store.reading() as session:
        revision = store.revision()
        inside = (scope.where(Area.code), Area.level == AreaLevel.COMMUNITY, Area.code.in_(codes))
        areas = geo_frame_of(session, Area, ["code"], *inside)
        if areas.empty:
            raise DataError("没有选中管辖范围内的社区；请先在社区表中勾选。")
        plane = Plane.of(session, np.asarray(areas.geometry.values, dtype=object))
        read = _Reader(session, scope, sorted(areas["code"]), plane)
        layers = Layers(
            plane_frame(areas.rename(columns={"code": "id"}), plane),
            read.layer(Compound, "code", "area_code", "walled", "kind", "households"),
            read.layer(Grid, "code", "area_code", "households"),
            read.layer(MicroGrid, "code", "area_code"),
            read.layer(Building, "id", "area_code", "households"),
            plane,
            revision,
        )
    micro_grids = layers.micro_grids if len(cast("gpd.GeoDataFrame", layers.micro_grids)) else None
    buildings = layers.buildings if len(cast("gpd.GeoDataFrame", layers.buildings)) else None
    return replace(layers, micro_grids=micro_grids, buildings=buildings)


@dataclass(frozen=True)
class _Reader:
    session: Session
    scope: Scope
    codes: list[str]
    plane: Plane

    def layer(self, model: type[Base], key: str, *columns: str) -> gpd.GeoDataFrame:
        table = table_of(model)
        conditions = [
            table.columns["area_code"].in_(self.codes),
            self.scope.where(table.columns["area_code"]),
        ]
        if "valid_to" in table.columns:
            conditions.append(table.columns["valid_to"].is_(None))
        frame = geo_frame_of(self.session, model, [key, *columns], *conditions)
        frame = frame.rename(columns={key: "id"})
        if "kind" in frame:
            frame["kind"] = [None if one is None else str(one) for one in frame["kind"]]
        return plane_frame(frame, self.plane)


def plane_frame(frame: gpd.GeoDataFrame, plane: Plane) -> gpd.GeoDataFrame:
    """Return a frame of the store in metres."""
    metres = plane.metres(np.asarray(frame.geometry.values, dtype=object))
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=_single(metres), crs=plane.crs)


def _single(polygons: Any) -> Any:
    """Return polygons where a MultiPolygon holds one only, as the store keeps them."""
    result = np.asarray(polygons, dtype=object).copy()
    multi = shapely.get_type_id(result) == shapely.GeometryType.MULTIPOLYGON
    one = np.flatnonzero(multi & (shapely.get_num_geometries(result) == 1))
    result[one] = shapely.get_geometry(result[one], 0)
    return result
