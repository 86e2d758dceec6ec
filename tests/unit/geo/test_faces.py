"""Faces of a plane graph: joined by label, nothing is lost or swallowed."""

from __future__ import annotations

import numpy as np
import shapely

from geo.faces import join


def test_polygons_of_one_label_are_joined_and_keep_the_vertices_that_others_share():
    left = shapely.Polygon([(0, 0), (10, 0), (10, 5), (10, 10), (0, 10)])
    right = [shapely.box(10, 0, 20, 5), shapely.box(10, 5, 20, 10)]
    joined, label = join(np.array([left, *right]), np.array([4, 7, 7]))
    by_label = dict(zip(label.tolist(), joined, strict=True))
    assert by_label[4].equals(left)
    assert by_label[7].equals(shapely.box(10, 0, 20, 10))
    assert (10.0, 5.0) in by_label[7].exterior.coords
    assert shapely.coverage_is_valid(joined)


def test_a_polygon_whose_edges_miss_its_neighbours_by_less_than_can_be_seen_is_not_swallowed():
    miss = 1e-6
    left = shapely.box(0, 0, 10, 10)
    right = shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (10 - miss, 7), (10 + miss, 3)])
    beyond = shapely.box(20, 0, 30, 10)
    joined, label = join(np.array([left, right, beyond]), np.array([0, 1, 2]))
    assert sorted(label.tolist()) == [0, 1, 2]
    np.testing.assert_allclose(shapely.area(joined), 100, atol=1e-3)
    assert shapely.coverage_is_valid(joined)
