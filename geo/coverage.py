"""Are communities, compounds, grids, micro-grids and buildings fit to level? All findings at once.

Compounds are meant to be disjoint and to leave roads and open land; grids and micro-grids are meant to
partition each community, and micro-grids each grid. A finding is a place where a layer is not what it is
meant to be. Nothing is repaired and no geometry is refused: whatever is wrong with a feature is a finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import require_metric
from geo.layers import (
    BESIDE_M,
    MEET_M2,
    POLYGONAL,
    ROUNDING_M2,
    Layer,
    groups_of,
    layer_of,
    main_of,
    meeting,
    polygonal,
    touching,
    united,
    wider_than,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo.layers import Geometries, Positions

KINDS = (
    "invalid",
    "duplicate_id",
    "overlap",
    "gap",
    "sliver",
    "two_communities",
    "over_community",
    "nesting",
    "building_cut",
    "building_outside",
)
SLIVER_M2, SLIVER_WIDTH_M = 10.0, 1.0
CUT_SHARE = 1e-3
"""A building of which a boundary cuts off less is not cut."""
_COLUMNS = ["kind", "layer", "ids", "community_id", "area_m2", "length_m", "wide", "geometry"]
_FIXED, _BUILDING = "community", "building"


class _Places(NamedTuple):
    """Findings of one kind in one layer: (n,) ids joined by commas, places and communities (-1: by place)."""

    kind: str
    layer: str
    ids: list[str]
    place: Geometries
    community: Positions | None = None


def check(
    communities: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    micro_grids: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    *,
    tolerance: float = 5.0,
) -> gpd.GeoDataFrame:
    """Find everything that keeps layers from being level and flush.

    Parameters
    ----------
    communities, compounds, grids, micro_grids, buildings
        Layers in one coordinate system in metres, each with a column ``id``. Their order does not matter.
    tolerance
        Up to this width, in metres, a place may be drawing noise; a wider one is a decision.

    Returns
    -------
    GeoDataFrame
        One row per finding, in the coordinate system of the communities, sorted by kind, layer and ids:

        - ``kind``: ``invalid`` (missing, empty, no polygon, or invalid rings); ``duplicate_id``; ``overlap``
          of two polygons of a layer; ``gap`` in what grids or micro-grids should cover; ``sliver``, a part
          narrower than 1 m (twice its area by its perimeter) or smaller than 10 m²; ``two_communities``, a
          grid or micro-grid that meets several; ``over_community``, a compound (or a grid at the city's
          edge) that reaches out of its community; ``nesting``, a grid that cuts a compound and meets
          another, or a micro-grid that meets several grids; ``building_cut``; ``building_outside`` every
          grid.
        - ``layer``: community, compound, grid, micro_grid or building; of a cut building the layer that cuts.
        - ``ids``: joined by commas, first what the finding is about, then the others concerned: beside a gap
          its neighbours, for nesting the compounds that the grid cuts, for a cut building its holders.
        - ``community_id``: of the feature, or of the place; None outside every community.
        - ``area_m2``, ``length_m``: of the place; the length is half its perimeter, so that area by length is
          the width of a strip. Of a cut building the area without its largest part.
        - ``wide``: the place is wider than the tolerance.
        - ``geometry``: the place, polygonal; None where the feature has none.

    Raises
    ------
    GeoError
        If a layer has no column ``id``, or is not in metres or not in the communities' system.
    """
    crs = require_metric(communities)
    frames = {
        _FIXED: communities,
        "compound": compounds,
        "grid": grids,
        "micro_grid": micro_grids,
        _BUILDING: buildings,
    }
    layers = {
        name: layer_of(name, frame, crs, edges=name != _BUILDING)
        for name, frame in frames.items()
        if frame is not None
    }
    places = [found for found in _findings(layers) if len(found.ids)]
    table = _table(places, layers[_FIXED], communities["id"].to_numpy(dtype=object), tolerance)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=communities.crs)


def _findings(layers: dict[str, Layer]) -> Iterator[_Places]:
    communities, compounds, grids = layers[_FIXED], layers["compound"], layers["grid"]
    micro_grids, buildings = layers.get("micro_grid"), layers.get(_BUILDING)
    for layer in layers.values():
        yield _invalid(layer)
        yield _duplicates(layer)
    drawn = [layer for layer in (compounds, grids, micro_grids) if layer is not None]
    for layer in (communities, *drawn):
        yield _overlaps(layer)
    for layer in drawn:
        yield _slivers(layer)
        yield from _reaching_out(layer, communities)
    for layer in drawn[1:]:
        yield _gaps(layer, communities)
    yield _broken_nesting(grids, compounds)
    if micro_grids is not None:
        yield _astride_grids(micro_grids, grids)
    if buildings is not None:
        for layer in drawn:
            yield _cut_buildings(buildings, layer)
        yield _outside(buildings, grids)


def _table(
    places: list[_Places], communities: Layer, community_id: NDArray[np.object_], tolerance: float
) -> pd.DataFrame:
    """Measure the places, name their communities, and put the rows into an order of their own."""
    if not places:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in _COLUMNS}).astype(
            {"area_m2": float, "length_m": float, "wide": bool}
        )
    place = np.concatenate([found.place for found in places])
    size = [len(found.ids) for found in places]
    known = np.concatenate(
        [
            np.full(n, -1) if found.community is None else found.community
            for found, n in zip(places, size, strict=True)
        ]
    )
    open_ones = np.flatnonzero(known < 0)
    at, which = shapely.STRtree(communities.polygon).query(
        shapely.point_on_surface(place[open_ones]), predicate="intersects"
    )
    known[open_ones[at[::-1]]] = which[::-1]  # the first, where several overlap
    names = np.array([*community_id, None], dtype=object)
    shown = place.copy()
    shown[shapely.is_empty(place)] = None
    table = pd.DataFrame(
        {
            "kind": np.repeat([found.kind for found in places], size),
            "layer": np.repeat([found.layer for found in places], size),
            "ids": [ids for found in places for ids in found.ids],
            "community_id": pd.Series(names[known], dtype=object),
            "area_m2": shapely.area(place),
            "length_m": shapely.length(place) / 2,
            "wide": wider_than(place, tolerance),
            "geometry": shown,
        }
    )
    rank = table["kind"].map({kind: n for n, kind in enumerate(KINDS)})
    box = pd.DataFrame(shapely.bounds(place), columns=["x0", "y0", "x1", "y1"])
    order = pd.concat([rank, table[["layer", "ids", "area_m2"]], box], axis=1)
    by = ["kind", "layer", "ids", "x0", "y0", "x1", "y1", "area_m2"]
    return table.loc[order.sort_values(by).index].reset_index(drop=True)


# --- one layer ---


def _invalid(layer: Layer) -> _Places:
    good = shapely.is_valid(layer.drawn) & ~shapely.is_empty(layer.drawn)
    bad = np.flatnonzero(~good | ~np.isin(shapely.get_type_id(layer.drawn), POLYGONAL))
    return _Places("invalid", layer.name, layer.names(bad), layer.polygon[bad])


def _duplicates(layer: Layer) -> _Places:
    ids, number, count = np.unique(layer.ids, return_inverse=True, return_counts=True)
    twice = np.flatnonzero(count[number] > 1)
    groups = [twice[group] for group in groups_of(number[twice])]
    return _Places("duplicate_id", layer.name, ids[count > 1].tolist(), united(groups, layer.polygon))


def _overlaps(layer: Layer) -> _Places:
    polygon = layer.polygon
    i, j = shapely.STRtree(polygon).query(polygon, predicate="intersects")
    # what meets its neighbours edge by edge overlaps none
    some = (i < j) & (layer.ragged[i] | layer.ragged[j])
    i, j = i[some], j[some]
    common = polygonal(shapely.intersection(polygon[i], polygon[j]))
    real = shapely.area(common) > ROUNDING_M2
    later = layer.ids[i] > layer.ids[j]
    i, j = np.where(later, j, i)[real], np.where(later, i, j)[real]
    return _Places("overlap", layer.name, layer.names(i, j), common[real])


def _gaps(layer: Layer, communities: Layer) -> _Places:
    """Return each part of a community that no polygon of the layer covers."""
    i, j = shapely.STRtree(layer.polygon).query(communities.polygon, predicate="intersects")
    cover = np.full(len(communities.polygon), shapely.Polygon(), dtype=object)
    cover[np.unique(i)] = united([j[group] for group in groups_of(i)], layer.polygon, layer.ragged)
    rest, community = shapely.get_parts(shapely.difference(communities.polygon, cover), return_index=True)
    real = shapely.area(rest) > ROUNDING_M2
    rest, community = rest[real], community[real]
    g, p = shapely.STRtree(layer.polygon).query(rest, predicate="dwithin", distance=BESIDE_M)
    return _Places("gap", layer.name, layer.listed(g, p, len(rest)), rest, community)


def _slivers(layer: Layer) -> _Places:
    part, owner = shapely.get_parts(layer.polygon, return_index=True)
    width = 2 * shapely.area(part) / np.maximum(shapely.length(part), 1e-9)
    thin = (width < SLIVER_WIDTH_M) | (shapely.area(part) < SLIVER_M2)
    return _Places("sliver", layer.name, layer.names(owner[thin]), part[thin])


# --- two layers ---


def _reaching_out(layer: Layer, communities: Layer) -> Iterator[_Places]:
    """Find polygons with a part outside their main community."""
    i, j, area = meeting(layer, communities)
    main = main_of(i, j, area, len(layer.polygon))
    covered = np.zeros(len(layer.polygon), dtype=bool)
    whole = shapely.area(layer.polygon)
    covered[i[area > whole[i] - MEET_M2]] = True
    some = np.flatnonzero(~covered & (whole > MEET_M2))
    home = np.append(communities.polygon, shapely.Polygon())[main[some]]
    part = polygonal(shapely.difference(layer.polygon[some], home))
    several = (np.bincount(i, minlength=len(layer.polygon)) > 1)[some] & (layer.name != "compound")
    for kind, mine in (("two_communities", several), ("over_community", ~several)):
        yield _Places(kind, layer.name, layer.names(some[mine]), part[mine], main[some[mine]])


def _broken_nesting(grids: Layer, compounds: Layer) -> _Places:
    """Find grids that cut a compound and meet another; the place is the smaller part of each compound cut."""
    g, c, area = meeting(grids, compounds)
    whole = shapely.area(compounds.polygon)[c]
    cut = area <= whole - MEET_M2
    broken = cut & (np.bincount(g, minlength=len(grids.ids))[g] > 1)
    g, c, most = g[broken], c[broken], (area > whole / 2)[broken]
    grid, compound = grids.polygon[g], compounds.polygon[c]
    piece = np.empty(len(g), dtype=object)
    piece[most] = shapely.difference(compound[most], grid[most])
    piece[~most] = shapely.intersection(compound[~most], grid[~most])
    grid_of, row = np.unique(g, return_inverse=True)
    held = compounds.listed(row, c, len(grid_of))
    ids = [f"{one},{others}" for one, others in zip(grids.ids[grid_of], held, strict=True)]
    return _Places("nesting", grids.name, ids, polygonal(united(groups_of(g), piece)))


def _astride_grids(micro_grids: Layer, grids: Layer) -> _Places:
    """Find micro-grids that meet several grids; the place is what lies outside the main one."""
    m, g, area = meeting(micro_grids, grids)
    main = main_of(m, g, area, len(micro_grids.ids))
    several = np.flatnonzero(np.bincount(m, minlength=len(main)) > 1)
    part = polygonal(shapely.difference(micro_grids.polygon[several], grids.polygon[main[several]]))
    real = shapely.area(part) > ROUNDING_M2  # grids that overlap share a micro-grid without cutting it
    several, part = several[real], part[real]
    holders = grids.listed(m, g, len(main))
    ids = [f"{micro_grids.ids[one]},{holders[one]}" for one in several]
    return _Places("nesting", micro_grids.name, ids, part)


def _outside(buildings: Layer, grids: Layer) -> _Places:
    met = shapely.STRtree(buildings.polygon).query(grids.polygon, predicate="intersects")[1]
    outside = np.setdiff1d(np.flatnonzero(~shapely.is_empty(buildings.polygon)), met)
    return _Places("building_outside", _BUILDING, buildings.names(outside), buildings.polygon[outside])


def _cut_buildings(buildings: Layer, layer: Layer) -> _Places:
    """Find buildings that boundaries of a layer divide; the place is all but the largest part."""
    b, p, covered = touching(buildings, layer)
    b, p = b[~covered], p[~covered]
    area = shapely.area(shapely.intersection(buildings.polygon[b], layer.polygon[p]))
    share = area / shapely.area(buildings.polygon[b])
    cut = (share > CUT_SHARE) & (share < 1 - CUT_SHARE)
    b, p, area = b[cut], p[cut], area[cut]
    one, row = np.unique(b, return_inverse=True)
    whole = buildings.polygon[one]
    main = main_of(row, p, area, len(one))
    held = shapely.intersection(whole, layer.polygon[main])
    free = shapely.difference(whole, united([p[group] for group in groups_of(row)], layer.polygon))
    keep = np.where(shapely.area(free) > shapely.area(held), free, held)
    holders = layer.listed(row, p, len(one))
    ids = [f"{building},{others}" for building, others in zip(buildings.ids[one], holders, strict=True)]
    return _Places("building_cut", layer.name, ids, polygonal(shapely.difference(whole, keep)))
