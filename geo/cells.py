"""Buildings and entrances to seamless cells: along roads, walls and water, else halfway between buildings.

All lines of a community are noded once and its faces labelled, so the cells are a coverage by construction.
A block is a face between walls, roads and shores. In a block with buildings each point goes to the nearest
of them; open land goes to the nearest of its own buildings or of the cells along its edge, so a street is
parted along its middle. A footprint belongs to its own cell, whatever runs through it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Voronoi, cKDTree

from geo.errors import GeoError
from geo.faces import (
    NODING_M,
    Borders,
    Edges,
    borders,
    complex_of,
    components,
    edges_of,
    join,
    polygonal,
    with_nodes,
)
from geo.layers import ROUNDING_M2, groups_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Positions = NDArray[np.int64]
    Floats = NDArray[np.float64]

SEED_STEP_M = 2.5
"""How densely outlines are sown for the halfway lines."""
STRAIGHT_M, LEAST_STEP_M = 0.15, 0.3
"""How far a halfway line may swerve: two rows of seeds, `w` apart, make it swerve by step² / 8w."""
NEAR = 8
"""Among so many of the nearest seeds another group's is looked for."""
INSET_M = 0.2
"""How far inside the footprint seeds stand, so that attached buildings have seeds of their own."""
SMOOTH_M = 0.6
"""How far a halfway line may be straightened."""
TOGETHER_SHARE = 1e-3
"""Footprints that overlap by more of the smaller one are one cell: any line between them cuts one."""
LAND_M2, LAND_WIDTH_M = 10_000.0, 25.0
"""Land without a building that is larger, and wider on average, is a cell of its own: a park, a lake."""
GRAZE_M = 0.05
"""A line that runs this close to the community's boundary is the boundary."""
ON_EDGE_M = 1e-4
"""A node this close to a community's boundary lies on it."""
SAME_NODE_M = 2 * ON_EDGE_M
"""Nodes on a boundary that lie so close are one, computed on both sides."""
NONE = -1
_ROUNDS = 20


class Land(NamedTuple):
    """One community.

    Attributes
    ----------
    frame
        Its boundary.
    compounds
        (c,) polygons; where they overlap the first one counts.
    lines
        (l,) roads, walls and shores, as lines or polygons.
    footprints
        (n,) atoms.
    """

    frame: shapely.Geometry
    compounds: Geometries
    lines: Geometries
    footprints: Geometries


class Cells(NamedTuple):
    """A seamless partition.

    Attributes
    ----------
    polygon
        (m,) cells.
    of_atom
        (n,) the cell of each atom; atoms that overlap share one, others don't; -1 for those outside.
    compound
        (m,) position of the compound, -1 in open land.
    block
        (m,) number of the block between roads, walls and shores.
    one, other, border_m
        Pairs of cells that share a border, and its length.
    """

    polygon: Geometries
    of_atom: Positions
    compound: Positions
    block: Positions
    one: Positions
    other: Positions
    border_m: Floats


class _Blocks(NamedTuple):
    """Faces between fixed lines, where each atom group stands, and the seeds of each face."""

    face: Geometries
    compound: Positions
    home: Positions
    seeds: list[tuple[Floats, Positions]]


def cells_of(land: Land) -> Cells:
    """Return the cells of a community.

    Raises
    ------
    GeoError
        If the boundary of the community is empty or invalid.
    """
    frame = land.frame
    if frame is None or shapely.is_empty(frame) or not shapely.is_valid(frame):
        raise GeoError("The community's boundary is empty or invalid; repair it first.")
    group, footprint = _together(land.footprints, frame)
    blocks = _blocks_of(land, footprint)
    outlines = shapely.boundary(footprint)
    lines = [shapely.boundary(blocks.face), outlines[~shapely.is_empty(outlines)], _halfway(blocks)]
    noded = shapely.union_all(np.concatenate(lines), grid_size=NODING_M)
    face = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    middle = shapely.point_on_surface(face)
    face = face[shapely.intersects(middle, frame)]
    middle = middle[shapely.intersects(middle, frame)]
    label, home = _labels(middle, footprint, blocks)
    label = _connected(face, label, home, len(footprint), blocks, footprint)
    polygon, of = join(face, label)
    order = np.lexsort((-shapely.area(polygon), of))
    polygon, of = polygon[order], of[order]
    cell_of_group = np.full(len(footprint), NONE)
    own = (of < len(footprint)) & np.append(True, np.diff(of) != 0)  # what lies apart is nobody's land
    cell_of_group[of[own]] = np.flatnonzero(own)
    built = of < len(footprint)
    block = np.where(built, np.append(blocks.home, NONE)[np.minimum(of, len(footprint))], of - len(footprint))
    beside = _beside(polygon)
    of_atom = np.where(group >= 0, np.append(cell_of_group, NONE)[group], NONE)
    return Cells(polygon, of_atom, blocks.compound[block], block, *beside)


# --- blocks ---


def _together(footprints: Geometries, frame: shapely.Geometry) -> tuple[Positions, Geometries]:
    """Return the group of each atom, -1 outside the frame, and the ground of each group."""
    count = len(footprints)
    inside = footprints.copy()
    inside[~shapely.is_valid(inside)] = shapely.make_valid(inside[~shapely.is_valid(inside)])
    shapely.prepare(frame)
    part = ~shapely.covers(frame, inside)
    inside[part] = shapely.intersection(inside[part], frame)
    inside = polygonal(inside) if count else inside
    there = shapely.area(inside) > 0
    i, j = shapely.STRtree(inside).query(inside, predicate="intersects")
    i, j = i[i < j], j[i < j]
    common = shapely.area(shapely.intersection(inside[i], inside[j]))
    joined = common > TOGETHER_SHARE * np.minimum(shapely.area(inside[i]), shapely.area(inside[j]))
    graph = coo_array((np.ones(joined.sum()), (i[joined], j[joined])), shape=(count, count))
    number = connected_components(graph, directed=False)[1] if count else np.zeros(0, dtype=np.int64)
    group = np.full(count, NONE)
    _, group[there] = np.unique(number[there], return_inverse=True)
    members = groups_of(group[there])
    ground = np.empty(len(members), dtype=object)
    kept = inside[there]
    for n, some in enumerate(members):
        ground[n] = kept[some[0]] if len(some) == 1 else shapely.union_all(kept[some])
    return group, ground


def _blocks_of(land: Land, footprint: Geometries) -> _Blocks:
    frame = land.frame
    lines = np.asarray(land.lines, dtype=object)
    flat = shapely.get_dimensions(lines) == 2  # noqa: PLR2004  (polygons)
    lines = np.where(flat, shapely.boundary(lines), lines) if len(lines) else lines
    lines = shapely.intersection(lines, frame)
    walls = shapely.intersection(shapely.boundary(land.compounds), frame)
    every = np.concatenate([walls, lines])
    parts = _off_rim(_pieces(every), shapely.boundary(frame))
    noded = shapely.union_all([*parts, shapely.boundary(frame)], grid_size=NODING_M)
    face = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    middle = shapely.point_on_surface(face)
    inside = shapely.intersects(middle, frame)
    face, middle = face[inside], middle[inside]
    compound = np.full(len(face), NONE)
    c, f = shapely.STRtree(middle).query(land.compounds, predicate="intersects")
    compound[f[::-1]] = c[::-1]  # the first stands
    home = _homes(footprint, face)
    return _Blocks(face, compound, home, _seeds(footprint, face, compound, home))


def _pieces(geometries: Geometries) -> Geometries:
    """Return the lines among the parts of geometries."""
    parts = shapely.get_parts(shapely.get_parts(geometries))
    return np.asarray(parts[shapely.get_dimensions(parts) == 1], dtype=object)


def _off_rim(lines: Geometries, rim: shapely.Geometry) -> Geometries:
    """Replace what runs along the boundary by it: a border that was drawn twice leaves threads between."""
    strip = shapely.buffer(rim, GRAZE_M, cap_style="flat")
    shapely.prepare(strip)
    near = shapely.intersects(strip, lines)
    beside = _pieces(shapely.intersection(lines[near], strip))
    beside = beside[shapely.length(beside) > 10 * GRAZE_M]
    if not len(beside):
        return lines
    away = _pieces(shapely.difference(lines[near], shapely.buffer(shapely.union_all(beside), GRAZE_M / 10)))
    ends = np.concatenate([shapely.get_point(away, 0), shapely.get_point(away, -1)])
    ends = ends[shapely.dwithin(ends, rim, 2 * GRAZE_M)]
    start = shapely.get_coordinates(ends)
    foot = shapely.get_coordinates(shapely.line_interpolate_point(rim, shapely.line_locate_point(rim, ends)))
    bridge = shapely.linestrings(np.stack([start, foot + (foot - start) / 100], axis=1))
    return np.concatenate([lines[~near], away, bridge])


def _homes(footprint: Geometries, face: Geometries) -> Positions:
    """Return the face that holds most of each footprint."""
    home = np.zeros(len(footprint), dtype=np.int64)
    tree = shapely.STRtree(face)
    i, j = tree.query(footprint, predicate="intersects")
    several = np.bincount(i, minlength=len(footprint))[i] > 1
    area = np.ones(len(i))
    area[several] = shapely.area(shapely.intersection(footprint[i[several]], face[j[several]]))
    order = np.lexsort((-j, area))
    home[i[order]] = j[order]
    return home


def _seeds(
    footprint: Geometries, face: Geometries, compound: Positions, home: Positions
) -> list[tuple[Floats, Positions]]:
    """Return the seeds of each face, as points and the groups that they stand for."""
    inner = shapely.buffer(footprint, -INSET_M, join_style="mitre")
    thin = shapely.is_empty(inner)
    inner[thin] = shapely.point_on_surface(footprint[thin])
    xy, owner = shapely.get_coordinates(shapely.segmentize(inner, SEED_STEP_M), return_index=True)
    order = np.argsort(home[owner], kind="stable")
    start = np.searchsorted(home[owner][order], np.arange(len(face) + 1))
    own = [(xy[order[a:b]], owner[order[a:b]]) for a, b in pairwise(start.tolist())]
    lived = np.array([len(points) > 0 for points, _ in own], dtype=bool)
    area, width = shapely.area(face), 2 * shapely.area(face) / np.maximum(shapely.length(face), 1e-9)
    park = ~lived & (area >= LAND_M2) & (width >= LAND_WIDTH_M)
    edges = edges_of(face)
    key = edges.keys()
    order = np.argsort(key, kind="stable")
    twin = np.flatnonzero(key[order][1:] == key[order][:-1])
    a, b = np.concatenate([order[twin], order[twin + 1]]), np.concatenate([order[twin + 1], order[twin]])
    mine, beside = edges.polygon[a], edges.polygon[b]
    built_up = compound[beside] >= 0
    # land without buildings goes to its own compound, else to compounds, else to whatever it lies beside
    rank = np.where(built_up & (compound[beside] == compound[mine]), 1, np.where(built_up, 2, 3))
    useful = lived[beside] & ~park[mine] & np.where(lived[mine], (compound[mine] == NONE) & built_up, True)
    best = np.full(len(face), 4)
    np.minimum.at(best, mine[useful], rank[useful])
    useful &= rank == best[mine]
    a, mine, beside = a[useful], mine[useful], beside[useful]
    step = np.full(len(a), SEED_STEP_M)
    at, points, owners = _sown(edges, a, step, beside, own)
    np.minimum.at(step, at, np.sqrt(8 * STRAIGHT_M * _gaps(points, owners, mine[at])))
    at, points, owners = _sown(edges, a, np.maximum(step, LEAST_STEP_M), beside, own)
    result = list(own)
    for here, some in zip(np.unique(mine[at]).tolist(), groups_of(mine[at]), strict=True):
        xy = np.concatenate([own[here][0], points[some]])
        owner = np.concatenate([own[here][1], owners[some]])
        _, first = np.unique(np.round(complex_of(xy), 3), return_index=True)
        result[here] = (xy[first], owner[first])
    return result


def _sown(
    edges: Edges, which: Positions, step: Floats, beside: Positions, seeds: list[tuple[Floats, Positions]]
) -> tuple[Positions, Floats, Positions]:
    """Return points along edges, a step apart: each one's edge, its place, the nearest group beyond."""
    start, end = edges.vertex[edges.start[which]], edges.vertex[edges.end[which]]
    count = np.maximum(1, np.ceil(np.abs(end - start) / step)).astype(np.int64)
    at = np.repeat(np.arange(len(which)), count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    z = start[at] + (end - start)[at] * (nth + 0.5) / count[at]
    points = np.stack([z.real, z.imag], axis=1)
    owner = np.full(len(at), NONE)
    for there, some in zip(np.unique(beside[at]).tolist(), groups_of(beside[at]), strict=True):
        xy, group = seeds[there]
        owner[some] = group[cKDTree(xy).query(points[some])[1]]
    return at, points, owner


def _gaps(points: Floats, owner: Positions, face: Positions) -> Floats:
    """Return how far from each point another group's nearest point is in its face; inf where none is near."""
    gap = np.full(len(points), np.inf)
    for some in groups_of(face):
        near, which = cKDTree(points[some]).query(points[some], k=min(NEAR, len(some)))
        other = owner[some][which] != owner[some][:, None] if len(some) > 1 else np.zeros(1, dtype=bool)
        gap[some] = np.where(other, near, np.inf).min(axis=-1)
    return gap


def _halfway(blocks: _Blocks) -> Geometries:
    """Return the lines halfway between seeds of different groups, in each block."""
    found = [np.array([], dtype=object)]
    for face, (points, owner) in zip(blocks.face, blocks.seeds, strict=True):
        if not len(owner) or (owner == owner[0]).all():
            continue
        found.append(_pieces(np.atleast_1d(shapely.intersection(_ridges(points, owner), face))))
    return np.concatenate(found)


def _ridges(points: Floats, owner: Positions) -> shapely.Geometry:
    low, high = points.min(axis=0), points.max(axis=0)
    middle, reach = (low + high) / 2, 4 * max(float((high - low).max()), 100.0)
    far = reach * np.array([[-1, 0], [1, 0], [0, -1], [0, 1], [-1, -1], [1, 1], [-1, 1], [1, -1]])
    diagram = Voronoi(np.concatenate([points - middle, far]))
    marks = np.append(owner, np.full(len(far), NONE))[diagram.ridge_points]
    ends = np.array(diagram.ridge_vertices)
    between = (marks[:, 0] != marks[:, 1]) & (marks >= 0).all(axis=1) & (ends >= 0).all(axis=1)
    segments = shapely.linestrings(diagram.vertices[ends[between]] + middle)
    chains = shapely.line_merge(shapely.multilinestrings(segments))
    return shapely.simplify(chains, SMOOTH_M)


# --- labels ---


def _labels(middle: Geometries, footprint: Geometries, blocks: _Blocks) -> tuple[Positions, Positions]:
    """Return whose each face is, by a point inside, and its block.

    Groups are numbered as they are; land of nobody is numbered by its block, after the groups.
    """
    home = np.full(len(middle), 0)
    b, f = shapely.STRtree(middle).query(blocks.face, predicate="intersects")
    home[f] = b
    label = len(footprint) + home
    xy = shapely.get_coordinates(middle)
    for block, members in zip(np.unique(home).tolist(), groups_of(home), strict=True):
        points, owner = blocks.seeds[block]
        if len(owner):
            label[members] = owner[cKDTree(points).query(xy[members])[1]]
    g, f = shapely.STRtree(middle).query(footprint, predicate="intersects")
    label[f] = g
    return label, home


def _connected(
    face: Geometries,
    label: Positions,
    home: Positions,
    groups: int,
    blocks: _Blocks,
    footprint: Geometries,
) -> Positions:
    """Give what lies apart from its own building, and land too small for a cell, to a neighbour."""
    label = label.copy()
    edges = edges_of(face)
    beside = borders(edges)
    both = Borders(
        np.concatenate([beside.one, beside.other]),
        np.concatenate([beside.other, beside.one]),
        np.concatenate([beside.length] * 2),
    )
    area = shapely.area(face)
    width = 2 * shapely.area(blocks.face) / np.maximum(shapely.length(blocks.face), 1e-9)
    park = (shapely.area(blocks.face) >= LAND_M2) & (width >= LAND_WIDTH_M)
    ground = np.zeros(len(face))
    own = np.flatnonzero(label < groups)
    middle = shapely.point_on_surface(face[own])
    held = shapely.intersects(footprint[label[own]], middle)
    ground[own[held]] = area[own[held]]
    for _ in range(_ROUNDS):
        part = components(len(face), both, label)
        size = np.bincount(part, weights=area)
        weight = np.bincount(part, weights=ground) * 1e6 + size
        of_part = np.zeros(len(size), dtype=np.int64)
        of_part[part] = label
        order = np.lexsort((weight, of_part))
        last = np.append(np.diff(of_part[order]) != 0, True)
        main = np.zeros(len(size), dtype=bool)
        main[order[last]] = True
        land = of_part >= groups
        keep = main & (~land | park[np.maximum(of_part - groups, 0)])
        loose = ~keep[part]
        across = loose[both.one] & (part[both.one] != part[both.other]) & keep[part[both.other]]
        if not across.any():
            break
        source, target = part[both.one[across]], label[both.other[across]]
        same = blocks.compound[home[both.one[across]]] == blocks.compound[home[both.other[across]]]
        pair, row = np.unique(np.stack([source, target], axis=1), axis=0, return_inverse=True)
        length = np.bincount(row.ravel(), weights=both.length[across] * np.where(same, 10.0, 1.0))
        best = np.lexsort((-pair[:, 1], length))
        to = np.full(len(size), NONE)
        to[pair[best, 0]] = pair[best, 1]
        label = np.where(to[part] >= 0, to[part], label)
    return label


def _beside(polygon: Geometries) -> tuple[Positions, Positions, Floats]:
    """Return each pair of neighbours once, with the length of their common border."""
    beside = borders(edges_of(polygon))
    low, high = np.minimum(beside.one, beside.other), np.maximum(beside.one, beside.other)
    key, row = np.unique(low * len(polygon) + high, return_inverse=True)
    length = np.bincount(row, weights=beside.length, minlength=len(key)).astype(float)
    return key // len(polygon), key % len(polygon), length


# --- several communities ---


def noded_across(frames: Geometries, polygons: Sequence[Geometries]) -> list[Geometries]:
    """Give cells along the border of two communities the nodes of the other side.

    Parameters
    ----------
    frames
        (k,) communities.
    polygons
        For each community its polygons.
    """
    everything = np.concatenate(list(polygons))
    home = np.repeat(np.arange(len(frames)), [len(some) for some in polygons])
    rim = shapely.boundary(frames)
    outer = np.unique(shapely.STRtree(rim).query(everything, predicate="dwithin", distance=ON_EDGE_M)[0])
    shape = _joined_nodes(everything[outer], rim)
    edges = edges_of(shape)
    key = edges.keys()
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    edge = first[count == 1]  # an edge that no neighbour shares may want nodes
    on_rim = np.isin(edges.vertex, _near(edges.vertex, rim))
    edge = edge[on_rim[edges.start[edge]] & on_rim[edges.end[edge]]]
    a, b = edges.vertex[edges.start[edge]], edges.vertex[edges.end[edge]]
    lines = shapely.linestrings(np.stack([a, b], axis=1).view(np.float64).reshape(-1, 2, 2))
    node = np.unique(np.concatenate([a, b]))
    points = shapely.points(node.view(np.float64).reshape(-1, 2))
    p, e = shapely.STRtree(lines).query(points, predicate="dwithin", distance=ON_EDGE_M)
    inner = (node[p] != a[e]) & (node[p] != b[e])
    p, e = p[inner], e[inner]
    shape = with_nodes(shape, np.stack([a[e], b[e], node[p]], axis=1))
    everything[outer] = _unpinched(shape)
    return [everything[home == k] for k in range(len(frames))]


def _unpinched(polygons: Geometries) -> Geometries:
    """Make valid what touches itself in a node that was two; threads that this cuts off are nothing."""
    result = polygons.copy()
    for n in np.flatnonzero(~shapely.is_valid(polygons)).tolist():
        parts = shapely.get_parts(shapely.make_valid(polygons[n], method="structure"))
        solid = parts[shapely.area(parts) > ROUNDING_M2]
        result[n] = solid[0] if len(solid) == 1 else shapely.multipolygons(solid)
    return result


def _near(vertex: NDArray[np.complex128], rim: Geometries) -> NDArray[np.complex128]:
    """Return the vertices that lie on a border."""
    points = shapely.points(vertex.view(np.float64).reshape(-1, 2))
    near = shapely.STRtree(points).query(rim, predicate="dwithin", distance=ON_EDGE_M)[1]
    return np.asarray(vertex[np.unique(near)], dtype=np.complex128)


def _joined_nodes(polygons: Geometries, rim: Geometries) -> Geometries:
    """Make one of nodes on a border that both sides computed and that differ by rounding."""
    vertex = _near(np.unique(complex_of(shapely.get_coordinates(polygons))), rim)
    pairs = cKDTree(vertex.view(np.float64).reshape(-1, 2)).query_pairs(SAME_NODE_M, output_type="ndarray")
    if not len(pairs):
        return polygons
    graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(vertex), len(vertex)))
    cluster = connected_components(graph, directed=False)[1]
    _, one = np.unique(cluster, return_index=True)
    moved = vertex[one[cluster]]

    def snapped(xy: Floats) -> Floats:
        z = complex_of(xy)
        at = np.minimum(np.searchsorted(vertex, z), len(vertex) - 1)
        z = np.where(vertex[at] == z, moved[at], z)
        return z.view(np.float64).reshape(-1, 2)

    return np.asarray(shapely.remove_repeated_points(shapely.transform(polygons, snapped)))
