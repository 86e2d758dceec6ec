"""Catchments, load and siting, against worked numbers and a second library."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from access.fca import two_stage_fca

from geo.catchments import best_sites, cover, newly_covered, two_step
from geo.errors import GeoError
from geo.walking import Reach, reach
from tests.unit.geo.test_walking import build, spots, streets


def pairs(matrix: np.ndarray, limit: float) -> Reach:
    s, p = np.nonzero(matrix <= limit)
    return Reach(s, p, matrix[s, p], np.zeros(len(s), bool))


def test_bands_are_minutes_to_the_nearest_station() -> None:
    network = build(streets([(0, 0), (2000, 0)]))
    stations, homes = (
        spots(network, (0, 0), (2000, 0)),
        spots(network, (300, 0), (360, 0), (700, 0), (1000, 0), (1900, 0)),
    )
    found = cover(network, stations, homes, bands_min=(5, 10), speed_m_per_min=72)
    assert found.minutes[[0, 1, 2, 4]] == pytest.approx([300 / 72, 5, 700 / 72, 100 / 72])
    assert found.band.tolist() == [0, 0, 1, 2, 0]
    assert np.isinf(found.minutes[3])


def test_walking_faster_reaches_more() -> None:
    network = build(streets([(0, 0), (2000, 0)]))
    stations, homes = spots(network, (0, 0)), spots(network, (1000, 0))
    assert cover(network, stations, homes, bands_min=(10,), speed_m_per_min=99).band.tolist() == [1]
    assert cover(network, stations, homes, bands_min=(10,), speed_m_per_min=100).band.tolist() == [0]


def test_bands_that_do_not_rise_are_refused() -> None:
    network = build(streets([(0, 0), (2000, 0)]))
    with pytest.raises(GeoError, match="must rise"):
        cover(network, spots(network, (0, 0)), spots(network, (1, 0)), bands_min=(10, 5))


def test_the_load_is_that_of_the_access_library() -> None:
    """The PySAL package ``access`` 1.1 gives the same two-step floating catchments."""
    rng = np.random.default_rng(3)
    cost = rng.uniform(0, 40, (7, 30))
    people, beds = rng.integers(0, 900, 30), rng.integers(1, 9, 7)
    load = two_step(beds, people, pairs(cost, 15))
    table = pd.DataFrame(
        {"origin": np.tile(np.arange(30), 7), "dest": np.repeat(np.arange(7), 30), "cost": cost.ravel()}
    )
    theirs = two_stage_fca(
        demand_df=pd.DataFrame({"id": range(30), "people": people}).set_index("id"),
        supply_df=pd.DataFrame({"id": range(7), "beds": beds}).set_index("id"),
        cost_df=table,
        max_cost=15,
        demand_index=True,
        demand_name="people",
        supply_index=True,
        supply_name="beds",
        cost_origin="origin",
        cost_dest="dest",
        cost_name="cost",
    )
    assert load.access == pytest.approx(theirs.reindex(range(30)).fillna(0).to_numpy())


def test_all_supply_that_anyone_reaches_is_shared_out() -> None:
    cost = np.array([[1, 9, 9], [1, 1, 9], [9, 9, 9]])
    load = two_step([10, 20, 5], [100, 300, 50], pairs(cost, 5))
    assert load.per_station.tolist() == [100, 400, 0]
    assert load.ratio[:2].tolist() == [0.1, 0.05]
    assert np.isnan(load.ratio[2])
    assert load.access.tolist() == pytest.approx([0.15, 0.05, 0])
    assert (load.access * [100, 300, 50]).sum() == pytest.approx(30)


def test_the_first_site_is_the_best_and_each_adds_what_is_new() -> None:
    cost = np.array([[1, 1, 1, 9], [9, 1, 1, 1], [9, 9, 9, 1]])
    chosen = best_sites(pairs(cost, 5), [5, 10, 10, 1], 3, 3)
    assert chosen.site.tolist() == [0, 1]  # the third would add nothing
    assert chosen.gain.tolist() == [25, 1]


def test_what_is_covered_already_counts_for_nothing() -> None:
    cost = np.array([[1, 1, 9], [9, 9, 1]])
    chosen = best_sites(pairs(cost, 5), [5, 10, 7], 1, 2, covered=[False, True, False])
    assert (chosen.site.tolist(), chosen.gain.tolist()) == ([1], [7])


@pytest.mark.parametrize("seed", range(5))
def test_the_choice_keeps_its_bound_against_all_possible_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, weight = rng.uniform(0, 10, (9, 25)), rng.integers(1, 50, 25)
    near = cost <= 2
    best = max(weight[near[list(some)].any(axis=0)].sum() for some in itertools.combinations(range(9), 3))
    found = best_sites(pairs(cost, 2), weight, 3, 9)
    assert (1 - 1 / np.e) * best <= found.gain.sum() <= best
    assert found.gain.sum() == weight[near[found.site].any(axis=0)].sum()


def test_a_new_station_counts_only_who_had_none() -> None:
    network = build(streets([(0, 0), (2000, 0)]))
    homes = spots(network, (100, 0), (900, 0), (1100, 0), (1800, 0))
    minutes = cover(network, spots(network, (0, 0)), homes, bands_min=(15,)).minutes
    assert newly_covered(network, spots(network, (1000, 0)), homes, minutes, 5, 72).tolist() == [1, 2]
    assert len(reach(network, spots(network, (1000, 0)), homes, 360).point) == 2
