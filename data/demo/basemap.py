"""Roads, water and greens of the part that is built, in metres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.demo.places import frame

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from data.demo.city import City
    from data.demo.plan import Layout

SMALLEST_WATER_M2 = 100.0
EDGE_M = 3.0
"""How far beyond the built part a street on its edge may run."""
PAVED = {"expressway": 38.0, "ring": 30.0, "arterial": 22.0, "rail": 12.0, "collector": 13.0, "local": 7.0}
"""Width of the carriageway in metres; pavements and verges come on top."""


def roads(city: City, layout: Layout, area: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return centre lines: main roads by county, collectors and local streets by community."""
    county = area[area["level"] == "county"]
    main, other = _by_name(layout), [s for s in layout.streets if not s.name]
    keys = list(main)
    lines = np.concatenate(list(main.values()))
    key = np.repeat(np.arange(len(keys)), [len(parts) for parts in main.values()])
    whole = shapely.buffer(shapely.union_all(county.geometry.to_numpy()), EDGE_M)
    lines = shapely.intersection(lines, whole)
    key, lines = key[shapely.length(lines) > 1], lines[shapely.length(lines) > 1]
    tree = shapely.STRtree(county.geometry.to_numpy())
    place = tree.nearest(shapely.line_interpolate_point(shapely.line_merge(lines), 0.5, normalized=True))
    groups, member = np.unique(np.stack([key, place], axis=1), axis=0, return_inverse=True)
    pieces = _joined(lines, member.ravel(), len(groups))
    names = [keys[k] for k in groups[:, 0]]
    codes = county["code"].to_numpy()[groups[:, 1]].tolist()
    community = area[area["level"] == "community"]
    small = [("collector", s.points) for s in other]
    small_lines = np.array([shapely.linestrings(points) for _, points in small])
    middle = shapely.line_interpolate_point(small_lines, 0.5, normalized=True)
    near, at = shapely.STRtree(community.geometry.to_numpy()).query(middle, predicate="dwithin", distance=0.5)
    near, first = np.unique(near, return_index=True)
    pool = city.roads
    small_name: list[str | None] = [pool[int(n) * 7 % len(pool)].rstrip("路") + "一路" for n in near]
    local = [(kind, line, c) for c, b in enumerate(city.built) for kind, line in b.streets]
    local_name = [
        pool[n * 13 % len(pool)].rstrip("路") + "支路" if n % 3 == 0 else None for n in range(len(local))
    ]
    classes = [n[1] for n in names] + ["collector"] * len(near) + [kind for kind, _, _ in local]
    shapes = np.concatenate([pieces, small_lines[near], _local_lines(local)])
    return frame(
        {
            "name": [n[0] for n in names] + small_name + local_name,
            "area_code": codes
            + community["code"].to_numpy()[at[first]].tolist()
            + [city.communities[c].code for _, _, c in local],
            "road_class": classes,
            "width_m": [PAVED[kind] for kind in classes],
        },
        shapes,
    )


def _local_lines(local: list[tuple[str, NDArray[np.float64], int]]) -> NDArray[np.object_]:
    return np.array([shapely.linestrings(line) for _, line, _ in local], dtype=object)


def _joined(lines: NDArray[np.object_], label: NDArray[np.int64], count: int) -> NDArray[np.object_]:
    """Join lines end to end by label."""
    parts, of = shapely.get_parts(lines, return_index=True)
    label = label[of]
    order = np.argsort(label, kind="stable")
    line = shapely.get_dimensions(parts[order]) == 1
    result = np.empty(count, dtype=object)
    shapely.multilinestrings(parts[order][line], indices=label[order][line], out=result)
    joined: NDArray[np.object_] = shapely.line_merge(result)
    return joined


def _chunks(points: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return a line in pieces of six points."""
    return [points[n : n + 6] for n in range(0, len(points) - 1, 5)]


def _by_name(layout: Layout) -> dict[tuple[str, str], list[shapely.LineString]]:
    """Return the pieces of each named road, without those that would stand in water."""
    named = [s._replace(points=part) for s in layout.streets if s.name for part in _chunks(s.points)]
    lines = np.array([shapely.linestrings(s.points) for s in named])
    dry = ~np.array([s.bridge for s in named])
    lake, river = layout.skeleton.lake, layout.skeleton.corridor
    quay = np.array([s.name in ("沿江大道", "滨江大道") for s in named])
    lines[dry & ~quay] = shapely.difference(lines[dry & ~quay], river)
    lines = shapely.difference(lines, lake)
    result: dict[tuple[str, str], list[shapely.LineString]] = {}
    for street, line in zip(named, lines, strict=True):
        if not line.is_empty:
            result.setdefault((street.name, street.road_class), []).extend(shapely.get_parts(line))
    shore = np.array(lake.exterior.coords)
    result["环湖路", "collector"] = [shapely.LineString(part) for part in _chunks(shore)]
    return result


def water(layout: Layout, area: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the river and the lake, by county."""
    county = area[area["level"] == "county"]
    shapes = county.geometry.to_numpy()
    both = [("云江", "river", layout.skeleton.river), ("翠湖", "lake", layout.skeleton.lake)]
    found = [
        (name, kind, code, piece)
        for name, kind, polygon in both
        for code, piece in zip(county["code"], shapely.intersection(shapes, polygon), strict=True)
        if shapely.area(piece) > SMALLEST_WATER_M2
    ]
    return frame(
        {
            "name": [f[0] for f in found],
            "area_code": [f[2] for f in found],
            "water_class": [f[1] for f in found],
        },
        np.array([_polygons(f[3]) for f in found], dtype=object),
    )


def _polygons(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    return shapely.multipolygons([p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon"])


def greens(city: City, layout: Layout, area: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return parks, gardens and playgrounds by community, and the green banks of the river by county."""
    green = [(g, c) for c, b in enumerate(city.built) for g in b.greens]
    county = area[area["level"] == "county"]
    banks = shapely.intersection(
        county.geometry.to_numpy(), shapely.difference(layout.skeleton.corridor, layout.skeleton.river)
    )
    wet = np.flatnonzero(shapely.area(banks) > SMALLEST_WATER_M2)
    large = np.array([g.area > 25_000 for g, _ in green])
    names = [
        f"{city.communities[c].name}公园" if big else None for (_, c), big in zip(green, large, strict=True)
    ]
    return frame(
        {
            "name": names + ["江滩公园"] * len(wet),
            "area_code": [city.communities[c].code for _, c in green]
            + county["code"].to_numpy()[wet].tolist(),
        },
        np.array([g for g, _ in green] + [_polygons(banks[n]) for n in wet], dtype=object),
    )
