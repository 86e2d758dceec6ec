"""There and back between degrees and metres: what did not move is exactly what it was."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import CRS

from data.metric import Plane
from tests import town


def test_a_vertex_that_did_not_move_comes_back_exactly():
    plane = Plane(CRS.from_epsg(town.METRIC_EPSG))
    drawn = np.array([town.box(10, 20, 333.3, 77.7), town.box(400, 20, 50, 50)], dtype=object)
    metres = plane.metres(drawn)
    assert shapely.equals_exact(plane.degrees(metres), drawn, 0).all()
    rounded = shapely.set_precision(metres, 1e-5)
    assert shapely.equals_exact(shapely.normalize(plane.degrees(rounded)), shapely.normalize(drawn), 0).all()


def test_a_vertex_that_moved_comes_back_where_it_went():
    plane = Plane(CRS.from_epsg(town.METRIC_EPSG))
    metres = plane.metres(np.array([town.box(0, 0, 100, 100)], dtype=object))
    moved = shapely.transform(metres, lambda xy: xy + 1.0)
    again = Plane(plane.crs).metres(plane.degrees(moved))
    assert np.abs(shapely.get_coordinates(again) - shapely.get_coordinates(moved)).max() < 1e-6
