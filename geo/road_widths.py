"""How wide are the roads between compounds? A tolerance above half a road's width levels the road away."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

ACROSS_M = 60.0
"""Compounds farther apart do not face each other across a road."""
FACING_M = 30.0
STEP_M = 10.0
MANY = 0.25


class Roads(NamedTuple):
    """Pairs of compounds across a road: how many, how many nearer than twice the tolerance, median width."""

    total: int
    narrow: int
    width_m: float

    @property
    def many_narrow(self) -> bool:
        """Whether the tolerance exceeds half of many roads' width."""
        return self.narrow > MANY * self.total


def roads_between(compounds: gpd.GeoDataFrame, tolerance: float) -> Roads:
    """Measure the roads between compounds against a tolerance.

    Parameters
    ----------
    compounds
        Polygons in metres.
    tolerance
        In metres.

    Returns
    -------
    Roads
        A road is where two compounds that touch nowhere face each other over 30 m or more, farther apart
        than the tolerance (what is nearer counts as drawing noise). Its width is the median distance of the
        one's outline from the other, taken where it is no more than the tolerance above the least: so the
        noise of both outlines cancels out, and the far sides do not count.
    """
    polygon = np.asarray(compounds.geometry.values, dtype=object)
    polygon = polygon[shapely.is_valid(polygon) & ~shapely.is_empty(polygon)]
    i, j = shapely.STRtree(polygon).query(polygon, predicate="dwithin", distance=ACROSS_M)
    i, j = i[i < j], j[i < j]
    least = shapely.distance(polygon[i], polygon[j])
    across = least > 0
    i, j, least = i[across], j[across], least[across]
    outline, owner = shapely.get_coordinates(
        shapely.segmentize(shapely.boundary(polygon), STEP_M), return_index=True
    )
    start = np.searchsorted(owner, np.arange(len(polygon) + 1))
    size = start[i + 1] - start[i]
    pair = np.repeat(np.arange(len(i)), size)
    point = np.arange(len(pair)) - np.repeat(np.cumsum(size) - size - start[i], size)
    away = pd.Series(shapely.distance(shapely.points(outline[point]), polygon[j[pair]]))
    facing = (away <= least[pair] + tolerance).to_numpy()
    width = away[facing].groupby(pair[facing]).agg(["median", "size"])
    width = width.loc[(width["size"] * STEP_M >= FACING_M) & (width["median"] > tolerance), "median"]
    return Roads(len(width), int((width < 2 * tolerance).sum()), float(width.median()))
