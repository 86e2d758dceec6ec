"""Walking catchments of the small demo city and of the town."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from data.cities import write_demo
from data.errors import DataError
from data.queries import coverage
from data.queries.coverage import Walk
from data.scope import Scope
from data.store import Store
from models import Station
from models.enums import AreaLevel, StationTier
from tests import town

ALL = Scope()
MICRO = Walk(tiers=(StationTier.MICRO,), minutes=5)


@pytest.fixture(scope="module")
def city(small_city, tmp_path_factory):
    opened = Store.open(f"sqlite:///{tmp_path_factory.mktemp('city') / 'city.gpkg'}")
    write_demo(opened, small_city)
    yield opened
    opened.close()


def test_dwellings_add_up_and_longer_walks_reach_more(city, small_city) -> None:
    found = {level: coverage.coverage(city, ALL, MICRO, level) for level in AreaLevel}
    homes = small_city.tables["building"]["households"].sum()
    for level, frame in found.items():
        by_band = frame.groupby("band_min")[["dwellings", "dwellings_total", "compounds"]].sum()
        assert (by_band["dwellings_total"] == homes).all(), level
        assert by_band["dwellings"].is_monotonic_increasing
        assert by_band.to_numpy().tolist() == (
            found[AreaLevel.CITY][["dwellings", "dwellings_total", "compounds"]].to_numpy().tolist()
        )
        assert (frame["dwellings"] <= frame["dwellings_total"]).all()
    assert 0 < found[AreaLevel.CITY]["dwellings_rate"].iloc[0] < 100


def test_the_uncovered_are_those_that_walk_too_far_the_largest_first(city) -> None:
    everything, gaps = coverage.compounds(city, ALL, MICRO), coverage.uncovered(city, ALL, MICRO)
    assert len(everything) == len(gaps) + (everything["minutes"] <= 5).sum()
    assert (gaps["covered_share"] < coverage.COVERED + 1e-9).all()
    assert gaps["left_out"].is_monotonic_decreasing


def test_the_load_shares_out_the_floor_space(city) -> None:
    stations, homes = coverage.load(city, ALL, Walk()), coverage.access(city, ALL, Walk())
    used = stations[stations["dwellings"] > 0]
    reached = (homes["access_per_1000"].fillna(0) * homes["dwellings"]).sum() / 1000
    assert reached == pytest.approx(used["supply"].sum(), rel=0.02)  # a few dwellings stand in no compound
    assert np.allclose(used["supply_per_1000"], used["supply"] / used["dwellings"] * 1000)


def test_a_station_that_stands_makes_good_on_what_if(city) -> None:
    site = coverage.best_sites(city, ALL, MICRO, 3).iloc[0]
    told = coverage.what_if(city, ALL, MICRO, site["lon"], site["lat"])
    assert told.new_dwellings == site["new_dwellings"] > 0
    assert not told.straight
    before = coverage.coverage(city, ALL, MICRO, AreaLevel.CITY, (5,)).iloc[0]
    with city.writing("station") as session:
        session.add(
            Station(
                name="新微站",
                area_code=site["area_code"],
                tier="micro",
                geometry=shapely.Point(site["lon"], site["lat"]),
            )
        )
    after = coverage.coverage(city, ALL, MICRO, AreaLevel.CITY, (5,)).iloc[0]
    assert after["dwellings"] - before["dwellings"] == told.new_dwellings
    assert after["compounds"] - before["compounds"] == told.new_compounds == len(told.compound_ids)
    with city.writing("station") as session:
        session.query(Station).filter_by(name="新微站").delete()


def test_the_next_sites_reach_ever_less_and_nothing_twice(city) -> None:
    chosen = coverage.best_sites(city, ALL, MICRO, 5)
    assert chosen["new_dwellings"].is_monotonic_decreasing
    assert chosen["id"].is_unique
    left_out = coverage.compounds(city, ALL, MICRO)
    assert chosen["new_dwellings"].sum() <= left_out["dwellings"].sum()


def test_a_scope_is_told_of_its_own_dwellings_only(city) -> None:
    code = coverage.compounds(city, ALL, MICRO)["area_code"].min()
    scope = Scope(code)
    assert set(coverage.compounds(city, scope, MICRO)["area_code"]) == {code}
    assert set(coverage.best_sites(city, scope, MICRO, 2)["area_code"]) <= {code}
    whole, part = (coverage.load(city, one, Walk()) for one in (ALL, scope))
    assert part["dwellings"].tolist() == whole[whole["area_code"] == code]["dwellings"].tolist()


def test_streets_of_a_catchment_come_in_degrees(city) -> None:
    lines = coverage.streets(city, ALL, MICRO)
    west, south, east, north = shapely.total_bounds(lines)
    assert 113 < west < east < 116
    assert 29 < south < north < 32


def test_where_no_street_is_near_ways_are_straight_and_told_so(town_store) -> None:
    """The one street of the town runs 650 m north of the dwellings: out of reach."""
    found = coverage.coverage(town_store, ALL, Walk(), AreaLevel.COMMUNITY, (5, 15)).set_index(
        ["code", "band_min"]
    )
    near = found.loc[(town.SPRING, 5.0)]
    assert near["dwellings"] == near["straight_dwellings"] == 800
    assert found.loc[(town.LAKE, 5.0), "dwellings"] == 0
    far = coverage.what_if(town_store, ALL, Walk(minutes=5), *town.point(2430, 120).coords[0])
    assert (far.straight, far.new_dwellings, far.compound_ids) == (True, 400, [8])


def test_a_walk_must_be_of_a_facility_and_have_an_end() -> None:
    with pytest.raises(DataError, match="station、assist_point、canteen"):
        Walk(facility="school")
    with pytest.raises(DataError, match="90"):
        Walk(minutes=90)


def test_a_store_without_anything_to_walk_to_says_what_to_do(store) -> None:
    with pytest.raises(DataError, match="请先导入"):
        coverage.compounds(store, ALL, Walk())
