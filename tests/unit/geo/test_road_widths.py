from __future__ import annotations

import pytest

from geo.road_widths import roads_between
from tests.drawn import box, layer


def row_of(gap):
    return layer({n: box((80 + gap) * n, 0, (80 + gap) * n + 80, 100) for n in range(4)})


@pytest.mark.parametrize(("gap", "many"), [(8, True), (12, False), (0, False), (2, False), (200, False)])
def test_the_tolerance_is_held_against_half_the_road(gap, many):
    """A row of four compounds; at 5 m of tolerance lanes of 8 m are too narrow, 2 m are noise, 0 m a wall."""
    assert roads_between(row_of(gap), 5.0).many_narrow is many


def test_the_width_is_the_distance_across():
    assert roads_between(row_of(12), 5.0)[::2] == (3, pytest.approx(12, abs=0.5))
    assert roads_between(layer(), 5.0).total == 0
