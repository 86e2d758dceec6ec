"""From the skeleton to communities: superblocks, their division, and the tree of areas above them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from data.demo.cutting import Ring, area, axis_of, cut_share, longest_extent
from data.demo.figures import CENTRE
from data.demo.network import HALF_WIDTH, Skeleton, Street
from data.demo.noding import node, shared_edges

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SMALLEST_FACE_M2 = 45_000.0
TOWNS = (
    *(
        (-11_300, 3_500),
        (-10_300, -5_100),
        (-5_600, -9_900),
        (1_600, -10_900),
        (7_500, -9_400),
        (11_900, -5_600),
    ),
    *(
        (12_000, 2_400),
        (10_100, 8_500),
        (3_000, 11_000),
        (-5_100, 10_700),
        (-10_700, 8_300),
        (-13_400, -1_400),
    ),
)
"""Market towns in the country, in metres east and north of the middle."""
TOWN_REACH_M = 1_350.0
COUNTY_SEEDS = (
    ("云中区", -600, 600), ("临江区", -200, -3_900), ("钢城区", 5_600, 900), ("翠湖区", 6_600, 6_600),
    ("文华区", 400, 4_800), ("西桥区", -5_600, 3_000), ("南浦区", -5_300, -4_700), ("东山区", 5_600, -3_900),
    ("青云县", -8_300, 8_600), ("沙河县", 1_500, -10_300),
)  # fmt: skip


class Programme(NamedTuple):
    """What a lot is to be: its use, its share of land, and for housing the kind and the households wanted."""

    use: str
    area_m2: float
    kind: int
    households: int


@dataclass
class Community:
    """A community before anything stands on it."""

    land: Ring
    water: list[Ring]
    centre: tuple[float, float]
    radius: float
    town: bool
    axis: float
    county: int = -1
    subdistrict: int = -1
    code: str = ""
    name: str = ""
    programme: list[Programme] = field(default_factory=list)
    tiled: bool = False


@dataclass
class Layout:
    """Every community of the city, the streets and water between them."""

    communities: list[Community]
    neighbours: NDArray[np.float64]
    streets: list[Street]
    skeleton: Skeleton


def lay_out(skeleton: Skeleton, rng: np.random.Generator) -> Layout:
    """Divide the city into communities and group them to subdistricts and counties."""
    faces, half_widths = _faces(skeleton)
    wet = _is_water(faces, skeleton)
    land: list[Ring] = []
    water: list[Ring] = []
    collectors: list[Street] = []
    for face, is_wet in zip(faces, wet, strict=True):
        ring = _ring(face, half_widths)
        if is_wet:
            water.append(ring)
            continue
        land += _divide(ring, collectors, rng)
    land, water = _noded(land, water)
    communities, neighbours = _communities(land, water)
    _group(communities, neighbours, skeleton, rng)
    streets = _between(skeleton.streets, faces[~wet])
    return Layout(communities, neighbours, [*streets, *collectors], skeleton)


def _between(streets: list[Street], blocks: NDArray[np.object_]) -> list[Street]:
    """Keep what runs between blocks or over water: no dead end and no street inside joined blocks."""
    lines = np.array([shapely.linestrings(street.points) for street in streets])
    inner = shapely.buffer(blocks, -2.0)
    street, block = shapely.STRtree(inner).query(lines, predicate="intersects")
    for n in np.unique(street):
        lines[n] = shapely.difference(lines[n], shapely.union_all(inner[block[street == n]]))
    parts, of = shapely.get_parts(lines, return_index=True)
    long_enough = shapely.length(parts) > 20
    return [
        streets[n]._replace(points=shapely.get_coordinates(part))
        for part, n in zip(parts[long_enough], of[long_enough].tolist(), strict=True)
    ]


def _community_m2(ring: Ring) -> float:
    """Return how much land a community takes where `ring` lies: little in the middle and near a town."""
    xy = np.array(ring)[:, :2] - np.array(CENTRE)
    radius = _radius(xy)
    if radius > 8_500:
        middle, reach = (xy.min(axis=0) + xy.max(axis=0)) / 2, np.ptp(xy, axis=0) / 2
        outside = np.maximum(np.abs(np.array(TOWNS) - middle) - reach, 0)
        if np.hypot(*outside.T).min() < TOWN_REACH_M / 3:
            return 720_000.0
    return float(
        np.interp(radius, [2_000, 4_500, 8_500, 10_500, 11_500], [2.6e5, 4.0e5, 7.0e5, 3.2e6, 1.1e7])
    )


def _radius(xy: NDArray[np.float64]) -> float:
    x, y = xy.mean(axis=0)
    return float(np.hypot(x, y * 1.1))


def _in_town(x: float, y: float) -> bool:
    return bool(min(np.hypot(x - a, y - b) for a, b in TOWNS) < TOWN_REACH_M)


def _faces(skeleton: Skeleton) -> tuple[NDArray[np.object_], dict[tuple[float, ...], float]]:
    """Return the superblocks without slivers, and half the street's width along each of their edges."""
    outline = shapely.Polygon(skeleton.outline)
    shore = np.array(skeleton.lake.exterior.coords)
    lines = [(street.points, HALF_WIDTH[street.road_class]) for street in skeleton.streets]
    lines += [(skeleton.river_line, 0.0), (shore, HALF_WIDTH["collector"]), (skeleton.outline, 4.0)]
    noded = shapely.union_all([*(shapely.LineString(points) for points, _ in lines[:-1]), outline.exterior])
    parts = shapely.get_parts(shapely.polygonize([noded]))
    parts = parts[shapely.contains(outline, shapely.point_on_surface(parts))]
    parts = shapely.transform(parts, lambda xy: np.round(xy, 3))
    parts = shapely.orient_polygons(_filled(parts))
    segments = [np.stack([p[:-1], p[1:]], axis=1) for p, _ in lines]
    width = np.repeat([w for _, w in lines], [len(s) for s in segments])
    tree = shapely.STRtree(shapely.linestrings(np.concatenate(segments)))

    def widths(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        nearest: NDArray[np.float64] = width[tree.nearest(shapely.points((a + b) / 2))]
        return nearest

    faces = _without_slivers(parts, skeleton, widths)
    a, b, _ = _edges(faces)
    keys = np.column_stack([a, b]).tolist()
    half_widths = {tuple(key): w for key, w in zip(keys, widths(a, b).tolist(), strict=True)}
    return faces, half_widths


def _edges(
    faces: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return starts and ends of all edges of polygons without holes, and their polygons' numbers."""
    xy, ring = shapely.get_coordinates(shapely.get_exterior_ring(faces), return_index=True)
    inside = ring[1:] == ring[:-1]
    return xy[:-1][inside], xy[1:][inside], ring[:-1][inside]


def _is_water(faces: NDArray[np.object_], skeleton: Skeleton) -> NDArray[np.bool_]:
    inner = shapely.point_on_surface(faces)
    result: NDArray[np.bool_] = shapely.contains(skeleton.corridor, inner) | shapely.contains(
        skeleton.lake, inner
    )
    return result


def _is_north(xy: NDArray[np.float64], skeleton: Skeleton) -> NDArray[np.bool_]:
    """Tell which points lie north of the river."""
    line = skeleton.river_line
    result: NDArray[np.bool_] = xy[:, 1] > np.interp(xy[:, 0], line[:, 0], line[:, 1])
    return result


def _filled(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Fill the polygons' holes and drop what lay in them."""
    whole = shapely.polygons(shapely.get_exterior_ring(polygons))
    outer, inner = shapely.STRtree(shapely.point_on_surface(polygons)).query(whole, predicate="contains")
    swallowed = inner[(outer != inner) & (shapely.get_num_interior_rings(polygons) > 0)[outer]]
    result: NDArray[np.object_] = shapely.orient_polygons(np.delete(whole, swallowed))
    return result


def _without_slivers(
    parts: NDArray[np.object_],
    skeleton: Skeleton,
    widths: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.object_]:
    """Join small or thin faces to the neighbour with the longest border of their sort, not over a ring."""
    label = np.arange(len(parts))
    wet = _is_water(parts, skeleton)
    inner = shapely.get_coordinates(shapely.point_on_surface(parts))
    north = _is_north(inner, skeleton)
    start, end, ring = _edges(parts)
    border = shared_edges(start, ring, widths(start, end) < HALF_WIDTH["ring"])
    size = shapely.area(parts)
    thin = 4 * np.pi * size / shapely.length(parts) ** 2
    near = shapely.distance(parts, shapely.Point(CENTRE)) < 9_500
    small = np.where(near, SMALLEST_FACE_M2, 6 * SMALLEST_FACE_M2)
    bad = (size < small) | ((thin < 0.42) & ~wet & (size < 5 * small))
    for i in np.argsort(size):
        if not bad[i]:
            continue
        mine = border[(border[:, 0] == i)]
        other = mine[:, 1].astype(int)
        good = (wet[other] == wet[i]) & (north[other] == north[i]) & (label[other] != label[i])
        if good.any():
            target = label[other[good][np.argmax(mine[good, 2])]]
            label[label == label[i]] = target
    faces = []
    for value in np.unique(label):
        face = max(shapely.get_parts(shapely.coverage_union_all(parts[label == value])), key=lambda p: p.area)
        faces.append(face)
    return _filled(np.array(faces))


def _ring(face: shapely.Polygon, half_widths: dict[tuple[float, ...], float]) -> Ring:
    xy = shapely.get_coordinates(face.exterior).tolist()
    return [(x, y, half_widths[x, y, x1, y1]) for (x, y), (x1, y1) in pairwise(xy)]


def _divide(ring: Ring, collectors: list[Street], rng: np.random.Generator) -> list[Ring]:
    """Cut a superblock along new collector roads until each part has the size of a community at its place."""
    wanted = _community_m2(ring) * rng.uniform(0.85, 1.2)
    size = area(ring)
    if size < 1.45 * wanted:
        return [ring]
    axis = axis_of(ring) + np.deg2rad(rng.normal(0, 1.5))
    along, across = longest_extent(ring, axis)
    turned = axis if along >= across else axis + np.pi / 2
    share = rng.uniform(0.44, 0.56) if size < 2.5 * wanted or size > 4 * wanted else rng.choice((0.35, 0.65))
    for angle in (turned, turned + np.pi / 2, turned + 0.3, turned - 0.3):
        done = cut_share(ring, angle, share, HALF_WIDTH["collector"])
        if done is not None:
            break
    else:
        return [ring]
    behind, ahead, ends = done
    collectors.append(Street("", "collector", bridge=False, points=np.array([end[:2] for end in ends])))
    return _divide(behind, collectors, rng) + _divide(ahead, collectors, rng)


def _noded(land: list[Ring], water: list[Ring]) -> tuple[list[Ring], list[Ring]]:
    """Give all rings the same nodes."""
    rings = [*land, *water]
    ring = np.repeat(np.arange(len(rings)), [len(r) for r in rings])
    xyw, ring = node(np.concatenate([np.array(r) for r in rings]), ring)
    split = np.split(xyw, np.flatnonzero(np.diff(ring)) + 1)
    noded = [[(x, y, w) for x, y, w in part.tolist()] for part in split]
    return noded[: len(land)], noded[len(land) :]


def _communities(land: list[Ring], water: list[Ring]) -> tuple[list[Community], NDArray[np.float64]]:
    """Give each piece of water to the community with the longest border; return also all borders."""
    rings = [*land, *water]
    ring = np.repeat(np.arange(len(rings)), [len(r) for r in rings])
    border = shared_edges(np.concatenate([np.array(r) for r in rings]), ring)
    owner = np.arange(len(rings))
    owner[len(land) :] = -1
    while (owner < 0).any():
        for i in np.flatnonzero(owner < 0):
            mine = border[border[:, 0] == i]
            known = owner[mine[:, 1].astype(int)] >= 0
            if known.any():
                owner[i] = -2 - owner[int(mine[known][np.argmax(mine[known, 2]), 1])]
        owner = np.where(owner < -1, -2 - owner, owner)
    communities = []
    for ring_of in land:
        xy = np.array(ring_of)[:, :2] - np.array(CENTRE)
        x, y = (float(value) for value in xy.mean(axis=0))
        place = (x + CENTRE[0], y + CENTRE[1])
        communities.append(Community(ring_of, [], place, _radius(xy), _in_town(x, y), axis_of(ring_of)))
    for ring_of, n in zip(water, owner[len(land) :].tolist(), strict=True):
        communities[n].water.append(ring_of)
    border[:, :2] = owner[border[:, :2].astype(int)]
    border = border[border[:, 0] != border[:, 1]]
    return communities, border


def _group(
    communities: list[Community], border: NDArray[np.float64], skeleton: Skeleton, rng: np.random.Generator
) -> None:
    """Set each community's county and subdistrict; both are connected."""
    centre = np.array([c.centre for c in communities])
    north = _is_north(centre, skeleton)
    i, j = border[:, 0].astype(int), border[:, 1].astype(int)
    long_enough = border[:, 2] > 15
    i, j = i[long_enough], j[long_enough]
    cost = np.hypot(*(centre[i] - centre[j]).T) * np.where(north[i] == north[j], 1.0, 25.0)
    graph = coo_array((cost, (i, j)), shape=(len(centre), len(centre))).tocsr()
    seeds = np.array([(x, y) for _, x, y in COUNTY_SEEDS]) + np.array(CENTRE)
    start = np.array([int(np.argmin(np.hypot(*(centre - seed).T))) for seed in seeds])
    county = np.searchsorted(np.sort(start), _nearest_source(graph, start))
    county = np.argsort(start)[county]
    for k in range(len(seeds)):
        members = np.flatnonzero(county == k)
        inner = graph[members][:, members]
        count = max(1, round(len(members) / 6.4))
        group = _clusters(centre[members], inner, count, rng)
        for member, number in zip(members.tolist(), group.tolist(), strict=True):
            communities[member].county = k
            communities[member].subdistrict = number


def _nearest_source(graph: coo_array, start: NDArray[np.int64]) -> NDArray[np.int64]:
    _, _, source = dijkstra(graph, directed=False, indices=start, return_predecessors=True, min_only=True)
    result: NDArray[np.int64] = source
    return result


def _clusters(
    centre: NDArray[np.float64], graph: coo_array, count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Group places into `count` connected clusters of like size (Lloyd's rounds on the graph)."""
    start = [int(rng.integers(len(centre)))]
    for _ in range(count - 1):
        away = np.min(np.hypot(*(centre[:, None] - centre[None, start]).transpose(2, 0, 1)), axis=1)
        start.append(int(np.argmax(away)))
    seeds = np.array(start)
    for _ in range(6):
        source = _nearest_source(graph, seeds)
        groups = [np.flatnonzero(source == s) for s in seeds]
        seeds = np.array(
            [g[np.argmin(np.hypot(*(centre[g] - centre[g].mean(axis=0)).T))] for g in groups if len(g)]
        )
    source = _nearest_source(graph, seeds)
    order = np.argsort(centre[seeds, 0])
    rank = {int(seeds[o]): n for n, o in enumerate(order)}
    return np.array([rank[int(s)] for s in source])
