from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.errors import Unsound
from geo.promises import kept
from tests.drawn import box, polygon

FRAME = box(0, 0, 400, 100)
NOTHING = np.zeros(0, dtype=object)


def grids(*edges):
    """Grids from west to east, each given by where it begins and ends."""
    return np.array([box(west, 0, east, 100) for west, east in edges], dtype=object)


def verified(polygons, frame=FRAME):
    layers = [NOTHING, polygons, NOTHING]
    return kept(frame, layers, layers, NOTHING, 10.0, [])


def test_what_fits_is_not_refused():
    assert verified(grids((0, 100), (100, 200), (200, 300), (300, 400))) == []


def test_two_that_overlap_are_refused_at_the_place_and_the_others_stand():
    found = verified(grids((0, 100.5), (100, 200), (200, 300), (300, 400)))
    assert [(one.layer, one.feature, one.reason) for one in found] == [(1, 0, "coverage"), (1, 1, "coverage")]
    assert all(shapely.area(one.place) == pytest.approx(50) for one in found)


def test_both_sides_of_a_gap_are_refused():
    found = verified(grids((0, 100), (100.5, 200), (200, 300), (300, 400)))
    assert [one.feature for one in found] == [0, 1]


def test_a_vertex_that_the_neighbour_lacks_is_a_breach():
    west = polygon((0, 0), (200, 0), (200, 50), (200, 100), (0, 100))
    found = verified(np.array([west, box(200, 0, 400, 100)], dtype=object))
    assert {one.reason for one in found} == {"coverage"}


def test_a_gap_beside_nobody_is_not_passed_over():
    """The frame has a second part, far off, in which no grid lies."""
    island = shapely.union(FRAME, box(1000, 0, 1100, 100))
    with pytest.raises(Unsound, match="1 gaps"):
        verified(grids((0, 100), (100, 200), (200, 300), (300, 400)), island)


def test_where_many_do_not_fit_nothing_of_the_result_stands():
    with pytest.raises(Unsound, match="3 of 4"):
        verified(grids((0, 100.5), (100, 200.5), (200, 300), (300, 400)))
