"""A network of streets to walk on: built from centre lines, points put on it, ways measured along it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from shapely.ops import substring

from geo.errors import GeoError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Lines = npt.NDArray[Any]

GRID_M = 0.05
"""Two ends this close are one."""
JOIN_M = 1.5
"""An end this close to another street was meant to meet it."""
ISLAND_M = 500.0
"""Streets of less than this length that join no others lead nowhere, and are left out."""
TOGETHER = 48
"""Sources that are searched from at a time, near one another."""
_LEAST_M = 1e-9
_DEGREES = 180.0


@dataclass(frozen=True)
class Snapped:
    """Points put on the network.

    Attributes
    ----------
    xy
        Shape (k, 2): where they are, in metres.
    edge
        Shape (k,): the nearest edge; -1 where none is in reach: from and to there ways are straight lines.
    along_m
        Shape (k,): how far along the edge.
    away_m
        Shape (k,): straight line to the edge.
    """

    xy: Floats
    edge: Ints
    along_m: Floats
    away_m: Floats

    def __len__(self) -> int:
        return len(self.edge)

    @property
    def on_road(self) -> npt.NDArray[np.bool_]:
        """Which points are on the network."""
        return self.edge >= 0

    def take(self, which: npt.NDArray[Any]) -> Snapped:
        """Return some of the points."""
        return Snapped(self.xy[which], self.edge[which], self.along_m[which], self.away_m[which])


@dataclass(frozen=True)
class Network:
    """Streets between their crossings.

    Attributes
    ----------
    nodes
        Shape (n, 2): x, y in metres.
    ends
        Shape (m, 2): the nodes that each edge joins, in the direction of its line.
    lines
        Shape (m,): the edges' lines.
    """

    nodes: Floats
    ends: Ints
    lines: Lines

    @cached_property
    def length_m(self) -> Floats:
        """Length of each edge."""
        return np.asarray(shapely.length(self.lines))

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The edges, to be searched by place."""
        return shapely.STRtree(self.lines)

    def snap(self, xy: npt.ArrayLike, reach_m: float = 300.0) -> Snapped:
        """Put points on the nearest edge within reach."""
        at = np.asarray(xy, dtype=float).reshape(-1, 2)
        edge, along = np.full(len(at), -1, dtype=np.int64), np.zeros(len(at))
        away = np.zeros(len(at))
        if len(self.lines) and len(at):
            points = shapely.points(at)
            mine, theirs = self.tree.query_nearest(points, max_distance=reach_m, all_matches=False)
            edge[mine] = theirs
            along[mine] = shapely.line_locate_point(self.lines[theirs], points[mine])
            away[mine] = shapely.distance(self.lines[theirs], points[mine])
        return Snapped(at, edge, along, away)


def build(lines: Lines, *, join_m: float = JOIN_M, island_m: float = ISLAND_M) -> Network:
    """Return the network of centre lines; streets that cross are joined where they cross.

    Parameters
    ----------
    lines
        Shape (k,): LineStrings or MultiLineStrings in metres, of streets that one may walk on.
    join_m, island_m
        See `JOIN_M` and `ISLAND_M`; the longest connected part is always kept.

    Raises
    ------
    GeoError
        If the coordinates are degrees.
    """
    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    parts = parts[shapely.length(parts) > GRID_M]
    if not len(parts):
        return Network(np.empty((0, 2)), np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=object))
    west, south, east, north = shapely.total_bounds(parts)
    if max(abs(west), abs(east)) <= _DEGREES and max(abs(south), abs(north)) <= _DEGREES / 2:
        raise GeoError(f"streets from {west:.4f} to {east:.4f} are in degrees: bring them to metres first.")
    together = shapely.union_all(np.concatenate([parts, _joints(parts, join_m)]), grid_size=GRID_M)
    edges = shapely.get_parts(shapely.line_merge(together))
    edges = edges[shapely.length(edges) > 0]
    first, last = shapely.get_point(edges, 0), shapely.get_point(edges, -1)
    tips = np.round(shapely.get_coordinates(np.concatenate([first, last])) / GRID_M)
    places, node = np.unique(tips, axis=0, return_inverse=True)
    ends = node.ravel().reshape(2, -1).T
    kept = _mainland(ends, len(places), np.asarray(shapely.length(edges)), island_m)
    used, ends = np.unique(ends[kept], return_inverse=True)
    return Network(places[used] * GRID_M, ends.reshape(-1, 2), np.asarray(edges[kept], dtype=object))


def _joints(parts: Lines, join_m: float) -> Lines:
    """Return short lines from ends to the streets that they stop just before."""
    owner = np.tile(np.arange(len(parts)), 2)
    tips = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    mine, theirs = shapely.STRtree(parts).query(tips, predicate="dwithin", distance=join_m)
    other = owner[mine] != theirs
    mine, theirs = mine[other], theirs[other]
    away = shapely.distance(tips[mine], parts[theirs])
    short = away > 0
    return np.asarray(shapely.shortest_line(tips[mine[short]], parts[theirs[short]]), dtype=object)


def _mainland(ends: Ints, count: int, length_m: Floats, island_m: float) -> npt.NDArray[np.bool_]:
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    total = np.bincount(label[ends[:, 0]], length_m)
    return np.asarray((total >= min(island_m, float(total.max())))[label[ends[:, 0]]])


def _graph(network: Network, sources: Snapped, nodes: Ints | None = None) -> tuple[csr_array, Ints]:
    """Return the graph of some nodes, the sources put before them, and each node's place in it (-1: none)."""
    n, k = len(network.nodes), len(sources)
    place = np.full(n, -1, dtype=np.int64)
    chosen = np.arange(n) if nodes is None else nodes
    place[chosen] = np.arange(len(chosen)) + k
    a, b = place[network.ends[:, 0]], place[network.ends[:, 1]]
    inside = (a >= 0) & (b >= 0) & (a != b)
    a, b, long = a[inside], b[inside], network.length_m[inside]
    on = np.flatnonzero(sources.on_road)
    edge = sources.edge[on]
    to = place[network.ends[edge]]
    start = sources.away_m[on][:, None] + np.stack(
        [sources.along_m[on], network.length_m[edge] - sources.along_m[on]], axis=1
    )
    reached = to >= 0
    rows = np.concatenate([a, b, np.repeat(on, 2)[reached.ravel()]])
    columns = np.concatenate([b, a, to[reached]])
    metres = np.maximum(np.concatenate([long, long, start[reached]]), _LEAST_M)
    size = len(chosen) + k
    order = np.lexsort((-metres, columns, rows))  # the shorter of two parallel edges is written last
    rows, columns, metres = rows[order], columns[order], metres[order]
    final = np.append((rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1]), True)
    graph = csr_array((metres[final], (rows[final], columns[final])), shape=(size, size))
    return graph, place


def nearest(network: Network, sources: Snapped, limit_m: float = np.inf) -> Floats:
    """Return how far each node is from the nearest source, shape (n,); inf beyond the limit."""
    if not len(network.nodes) or not sources.on_road.any():
        return np.full(len(network.nodes), np.inf)
    graph, place = _graph(network, sources)
    found = dijkstra(graph, indices=np.flatnonzero(sources.on_road), min_only=True, limit=limit_m)
    return np.asarray(found[place])


def nearest_m(
    network: Network, sources: Snapped, points: Snapped, limit_m: float
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return how far each point is from its nearest source, and whether that is a straight line.

    Along the streets where both are on the network, else in a straight line; inf beyond the limit.
    """
    metres = np.full(len(points), np.inf)
    by_node = nearest(network, sources, limit_m)
    on = np.flatnonzero(points.on_road)
    if len(on):
        spot = points.take(on)
        ways = by_node[network.ends[spot.edge]]
        rest = np.stack([spot.along_m, network.length_m[spot.edge] - spot.along_m], axis=1)
        metres[on] = (ways + rest).min(axis=1) + spot.away_m
        metres[on] = np.minimum(metres[on], _same_street(sources.take(sources.on_road), spot))
    straight = np.zeros(len(points), dtype=bool)
    for loose, others in ((~sources.on_road, np.ones(len(points), bool)), (sources.on_road, ~points.on_road)):
        if loose.any() and others.any():
            tree = shapely.STRtree(shapely.points(sources.xy[loose]))
            spots = shapely.points(points.xy[others])
            (mine, _), away = tree.query_nearest(
                spots, max_distance=limit_m, return_distance=True, all_matches=False
            )
            where = np.flatnonzero(others)[mine]
            straight[where] |= away < metres[where]
            metres[where] = np.minimum(metres[where], away)
    within = metres <= limit_m
    return np.where(within, metres, np.inf), straight & within


def _same_street(sources: Snapped, points: Snapped) -> Floats:
    """Return the way to the nearest source on the same edge, passing no crossing; inf where none is."""
    best = np.full(len(points), np.inf)
    if not len(sources):
        return best
    shared = np.isin(points.edge, sources.edge)
    order = np.argsort(sources.edge, kind="stable")
    edges = sources.edge[order]
    begin = np.searchsorted(edges, points.edge[shared])
    count = np.searchsorted(edges, points.edge[shared], side="right") - begin
    owner = np.repeat(np.flatnonzero(shared), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    other = order[np.repeat(begin, count) + offset]
    along = np.abs(points.along_m[owner] - sources.along_m[other])
    metres = along + points.away_m[owner] + sources.away_m[other]
    np.minimum.at(best, owner, metres)
    return best


@dataclass(frozen=True)
class Reach:
    """Which source reaches which point.

    Attributes
    ----------
    source, point
        Shape (p,): positions of a pair; each pair once.
    metres
        Shape (p,): the way between them.
    straight
        Shape (p,): whether it is a straight line, for want of a street.
    """

    source: Ints
    point: Ints
    metres: Floats
    straight: npt.NDArray[np.bool_]

    def within(self, limit_m: float) -> Reach:
        """Return the pairs no further apart than this."""
        near = self.metres <= limit_m
        return Reach(self.source[near], self.point[near], self.metres[near], self.straight[near])


def reach(network: Network, sources: Snapped, points: Snapped, limit_m: float) -> Reach:
    """Return all pairs of a source and a point within walking distance.

    Parameters
    ----------
    limit_m
        Longest way; finite, so that far parts of the city need not be looked at.
    """
    found: list[tuple[Ints, Ints, Floats]] = []
    on = np.flatnonzero(sources.on_road)
    x_order = points.xy[:, 0].argsort(kind="stable")
    sorted_x = points.xy[x_order, 0]
    node_order = network.nodes[:, 0].argsort(kind="stable")
    node_x = network.nodes[node_order, 0]
    for group in _groups(sources.xy[on]):
        mine = on[group]
        box = _around(sources.xy[mine], limit_m)
        spots = _inside(points.xy, x_order, sorted_x, box)
        spots = spots[points.edge[spots] >= 0]
        nodes = _inside(network.nodes, node_order, node_x, box)
        if not len(spots):
            continue
        pairs = _reach_from(network, sources.take(mine), points.take(spots), nodes, limit_m)
        found.append((mine[pairs[0]], spots[pairs[1]], pairs[2]))
    walked = sum(len(one[0]) for one in found)
    for loose, others in ((~sources.on_road, np.ones(len(points), bool)), (sources.on_road, ~points.on_road)):
        found.append(_straight(sources.xy, points.xy, loose, others, limit_m))
    source, point, metres = (np.concatenate([one[i] for one in found]) for i in range(3))
    return Reach(source, point, metres, np.arange(len(source)) >= walked)


def _groups(xy: Floats) -> list[Ints]:
    """Return positions in groups that lie together: strips by x, cut by y."""
    if not len(xy):
        return []
    strips = max(1, round(np.sqrt(len(xy) / TOGETHER)))
    return [
        group
        for strip in np.array_split(np.argsort(xy[:, 0], kind="stable"), strips)
        for group in np.array_split(
            strip[np.argsort(xy[strip, 1], kind="stable")], max(1, -(-len(strip) // TOGETHER))
        )
        if len(group)
    ]


def _around(xy: Floats, reach_m: float) -> tuple[float, float, float, float]:
    (west, south), (east, north) = xy.min(axis=0) - reach_m, xy.max(axis=0) + reach_m
    return float(west), float(south), float(east), float(north)


def _inside(xy: Floats, order: Ints, x: Floats, box: tuple[float, float, float, float]) -> Ints:
    west, south, east, north = box
    some = order[np.searchsorted(x, west) : np.searchsorted(x, east, side="right")]
    return np.asarray(some[(xy[some, 1] >= south) & (xy[some, 1] <= north)])


def _reach_from(
    network: Network, sources: Snapped, points: Snapped, nodes: Ints, limit_m: float
) -> tuple[Ints, Ints, Floats]:
    graph, place = _local_graph(network, sources, nodes)
    ways = dijkstra(graph, indices=np.arange(len(sources)), limit=limit_m)
    ends = place[network.ends[points.edge]]
    rest = np.stack([points.along_m, network.length_m[points.edge] - points.along_m], axis=1)
    metres = np.full((len(sources), len(points)), np.inf)
    for side in (0, 1):
        there = np.flatnonzero(ends[:, side] >= 0)
        metres[:, there] = np.minimum(metres[:, there], ways[:, ends[there, side]] + rest[there, side])
    s, p = np.nonzero(sources.edge[:, None] == points.edge)
    direct = np.abs(sources.along_m[s] - points.along_m[p]) + sources.away_m[s]
    metres[s, p] = np.minimum(metres[s, p], direct)
    metres += points.away_m
    s, p = np.nonzero(metres <= limit_m)
    return s, p, metres[s, p]


def _local_graph(network: Network, sources: Snapped, nodes: Ints) -> tuple[csr_array, Ints]:
    """Return the graph of nodes near the sources; both ends of the sources' edges always belong to it."""
    nodes = np.unique(np.concatenate([nodes, network.ends[sources.edge].ravel()]))
    return _graph(network, sources, nodes)


def _straight(
    from_xy: Floats,
    to_xy: Floats,
    loose: npt.NDArray[np.bool_],
    others: npt.NDArray[np.bool_],
    limit_m: float,
) -> tuple[Ints, Ints, Floats]:
    sources, points = np.flatnonzero(loose), np.flatnonzero(others)
    if not len(sources) or not len(points):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    tree = shapely.STRtree(shapely.points(to_xy[points]))
    s, p = tree.query(shapely.points(from_xy[sources]), predicate="dwithin", distance=limit_m)
    source, point = sources[s], points[p]
    return source, point, np.hypot(*(from_xy[source] - to_xy[point]).T)


def reached_lines(network: Network, node_m: Floats, limit_m: float) -> Lines:
    """Return the stretches of street within a way of the sources, by how far their nodes are.

    Parameters
    ----------
    node_m
        Shape (n,): as :func:`nearest` gives it.
    """
    start, end = (np.clip(limit_m - node_m[network.ends[:, side]], 0, network.length_m) for side in (0, 1))
    whole = start + end >= network.length_m
    pieces = [network.lines[whole]]
    for from_start, reached in ((True, start), (False, end)):
        part = np.flatnonzero(~whole & (reached > 0))
        pieces.append(
            np.array(
                [
                    substring(line, 0, far) if from_start else substring(line, line.length - far, line.length)
                    for line, far in zip(network.lines[part], reached[part], strict=True)
                ],
                dtype=object,
            )
        )
    return np.concatenate(pieces)
