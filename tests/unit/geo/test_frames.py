from __future__ import annotations

import shapely

from geo.frames import frames_around
from tests.drawn import box, layer


def test_each_cluster_of_overlapping_polygons_is_a_frame():
    compounds = layer({"a": box(90, 10, 130, 90), "b": box(310, 0, 390, 100)})
    grids = layer({"g1": box(0, 0, 100, 100), "g2": box(120, 0, 200, 100), "g3": box(300, 0, 400, 100)})
    frames = frames_around(compounds, grids, tolerance=5)
    assert frames["id"].tolist() == [1, 2]
    assert frames.geometry[0].equals(shapely.union_all([*grids.geometry[:2], compounds.geometry.iloc[0]]))
    assert frames.geometry[1].equals(box(300, 0, 400, 100))


def test_a_hole_no_wider_than_the_tolerance_is_a_gap_of_drawing_and_a_wider_one_is_a_hole():
    ring = shapely.difference(box(0, 0, 100, 100), box(40, 40, 44, 60))
    lake = shapely.difference(ring, box(60, 40, 80, 60))
    (frame,) = frames_around(layer({"g": lake}), tolerance=5).geometry
    assert frame.equals(shapely.difference(box(0, 0, 100, 100), box(60, 40, 80, 60)))


def test_a_compound_in_no_grid_lies_in_the_frame_that_it_borders_most():
    compounds = layer({"a": box(10, 10, 90, 90), "b": box(110, 10, 190, 90), "block": box(100, 90, 150, 130)})
    grids = layer({"west": box(0, 0, 100, 120), "east": box(101, 0, 200, 90)})
    frames = frames_around(compounds, grids, tolerance=5)
    assert [round(shape.area) for shape in frames.geometry] == [100 * 120, 99 * 90 + 50 * 40]


def test_frames_that_overlap_by_rounding_become_a_coverage():
    grids = layer({"g1": box(0, 0, 100, 100), "g2": box(100 - 1e-6, 0, 200, 100)})
    frames = frames_around(grids, tolerance=5)
    assert len(frames) == 2
    assert shapely.coverage_is_valid(frames.geometry.to_numpy())


def test_nothing_drawn_gives_no_frame():
    assert frames_around(layer(), layer(), tolerance=5).empty
