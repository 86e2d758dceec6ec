"""The city as a walker meets it: streets, dwellings, facilities in metres; once for a state of the store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from data.bulk import geo_frame_of
from data.errors import DataError
from data.metric import Plane
from data.store import Store
from geo.crs import STORED_CRS
from geo.walking import Network, Snapped, build
from models import AssistPoint, Building, Canteen, Compound, Road, Station
from models.enums import RoadClass

FACILITIES = ("station", "assist_point", "canteen")
NOT_WALKED = (RoadClass.EXPRESSWAY, RoadClass.RAIL)
_TABLES = ("road", "building", "compound", "setting", *FACILITIES)


@dataclass(frozen=True)
class Ground:
    """The city as a walker meets it: streets, dwellings put on them, facilities."""

    crs: CRS
    network: Network
    buildings: pd.DataFrame
    compounds: pd.DataFrame
    dwellings: Snapped
    facilities: dict[str, pd.DataFrame]
    spots: dict[str, Snapped]


def ground_of(store: Store) -> Ground:
    """Return the ground of the store as it is now."""
    return ground_at(store, revisions_of(store))


def revisions_of(store: Store) -> tuple[int, ...]:
    """Return what the ground rests on: another tuple where it has changed."""
    revisions = store.table_revisions()
    return tuple(revisions.get(name, 0) for name in _TABLES)


@lru_cache(maxsize=2)
def ground_at(store: Store, _revisions: tuple[int, ...]) -> Ground:
    """Return the ground of a state of the store.

    Raises
    ------
    DataError
        Where the store has nothing that one could walk from or to.
    """
    with store.reading() as session:
        building = geo_frame_of(
            session, Building, ["id", "area_code", "compound_id", "households"], Building.households > 0
        )
        compound = geo_frame_of(session, Compound, ["id", "code", "name", "area_code"])
        road = geo_frame_of(session, Road, ["id"], Road.road_class.not_in(NOT_WALKED))
        facility = {
            "station": geo_frame_of(session, Station, ["id", "name", "area_code", "tier", "floor_area_m2"]),
            "assist_point": geo_frame_of(session, AssistPoint, ["id", "name", "area_code"]),
            "canteen": geo_frame_of(session, Canteen, ["id", "name", "area_code"]),
        }
        everything = [*facility.values(), building, compound, road]
        shapes = np.concatenate([np.asarray(one.geometry.values, dtype=object) for one in everything])
        if not len(shapes):
            raise DataError("没有可供计算步行范围的数据；请先导入楼栋、小区和服务阵地。")
        crs = Plane.of(session, shapes).crs
    network = build(metres(crs, road.geometry.values))
    buildings = pd.DataFrame(building.drop(columns="geometry"))
    buildings["compound"] = pd.Index(compound["id"]).get_indexer(buildings["compound_id"].fillna(-1))
    compounds = pd.DataFrame(compound.drop(columns="geometry"))
    inner = shapely.point_on_surface(np.asarray(compound.geometry.values, dtype=object))
    compounds["lon"], compounds["lat"] = shapely.get_x(inner), shapely.get_y(inner)
    compounds[["x", "y"]] = shapely.get_coordinates(metres(crs, inner)).reshape(-1, 2)
    own = buildings[buildings["compound"] >= 0]
    compounds["dwellings"] = np.bincount(own["compound"], own["households"], len(compounds)).astype(int)
    dwellings = network.snap(_middles(crs, building))
    frames = {name: pd.DataFrame(one.drop(columns="geometry")) for name, one in facility.items()}
    for name, frame in frames.items():
        frame["supply"] = frame.pop("floor_area_m2") if name == "station" else 1.0
    spots = {name: network.snap(_middles(crs, one)) for name, one in facility.items()}
    return Ground(crs, network, buildings, compounds, dwellings, frames, spots)


def _middles(crs: CRS, frame: Any) -> npt.NDArray[np.float64]:
    shapes = metres(crs, frame.geometry.values)
    return np.asarray(shapely.get_coordinates(shapely.centroid(shapes)).reshape(-1, 2))


def metres(crs: CRS, shapes: Any) -> npt.NDArray[Any]:
    """Return geometries of the store in the city's metric system."""
    there = Transformer.from_crs(STORED_CRS, crs, always_xy=True)
    found = shapely.transform(np.asarray(shapes, dtype=object), there.transform, interleaved=False)
    return np.asarray(found, dtype=object)


def degrees(crs: CRS, shapes: Any) -> npt.NDArray[Any]:
    """Return geometries in the city's metric system in degrees, EPSG:4490."""
    back = Transformer.from_crs(crs, STORED_CRS, always_xy=True)
    found = shapely.transform(np.asarray(shapes, dtype=object), back.transform, interleaved=False)
    return np.asarray(found, dtype=object)
