"""Making grid edges meet the walls of compounds that they run beside.

A grid edge in open land beside one compound only is meant to be its wall, where it ran within the tolerance;
beside two compounds it is the middle of a road and stays. So before a community is solved, the strip between
a wall and the edge changes hands in both drawn grids, and their mean is the wall itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.faces import polygonal, segments_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP_M = 4.0
"""How densely walls are looked at."""
FILM_M = 0.05
RIM_M = 0.01
NEARLY_M = 0.01
"""An edge this close to a wall lies on it."""
CORNER_M = 3.0
"""How much of a wall beside such a corner stays away from the grid's edge."""
ROAD = 1.9
"""Widest road, in tolerances, on which an edge can be near both sides."""
SPARED = 1.4
"""How far around a corner that can't come along, in tolerances, edges keep off the wall."""
NEAR = 0.9
"""Share of the tolerance within which another compound makes open land a road."""
MARGIN_M = 0.3
"""How much beyond the tolerance an edge is held off that can't come to the wall."""


class Beside(NamedTuple):
    """What lies beyond points of walls: (n,) each.

    Attributes
    ----------
    compound
        Whose wall.
    inner, outer
        The grid of the compound there, and the next one; -1 where there is none near.
    to_inner, to_outer
        How far outside the wall the edge of each was drawn, in metres; negative inside the wall.
    alone
        Whether no other compound is within the tolerance of that edge.
    road
        How wide the road is between this compound and one of the next grid; inf where there is none.
    middle
        (n, 2) the middle of that road.
    """

    compound: NDArray[np.int64]
    inner: NDArray[np.int64]
    outer: NDArray[np.int64]
    to_inner: NDArray[np.float64]
    to_outer: NDArray[np.float64]
    alone: NDArray[np.bool_]
    road: NDArray[np.float64]
    middle: NDArray[np.float64]


def levelled_grids(
    compounds: NDArray[np.object_],
    grids: NDArray[np.object_],
    edges: NDArray[np.object_],
    pairs: NDArray[np.int64],
    open_land: shapely.Geometry,
    tolerance: float,
    spared: NDArray[np.float64],
    frozen: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Return drawn grids whose edges lie on the walls that they ran beside.

    Parameters
    ----------
    compounds, grids
        (n,), (m,) polygons of one community, in metres.
    edges
        (m,) outlines of the grids within the community, see `edges_within`.
    pairs
        (k, 2) compound and grid that belong together.
    open_land
        What is in no compound.
    tolerance
        How far an edge may move, in metres.
    spared
        (k, 2) points near which edges stay as drawn.
    frozen
        (m,) grids that stay as drawn.
    """
    xy, owner = _walls(compounds)
    if not len(xy) or shapely.is_empty(open_land):
        return grids
    beside = _beside(xy, owner, compounds, grids, edges, pairs, tolerance)
    near = np.maximum(beside.to_inner, beside.to_outer)  # inf where there is none
    mean = (beside.to_inner + beside.to_outer) / 2
    seen = (beside.outer >= 0) & ~frozen[beside.inner] & ~frozen[beside.outer]
    wide = seen & np.isinf(beside.road) & beside.alone
    snap = wide & (near <= tolerance - MARGIN_M) & (near > NEARLY_M)
    snap &= ~_at_far_corners(xy, compounds, grids, tolerance)
    snap &= ~_near(xy, spared, np.full(len(spared), SPARED * tolerance))
    push = wide & (near > tolerance - MARGIN_M) & (mean > 0) & (mean <= tolerance + MARGIN_M)
    # on a road between two compounds of two grids the edge is to run where both are near, and on neither's
    # wall
    half = beside.road / 2
    with np.errstate(invalid="ignore"):
        reachable = (
            np.maximum(np.abs(beside.to_inner - half), np.abs(beside.to_outer - half)) <= tolerance - MARGIN_M
        )
    middle = seen & (mean < np.maximum(MARGIN_M, beside.road - NEAR * tolerance)) & reachable
    middle |= seen & (beside.road <= NEAR * tolerance) & reachable
    width = np.where(snap, near + MARGIN_M, tolerance + MARGIN_M)
    result = grids.copy()
    for chosen, gives in ((snap, True), (push, False), (middle, False)):
        for inner, outer, strip in _strips(xy, beside, chosen, None if chosen is middle else width):
            land = shapely.intersection(strip, open_land)
            if gives:
                others = np.delete(result, [inner, outer])
                others = others[shapely.intersects(others, land)]
                land = shapely.difference(land, shapely.union_all(others)) if len(others) else land
                result[inner] = shapely.difference(result[inner], land)
                result[outer] = shapely.union(result[outer], land)
            else:
                result[inner] = shapely.union(result[inner], land)
                result[outer] = shapely.difference(result[outer], land)
    return polygonal(result)


def _at_far_corners(
    xy: NDArray[np.float64], compounds: NDArray[np.object_], grids: NDArray[np.object_], tolerance: float
) -> NDArray[np.bool_]:
    """Return wall points by a corner of a grid that is too far away to come along."""
    corner = np.unique(shapely.get_coordinates(grids), axis=0)
    points = shapely.points(corner)
    tree = shapely.STRtree(compounds)
    near = np.unique(tree.query(points, predicate="dwithin", distance=1.6 * tolerance)[0])
    if not len(near):
        return np.zeros(len(xy), dtype=bool)
    p, c = tree.query_nearest(points[near], all_matches=False)
    away = shapely.distance(points[near][p], compounds[c])
    far = away > tolerance - MARGIN_M
    return _near(xy, shapely.get_coordinates(points[near][p][far]), away[far] + CORNER_M)


def _near(
    xy: NDArray[np.float64], places: NDArray[np.float64], reach: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which points are within reach of any place."""
    result = np.zeros(len(xy), dtype=bool)
    if len(places):
        tree = shapely.STRtree(shapely.points(xy))
        result[tree.query(shapely.points(places), predicate="dwithin", distance=reach)[1]] = True
    return result


def following_compounds(
    compounds: NDArray[np.object_],
    grids: NDArray[np.object_],
    edges: NDArray[np.object_],
    pairs: NDArray[np.int64],
    follows: NDArray[np.bool_],
    tolerance: float,
    spared: NDArray[np.float64],
) -> NDArray[np.object_]:
    """Return compounds of which those that follow take the edge of their grid, where they ran beside it.

    Parameters
    ----------
    compounds, grids
        (n,), (m,) polygons of one community, in metres.
    edges
        (m,) outlines of the grids within the community, see `edges_within`.
    pairs
        (k, 2) compound and grid that belong together.
    follows
        (n,) whether a compound has no wall that would lead.
    tolerance
        How far an outline may move, in metres.
    spared
        (k, 2) points near which outlines stay as drawn.
    """
    which = np.flatnonzero(follows)
    xy, owner = _walls(compounds[which])
    if not len(xy):
        return compounds
    owner = which[owner]
    beside = _beside(xy, owner, compounds, grids, edges, pairs, tolerance)
    reach = tolerance - MARGIN_M
    near = (beside.outer >= 0) & beside.alone & np.isinf(beside.road)
    near &= (np.abs(beside.to_inner) <= reach) & (np.abs(beside.to_outer) <= reach)
    near &= ~_near(xy, spared, np.full(len(spared), SPARED * tolerance))
    result = compounds.copy()
    width = np.abs(beside.to_inner) + MARGIN_M
    for outward in (True, False):
        chosen = near & (beside.to_inner > NEARLY_M if outward else beside.to_inner < -NEARLY_M)
        for k in np.unique(owner[chosen]).tolist():
            others = np.delete(result, k)
            for inner, _, strip in _strips(xy, beside, chosen & (owner == k), width):
                if outward:
                    land = shapely.intersection(strip, grids[inner])
                    others = others[shapely.intersects(others, land)]
                    land = shapely.difference(land, shapely.union_all(others))
                    result[k] = shapely.union(result[k], land)
                else:
                    result[k] = shapely.difference(
                        result[k], shapely.difference(shapely.intersection(strip, result[k]), grids[inner])
                    )
    result = polygonal(result)
    whole = shapely.get_num_geometries(result) == shapely.get_num_geometries(compounds)
    whole &= shapely.is_valid(result) & ~shapely.is_empty(result)
    return np.where(whole, result, compounds)


def _walls(compounds: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return points along walls, and whose they are."""
    dense = shapely.segmentize(shapely.boundary(compounds), STEP_M)
    xy, owner = shapely.get_coordinates(dense, return_index=True)
    return xy, owner


def edges_within(polygons: NDArray[np.object_], frame: shapely.Geometry) -> NDArray[np.object_]:
    """Return outlines without what runs on the frame: nobody drew that."""
    edges = np.array(shapely.boundary(polygons), dtype=object)
    rim = shapely.buffer(shapely.boundary(frame), RIM_M, quad_segs=1)
    on_rim = shapely.intersects(edges, rim)
    edges[on_rim] = shapely.difference(edges[on_rim], rim)
    return edges


def _beside(
    xy: NDArray[np.float64],
    owner: NDArray[np.int64],
    compounds: NDArray[np.object_],
    grids: NDArray[np.object_],
    edges: NDArray[np.object_],
    pairs: NDArray[np.int64],
    tolerance: float,
) -> Beside:
    points = shapely.points(xy)
    reach = 2.5 * tolerance
    p, g, away = _distances(points, edges, reach)
    shapely.prepare(grids)
    inside = shapely.intersects(grids[g], points[p])
    depth = np.where(inside, away, -away)
    mine = np.zeros((len(compounds), len(grids)), dtype=bool)
    mine[pairs[:, 0], pairs[:, 1]] = True
    own = mine[owner[p], g]
    inner, to_inner = _deepest(p[own], g[own], depth[own], len(xy))
    outer, to_outer = _deepest(p[~own], g[~own], depth[~own], len(xy))
    to_outer = -to_outer
    # a compound with several grids may also lie beside an edge between two of its own
    missing = ~np.isfinite(to_inner) | ~np.isfinite(to_outer)
    to_inner[missing] = to_outer[missing] = np.inf
    alone = np.zeros(len(xy), dtype=bool)
    seen = np.flatnonzero(~missing & (np.minimum(to_inner, to_outer) <= tolerance))
    if len(seen):
        line = shapely.shortest_line(points[seen], grids[outer[seen]])
        # the edge will be the mean of both
        half = (
            shapely.length(line)
            * np.clip(to_inner[seen] + to_outer[seen], 0, None)
            / np.maximum(2 * to_outer[seen], 0.01)
        )
        edge = shapely.line_interpolate_point(line, half)
        e, c = shapely.STRtree(compounds).query(edge, predicate="dwithin", distance=NEAR * tolerance)
        others = c != owner[seen][e]
        alone[seen] = True
        alone[seen[e[others]]] = False
    road = np.full(len(xy), np.inf)
    some = np.flatnonzero(~missing)
    p, c = shapely.STRtree(compounds).query(points[some], predicate="dwithin", distance=ROAD * tolerance)
    p = some[p]
    across = mine[c, outer[p]] & ~mine[c, inner[p]] & (c != owner[p])
    p, c = p[across], c[across]
    line = shapely.shortest_line(points[p], compounds[c])
    order = np.argsort(-shapely.length(line), kind="stable")
    road[p[order]] = shapely.length(line)[order]
    half = shapely.line_interpolate_point(line, 0.5, normalized=True)
    middle = np.full((len(xy), 2), np.nan)
    middle[p[order]] = shapely.get_coordinates(half)[order]
    return Beside(
        owner,
        np.where(missing, -1, inner),
        np.where(missing, -1, outer),
        to_inner,
        to_outer,
        alone,
        road,
        middle,
    )


def _distances(
    points: NDArray[np.object_], lines: NDArray[np.object_], reach: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return pairs of a point and a line within reach of it, and their distances."""
    segments, line = segments_of(lines)
    p, s = shapely.STRtree(segments).query(points, predicate="dwithin", distance=reach)
    away = shapely.distance(points[p], segments[s])
    order = np.lexsort((away, line[s], p))
    p, k, away = p[order], line[s][order], away[order]
    nearest = np.append(True, (p[1:] != p[:-1]) | (k[1:] != k[:-1])) if len(p) else np.zeros(0, dtype=bool)
    return p[nearest], k[nearest], away[nearest]


def _deepest(
    point: NDArray[np.int64], grid: NDArray[np.int64], depth: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each of a number of points the grid in which it lies deepest, and how deep."""
    which, value = np.zeros(count, dtype=np.int64), np.full(count, -np.inf)
    order = np.lexsort((-grid, depth))  # the last one written stands
    which[point[order]] = grid[order]
    value[point[order]] = depth[order]
    return which, value


def _strips(
    xy: NDArray[np.float64],
    beside: Beside,
    chosen: NDArray[np.bool_],
    width: NDArray[np.float64] | None,
) -> list[tuple[int, int, shapely.Geometry]]:
    """Return strips along runs of chosen wall points that have the same two grids beyond.

    As wide as `width` says where it is widest; without it to the middle of the road.
    """
    owner = beside.compound
    same = chosen[1:] & chosen[:-1] & (owner[1:] == owner[:-1])
    same &= (beside.inner[1:] == beside.inner[:-1]) & (beside.outer[1:] == beside.outer[:-1])
    start = np.flatnonzero(same & ~np.append(False, same[:-1]))
    stop = np.flatnonzero(same & ~np.append(same[1:], False)) + 2
    found: dict[tuple[int, int], list[shapely.Geometry]] = {}
    for a, b in zip(start.tolist(), stop.tolist(), strict=True):
        if width is None:
            half = shapely.make_valid(shapely.Polygon(np.concatenate([xy[a:b], beside.middle[a:b][::-1]])))
            # a little into the compound, so that no film of land stays along the wall
            strip = shapely.buffer(half, FILM_M, join_style="mitre")
        else:
            strip = shapely.buffer(
                shapely.LineString(xy[a:b]), float(width[a:b].max()), cap_style="flat", quad_segs=3
            )
        found.setdefault((int(beside.inner[a]), int(beside.outer[a])), []).append(strip)
    return [
        (i, o, shapely.union_all(polygonal(np.array(strips)))) for (i, o), strips in sorted(found.items())
    ]
