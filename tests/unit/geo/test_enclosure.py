"""A compound's drawn boundary follows the cells that join or leave it, and stays where none do."""

import pytest
import shapely

from geo.enclosure import NEAR_M, reshaped

CELLS = [shapely.box(40.0 * i, 0, 40.0 * (i + 1), 50) for i in range(6)]
DRAWN = shapely.MultiPolygon([shapely.box(1.5, -2, 119, 51)])
"""Three cells by the hand of somebody who stopped short of their edge, or went over it."""


def outline(*cells):
    return shapely.union_all([CELLS[i] for i in cells])


def test_a_cell_that_joins_brings_its_own_edge():
    after = reshaped(DRAWN, CELLS[3], outline(0, 1, 2, 3))
    assert after.covers(shapely.buffer(CELLS[3], -1e-3))
    assert after.bounds == pytest.approx((1.5, -2, 160, 51))


def test_a_cell_that_leaves_takes_its_land_along():
    after = reshaped(DRAWN, CELLS[2], outline(0, 1))
    assert after.bounds[2] == pytest.approx(80)
    assert shapely.area(shapely.intersection(after, CELLS[2])) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("moved", "own"), [(3, (0, 1, 2, 3)), (2, (0, 1))])
def test_nothing_changes_out_of_reach_of_the_cells_that_move(moved, own):
    after = reshaped(DRAWN, CELLS[moved], outline(*own))
    reach = shapely.buffer(CELLS[moved], NEAR_M + 0.1, join_style="mitre")
    far = shapely.difference(shapely.symmetric_difference(after, DRAWN), reach)
    assert far.area == pytest.approx(0, abs=1e-3)


def test_no_hole_of_a_hair_s_breadth_is_left_between_hand_and_cells():
    after = reshaped(DRAWN, CELLS[3], outline(0, 1, 2, 3))
    assert shapely.get_num_geometries(after) == 1
    assert shapely.get_num_interior_rings(shapely.get_geometry(after, 0)) == 0


def test_a_boundary_far_from_its_cells_falls_apart_and_shows_it():
    short = shapely.MultiPolygon([shapely.box(0, 0, 60, 50)])
    assert shapely.get_num_geometries(reshaped(short, CELLS[3], outline(0, 1, 2, 3))) == 2
