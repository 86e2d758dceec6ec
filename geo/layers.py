"""Layers as arrays to measure with, whatever was drawn; which polygons meet, and by how much."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.crs import require_metric
from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

    Geometries = NDArray[np.object_]
    Floats = NDArray[np.float64]
    Positions = NDArray[np.int64]

MEET_M2 = 0.5
"""What two polygons must share to meet."""
ROUNDING_M2 = 1e-3
"""Gaps and overlaps smaller than this are rounding."""
BESIDE_M = 1e-6
POLYGON, MULTIPOLYGON = 3, 6
POLYGONAL = (POLYGON, MULTIPOLYGON)


class Layer(NamedTuple):
    """One layer of n features.

    Attributes
    ----------
    name
        community, compound, grid, micro_grid or building.
    ids
        As texts.
    drawn
        Geometries as they came.
    polygon
        What to measure with: valid, empty where there is nothing.
    ragged
        Whether a polygon meets others in another way than edge by edge; True where that was not asked.
    """

    name: str
    ids: NDArray[np.object_]
    drawn: Geometries
    polygon: Geometries
    ragged: NDArray[np.bool_]

    def names(self, *members: Positions) -> list[str]:
        """Return ids joined by commas, one entry per row of the positions given."""
        return [",".join(row) for row in zip(*(self.ids[some] for some in members), strict=True)]

    def listed(self, row: Positions, member: Positions, count: int) -> list[str]:
        """Return, for each of a number of rows, the ids of its members, sorted and joined by commas."""
        order = np.lexsort((self.ids[member].astype(str), row))
        stop = np.searchsorted(row[order], np.arange(count + 1))
        ids = self.ids[member[order]]
        return [",".join(dict.fromkeys(ids[a:b])) for a, b in pairwise(stop.tolist())]


def layer_of(name: str, frame: gpd.GeoDataFrame, crs: CRS, *, edges: bool = True) -> Layer:
    """Return a layer to measure with.

    Parameters
    ----------
    name
        What the layer is.
    frame
        Features with a column ``id``, in metres; geometries of any kind.
    crs
        The coordinate system that the layer must be in.
    edges
        Whether to ask how its polygons meet.

    Raises
    ------
    GeoError
        If there is no column ``id``, or the layer is in another coordinate system.
    """
    if "id" not in frame:
        columns = ", ".join(map(str, frame.columns))
        raise GeoError(f"The layer {name} has no column id, only {columns}; name its ids so.")
    if require_metric(frame) != crs:
        raise GeoError(
            f"The layer {name} is in {frame.crs.name}, the communities are not; project one of them."
        )
    drawn = shapely.force_2d(np.asarray(frame.geometry.values, dtype=object))
    polygon = measurable(drawn)
    ragged = np.ones(len(polygon), dtype=bool)
    if edges:
        ragged = ~shapely.is_empty(shapely.coverage_invalid_edges(polygon))
    return Layer(name, frame["id"].astype(str).to_numpy(dtype=object), drawn, polygon, ragged)


def measurable(drawn: Geometries) -> Geometries:
    """Return valid polygons or multipolygons, repaired where they must be, empty where there is nothing."""
    polygon = drawn.copy()
    xy, owner = shapely.get_coordinates(drawn, return_index=True)
    polygon[np.unique(owner[~np.isfinite(xy).all(axis=1)])] = None
    bad = np.flatnonzero(~shapely.is_valid(polygon) & ~shapely.is_missing(polygon))
    polygon[bad] = shapely.make_valid(polygon[bad], method="structure", keep_collapsed=False)
    polygon[shapely.is_missing(polygon)] = shapely.Polygon()
    polygon = polygonal(polygon)
    polygon[shapely.is_empty(polygon)] = shapely.Polygon()
    return polygon


def polygonal(geometries: Geometries) -> Geometries:
    """Return the polygonal part of geometries, such as intersections that touch along a line besides."""
    result = geometries.copy()
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(geometries), POLYGONAL))
    result[mixed] = shapely.Polygon()
    parts, owner = shapely.get_parts(geometries[mixed], return_index=True)
    flat = shapely.get_type_id(parts) == POLYGON
    if flat.any():
        holder, number = np.unique(owner[flat], return_inverse=True)
        result[mixed[holder]] = shapely.multipolygons(parts[flat], indices=number)
    return result


def wider_than(place: Geometries, width: float) -> NDArray[np.bool_]:
    """Tell which polygons hold a disc of a diameter, in the unit of their coordinates."""
    wide = shapely.area(place) > np.pi / 4 * width**2
    wide[wide] = ~shapely.is_empty(shapely.buffer(place[wide], -width / 2, quad_segs=2))
    return np.asarray(wide)


def touching(one: Layer, other: Layer) -> tuple[Positions, Positions, NDArray[np.bool_]]:
    """Return the pairs of two layers that touch or overlap, and whether the other covers the one."""
    tree = shapely.STRtree(one.polygon)
    j, i = tree.query(other.polygon, predicate="intersects")
    outer, inner = tree.query(other.polygon, predicate="covers")
    covered = np.isin(j * len(one.ids) + i, outer * len(one.ids) + inner)
    return i, j, covered


def meeting(one: Layer, other: Layer) -> tuple[Positions, Positions, Floats]:
    """Return the pairs of two layers that meet, and the area in m² that they share."""
    i, j, covered = touching(one, other)
    area = shapely.area(one.polygon[i])
    part = ~covered
    area[part] = shapely.area(shapely.intersection(one.polygon[i[part]], other.polygon[j[part]]))
    meets = area > MEET_M2
    return i[meets], j[meets], area[meets]


def main_of(i: Positions, j: Positions, area: Floats, count: int) -> Positions:
    """Return for each of a number of polygons the one that it shares most with, -1 where there is none."""
    main = np.full(count, -1)
    order = np.lexsort((-j, area))
    main[i[order]] = j[order]  # the last one written stands
    return main


def groups_of(key: Positions) -> list[Positions]:
    """Return the positions of each distinct key, in the order of the keys."""
    order = np.argsort(key, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(key[order])) + 1) if len(key) else []


def united(
    groups: Sequence[Positions], polygon: Geometries, ragged: NDArray[np.bool_] | None = None
) -> Geometries:
    """Return the union of each group of polygons; those that are not ragged need no overlay."""
    result = np.empty(len(groups), dtype=object)
    for n, group in enumerate(groups):
        exact = ragged is not None and not ragged[group].any()
        result[n] = (shapely.coverage_union_all if exact else shapely.union_all)(polygon[group])
    return result


def dissolved(cells: Geometries, label: Positions, count: int) -> Geometries:
    """Return the union of the cells of each label."""
    order = np.argsort(label, kind="stable")
    start = np.searchsorted(label[order], np.arange(count + 1))
    result = np.empty(count, dtype=object)
    for n, (a, b) in enumerate(pairwise(start.tolist())):
        result[n] = shapely.coverage_union_all(cells[order[a:b]])
    return result
