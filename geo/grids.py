"""Micro-grids to grids (网格): each grid is a union of micro-grids, so nesting needs no proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.codes import SERIAL, issued
from geo.crs import require_metric
from geo.districting import GRID, Districts, Units, districts_of
from geo.errors import GeoError
from geo.faces import borders, edges_of
from geo.layers import dissolved, measurable
from geo.partition import NONE, Band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Positions = NDArray[np.int64]


class Grids(NamedTuple):
    """Grids made of micro-grids.

    Attributes
    ----------
    grids
        ``id`` (of the existing one that it continues, else its code), ``code``, ``households``,
        ``micro_grids`` (how many), ``community_id``, ``reason`` (why it is outside the band, one of
        `geo.districting.REASONS`, else empty), polygons.
    grid_id
        Index of the micro-grids; in which grid each is.
    moved
        Households whose existing grid is not theirs any more.
    """

    grids: gpd.GeoDataFrame
    grid_id: pd.Series
    moved: float


def group(
    micro_grids: gpd.GeoDataFrame,
    existing: gpd.GeoDataFrame | None = None,
    lines: gpd.GeoDataFrame | None = None,
    *,
    band: Band = GRID,
    seed: int = 0,
    serial: int = SERIAL,
) -> Grids:
    """Group micro-grids into grids, community by community.

    Parameters
    ----------
    micro_grids
        ``id``, ``community_id``, ``households``; ``compound_id`` where known. A valid coverage.
    existing
        ``id``, and ``code`` where there is one: grids that are to be kept where they can. A micro-grid is in
        the one that most of it lies in.
    lines
        Roads and walls, along which grids are to end where they can.
    band
        Least and most households of a grid.
    seed
        The same input and seed give the same result.

    All layers are in one CRS in metres.

    Raises
    ------
    GeoError
        If the CRS is geographic or differs, there is no micro-grid, or they overlap or do not meet node by
        node.
    """
    crs = require_metric(micro_grids)
    for name, frame in (("existing", existing), ("lines", lines)):
        if frame is not None and require_metric(frame) != crs:
            raise GeoError(f"The layer {name} is in {frame.crs.name}, the micro-grids are not; project one.")
    shape = measurable(np.asarray(shapely.force_2d(np.asarray(micro_grids.geometry.values, dtype=object))))
    if not shapely.coverage_is_valid(shape):
        raise GeoError("The micro-grids overlap or do not meet node by node; check and mend them first.")
    before = _mostly_in(shape, existing)
    block = _blocks(shape, lines)
    community = micro_grids["community_id"].astype(str).to_numpy(dtype=object)
    compound = (
        _numbered(micro_grids["compound_id"]) if "compound_id" in micro_grids else np.full(len(shape), NONE)
    )
    load = micro_grids["households"].to_numpy(dtype=float)
    ids = np.full(len(shape), None, dtype=object)
    taken = set() if existing is None else set(_codes(existing))
    frames = []
    for name in sorted(set(community)):
        mine = np.flatnonzero(community == name)
        units = _units(shape[mine], load[mine], block[mine], compound[mine], before[mine])
        found = districts_of(units, band, seed)
        frame = _made(shape[mine], found, existing, name, taken, serial)
        ids[mine] = frame["id"].to_numpy(dtype=object)[found.of_unit]
        frames.append(frame)
    if not frames:
        raise GeoError("There is no micro-grid to be grouped; check the file and its layer.")
    grids = pd.concat(frames, ignore_index=True)
    known = [] if existing is None else existing["id"].astype(str).tolist()
    was = np.array([*known, None], dtype=object)[before]
    moved = float(load[(before >= 0) & (was != ids)].sum())
    return Grids(
        gpd.GeoDataFrame(grids, geometry="geometry", crs=crs),
        pd.Series(ids, index=micro_grids.index, name="grid_id"),
        moved,
    )


def _codes(existing: gpd.GeoDataFrame) -> list[str]:
    return [str(one) for one in existing["code" if "code" in existing else "id"]]


def _numbered(values: pd.Series) -> Positions:
    number = {one: n for n, one in enumerate(dict.fromkeys(values.dropna().tolist()))}
    return np.array([number.get(one, NONE) for one in values.tolist()], dtype=np.int64)


def _mostly_in(shape: Geometries, holders: gpd.GeoDataFrame | None) -> Positions:
    """Return which polygon holds most of each shape, -1 where none does."""
    home = np.full(len(shape), NONE)
    if holders is None or not len(holders):
        return home
    around = measurable(np.asarray(shapely.force_2d(np.asarray(holders.geometry.values, dtype=object))))
    i, j = shapely.STRtree(around).query(shape, predicate="intersects")
    area = shapely.area(shapely.intersection(shape[i], around[j]))
    order = np.lexsort((-j, area))
    home[i[order]] = j[order]
    return home


def _blocks(shape: Geometries, lines: gpd.GeoDataFrame | None) -> Positions:
    """Return between which roads each micro-grid lies."""
    if lines is None or not len(lines):
        return np.zeros(len(shape), dtype=np.int64)
    drawn = np.asarray(lines.geometry.values, dtype=object)
    frame = shapely.boundary(shapely.envelope(shapely.multipolygons(shapely.get_parts(shape))))
    noded = shapely.union_all(np.append(shapely.force_2d(drawn), frame))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return np.asarray(shapely.STRtree(faces).nearest(shapely.point_on_surface(shape)), dtype=np.int64)


def _units(
    shape: Geometries, load: NDArray[np.float64], block: Positions, compound: Positions, before: Positions
) -> Units:
    beside = borders(edges_of(shape))
    low, high = np.minimum(beside.one, beside.other), np.maximum(beside.one, beside.other)
    key, row = np.unique(low * len(shape) + high, return_inverse=True)
    return Units(
        load,
        shapely.area(shape),
        shapely.get_coordinates(shapely.centroid(shape)),
        key // len(shape),
        key % len(shape),
        np.bincount(row.ravel(), weights=beside.length, minlength=len(key)).astype(float),
        block,
        compound,
        np.full(len(shape), NONE),
        before,
        np.zeros(len(shape), dtype=bool),
    )


def _made(
    shape: Geometries,
    found: Districts,
    existing: gpd.GeoDataFrame | None,
    community: str,
    taken: set[str],
    serial: int,
) -> pd.DataFrame:
    """Return the grids of one community; their codes join those that are taken."""
    polygon = dissolved(shape, found.of_unit, len(found.households))
    codes = np.full(len(polygon), "", dtype=object)
    ids, old = codes.copy(), found.follows >= 0
    if existing is not None:
        codes[old] = np.array(_codes(existing), dtype=object)[found.follows[old]]
        ids[old] = existing["id"].astype(str).to_numpy(dtype=object)[found.follows[old]]
    codes[~old] = issued(polygon[~old], community, taken, serial)
    ids[~old] = codes[~old]
    taken.update(codes)
    return pd.DataFrame(
        {
            "id": ids,
            "code": codes,
            "households": found.households,
            "micro_grids": np.bincount(found.of_unit, minlength=len(polygon)),
            "community_id": community,
            "reason": found.reason,
            "geometry": polygon,
        }
    )
