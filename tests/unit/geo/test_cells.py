"""Cells: what a partition of a community must be, and the shapes that make it hard."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.cells import Land, cells_of, noded_across
from geo.errors import GeoError
from tests.drawn import box, placed, polygon
from tests.hamlet import BUILDINGS, COMPOUNDS, LANE, STREET

FRAME = box(0, 0, 400, 200)


def array(*shapes):
    return np.array([*shapes, None], dtype=object)[:-1]


def cells(footprints, compounds=(), lines=(), frame=FRAME):
    """Return the cells, having checked what all must be."""
    found = cells_of(Land(frame, array(*compounds), array(*lines), array(*footprints)))
    assert shapely.coverage_is_valid(found.polygon)
    assert (shapely.get_type_id(found.polygon) == shapely.GeometryType.POLYGON).all()
    assert shapely.union_all(found.polygon).symmetric_difference(frame).area < 0.01
    assert shapely.area(found.polygon).sum() == pytest.approx(frame.area, abs=0.01)
    for atom, footprint in enumerate(footprints):
        held = found.polygon[found.of_atom[atom]].intersection(footprint).area
        assert held == pytest.approx(footprint.intersection(frame).area, rel=1e-6)
    return found


def test_a_town_with_streets_and_a_lane():
    found = cells(BUILDINGS.values(), COMPOUNDS.values(), [STREET, LANE])
    assert len(np.unique(found.of_atom)) == len(BUILDINGS)
    names = list(BUILDINGS)
    south, north = found.of_atom[names.index("s0.3")], found.of_atom[names.index("n0.0")]
    assert found.compound[south] == found.compound[north] == 1
    assert found.block[south] != found.block[north]
    border = found.polygon[south].intersection(found.polygon[north])
    assert border.length > 10
    assert border.distance(placed(shapely.Point(20, 100))) == pytest.approx(0, abs=1e-4)


def test_a_street_is_parted_along_its_middle():
    walls = [box(5, 35, 80, 165), box(120, 35, 195, 165)]
    found = cells([box(20, 50, 60, 150), box(140, 50, 180, 150)], walls, frame=box(0, 30, 200, 170))
    between = found.polygon[found.of_atom[0]].intersection(found.polygon[found.of_atom[1]])
    x = shapely.get_coordinates(between.intersection(box(0, 60, 400, 140)))[:, 0] - 500_000
    assert np.abs(x - 100).max() < 1.5


@pytest.mark.parametrize("width", [0.3, 1.0, 4.0])
def test_a_narrow_strip_between_walls_is_parted_without_teeth(width):
    """Walls that two hands drew beside each other; their corners do not face each other."""
    walls = [box(5, 35, 150, 80), box(3.7, 80 + width, 151.1, 165)]
    found = cells([box(20, 50, 130, 60), box(20, 120, 130, 150)], walls, frame=box(0, 30, 200, 170))
    between = found.polygon[found.of_atom[0]].intersection(found.polygon[found.of_atom[1]])
    inner = shapely.line_merge(between.intersection(box(10, 60, 140, 140)))
    assert inner.length == pytest.approx(130, rel=0.002)


def test_attached_buildings_part_at_the_wall_between_them():
    found = cells([box(100, 50, 120, 62), box(120, 50, 145, 62), box(145, 50, 160, 62)])
    assert len(np.unique(found.of_atom)) == 3


def test_a_road_through_a_footprint_does_not_cut_it():
    bridge = box(180, 90, 220, 110)
    found = cells([bridge, box(50, 50, 70, 70), box(330, 150, 350, 160)], [], [STREET])
    assert found.polygon[found.of_atom[0]].buffer(1e-3).covers(bridge)


def test_dead_ends_divide_nothing():
    stub = placed(shapely.LineString([(60, 100), (120, 100)]))
    found = cells([box(80, 110, 100, 120), box(80, 80, 100, 90)], [box(10, 10, 190, 190)], [stub])
    assert found.block[found.of_atom[0]] == found.block[found.of_atom[1]]


def test_a_courtyard_belongs_to_the_building_around_it():
    ring = polygon(
        (100, 50), (160, 50), (160, 110), (100, 110), holes=[[(110, 60), (150, 60), (150, 100), (110, 100)]]
    )
    alone = cells([ring, box(300, 50, 320, 70)])
    assert alone.polygon[alone.of_atom[0]].covers(placed(shapely.Point(130, 80)))
    within = cells([ring, box(125, 75, 135, 85)])
    assert len(np.unique(within.of_atom)) == 2


def test_overlapping_footprints_share_a_cell():
    found = cells([box(100, 50, 130, 80), box(120, 60, 150, 90), box(300, 50, 320, 70)])
    assert found.of_atom[0] == found.of_atom[1] != found.of_atom[2]


def test_compounds_with_one_building_or_none():
    found = cells([box(50, 50, 70, 60)], [box(10, 10, 190, 190), box(210, 10, 390, 190)])
    assert found.compound[found.of_atom[0]] == 0
    assert cells([]).of_atom.tolist() == []
    assert len(cells([], [box(10, 10, 190, 190)]).polygon) >= 1


def test_a_park_between_roads_is_a_cell_of_its_own():
    found = cells([box(20, 20, 60, 40), box(20, 80, 60, 90)], [box(5, 5, 190, 195)], [STREET])
    park = np.setdiff1d(np.arange(len(found.polygon)), found.of_atom)
    assert len(park) == 1
    assert found.polygon[park[0]].covers(box(250, 50, 350, 150))


def test_a_building_over_the_boundary_is_in_the_community_with_its_part_only():
    found = cells([box(-10, 50, 20, 60), box(100, 50, 120, 60), box(-30, 50, -12, 60)][:2])
    assert len(np.unique(found.of_atom)) == 2
    outside = cells_of(Land(FRAME, array(), array(), array(box(-30, 50, -12, 60))))
    assert outside.of_atom.tolist() == [-1]


def test_a_road_beside_the_boundary_leaves_no_thread():
    along = placed(shapely.LineString([(-5, 0.0003), (150, 0.0001), (260, -0.0001), (405, 0.0002)]))
    found = cells([box(50, 50, 70, 60), box(150, 50, 170, 60)], [], [along])
    assert shapely.area(found.polygon).min() > 100


def test_both_sides_of_a_community_boundary_get_the_same_nodes():
    west, east = box(0, 0, 200, 200), box(200, 0, 400, 200)
    sides = [
        cells_of(Land(west, array(), array(), array(*[box(160, y, 190, y + 10) for y in (20, 70, 150)]))),
        cells_of(Land(east, array(), array(), array(*[box(210, y, 240, y + 10) for y in (45, 110)]))),
    ]
    before = np.concatenate([side.polygon for side in sides])
    assert not shapely.coverage_is_valid(before)
    after = np.concatenate(noded_across(array(west, east), [side.polygon for side in sides]))
    assert shapely.coverage_is_valid(after)
    assert np.abs(shapely.area(after) - shapely.area(before)).max() < 1e-3


def test_a_community_without_a_boundary_is_refused():
    with pytest.raises(GeoError, match="empty or invalid"):
        cells_of(Land(shapely.Polygon(), array(), array(), array()))
