"""Cells of the H3 grid."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from h3.api import numpy_int as h3

from geo.errors import GeoError
from geo.hexagons import FINEST, cells, outlines, parents


def test_larger_cells_are_those_of_h3() -> None:
    rng = np.random.default_rng(1)
    found = cells(114 + rng.random(200), 30 + rng.random(200))
    for resolution in range(FINEST + 1):
        expected = [h3.cell_to_parent(int(one), resolution) for one in found]
        assert parents(found, resolution).tolist() == expected


def test_a_point_without_a_place_has_no_cell_at_any_size() -> None:
    found = cells([114.3, np.nan], [30.5, 30.5])
    assert found[1] == 0
    assert parents(found, 8)[1] == 0


def test_a_cell_has_no_finer_one_around_it() -> None:
    with pytest.raises(GeoError, match="finer than the cells' own, 7"):
        parents(cells([114.3], [30.5], 7), 8)


def test_the_outline_of_a_cell_holds_its_points_x_before_y() -> None:
    (outline,) = outlines(cells([114.3], [30.5], 9))
    assert outline.contains(shapely.Point(114.3, 30.5))
    assert len(outline.exterior.coords) == 7
