"""Micro-grids of the little town: loads, lane and street, locks, stability, what can't be met."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.codes import issued, reading_order
from geo.districting import Units, districts_of, require_band
from geo.errors import GeoError
from geo.partition import Band
from geo.proposal import Wishes
from tests.drawn import box, layer
from tests.hamlet import BUILDINGS, COMMUNITY, buildings, town


def sizes(proposal):
    return sorted(proposal.micro_grids["households"][proposal.micro_grids["households"] > 0])


def test_all_micro_grids_of_the_town_are_in_the_band_and_on_one_side_of_the_lane():
    proposal = town()
    micro = proposal.micro_grids
    assert sum(sizes(proposal)) == 12 * 73
    assert all(30 <= load <= 50 for load in sizes(proposal))
    assert shapely.coverage_is_valid(micro.geometry.values)
    assert (
        shapely.union_all(micro.geometry.values).symmetric_difference(COMMUNITY["420106001001"]).area < 0.01
    )
    assert (micro.geometry.geom_type == "Polygon").all()
    lived = proposal.cells[proposal.cells["households"] > 0]
    assert (
        not lived[["micro_grid_id", "block", "compound_id"]]
        .drop_duplicates()["micro_grid_id"]
        .duplicated()
        .any()
    )


def test_each_building_lies_in_the_polygon_that_it_is_listed_in():
    proposal = town()
    shape = proposal.micro_grids.set_index("id").geometry
    for name, listed in zip(BUILDINGS, proposal.buildings["micro_grid_id"], strict=True):
        assert shape[listed].buffer(1e-4).covers(BUILDINGS[name])


def test_the_same_seed_gives_the_same_result_in_any_number_of_processes():
    first, second = town(wishes=Wishes(seed=3)), town(wishes=Wishes(seed=3))
    pd.testing.assert_frame_equal(first.buildings, second.buildings)


def test_another_band_gives_other_micro_grids():
    assert all(85 <= load <= 115 for load in sizes(town(wishes=Wishes(Band(85, 115)))))


def test_codes_run_row_by_row_from_the_north_west():
    shapes = np.array(
        [box(0, 0, 10, 10), box(10, 0, 20, 10), box(0, 10, 10, 20), box(10, 10, 20, 20)], dtype=object
    )
    assert reading_order(shapes) == [2, 3, 0, 1]
    assert issued(shapes, "42", {"42007", "43999", "x"}) == ["42010", "42011", "42008", "42009"]
    with pytest.raises(GeoError, match="more than 1 digits"):
        issued(shapes, "42", {"426"}, length=1)


def test_codes_of_communities_that_begin_alike_are_told_apart():
    shapes = np.array([box(0, 0, 10, 10)], dtype=object)
    assert issued(shapes, "4", {"4001", "499091", "40002"}) == ["4002"]


def test_existing_micro_grids_keep_their_ids_codes_and_households():
    first = town().micro_grids
    again = town(existing=first)
    assert again.moved == 0
    assert set(again.micro_grids["id"]) == set(first["id"])
    assert set(again.micro_grids["code"]) == set(first["code"])


def test_few_households_move_when_some_buildings_change():
    first = town().micro_grids
    fresh = buildings()
    fresh.loc[fresh["id"].isin(["s0.0", "n3.2", "e1.1"]), "households"] = [30.0, 0.0, 20.0]
    again = town(existing=first, buildings=fresh)
    assert all(30 <= load <= 50 for load in sizes(again))
    assert again.moved < 0.12 * 12 * 73
    assert set(first["id"]) - set(again.micro_grids["id"]) == set() or len(again.micro_grids) < len(first)


def test_locked_micro_grids_stay_as_they_are():
    first = town().micro_grids
    locked = first["id"].iloc[2]
    fresh = buildings()
    fresh["households"] *= 1.6
    again = town(existing=first, buildings=fresh, wishes=Wishes(locked=frozenset({locked})))
    before = first.set_index("id").geometry[locked]
    after = again.micro_grids.set_index("id").geometry[locked]
    assert before.symmetric_difference(after).area < 0.05
    reason = again.refusals.set_index("feature_id")["reason"]
    load = again.micro_grids.set_index("id")["households"][locked]
    assert 30 <= load <= 50 or reason[locked] == "locked"
    with pytest.raises(GeoError, match="No existing micro-grid is called x"):
        town(existing=first, wishes=Wishes(locked=frozenset({"x"})))


def test_what_cant_be_met_is_listed_with_its_reason():
    towers = buildings()
    towers.loc[towers["id"] == "e2.2", "households"] = 200.0
    found = town(buildings=towers).refusals
    tower = found[found["households"] == 200]
    assert tower["reason"].tolist() == ["atom_above"]
    assert tower.geometry.iloc[0].covers(BUILDINGS["e2.2"].centroid)
    outside = pd.concat([buildings(), layer({"far": box(900, 0, 920, 10)}, households=[8.0])])
    found = town(buildings=outside).refusals
    assert found[found["layer"] == "building"][["feature_id", "reason"]].to_numpy().tolist() == [
        ["far", "outside"]
    ]


def test_entrances_let_a_tower_be_shared():
    towers = buildings()
    towers.loc[towers["id"] == "e2.2", "households"] = 120.0
    doors = pd.DataFrame({"building_id": ["e2.2"] * 3, "households": [40.0] * 3})
    proposal = town(buildings=towers, entrances=doors)
    assert all(30 <= load <= 50 for load in sizes(proposal))
    assert proposal.entrances["micro_grid_id"].nunique() == 3
    assert proposal.buildings["micro_grid_id"].isna().sum() == 1


def test_micro_grids_group_to_grids_by_the_same_engine():
    count = 40
    along = np.arange(count - 1)
    line = Units(
        np.full(count, 40.0), np.full(count, 900.0), np.stack([np.arange(count) * 30.0, np.zeros(count)], 1),
        along, along + 1, np.full(count - 1, 30.0), np.zeros(count, int), np.zeros(count, int),
        np.full(count, -1), np.full(count, -1), np.zeros(count, bool),
    )  # fmt: skip
    found = districts_of(line, Band(300, 500))
    assert len(found.households) == 4
    assert all(300 <= load <= 500 for load in found.households)
    assert (np.diff(found.of_unit) != 0).sum() == 3


def test_a_band_must_hold_something():
    with pytest.raises(GeoError, match="50-30"):
        require_band(50, 30)
