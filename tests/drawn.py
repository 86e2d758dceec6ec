"""Layers drawn by hand in metres, for tests of levelling: what stands where can be read off the corners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

METRIC_EPSG = 4547
CORNER = (500_000.0, 3_380_000.0)
"""The origin of the drawings: coordinates have the size of real ones."""


def placed(geometry: Any) -> Any:
    """Move what was drawn from the origin to its place on the earth."""
    return shapely.transform(geometry, lambda xy: xy + CORNER)


def box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    return placed(shapely.box(west, south, east, north))


def polygon(*corners: tuple[float, float], holes: Any = ()) -> BaseGeometry:
    return placed(shapely.Polygon(corners, holes))


def layer(shapes: Mapping[Any, BaseGeometry | None] | None = None, **columns: Any) -> gpd.GeoDataFrame:
    """Return a layer of ids and shapes, in the order given, with an index of its own."""
    shapes = shapes or {}
    geometry = np.array([*shapes.values(), None], dtype=object)[:-1]
    index = [f"row {n}" for n in range(len(shapes))]
    frame = gpd.GeoDataFrame({"id": [*shapes]} | columns, index=index, geometry=geometry, crs=METRIC_EPSG)
    return frame.astype({"id": object})


def shape_of(frame: gpd.GeoDataFrame, one: Any) -> BaseGeometry:
    """Return the geometry of the feature with this id."""
    return frame.set_index("id").geometry[one]


def displacement(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, one: Any) -> float:
    """Return how far the outline of a feature moved, in metres."""
    old, new = shape_of(before, one), shape_of(after, one)
    return float(shapely.hausdorff_distance(old.boundary, new.boundary))
