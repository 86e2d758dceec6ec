"""Giving all polygons of a coverage the same nodes: a vertex on another's edge is added there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE_M = 0.0033
"""How far from an edge a vertex on it may be; no less than merging may move it."""
MERGE_M = 0.003


def node(
    coordinates: NDArray[np.float64], ring: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Add to every ring's edges the vertices of other rings that lie on them.

    Parameters
    ----------
    coordinates
        (n, 2) or (n, 3) vertices of open rings, one ring after the other; a third column goes with the
        edge that starts at the vertex.
    ring
        (n,) number of each vertex's ring, ascending.

    Returns
    -------
    tuple
        The same with the added vertices.
    """
    coordinates, ring, points = _merged(coordinates, ring)
    following = _next(ring)
    a, b = coordinates[:, :2], coordinates[following, :2]
    edges = shapely.linestrings(np.stack([a, b], axis=1))
    tree = shapely.STRtree(shapely.points(points))
    edge, point = tree.query(edges, predicate="dwithin", distance=TOLERANCE_M)
    p, a, b = points[point], a[edge], b[edge]
    inner = np.any(p != a, axis=1) & np.any(p != b, axis=1)
    edge, p, a, b = edge[inner], p[inner], a[inner], b[inner]
    along = np.einsum("ij,ij->i", p - a, b - a)
    order = np.lexsort((along, edge))
    edge, p = edge[order], p[order]
    new = np.empty((len(p), coordinates.shape[1]))
    new[:, :2] = p
    new[:, 2:] = coordinates[edge, 2:]
    return np.insert(coordinates, edge + 1, new, axis=0), np.insert(ring, edge + 1, ring[edge])


def _merged(
    coordinates: NDArray[np.float64], ring: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Make vertices one that only rounding keeps apart; return also all distinct points."""
    points, number = np.unique(coordinates[:, :2], axis=0, return_inverse=True)
    number = number.ravel()
    close = cKDTree(points).query_pairs(MERGE_M, output_type="ndarray")
    if not len(close):
        return coordinates, ring, points
    graph = coo_array((np.ones(len(close)), close.T), shape=(len(points), len(points)))
    _, cluster = connected_components(graph, directed=False)
    _, first, cluster = np.unique(cluster, return_index=True, return_inverse=True)
    coordinates = coordinates.copy()
    coordinates[:, :2] = points[first][cluster.ravel()[number]]
    following = coordinates[_next(ring), :2]
    keep = np.any(coordinates[:, :2] != following, axis=1)
    return coordinates[keep], ring[keep], points[first]


def _next(ring: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index of the vertex that follows each in its ring."""
    following = np.arange(1, len(ring) + 1)
    last = np.flatnonzero(np.append(ring[1:] != ring[:-1], True))
    first = np.append(0, last[:-1] + 1)
    following[last] = first
    return following


def shared_edges(
    coordinates: NDArray[np.float64], ring: NDArray[np.int64], counted: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return (m, 3) rows ``ring, other ring, metres of common border`` of noded rings, both ways.

    ``counted`` (n,) tells which edges, by their start, count as border; all by default.
    """
    following = _next(ring)
    _, number = np.unique(coordinates[:, :2], axis=0, return_inverse=True)
    number = number.ravel()
    a, b = number, number[following]
    key = np.minimum(a, b).astype(np.int64) * (number.max() + 1) + np.maximum(a, b)
    length = np.hypot(*(coordinates[following, :2] - coordinates[:, :2]).T)
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    left, right = order[same], order[same + 1]
    if counted is not None:
        left, right = left[counted[left]], right[counted[left]]
    pairs = np.concatenate([np.stack([ring[left], ring[right]], 1), np.stack([ring[right], ring[left]], 1)])
    pair, where = np.unique(pairs, axis=0, return_inverse=True)
    metres = np.bincount(where.ravel(), weights=np.tile(length[left], 2), minlength=len(pair))
    return np.column_stack([pair, metres])
