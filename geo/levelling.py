"""Levelling one community: every layer at once, from one set of faces.

The drawn lines of all layers are noded once and polygonised. A face on which all layers agree belongs to a
*leaf*, one combination of compound (or open land), grid and micro-grid; so it stays as drawn. A face on
which they disagree, since lines that mean the same boundary were drawn apart, is divided: the score of a
leaf at a point is the sum of the signed distances to the outlines of its compound, its grid and its
micro-grid, and the highest score takes the point. Between two leaves the boundary thus runs along the mean
of the drawn lines. Every layer is a union of leaves, so that layers nest and share their vertices by
construction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.faces import (
    borders,
    complex_of,
    components,
    edges_of,
    faces_of,
    join,
    segments_of,
    with_nodes,
    without_vertices,
)
from geo.scores import OPEN, Scores, both_sides, march

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.faces import Borders

NEAR_M = 5e-5
"""A vertex this close to a drawn one is that one."""
MISS_M = 1e-4
"""An edge that passes a vertex this closely was meant to pass through it."""
STRAIGHT_M = 2e-5
"""A vertex this close to the line between its neighbours was put there by noding."""
FLAT = 2e-3
"""How much a line may turn at such a vertex, in radians."""
THIN_M2 = 20.0
"""What a micro-grid and a compound share at least to be a leaf."""
MANY = 3000
BATCH_M = 400.0
"""Where more faces than `MANY` are disputed, they are divided in squares of this size."""
ROUNDS = 3
THROUGH = 2
"""Edges at a vertex that a line only passes."""
FLAT_M2 = 1e-5
"""A triangle between vertices in a line."""
SIMPLE_M = 0.1
"""Detail below this is rounding of the method, not drawing."""


class Sheet(NamedTuple):
    """What one community holds, clipped to it; all in one CRS in metres.

    Attributes
    ----------
    frame
        The community.
    layers
        Compounds, grids, micro-grids: (n,) polygons each; the last may be empty.
    weights
        Per layer (n,) how much each outline counts.
    pairs
        (k, 2) compound and grid that belong together.
    open_land
        What is in no compound, on purpose.
    atoms
        (n,) buildings or the like that no boundary may cut.
    cut
        (n,) whether an outline as drawn cuts it.
    exact
        Whether drawn vertices are kept to the last digit, since outlines are frozen.
    """

    frame: shapely.Geometry
    layers: tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]
    weights: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    pairs: NDArray[np.int64]
    open_land: shapely.Geometry
    atoms: NDArray[np.object_]
    cut: NDArray[np.bool_]
    exact: bool = False


class Leaves(NamedTuple):
    """A partition of a community: (n,) connected polygons, and (n, 3) their compound, grid, micro-grid."""

    polygon: NDArray[np.object_]
    member: NDArray[np.int64]


def level(sheet: Sheet, tolerance: float) -> Leaves:
    """Partition a community among its leaves.

    Parameters
    ----------
    sheet
        The community.
    tolerance
        How far a boundary may move, in metres.
    """
    faces = faces_of(
        [shapely.boundary(layer) for layer in sheet.layers]
        + [shapely.boundary(np.array([sheet.frame, sheet.open_land])), shapely.boundary(sheet.atoms)]
    )
    point = shapely.point_on_surface(faces)
    inside = _within(sheet.frame, point)
    faces, point = faces[inside], point[inside]
    is_open = _within(sheet.open_land, point)
    # a corner too narrow to be open land is open all the same where no compound is near
    unclaimed = np.ones(len(point), dtype=bool)
    unclaimed[
        shapely.STRtree(sheet.layers[0]).query(point, predicate="dwithin", distance=tolerance / 2)[0]
    ] = False
    is_open |= unclaimed
    owner, held = _owners(sheet, point, is_open)
    leaves = _leaves(sheet, faces, held)
    leaf = _agreed(owner, leaves)
    scores = Scores(sheet, leaves, tolerance)
    leaf = _settle_atoms(sheet, faces, point, leaf, is_open, scores)
    polygon, leaf, is_open = _divided(faces, leaf, is_open, scores)
    edges = edges_of(polygon)
    leaf, leaves = _connected(polygon, leaf, is_open, leaves, borders(edges), sheet)
    joined, leaf = join(polygon, leaf, edges)
    return Leaves(_plain(joined, sheet), leaves[leaf])


def _within(area: shapely.Geometry, point: NDArray[np.object_]) -> NDArray[np.bool_]:
    shapely.prepare(area)
    return np.asarray(shapely.intersects(area, point), dtype=bool)


def _owners(
    sheet: Sheet, point: NDArray[np.object_], is_open: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Return the only polygon of each layer at each point (-1 none, -2 several), and all of them as pairs."""
    owner = np.full((len(point), 3), -1)
    held = []
    for n, polygons in enumerate(sheet.layers):
        p, k = shapely.STRtree(polygons).query(point, predicate="intersects")
        held.append(np.stack([p, k], axis=1))
        count = np.bincount(p, minlength=len(point))
        owner[p, n] = k
        owner[count > 1, n] = -2
        if n == 0:
            owner[(count == 0) & ~is_open, n] = -2
            owner[(count > 0) & is_open, n] = -2
        elif len(polygons):
            owner[count == 0, n] = -2
    return owner, held


def _leaves(sheet: Sheet, faces: NDArray[np.object_], held: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return (k, 3) combinations that may stand: pairs and open land, by the micro-grids of each grid."""
    compounds, grids, micro_grids = (len(layer) for layer in sheet.layers)
    open_pairs = np.stack([np.full(grids, OPEN), np.arange(grids)], axis=1)
    pairs = np.concatenate([sheet.pairs, open_pairs])
    if not micro_grids:
        return np.concatenate([pairs, np.full((len(pairs), 1), -1)], axis=1)
    area = shapely.area(faces)
    by_grid = _shared(area, held[2], held[1], micro_grids, grids)
    home = np.argmax(by_grid, axis=1)
    by_compound = _shared(area, held[2], held[0], micro_grids, compounds)
    deep = by_compound > np.minimum(
        0.5 * shapely.area(sheet.layers[2])[:, None], 0.5 * shapely.area(sheet.layers[0])[None, :]
    )
    for m, c in np.argwhere((by_compound > THIN_M2) & ~deep).tolist():
        common = shapely.intersection(sheet.layers[2][m], sheet.layers[0][c])
        deep[m, c] = not shapely.is_empty(shapely.buffer(common, -2.5, quad_segs=1))
    held_by, inside = np.nonzero(deep)
    rows = np.concatenate(
        [
            np.stack([inside, home[held_by], held_by], axis=1),
            np.stack([np.full(micro_grids, OPEN), home, np.arange(micro_grids)], axis=1),
        ]
    )
    known = {tuple(pair) for pair in pairs.tolist()}
    rows = rows[[tuple(row) in known for row in rows[:, :2].tolist()]]
    # a pair without a micro-grid of its own takes the nearest of its grid
    bare = known - {tuple(row) for row in rows[:, :2].tolist()}
    extra = [(c, g, int(m)) for c, g in sorted(bare) for m in np.flatnonzero(home == g)]
    if extra:
        rows = np.concatenate([rows, np.array(extra)])
    orphan = sorted({pair for pair in bare if not (home == pair[1]).any()})
    extra = [(c, g, int(np.argmax(by_grid[:, g]))) for c, g in orphan]
    return np.concatenate([rows, np.array(extra)]) if extra else rows


def _shared(
    area: NDArray[np.float64],
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    count: int,
    other_count: int,
) -> NDArray[np.float64]:
    """Return the area that each polygon of one layer shares with each of another, from faces."""
    total = np.zeros((count, other_count))
    slot = np.searchsorted(one[:, 0], other[:, 0])
    stop = np.searchsorted(one[:, 0], other[:, 0], side="right")
    while (live := slot < stop).any():
        np.add.at(total, (one[slot[live], 1], other[live, 1]), area[other[live, 0]])
        slot = slot + 1
    return total


def _agreed(owner: NDArray[np.int64], leaves: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the leaf on which all layers agree, -1 where they do not."""
    lookup = {tuple(row): n for n, row in enumerate(leaves.tolist())}
    return np.array([lookup.get(tuple(row), -1) for row in owner.tolist()], dtype=np.int64)


def _settle_atoms(
    sheet: Sheet,
    faces: NDArray[np.object_],
    point: NDArray[np.object_],
    leaf: NDArray[np.int64],
    is_open: NDArray[np.bool_],
    scores: Scores,
) -> NDArray[np.int64]:
    """Give each atom whole to the leaf that holds most of it."""
    row, atom = shapely.STRtree(sheet.atoms).query(point, predicate="intersects")
    if not len(row):
        return leaf
    # atoms that overlap go together
    count = len(faces)
    graph = coo_array((np.ones(len(row)), (row, count + atom)), shape=(count + len(sheet.atoms),) * 2)
    group = connected_components(graph, directed=False)[1]
    vote = leaf[row]
    for which in (False, True):
        some = np.flatnonzero((vote < 0) & (is_open[row] == which))
        if len(some):
            vote[some] = scores.best(shapely.get_coordinates(point[row[some]]), open_land=which).leaf
    together, atom_group = np.unique(group[count + atom], return_inverse=True)
    ballot = np.zeros((len(together), len(scores.leaves)))
    np.add.at(ballot, (atom_group, vote), shapely.area(faces[row]))
    # what all who drew cut alike stays cut
    unsure = np.zeros(len(together), dtype=bool)
    unsure[atom_group[(leaf[row] < 0) | ~sheet.cut[atom]]] = True
    result = leaf.copy()
    chosen = unsure[atom_group]
    result[row[chosen]] = np.argmax(ballot, axis=1)[atom_group[chosen]]
    return result


def _divided(
    faces: NDArray[np.object_], leaf: NDArray[np.int64], is_open: NDArray[np.bool_], scores: Scores
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.bool_]]:
    """Divide the faces that no leaf has yet."""
    done = leaf >= 0
    polygons, leaves, lands = [faces[done]], [leaf[done]], [is_open[done]]
    crossings = []
    for which in (False, True):
        some = np.flatnonzero(~done & (is_open == which))
        if not len(some):
            continue
        for here in _neighbourhoods(faces, some):
            polygon, label, crossing = march(
                faces[here], scores.near(faces[here], len(faces)), open_land=which
            )
            polygons.append(polygon)
            leaves.append(label)
            lands.append(np.full(len(polygon), which))
            crossings.append(crossing)
    polygon = np.concatenate(polygons)
    if crossings:
        polygon = with_nodes(polygon, both_sides(np.concatenate(crossings)))
    return polygon, np.concatenate(leaves), np.concatenate(lands)


def _neighbourhoods(faces: NDArray[np.object_], some: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return some faces in batches of neighbours, since scores are matrices of points and polygons."""
    if len(some) <= MANY:
        return [some]
    x0, y0, x1, y1 = shapely.bounds(faces[some]).T
    column, row = (x0 + x1) // (2 * BATCH_M), (y0 + y1) // (2 * BATCH_M)
    order = np.lexsort((row, column))
    start = np.flatnonzero((np.diff(column[order]) != 0) | (np.diff(row[order]) != 0)) + 1
    return np.split(some[order], start)


def _connected(
    polygon: NDArray[np.object_],
    leaf: NDArray[np.int64],
    is_open: NDArray[np.bool_],
    leaves: NDArray[np.int64],
    beside: Borders,
    sheet: Sheet,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give parts that came off their compound, grid or micro-grid to the neighbour they border most.

    A compound that came off with its grid goes to the neighbour's grid and stays a compound.

    Returns
    -------
    tuple
        The leaf of each polygon, and the leaves, of which there may be more.
    """
    area = shapely.area(polygon)
    flat = area < FLAT_M2
    if flat.any():
        leaf = _adopted(leaf, flat, np.zeros_like(is_open), beside)
    for turn in range(ROUNDS):
        off = [
            _came_off(leaves[leaf, n], area, beside, shapely.get_num_geometries(layer))
            for n, layer in enumerate(sheet.layers)
        ]
        stray = off[0] | off[1] | off[2]
        if not stray.any():
            break
        land = is_open if turn < ROUNDS - 1 else np.zeros_like(is_open)
        adopted = _adopted(leaf, stray, land, beside)
        leaf, leaves = _with_whole_compounds(leaf, adopted, stray & ~off[0], leaves, area)
    return leaf, leaves


def _came_off(
    member: NDArray[np.int64], area: NDArray[np.float64], beside: Borders, allowed: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Return what belongs to a part of a layer's polygon beyond the largest ones, as many as were drawn."""
    part = components(len(member), beside, member)
    size = np.bincount(part, weights=area)
    member_of = np.full(len(size), -1)
    member_of[part] = member
    order = np.lexsort((-size, member_of))
    rank = np.arange(len(order)) - np.searchsorted(member_of[order], member_of[order])
    off = np.zeros(len(size), dtype=bool)
    real = member_of[order] >= 0
    off[order[real]] = rank[real] >= allowed[member_of[order[real]]] if len(allowed) else False
    return off[part]


def _with_whole_compounds(
    leaf: NDArray[np.int64],
    adopted: NDArray[np.int64],
    loose: NDArray[np.bool_],
    leaves: NDArray[np.int64],
    area: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Let compounds of which most came off with their grid be adopted without being swallowed."""
    compound, taker = leaves[leaf, 0], leaves[adopted, 0]
    swallowed = loose & (compound >= 0) & (taker != compound)
    if not swallowed.any():
        return adopted, leaves
    own = compound >= 0
    whole = np.bincount(compound[own], area[own])
    lost = np.bincount(compound[swallowed], area[swallowed], len(whole))
    kept = swallowed & (lost > 0.5 * whole)[np.maximum(compound, 0)]
    rows = leaves[adopted[kept]].copy()
    rows[:, 0] = compound[kept]
    more, which = np.unique(rows, axis=0, return_inverse=True)
    result = adopted.copy()
    result[kept] = len(leaves) + which
    return result, np.concatenate([leaves, more])


def _adopted(
    leaf: NDArray[np.int64], stray: NDArray[np.bool_], is_open: NDArray[np.bool_], beside: Borders
) -> NDArray[np.int64]:
    """Give each stray part the leaf of the neighbour on like land that it borders most."""
    result = leaf.copy()
    part = components(len(leaf), beside, np.where(stray, leaf, -1 - np.arange(len(leaf))))
    one = np.concatenate([beside.one, beside.other])
    other = np.concatenate([beside.other, beside.one])
    length = np.concatenate([beside.length, beside.length])
    good = stray[one] & ~stray[other] & (is_open[one] == is_open[other])
    if not good.any():
        return result
    key, slot = np.unique(part[one[good]] * (leaf.max() + 1) + leaf[other[good]], return_inverse=True)
    total = np.bincount(slot, weights=length[good])
    order = np.lexsort((key, -total))
    to = np.full(part.max() + 1, -1)
    for n in order[::-1]:
        to[key[n] // (leaf.max() + 1)] = key[n] % (leaf.max() + 1)
    moved = stray & (to[part] >= 0)
    result[moved] = to[part[moved]]
    return result


def _plain(polygons: NDArray[np.object_], sheet: Sheet) -> NDArray[np.object_]:
    """Drop vertices that noding put there, give drawn ones their place again, and simplify."""
    edges = edges_of(polygons)
    key, count = np.unique(edges.keys(), return_counts=True)
    low, high = key // len(edges.vertex), key % len(edges.vertex)
    degree = np.bincount(np.concatenate([low, high]), minlength=len(edges.vertex))
    rim = np.zeros(len(edges.vertex), dtype=bool)
    rim[low[count == 1]] = rim[high[count == 1]] = True
    own, place = _drawn_places(edges.vertex, sheet)
    put = (degree == THROUGH) & ~own
    straight = put & (_bend(edges.vertex, low, high) < STRAIGHT_M)
    plain = without_vertices(polygons, edges.vertex[straight | (rim & put)])
    if not (shapely.is_valid(plain).all() and shapely.coverage_is_valid(plain)):
        # many vertices that hardly bend can bend a line together, across another
        plain = without_vertices(polygons, edges.vertex[rim & put])
    # nodes that stay lie on the frame itself, not on the grid on which lines were noded
    to = np.where(own, place, edges.vertex)
    node = np.flatnonzero(rim & ~own & (degree > THROUGH))
    border = shapely.boundary(sheet.frame)
    points = shapely.points(to[node].view(np.float64).reshape(-1, 2))
    nearest = shapely.get_point(shapely.shortest_line(border, points), 0)
    to[node] = complex_of(shapely.get_coordinates(nearest))
    plain = shapely.transform(plain, lambda xy: _replaced(xy, edges.vertex, to))
    plain = shapely.remove_repeated_points(plain)
    if not sheet.exact:
        plain = shapely.coverage_simplify(plain, SIMPLE_M, simplify_boundary=False)
    return _without_near_misses(np.asarray(plain))


def _without_near_misses(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Make edges pass through the vertices of others that they miss by less than can be seen."""
    xy, owner = shapely.get_coordinates(polygons, return_index=True)
    vertex, number = np.unique(complex_of(xy), return_inverse=True)
    points = shapely.points(vertex.view(np.float64).reshape(-1, 2))
    segments, of = segments_of(shapely.boundary(polygons))
    v, s = shapely.STRtree(segments).query(points, predicate="dwithin", distance=MISS_M)
    p = of[s]
    held = np.isin(v * len(polygons) + p, number * len(polygons) + owner)
    if held.all():
        return polygons
    return np.asarray(shapely.coverage_clean(polygons, snapping_distance=2 * MISS_M))


def _drawn_places(
    vertex: NDArray[np.complex128], sheet: Sheet
) -> tuple[NDArray[np.bool_], NDArray[np.complex128]]:
    """Return which vertices are the frame's or, where outlines are exact, were drawn; and where."""
    shapes = [np.array([sheet.frame], dtype=object)]
    if sheet.exact:
        shapes += list(sheet.layers)
    own = np.unique(complex_of(shapely.get_coordinates(np.concatenate(shapes))))
    points = shapely.points(own.view(np.float64).reshape(-1, 2))
    here = shapely.points(vertex.view(np.float64).reshape(-1, 2))
    found, at = shapely.STRtree(points).query_nearest(here, max_distance=NEAR_M, all_matches=False)
    is_own = np.zeros(len(vertex), dtype=bool)
    is_own[found] = True
    place = vertex.copy()
    place[found] = own[at]
    return is_own, place


def _bend(
    vertex: NDArray[np.complex128], low: NDArray[np.int64], high: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how far each vertex of two edges lies from the line between its neighbours; inf for others."""
    ends, other = np.concatenate([low, high]), np.concatenate([high, low])
    order = np.argsort(ends, kind="stable")
    ends, other = ends[order], other[order]
    start = np.searchsorted(ends, np.arange(len(vertex)))
    two = np.flatnonzero(np.bincount(ends, minlength=len(vertex)) == THROUGH)
    a, b = vertex[other[start[two]]], vertex[other[start[two] + 1]]
    along = b - a
    bend = np.abs(((vertex[two] - a) * along.conj()).imag) / np.maximum(np.abs(along), 1e-9)
    # between close neighbours a sharp corner is near the line too
    nearest = np.minimum(np.abs(vertex[two] - a), np.abs(vertex[two] - b))
    result = np.full(len(vertex), np.inf)
    result[two] = np.where(bend <= FLAT * nearest, bend, np.inf)
    return result


def _replaced(
    xy: NDArray[np.float64], old: NDArray[np.complex128], new: NDArray[np.complex128]
) -> NDArray[np.float64]:
    z = complex_of(xy)
    at = np.minimum(np.searchsorted(old, z), max(len(old) - 1, 0))
    same = old[at] == z
    result = z.copy()
    result[same] = new[at[same]]
    return result.view(np.float64).reshape(-1, 2)
