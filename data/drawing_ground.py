"""What micro-grids are drawn on: a community's buildings, compounds, lines and grids, in metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data.alignment_layers import plane_frame
from data.bulk import geo_frame_of, table_of
from data.errors import DataError
from data.metric import Plane
from data.scope import Scope
from models import Area, Base, Building, Compound, Entrance, Grid, MicroGrid, Road, Water
from models.enums import AreaLevel


@dataclass(frozen=True)
class Ground:
    """Layers in metres, ``id`` as text: the code, of buildings the row's id.

    Attributes
    ----------
    lines
        Roads, shores and the outlines of grids: where micro-grids are to end.
    existing
        Micro-grids in force: ``code``, ``name``, ``households``, ``responsible_body``.
    """

    communities: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    existing: gpd.GeoDataFrame
    plane: Plane

    def streets(self) -> gpd.GeoDataFrame:
        """Return roads and shores alone."""
        return self.lines.iloc[: len(self.lines) - len(self.grids)]


def read_ground(session: Session, scope: Scope, codes: Sequence[str]) -> Ground:
    """Read what there is in communities.

    Raises
    ------
    DataError
        Where none of them is a community of the scope.
    """
    inside = (scope.where(Area.code), Area.level == AreaLevel.COMMUNITY, Area.code.in_(list(codes)))
    areas = geo_frame_of(session, Area, ["code", "name"], *inside)
    if areas.empty:
        raise DataError("没有选中管辖范围内的社区；请先选择社区。")
    plane = Plane.of(session, np.asarray(areas.geometry.values, dtype=object))
    frame = np.asarray(areas.geometry.values, dtype=object)

    def of(model: type[Base], *columns: str) -> gpd.GeoDataFrame:
        table = table_of(model)
        where = [table.columns["area_code"].in_(areas["code"].tolist())]
        if "valid_to" in table.columns:
            where.append(table.columns["valid_to"].is_(None))
        return plane_frame(geo_frame_of(session, model, list(columns), *where), plane)

    def around(model: type[Base]) -> gpd.GeoDataFrame:
        """Return what meets the communities: a road bears the code of a larger area than it runs through."""
        found = geo_frame_of(session, model, ["id"])
        k, _n = shapely.STRtree(frame).query(
            np.asarray(found.geometry.values, dtype=object), predicate="intersects"
        )
        return plane_frame(found.iloc[np.unique(k)], plane)

    buildings = of(Building, "id", "code", "name", "area_code", "households", "floors")
    grids = of(Grid, "id", "code", "name", "area_code").rename(columns={"id": "row"})
    lines = [around(Road), around(Water), grids]
    shapes = [np.asarray(one.geometry.values, dtype=object) for one in lines]
    existing = of(MicroGrid, "id", "code", "name", "area_code", "households", "responsible_body")
    return Ground(
        plane_frame(areas.rename(columns={"code": "id"}), plane),
        buildings.assign(id=buildings["id"].astype(str)),
        _entrances(of(Entrance, "id", "name", "building_id", "households")),
        of(Compound, "code", "name", "area_code").rename(columns={"code": "id"}),
        grids.rename(columns={"code": "id"}),
        gpd.GeoDataFrame(geometry=np.concatenate(shapes), crs=plane.crs),
        existing.rename(columns={"id": "row"}).assign(id=existing["code"]),
        plane,
    )


def _entrances(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    frame = found.rename(columns={"id": "row"})
    return frame.assign(building_id=pd.Series(frame["building_id"], dtype=object).astype(str))
