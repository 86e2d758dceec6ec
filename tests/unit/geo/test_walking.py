"""Ways on a network of streets, against networkx by brute force."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import shapely

from geo.errors import GeoError
from geo.walking import Network, Snapped, build, nearest, nearest_m, reach, reached_lines

X, Y = 500_000.0, 3_380_000.0


def streets(*lines):
    return np.array([shapely.LineString(np.add(line, (X, Y))) for line in lines], dtype=object)


def spots(network: Network, *xy, reach_m: float = 300.0) -> Snapped:
    return network.snap(np.add(xy, (X, Y)), reach_m)


def lattice(rng: np.random.Generator, side: int = 6, step: float = 100.0):
    """Draw streets on a crooked lattice, some of them missing."""
    corner = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1) * step
    corner = corner + rng.uniform(-30, 30, corner.shape)
    pairs = [((i, j), (i + 1, j)) for i in range(side - 1) for j in range(side)]
    pairs += [((i, j), (i, j + 1)) for i in range(side) for j in range(side - 1)]
    return streets(*([corner[a], corner[b]] for a, b in pairs if rng.random() < 0.8))


def by_brute_force(network: Network, start: Snapped, end: Snapped) -> np.ndarray:
    """Measure all ways with networkx, the points put in as nodes of their own."""
    metres = np.full((len(start), len(end)), np.inf)
    for s in range(len(start)):
        for e in range(len(end)):
            graph = nx.Graph()
            cuts: dict[int, list[tuple[float, str, float]]] = {}
            for name, points, i in (("s", start, s), ("e", end, e)):
                cuts.setdefault(int(points.edge[i]), []).append((points.along_m[i], name, points.away_m[i]))
            for n, (a, b) in enumerate(network.ends.tolist()):
                stops = [(0.0, a, 0.0), *sorted(cuts.get(n, [])), (float(network.length_m[n]), b, 0.0)]
                names = [f"{n}:{one[1]}" if isinstance(one[1], str) else one[1] for one in stops]
                for i in range(len(stops) - 1):
                    length = stops[i + 1][0] - stops[i][0]
                    if (
                        not graph.has_edge(names[i], names[i + 1])
                        or graph.edges[names[i], names[i + 1]]["m"] > length
                    ):
                        graph.add_edge(names[i], names[i + 1], m=length)
                for name, (_, _, away) in zip(names, stops, strict=True):
                    if isinstance(name, str):
                        graph.add_edge(name, name[-1], m=away)
            if nx.has_path(graph, "s", "e"):
                metres[s, e] = nx.shortest_path_length(graph, "s", "e", weight="m")
    return metres


@pytest.mark.parametrize("seed", range(4))
def test_ways_are_those_of_networkx(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = build(lattice(rng))
    start, end = (spots(network, *rng.uniform(0, 500, (n, 2))) for n in (5, 12))
    exact = by_brute_force(network, start, end)
    limit = 420.0
    found = reach(network, start, end, limit)
    metres = np.full(exact.shape, np.inf)
    metres[found.source, found.point] = found.metres
    assert len(found.source) == (exact <= limit).sum()
    assert np.allclose(metres[exact <= limit], exact[exact <= limit], atol=1e-6)
    assert not found.straight.any()
    to_any, straight = nearest_m(network, start, end, limit)
    best = exact.min(axis=0)
    assert np.allclose(to_any[best <= limit], best[best <= limit], atol=1e-6)
    assert np.isinf(to_any[best > limit]).all()
    assert not straight.any()


def test_streets_that_cross_are_joined_though_neither_has_a_vertex_there() -> None:
    network = build(streets([(0, 0), (200, 0)], [(100, -100), (100, 100)]))
    assert len(network.lines) == 4
    found = reach(network, spots(network, (0, 0)), spots(network, (100, 100)), 500)
    assert found.metres == pytest.approx([200])


def test_an_end_that_stops_just_before_a_street_meets_it() -> None:
    network = build(streets([(0, 0), (200, 0)], [(100, 1), (100, 100)]))
    found = reach(network, spots(network, (0, 0)), spots(network, (100, 100)), 500)
    assert found.metres == pytest.approx([200])


def test_a_short_street_that_joins_no_other_is_left_out() -> None:
    lines = streets([(0, 0), (900, 0)], [(300, 40), (340, 40)])
    network = build(lines)
    assert len(network.lines) == 1
    spot = spots(network, (320, 45))
    assert spot.away_m == pytest.approx([45])


def test_two_points_on_one_street_need_no_crossing() -> None:
    network = build(streets([(0, 0), (100, 0)], [(100, 0), (100, 100), (0, 100), (0, 0)]))
    found = reach(network, spots(network, (20, 0)), spots(network, (70, 0)), 500)
    assert found.metres == pytest.approx([50])


def test_the_shorter_of_two_streets_between_the_same_crossings_is_walked() -> None:
    network = build(
        streets(
            [(0, 0), (0, 50), (100, 50), (100, 0)],
            [(0, 0), (100, 0)],
            [(-50, 0), (0, 0)],
            [(100, 0), (150, 0)],
        )
    )
    found = reach(network, spots(network, (-50, 0)), spots(network, (150, 0)), 500)
    assert found.metres == pytest.approx([200])


def test_without_streets_ways_are_straight_and_say_so() -> None:
    network = build(np.empty(0, dtype=object))
    start, end = spots(network, (0, 0)), spots(network, (300, 400), (3000, 0))
    found = reach(network, start, end, 1000)
    assert (found.point.tolist(), found.metres.tolist(), found.straight.tolist()) == ([0], [500], [True])
    metres, straight = nearest_m(network, start, end, 1000)
    assert metres.tolist() == [500, np.inf]
    assert straight.tolist() == [True, False]


def test_a_point_far_from_any_street_is_reached_in_a_straight_line() -> None:
    network = build(streets([(0, 0), (1000, 0)]))
    start, end = spots(network, (0, 0)), spots(network, (300, 0), (0, 400))
    metres, straight = nearest_m(network, start, end, 1000)
    assert metres.tolist() == pytest.approx([300, 400])
    assert straight.tolist() == [False, True]
    found = reach(network, start, end, 1000)
    assert dict(zip(found.point.tolist(), found.straight.tolist(), strict=True)) == {0: False, 1: True}


def test_stretches_end_where_the_way_is_used_up() -> None:
    network = build(streets([(0, 0), (400, 0)], [(400, 0), (400, 400)], [(400, 0), (800, 0)]))
    stretches = reached_lines(network, nearest(network, spots(network, (0, 0))), 500)
    assert shapely.length(stretches).sum() == pytest.approx(600)


def test_degrees_are_refused() -> None:
    with pytest.raises(GeoError, match="degrees"):
        build(np.array([shapely.LineString([(114, 30), (114.1, 30)])], dtype=object))
