"""Two divisions of a row of buildings compared by what lives together, not by what it is called."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from geo.differences import difference
from geo.draft import Draft
from geo.edits import MicroGrid
from geo.fabric import Fabric
from geo.partition import Band
from tests.drawn import CORNER, METRIC_EPSG, box


def street(owners, households=10.0, names=None):
    """Return a draft of buildings in a row, whose micro-grids are the letters; a dot is in none."""
    count = len(owners)
    frame = gpd.GeoDataFrame(
        {
            "community_id": "420106001001",
            "compound_id": None,
            "building_id": names or [f"b{n}" for n in range(count)],
            "households": households,
            "x": [CORNER[0] + 10 * n + 5 for n in range(count)],
            "y": CORNER[1] + 5,
            "block": 0,
        },
        geometry=[box(10 * n, 0, 10 * (n + 1), 10) for n in range(count)],
        crs=METRIC_EPSG,
    )
    owner = np.array([None if one == "." else one for one in owners], dtype=object)
    grids = {one: MicroGrid(one, one) for one in sorted(set(owners) - {"."})}
    return Draft(Fabric.of(frame), owner, grids, Band(30, 50))


def test_other_names_are_no_difference():
    found = difference(street("AABB"), street("XXYY"))
    assert (found.households, found.buildings, found.unmatched) == (0, 0, 0)


def test_the_same_code_elsewhere_is_one():
    found = difference(street("AAABBB"), street("BBBBAA"))
    assert found.households == 10
    assert found.first.tolist() == [3]


def test_a_part_that_splits_off_is_counted_once():
    found = difference(street("AAAAA"), street("AAABB"))
    assert (found.households, found.buildings) == (20, 2)


def test_what_is_in_no_micro_grid_differs_only_if_it_is_in_the_other():
    assert difference(street("AA.."), street("AA..")).households == 0
    assert difference(street("AA.."), street("AAB.")).first.tolist() == [2]


def test_buildings_that_came_are_told_apart_and_the_rest_is_compared():
    old = street("AABB")
    new = street("AABBB", households=12.0, names=["b0", "b1", "b2", "b3", "new"])
    found = difference(old, new)
    assert (found.households, found.unmatched) == (0, 1)
    moved = difference(old, street("ABBBB", households=12.0, names=["b0", "b1", "b2", "b3", "new"]))
    assert moved.households == 10
    assert moved.second.tolist() == [1]
