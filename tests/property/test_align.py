"""Random small cities, drawn by several hands: whatever comes out keeps every guarantee."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import shapely
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from geo.align import Choices, align
from tests.drawn import layer, placed
from tests.guarantees import City, assert_guarantees, assert_same, assert_stable

BLOCK = 120.0
SLOW = settings(
    max_examples=25,
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)


def warped(xy, seed):
    """Bend straight streets a little, everywhere alike, so that what fitted still fits."""
    a, b = np.random.default_rng(seed).uniform(0, 2 * np.pi, 2)
    x, y = xy.T
    # rounded, so that neighbours share their vertices
    return np.column_stack([x + 6 * np.sin(y / 70 + a), y + 6 * np.sin(x / 80 + b)]).round(3)


def drawn_by_hand(shape, rng, noise):
    """Redraw a polygon: shifted, vertices moved, some added and some left out; in any case a valid ring."""
    shift = rng.uniform(-noise / 2, noise / 2, 2)

    def move(xy):
        moved = xy + shift + rng.uniform(-noise / 2, noise / 2, xy.shape) / np.sqrt(2)
        moved[-1] = moved[0]
        return moved

    simple = shapely.simplify(shapely.segmentize(shape, rng.uniform(15, 60)), rng.uniform(0, 0.4))
    redrawn = shapely.transform(simple, move)
    return redrawn if redrawn.is_valid else shape


def pieces(shape, cuts, direction):
    """Cut a rectangle into strips at shares of its width or height."""
    x0, y0, x1, y1 = shape.bounds
    shares = [0.0, *sorted(cuts), 1.0]
    for low, high in pairwise(shares):
        if direction:
            yield shapely.box(x0 + low * (x1 - x0), y0, x0 + high * (x1 - x0), y1)
        else:
            yield shapely.box(x0, y0 + low * (y1 - y0), x1, y0 + high * (y1 - y0))


@st.composite
def cities(draw):
    """Return a city and the noise with which its layers were drawn, at most 4 m."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1), label="seed"))
    columns, rows = draw(st.sampled_from([(1, 1), (2, 1), (2, 2)]), label="communities")
    noise = draw(st.sampled_from([0.0, 1e-9, 1.0, 4.0]), label="noise")
    road = draw(st.sampled_from([0.0, 6.0, 16.0]), label="road")
    bend = draw(st.integers(0, 5), label="bend")
    shares = st.lists(st.sampled_from([0.3, 0.5, 0.7]), max_size=2, unique=True)
    communities, compounds, grids, buildings = {}, {}, {}, {}
    for n in range(columns * rows):
        x, y = BLOCK * 2 * (n % columns), BLOCK * (n // columns)
        whole = shapely.box(x, y, x + 2 * BLOCK, y + BLOCK)
        communities[f"C{n}"] = whole
        for k, block in enumerate(pieces(whole, draw(shares), direction=True)):
            inner = shapely.box(*(np.array(block.bounds) + road / 2 * np.array([1, 1, -1, -1])))
            yards = list(pieces(inner, draw(shares), direction=False)) if draw(st.booleans()) else [inner]
            parts = list(pieces(block, draw(shares), direction=False)) if len(yards) == 1 else [block]
            compounds |= {f"c{n}{k}{m}": yard for m, yard in enumerate(yards)}
            grids |= {f"g{n}{k}{m}": part for m, part in enumerate(parts)}
            for m in range(draw(st.integers(0, 2))):
                bx, by = rng.uniform((block.bounds[0], y), (block.bounds[2] - 20, y + BLOCK - 12))
                buildings[f"b{n}{k}{m}"] = shapely.box(bx, by, bx + 20, by + 12)
    walled = [draw(st.sampled_from([True, True, False, None])) for _ in compounds]

    def curved(shape):
        return placed(shapely.transform(shapely.segmentize(shape, 30), lambda xy: warped(xy, bend)))

    def hand(shapes):
        return {one: drawn_by_hand(curved(shape), rng, noise) for one, shape in shapes.items()}

    frame = {one: curved(shape) for one, shape in communities.items()}
    assert shapely.coverage_is_valid([*frame.values()])
    city = City(
        layer(frame),
        layer(hand(compounds), walled=walled),
        layer(hand(grids)),
        None,
        layer({one: curved(shape) for one, shape in buildings.items()}, households=[7] * len(buildings)),
    )
    note(f"{len(compounds)} compounds, {len(grids)} grids, {len(buildings)} buildings")
    return city


CHOICES = st.builds(
    dict,
    tolerance=st.sampled_from([5.0, 10.0]),
    lead=st.sampled_from(["neither", "compound", "grid"]),
    wide=st.sampled_from(["refuse", "longest-border"]),
)


@SLOW
@given(cities(), CHOICES)
def test_every_guarantee_holds(city, choices):
    assert_guarantees(city, align(*city, choices=Choices(**choices)), choices["tolerance"])


@SLOW
@given(cities(), CHOICES)
def test_a_second_time_nothing_changes(city, choices):
    assert_stable(city, align(*city, choices=Choices(**choices)), **choices)


@SLOW
@given(cities(), CHOICES, st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(city, choices, seed):
    chosen = Choices(**choices)
    assert_same(align(*city, choices=chosen), align(*city.shuffled(seed), choices=chosen))
