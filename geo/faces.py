"""Faces of a plane graph: noding lines once, joining faces by label, without losing a shared vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NODING_M = 1e-5
"""Grid on which lines are noded: finer than any drawing, coarse enough to join lines that should meet."""
POLYGON, MULTIPOLYGON = 3, 6
RING = 3
"""Vertices that a ring has at least."""
STEP_M = 6.0
"""Longest edge of a face."""
JOINED_M2 = 1e-3
"""What a label may gain or lose by rounding where its polygons are joined."""


class Edges(NamedTuple):
    """Edges of polygons as numbered vertices.

    Attributes
    ----------
    vertex
        (n,) distinct vertices as complex numbers x + iy.
    start, end
        (m,) positions in ``vertex``, in the order of the rings.
    polygon
        (m,) the polygon of each edge.
    """

    vertex: NDArray[np.complex128]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    polygon: NDArray[np.int64]

    def keys(self) -> NDArray[np.int64]:
        """Return a number per edge that does not depend on its direction."""
        low, high = np.minimum(self.start, self.end), np.maximum(self.start, self.end)
        return low * len(self.vertex) + high

    def lengths(self) -> NDArray[np.float64]:
        """Return lengths in metres."""
        return np.abs(self.vertex[self.end] - self.vertex[self.start])


def faces_of(lines: Sequence[NDArray[np.object_]]) -> NDArray[np.object_]:
    """Return the faces that arrays of lines or rings enclose, with no edge longer than `STEP_M`."""
    noded = shapely.union_all(np.concatenate(list(lines)), grid_size=NODING_M)
    edges = shapely.get_parts(shapely.segmentize(noded, STEP_M))
    return np.asarray(shapely.get_parts(shapely.polygonize(edges)))


def polygonal(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons of what an overlay gave, without lines and points that touched."""
    result = np.array(shapes, dtype=object, ndmin=1)
    for n in np.flatnonzero(~np.isin(shapely.get_type_id(result), (POLYGON, MULTIPOLYGON))).tolist():
        parts = shapely.get_parts(shapely.get_parts(result[n]))
        # an empty part of a multipolygon crashes GEOS's densifier
        parts = parts[(shapely.get_type_id(parts) == POLYGON) & ~shapely.is_empty(parts)]
        result[n] = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
    return result


def segments_of(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the single edges of lines and the line of each: trees of them are quick."""
    parts, line = shapely.get_parts(lines, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    same = part[1:] == part[:-1]
    ends = np.stack([xy[:-1][same], xy[1:][same]], axis=1)
    return np.asarray(shapely.linestrings(ends)), line[part[1:][same]]


def complex_of(xy: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return (n, 2) coordinates as (n,) complex numbers, which sort and compare as one value."""
    return np.ascontiguousarray(xy).view(np.complex128).ravel()


def edges_of(polygons: NDArray[np.object_]) -> Edges:
    """Return the edges of polygons, holes too; repeated vertices make no edge."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    vertex, number = np.unique(complex_of(xy), return_inverse=True)
    real = (ring[1:] == ring[:-1]) & (number[1:] != number[:-1])
    edges = Edges(vertex, number[:-1][real], number[1:][real], owner[ring[:-1][real]])
    # what a collapsed polygon runs to and fro is no edge
    key = edges.keys()
    order = np.lexsort((edges.polygon, key))
    twin = (key[order][1:] == key[order][:-1]) & (edges.polygon[order][1:] == edges.polygon[order][:-1])
    if not twin.any():
        return edges
    keep = np.ones(len(key), dtype=bool)
    keep[order[:-1][twin]] = keep[order[1:][twin]] = False
    return Edges(vertex, edges.start[keep], edges.end[keep], edges.polygon[keep])


def with_nodes(polygons: NDArray[np.object_], crossings: NDArray[np.complex128]) -> NDArray[np.object_]:
    """Insert vertices into every polygon that has the whole edge.

    Parameters
    ----------
    polygons
        (n,) polygons.
    crossings
        (m, 3) rows of one end, other end, point between.
    """
    rings, owner = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    z = complex_of(xy)
    vertex, number = np.unique(np.concatenate([crossings[:, 0], crossings[:, 1], z]), return_inverse=True)
    m = len(crossings)
    if not m:
        return polygons

    def key(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.minimum(a, b) * len(vertex) + np.maximum(a, b)

    wanted = key(number[:m], number[m : 2 * m])
    order = np.lexsort((crossings[:, 2], wanted))
    fresh = np.append(True, (np.diff(wanted[order]) != 0) | (np.diff(crossings[order, 2]) != 0))
    order = order[fresh]
    wanted = wanted[order]
    corner = number[2 * m :]
    have = key(corner[:-1], corner[1:])
    first, last = np.searchsorted(wanted, have), np.searchsorted(wanted, have, side="right")
    at = np.flatnonzero((ring[1:] == ring[:-1]) & (last > first))
    if not len(at):
        return polygons
    where, points = [], []
    for position in at.tolist():
        found = crossings[order[first[position] : last[position]], 2]
        where.append(np.full(len(found), position + 1))
        points.append(found[np.argsort(np.abs(found - z[position]))])
    everywhere = np.concatenate(where)
    new = np.insert(z, everywhere, np.concatenate(points))
    new_ring = np.insert(ring, everywhere, ring[everywhere - 1])
    touched = np.unique(owner[ring[at]])
    mine = np.isin(owner[new_ring], touched)
    result = polygons.copy()
    result[touched] = _rebuilt(new[mine], new_ring[mine], owner)
    return result


def _rebuilt(
    z: NDArray[np.complex128], ring: NDArray[np.int64], owner: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Return polygons, in the order of their rings, from vertices in runs of one ring."""
    kept, index = np.unique(ring, return_inverse=True)
    rings = shapely.linearrings(z.view(np.float64).reshape(-1, 2), indices=index)
    _, which = np.unique(owner[kept], return_inverse=True)
    first = np.append(True, np.diff(which) != 0)
    holes = ~first
    shells = rings[first]
    if not holes.any():
        return np.asarray(shapely.polygons(shells))
    return np.array(
        [shapely.polygons(shell, rings[holes & (which == n)]) for n, shell in enumerate(shells)], dtype=object
    )


def without_vertices(polygons: NDArray[np.object_], unwanted: NDArray[np.complex128]) -> NDArray[np.object_]:
    """Return polygons without some vertices; a ring keeps at least three."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    z = complex_of(xy)
    keep = ~np.isin(z, unwanted)
    closing = np.append(ring[1:] != ring[:-1], True)
    few = np.bincount(ring[keep & ~closing], minlength=len(rings)) < RING
    keep |= few[ring]
    # a ring that began with an unwanted vertex closes itself anew
    return _rebuilt(z[keep], ring[keep], owner)


class Borders(NamedTuple):
    """Which polygons lie beside which: (m,) pairs and the length that they share."""

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    length: NDArray[np.float64]


def borders(edges: Edges) -> Borders:
    """Return pairs of polygons that share an edge, one row per edge."""
    key = edges.keys()
    order = np.argsort(key, kind="stable")
    twin = np.flatnonzero(key[order][1:] == key[order][:-1])
    one, other = order[twin], order[twin + 1]
    return Borders(edges.polygon[one], edges.polygon[other], edges.lengths()[one])


def components(count: int, beside: Borders, label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each polygon the connected part of its label that it belongs to."""
    same = label[beside.one] == label[beside.other]
    graph = coo_array(
        (np.ones(int(same.sum())), (beside.one[same], beside.other[same])), shape=(count, count)
    )
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def join(
    polygons: NDArray[np.object_], label: NDArray[np.int64], edges: Edges | None = None
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Join polygons of one label where they touch; every vertex that others share stays.

    Returns
    -------
    tuple
        Connected polygons, and the label of each.
    """
    lines = _between_labels(edges or edges_of(polygons), label)
    joined, of = _labelled(shapely.polygonize(lines), polygons, label)
    held = np.bincount(label, shapely.area(polygons))
    if np.abs(np.bincount(of, shapely.area(joined), len(held)) - held).max() < JOINED_M2:
        return joined, of
    # edges that miss each other by less than can be seen hide a face: they are noded, and once more
    noded = shapely.union_all(lines, grid_size=NODING_M)
    parts, of = _labelled(shapely.polygonize(shapely.get_parts(noded)), polygons, label)
    return _labelled(shapely.polygonize(_between_labels(edges_of(parts), of)), parts, of)


def _between_labels(edges: Edges, label: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the edges that don't lie between two polygons of one label."""
    key = edges.keys()
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    mark = label[edges.polygon[order]]
    twin = np.append(sorted_key[1:] == sorted_key[:-1], False) & np.append(mark[1:] == mark[:-1], False)
    inner = twin | np.append(False, twin[:-1])
    repeated = np.append(False, sorted_key[1:] == sorted_key[:-1])
    keep = order[~inner & ~repeated]
    ends = np.stack([edges.vertex[edges.start[keep]], edges.vertex[edges.end[keep]]], axis=1)
    return np.asarray(shapely.linestrings(ends.view(np.float64).reshape(-1, 2, 2)))


def _labelled(
    faces: shapely.Geometry, polygons: NDArray[np.object_], label: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the faces in which one of the polygons lies, and its label."""
    parts = shapely.get_parts(faces)
    face, piece = shapely.STRtree(polygons).query(shapely.point_on_surface(parts), predicate="intersects")
    face, first = np.unique(face, return_index=True)
    return parts[face], label[piece[first]]
