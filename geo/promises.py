"""What an alignment promises of one community, verified on the result before anything is returned.

Whatever breaks a promise becomes a refusal. Where a layer is no valid coverage through more than a few of its
polygons, no part of the result can stand, and it raises `Unsound`. Loss, splitting and displacement are
verified while levelling, where a second attempt can mend them (`geo.community`), and the ledger where it is
written (`geo.ledger`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.disputes import is_partition
from geo.errors import Unsound
from geo.faces import complex_of, segments_of
from geo.refusals import Refusal, refused
from geo.walls import edges_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Layers = Sequence[NDArray[np.object_]]

ROUNDING_M2 = 1e-3
ROUNDING_M = 1e-4
MEET_M2 = 0.5
"""What two polygons share at least to meet."""
COINCIDE_M = 0.02
"""Outlines nearer than this coincide."""
CUT = 1e-3
"""Share of an atom from which it counts as cut."""
CROSSING = 3.0
"""Stretches up to this many tolerances are edges that cross or end there."""
REFUSED_M = 0.01
"""A gap this close to something refused is that feature's."""
FEW = 2
FEW_SHARE = 0.1
"""So many polygons of a layer, or this share, may fail to fit: they are refused, and the others stand."""


def kept(
    frame: shapely.Geometry,
    drawn: Layers,
    layers: Layers,
    atoms: NDArray[np.object_],
    tolerance: float,
    refusals: Sequence[Refusal],
) -> list[Refusal]:
    """Verify coverage, atoms, nesting and levelling, and return what has to be refused besides.

    Parameters
    ----------
    frame
        The community, in metres.
    drawn, layers
        Compounds, grids and micro-grids, (n,) polygons each: before and after.
    atoms
        Buildings, or whatever else no boundary may cut.
    tolerance
        In metres.
    refusals
        What is refused already, and left out of the promises.

    Raises
    ------
    Unsound
        Where a layer is no valid coverage of what it should cover, through more than a few polygons.
    """
    found = list(refusals)
    for n, polygons in enumerate(layers):
        found += _loose(n, polygons, frame, refused(found, n, len(polygons)))
    for n, polygons in enumerate(layers):
        found += _cutting(n, drawn[n], polygons, atoms, refused(found, n, len(polygons)))
    # who claims a piece with another holds it besides: that is no division of what lies there
    claims = [refusal for refusal in found if refusal.reason == "wide_overlap"]
    exempt = [refused(found, 0, len(layers[0])), refused(claims, 1, len(layers[1]))]
    found += _not_nested(layers, [*exempt, refused(found, 2, len(layers[2]))])
    free = [~refused(found, n, len(layer)) for n, layer in enumerate(layers)]
    for k, stretch, away in unlevelled(layers[0], layers[1][free[1]], frame, tolerance):
        if free[0][k]:
            found.append(Refusal(0, k, "repaired", "not_levelled", away, shapely.buffer(stretch, COINCIDE_M)))
    return found[len(refusals) :]


def fits(frame: shapely.Geometry, layers: Layers) -> bool:
    """Return whether each layer is a valid coverage, noded with the others.

    Parameters
    ----------
    frame
        The community, which grids and micro-grids are to cover; in metres.
    layers
        Compounds, grids and micro-grids, (n,) polygons each.
    """
    for n, polygons in enumerate(layers):
        valid = is_partition(polygons, frame) if n else shapely.coverage_is_valid(polygons)
        if len(polygons) and not valid:
            return False
    return _shares_vertices(layers)


def _shares_vertices(layers: Layers) -> bool:
    """Return whether a vertex of one layer that lies on another's outline is a vertex there too."""
    for one in layers:
        for other in layers:
            if one is other or not len(one) or not len(other):
                continue
            z = np.setdiff1d(
                complex_of(shapely.get_coordinates(one)), complex_of(shapely.get_coordinates(other))
            )
            loose = shapely.points(z.view(np.float64).reshape(-1, 2))
            outlines = shapely.STRtree(shapely.boundary(other))
            if len(outlines.query(loose, predicate="dwithin", distance=ROUNDING_M)[0]):
                return False
    return True


def _loose(
    n: int, polygons: NDArray[np.object_], frame: shapely.Geometry, exempt: NDArray[np.bool_]
) -> list[Refusal]:
    """Refuse what does not fit its neighbours: it overlaps one, misses its vertices, or leaves a gap."""
    if not len(polygons):
        return []
    covers = n > 0
    if shapely.coverage_is_valid(polygons) and not (
        covers and abs(shapely.area(polygons).sum() - shapely.area(frame)) > ROUNDING_M2
    ):
        return []
    invalid = ~shapely.is_valid(polygons) & ~exempt
    if invalid.any():
        raise Unsound(f"{invalid.sum()} polygons are invalid.")
    places: dict[int, shapely.Geometry] = {}
    a, b = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = (a < b) & ~(exempt[a] & exempt[b])
    a, b = a[once], b[once]
    common = shapely.intersection(polygons[a], polygons[b])
    for k in np.flatnonzero(shapely.area(common) > ROUNDING_M2).tolist():
        places |= {int(a[k]): common[k], int(b[k]): common[k]}
    free = np.flatnonzero(~exempt)
    free = free[~np.isin(free, list(places))]
    edges = shapely.coverage_invalid_edges(polygons[free])
    rough = ~(shapely.is_empty(edges) | shapely.is_missing(edges))
    places |= dict(zip(free[rough].tolist(), edges[rough], strict=True))
    if covers:
        rest = shapely.get_parts(shapely.difference(frame, shapely.union_all(polygons)))
        rest = rest[shapely.area(rest) > ROUNDING_M2]
        if exempt.any():
            rest = rest[~shapely.dwithin(rest, shapely.union_all(polygons[exempt]), REFUSED_M)]
        gap, beside = shapely.STRtree(polygons).query(rest, predicate="dwithin", distance=REFUSED_M)
        alone = len(rest) - len(np.unique(gap))
        if alone:
            raise Unsound(f"{alone} gaps lie beside no polygon that could be refused for them.")
        places |= {k: rest[g] for g, k in zip(gap.tolist(), beside.tolist(), strict=True)}
    new = [k for k in sorted(places) if not exempt[k]]
    if len(new) > max(FEW, FEW_SHARE * len(polygons)):
        raise Unsound(f"{len(new)} of {len(polygons)} polygons do not fit their neighbours.")
    return [Refusal(n, k, "repaired", "coverage", np.nan, places[k]) for k in new]


def _cutting(
    n: int,
    drawn: NDArray[np.object_],
    polygons: NDArray[np.object_],
    atoms: NDArray[np.object_],
    exempt: NDArray[np.bool_],
) -> list[Refusal]:
    """Refuse what cuts an atom that its layer did not cut before."""
    p, a = _cuts(polygons, atoms)
    new = ~exempt[p] & ~np.isin(a, _cuts(drawn, atoms)[1])
    return [
        Refusal(n, k, "repaired", "atom", _half_width(atoms[atom]), atoms[atom])
        for k, atom in zip(p[new].tolist(), a[new].tolist(), strict=True)
    ]


def _cuts(
    polygons: NDArray[np.object_], atoms: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of a polygon and an atom that its outline divides."""
    p, a = shapely.STRtree(atoms).query(shapely.boundary(polygons), predicate="intersects")
    share = shapely.area(shapely.intersection(polygons[p], atoms[a])) / shapely.area(atoms[a])
    divided = (share > CUT) & (share < 1 - CUT)
    return p[divided], a[divided]


def _half_width(atom: shapely.Geometry) -> float:
    return float(shapely.length(shapely.maximum_inscribed_circle(atom, 0.1)))


def _not_nested(layers: Layers, exempt: Sequence[NDArray[np.bool_]]) -> list[Refusal]:
    """Refuse compounds that a grid cuts which meets another, and micro-grids that meet several grids."""
    compounds, grids, micro_grids = layers
    g, c = shapely.STRtree(compounds).query(grids, predicate="intersects")
    own = ~exempt[0][c]
    g, c = g[own], c[own]
    common = compounds[c]
    shapely.prepare(grids)
    part = ~shapely.covers(grids[g], compounds[c])
    common[part] = shapely.intersection(compounds[c[part]], grids[g[part]])
    area = shapely.area(common)
    meets = area > MEET_M2
    c, g, common, area = c[meets], g[meets], common[meets], area[meets]
    cut = shapely.area(compounds[c]) - area >= MEET_M2
    several = np.bincount(g, minlength=len(grids)) > 1
    found = []
    broken = cut & several[g] & ~exempt[1][g]
    for k in np.unique(c[broken]).tolist():
        # its smaller parts would have to go
        depth = float(np.sqrt(np.sort(area[c == k])[:-1].max(initial=0.0)))
        place = shapely.union_all(common[broken & (c == k)])
        found.append(Refusal(0, k, "repaired", "not_nested", depth, place))
    g, m = shapely.STRtree(micro_grids).query(grids, predicate="intersects")
    part = ~shapely.covers(grids[g], micro_grids[m])
    area = shapely.area(micro_grids[m])
    area[part] = shapely.area(shapely.intersection(micro_grids[m[part]], grids[g[part]]))
    m, area = m[area > MEET_M2], area[area > MEET_M2]
    astride = (np.bincount(m, minlength=len(micro_grids)) > 1) & ~exempt[2]
    for k in np.flatnonzero(astride).tolist():
        second = float(np.sqrt(np.sort(area[m == k])[-2]))
        found.append(Refusal(2, k, "repaired", "not_nested", second, micro_grids[k]))
    return found


def unlevelled(
    compounds: NDArray[np.object_], grids: NDArray[np.object_], frame: shapely.Geometry, tolerance: float
) -> list[tuple[int, shapely.Geometry, float]]:
    """Return where compounds' outlines run beside a grid edge without coinciding with it.

    An edge on the frame may stay, and so may one in open land within the tolerance of two compounds.

    Returns
    -------
    list
        Position of the compound, the stretch of its outline, and its largest distance from the edge.
    """
    if not len(grids) or not len(compounds):
        return []
    edges = edges_within(grids, frame)
    found = []
    for k in _suspects(compounds, edges, tolerance).tolist():
        around = shapely.buffer(compounds[k], 2 * tolerance, quad_segs=2)
        lines = edges[shapely.dwithin(edges, compounds[k], tolerance)]
        lines = shapely.intersection(shapely.union_all(lines), around)
        wall = shapely.difference(
            shapely.boundary(compounds[k]), shapely.buffer(lines, COINCIDE_M, quad_segs=1)
        )
        others = np.delete(compounds, k)
        others = others[shapely.dwithin(others, compounds[k], 2 * tolerance)]
        if len(others):
            built = shapely.buffer(shapely.union_all([*others, compounds[k]]), COINCIDE_M, quad_segs=1)
            road = shapely.difference(
                shapely.buffer(shapely.union_all(others), tolerance, quad_segs=8), built
            )
            lines = shapely.difference(lines, road)
        beside = shapely.intersection(wall, shapely.buffer(lines, tolerance, quad_segs=2))
        parts = shapely.get_parts(beside)
        parts = shapely.get_parts(shapely.line_merge(shapely.union_all(parts[shapely.length(parts) > 0])))
        long = parts[shapely.length(parts) > CROSSING * tolerance]
        if len(long):
            stretch = shapely.union_all(long)
            points = shapely.points(shapely.get_coordinates(stretch))
            found.append((k, stretch, float(shapely.distance(points, lines).max())))
    return found


def _suspects(
    compounds: NDArray[np.object_], edges: NDArray[np.object_], tolerance: float
) -> NDArray[np.int64]:
    """Return compounds of which more than a crossing may lie beside edges, judged by points on both."""
    step = tolerance / 4
    reach = float(np.hypot(tolerance, step / 2))
    points = shapely.points(shapely.get_coordinates(shapely.segmentize(edges, step)))
    walls = shapely.boundary(compounds)
    p, c = shapely.STRtree(compounds).query(points, predicate="dwithin", distance=tolerance)
    on_wall = np.zeros(len(points), dtype=bool)
    on_wall[
        shapely.STRtree(segments_of(walls)[0]).query(points, predicate="dwithin", distance=COINCIDE_M)[0]
    ] = True
    counts = (np.bincount(p, minlength=len(points)) == 1)[p] | on_wall[p]
    p, c = p[counts], c[counts]
    parts, compound = shapely.get_parts(compounds, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(shapely.segmentize(rings, step), return_index=True)
    owner = compound[part[ring]]
    wall = shapely.points(xy)
    w, q = shapely.STRtree(points[p]).query(wall, predicate="dwithin", distance=reach)
    beside = np.zeros(len(wall), dtype=bool)
    beside[w[owner[w] == c[q]]] = True
    beside[
        shapely.STRtree(segments_of(edges)[0]).query(wall, predicate="dwithin", distance=COINCIDE_M)[0]
    ] = False
    same_ring = ring[1:] == ring[:-1]
    joined = same_ring & beside[1:] & beside[:-1]
    run = np.cumsum(np.append(False, ~joined[1:] | ~same_ring[:-1]))
    length = np.bincount(run, np.hypot(*np.diff(xy, axis=0).T) * joined)
    # a run over the start of a ring is one
    first = np.flatnonzero(np.append(True, ~same_ring))
    last = np.append(first[1:] - 2, len(run) - 1)
    whole = length.copy()
    whole[run[first]] += length[run[last]]
    return np.unique(owner[1:][whole[run] + 2 * step > CROSSING * tolerance])


def _near(points: NDArray[np.object_], lines: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return which points coincide with a line."""
    tree = shapely.STRtree(segments_of(lines)[0])
    return np.unique(tree.query(points, predicate="dwithin", distance=COINCIDE_M)[0])
