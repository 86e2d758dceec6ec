from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.atoms import atoms_of, estimated_households
from tests.drawn import box, placed


def test_households_are_estimated_from_floors_and_footprint():
    area, floors = np.array([300.0, 300.0, 100.0, 20.0, 300.0]), np.array([6, np.nan, np.nan, 3, 0])
    assert estimated_households(area, floors).tolist() == [18, 18, 2, 0, 0]


def test_known_households_stay_and_others_are_marked():
    shapes = np.array([box(0, 0, 30, 10), box(50, 0, 80, 10)], dtype=object)
    atoms = atoms_of(shapes, np.array([7, np.nan]), np.array([np.nan, 4]))
    assert atoms.households.tolist() == [7, 12]
    assert atoms.estimated.tolist() == [False, True]


def test_entrances_part_a_building_across_its_long_side():
    shapes = np.array([box(0, 0, 60, 10), box(100, 0, 120, 10)], dtype=object)
    doors = np.array([placed(shapely.Point(x, 9)) for x in (50, 10, 30)], dtype=object)
    atoms = atoms_of(
        shapes,
        np.array([36.0, 9.0]),
        np.full(2, np.nan),
        np.array([0, 0, 0]),
        np.array([12.0, np.nan, 14.0]),
        doors,
    )
    assert atoms.building.tolist() == [0, 0, 0, 1]
    assert atoms.entrance.tolist() == [0, 1, 2, -1]
    assert atoms.households.tolist() == [12, 12, 14, 9]
    assert shapely.area(atoms.footprint).tolist() == pytest.approx([200, 200, 200, 200])
    assert shapely.intersects(atoms.footprint[:3], doors).all()


def test_entrances_without_points_follow_each_other():
    atoms = atoms_of(
        np.array([box(0, 0, 60, 10)], dtype=object), np.array([30.0]), np.array([np.nan]), np.array([0, 0, 0])
    )
    assert atoms.households.tolist() == [10, 10, 10]
    x = shapely.get_coordinates(shapely.centroid(atoms.footprint))[:, 0]
    assert (np.diff(x) > 0).all() or (np.diff(x) < 0).all()
