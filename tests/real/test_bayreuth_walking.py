"""Catchments on the real streets of North Bayreuth, against networkx by brute force."""

from __future__ import annotations

import gzip
import itertools
import shutil

import networkx as nx
import numpy as np
import pyogrio
import pytest
import shapely

from geo.catchments import BANDS_MIN, WALK_M_PER_MIN, cover
from geo.walking import build, reach

pytestmark = pytest.mark.real
UTM = 32632
STATIONS = 24
NOT_WALKED = ("motorway", "motorway_link", "construction", "proposed")
LIMIT_M = BANDS_MIN[-1] * WALK_M_PER_MIN


@pytest.fixture(scope="module")
def north(real_data, tmp_path_factory):
    plain = tmp_path_factory.mktemp("osm") / "north.osm"
    with gzip.open(real_data / "north-bayreuth.osm.gz") as packed, plain.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    areas = pyogrio.read_dataframe(plain, layer="multipolygons").to_crs(UTM)
    lines = pyogrio.read_dataframe(plain, layer="lines").to_crs(UTM)
    walked = lines["highway"].notna() & ~lines["highway"].isin(NOT_WALKED)
    homes = shapely.centroid(areas.geometry[areas["building"].notna()].to_numpy())
    return build(lines.geometry[walked].to_numpy()), shapely.get_coordinates(homes)


@pytest.fixture(scope="module")
def spots(north):
    network, homes = north
    rng = np.random.default_rng(4)
    at = homes[rng.choice(len(homes), STATIONS, replace=False)] + rng.normal(0, 40, (STATIONS, 2))
    return network.snap(at), network.snap(homes)


@pytest.fixture(scope="module")
def exact(north, spots):
    """Measure the ways from every station to every home, the places put into the graph as nodes."""
    network, _ = north
    graph = nx.Graph()
    stops: dict[int, list[tuple[float, object]]] = {
        n: [(0.0, int(a)), (float(network.length_m[n]), int(b))] for n, (a, b) in enumerate(network.ends)
    }
    for kind, places in zip(("station", "home"), spots, strict=True):
        for i in np.flatnonzero(places.on_road).tolist():
            stops[int(places.edge[i])].append((float(places.along_m[i]), (kind, i, "street")))
            graph.add_edge((kind, i), (kind, i, "street"), m=float(places.away_m[i]))
    for on_edge in stops.values():
        first, last = on_edge[:2]
        inner = sorted(on_edge[2:], key=lambda stop: stop[0])
        ordered = [first, *inner, last]
        for (begin, one), (end, other) in itertools.pairwise(ordered):
            length = max(end - begin, 0.0)
            if not graph.has_edge(one, other) or graph.edges[one, other]["m"] > length:
                graph.add_edge(one, other, m=length)
    metres = np.full((len(spots[0]), len(spots[1])), np.inf)
    for s in range(len(spots[0])):
        found = nx.single_source_dijkstra_path_length(graph, ("station", s), cutoff=LIMIT_M + 1, weight="m")
        for node, far in found.items():
            if isinstance(node, tuple) and len(node) == 2 and node[0] == "home":
                metres[s, node[1]] = far
    return metres


def test_the_streets_are_one_network_that_nearly_every_building_stands_on(north, spots) -> None:
    network, homes = north
    assert len(homes) == 4267
    graph = nx.Graph(network.ends.tolist())
    largest = max(nx.connected_components(graph), key=len)
    assert len(largest) > 0.95 * len(network.nodes)
    assert spots[1].on_road.mean() > 0.99
    assert spots[0].on_road.all()


def test_every_way_within_fifteen_minutes_is_that_of_networkx(north, spots, exact) -> None:
    found = reach(north[0], *spots, LIMIT_M)
    walked = ~found.straight
    metres = np.full(exact.shape, np.inf)
    metres[found.source[walked], found.point[walked]] = found.metres[walked]
    near = exact <= LIMIT_M
    assert near.sum() > STATIONS * 50
    assert (np.isfinite(metres) == near).all()
    assert metres[near] == pytest.approx(exact[near], abs=1e-6)


def test_the_bands_of_every_home_are_those_of_networkx(north, spots, exact) -> None:
    on = spots[1].on_road
    found = cover(north[0], spots[0], spots[1].take(on))
    minutes = exact[:, on].min(axis=0) / WALK_M_PER_MIN
    band = np.searchsorted(BANDS_MIN, minutes - 1e-9, side="left")
    assert found.band.tolist() == band.tolist()
    assert set(band.tolist()) == {0, 1, 2, 3}
