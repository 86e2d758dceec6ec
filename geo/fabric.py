"""The cells that micro-grids are made of while they are edited: fixed, numbered, with their neighbours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geo.crs import require_metric
from geo.errors import GeoError
from geo.faces import Edges, borders, edges_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]
    Floats = NDArray[np.float64]


class Lattice(NamedTuple):
    """The graph that the borders of cells make: each edge once.

    Attributes
    ----------
    vertex
        (n,) as complex numbers x + iy.
    start, end
        (m,) positions in `vertex`.
    one, other
        (m,) the cells on both sides; `other` is -1 on the outer border.
    """

    vertex: NDArray[np.complex128]
    start: Positions
    end: Positions
    one: Positions
    other: Positions

    @classmethod
    def of(cls, edges: Edges) -> Lattice:
        """Return the lattice of a coverage's edges."""
        key = edges.keys()
        order = np.argsort(key, kind="stable")
        fresh = np.append(True, np.diff(key[order]) != 0)
        first = order[fresh]
        twin = np.append(np.flatnonzero(fresh)[1:], len(order)) - np.flatnonzero(fresh) > 1
        other = np.full(len(first), -1)
        other[twin] = edges.polygon[order[np.flatnonzero(fresh)[twin] + 1]]
        return cls(edges.vertex, edges.start[first], edges.end[first], edges.polygon[first], other)

    def nearest(self, x: float, y: float) -> tuple[int, float]:
        """Return the vertex nearest to a place, and how far it is, in metres."""
        away = np.abs(self.vertex - complex(x, y))
        at = int(away.argmin())
        return at, float(away[at])


@dataclass(frozen=True)
class Fabric:
    """Cells: (m,) each.

    Attributes
    ----------
    polygon
        A valid coverage, in metres.
    place
        (m, 2) what tells where a cell lies: its building, else its own middle.
    households
        In each cell.
    building
        The building that stands on it as text, None on land; entrances of one share it.
    community
        As text.
    block, compound
        Between which roads and walls, and in which of the `compounds`; -1 in open land.
    compounds
        Ids of the compounds that have cells.
    near
        For each cell its neighbours and the length of the common border.
    perimeter_m, area_m2
        Of each cell.
    key
        Tells this fabric from any other.
    """

    polygon: NDArray[np.object_]
    place: Floats
    households: Floats
    building: NDArray[np.object_]
    community: NDArray[np.object_]
    block: Positions
    compound: Positions
    compounds: tuple[str, ...]
    near: list[dict[int, float]]
    perimeter_m: Floats
    area_m2: Floats
    key: str

    @classmethod
    def of(cls, cells: gpd.GeoDataFrame) -> Fabric:
        """Return numbered cells.

        Parameters
        ----------
        cells
            As in `geo.proposal.Proposal.cells`.

        Raises
        ------
        GeoError
            If the cells are not in metres or no valid coverage.
        """
        require_metric(cells)
        polygon = np.asarray(cells.geometry.values, dtype=object)
        if not shapely.coverage_is_valid(polygon):
            raise GeoError("The cells overlap or do not meet node by node; make them anew.")
        near: list[dict[int, float]] = [{} for _ in polygon]
        beside = borders(edges_of(polygon))
        for a, b, length in zip(*(column.tolist() for column in beside), strict=True):
            near[a][b] = near[b][a] = near[a].get(b, 0.0) + length
        compound = cells["compound_id"].astype(object)
        number = {one: n for n, one in enumerate(dict.fromkeys(compound[compound.notna()].tolist()))}
        text = [None if one is None or one != one else str(one) for one in cells["building_id"]]  # noqa: PLR0124
        bytes_ = (
            np.round(shapely.bounds(polygon), 3).tobytes() + cells["households"].to_numpy(float).tobytes()
        )
        return cls(
            polygon,
            cells[["x", "y"]].to_numpy(dtype=float),
            cells["households"].to_numpy(dtype=float),
            np.array(text, dtype=object),
            cells["community_id"].astype(str).to_numpy(dtype=object),
            cells["block"].to_numpy(dtype=np.int64),
            np.array([number.get(one, -1) for one in compound.tolist()], dtype=np.int64),
            tuple(number),
            near,
            shapely.length(polygon),
            shapely.area(polygon),
            hashlib.sha256(bytes_).hexdigest()[:16],
        )

    @cached_property
    def lattice(self) -> Lattice:
        """The graph of the cells' borders."""
        return Lattice.of(edges_of(self.polygon))

    def cells_of(self, building: str) -> Positions:
        """Return the cells of a building; one, or as many as it has entrances.

        Raises
        ------
        GeoError
            If no cell has it.
        """
        found = np.flatnonzero(self.building == building)
        if not len(found):
            raise GeoError(f"No cell holds the building {building}; check its id.")
        return found

    def outline(self, cells: Positions) -> shapely.Geometry:
        """Return the union of cells."""
        return shapely.coverage_union_all(self.polygon[cells])

    def parts(self, cells: Positions) -> list[list[int]]:
        """Return the connected parts of cells."""
        left = set(cells.tolist())
        found: list[list[int]] = []
        while left:
            reached = [left.pop()]
            for cell in reached:
                beside = left.intersection(self.near[cell])
                left -= beside
                reached.extend(beside)
            found.append(reached)
        return found

    def snapped(self, line: shapely.LineString, within_m: float) -> shapely.LineString:
        """Return a drawn line whose vertices lie on vertices of cells where some are near."""
        vertex = np.unique(shapely.get_coordinates(self.polygon), axis=0)
        xy = shapely.get_coordinates(line)
        distance, nearest = cKDTree(vertex).query(xy, distance_upper_bound=within_m)
        found = np.isfinite(distance)
        xy[found] = vertex[nearest[found]]
        return shapely.linestrings(xy)
