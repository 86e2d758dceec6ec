"""Every rate of every area, with its parts and its change on the period before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from data.bulk import insert_frame
from data.catalogue import read_catalogue
from data.periods import Period, Window
from data.queries import rates, records
from data.queries.records import Metric
from data.queries.standing import COLUMNS, RECORDED, by_key, standings
from data.queries.three_rates import set_weights
from data.scope import Scope
from data.units import Level
from models import Request
from models.enums import AreaLevel
from tests import town

CATALOGUE = read_catalogue()
WHOLE = Window(date(2021, 1, 1), date(2022, 12, 31))
YEAR = Period.nth(2022, 12)


def found(store, scope=Scope(), level=AreaLevel.COUNTY, period=YEAR, whole=WHOLE):  # noqa: B008
    return standings(store, scope, CATALOGUE, level, period, whole)


def test_all_rates_are_there_and_each_knows_its_date(town_store) -> None:
    all_ = found(town_store)
    assert [one.key for one in all_] == [*CATALOGUE.rates, *(one.value for one in RECORDED)]
    assert all(list(one.frame.columns)[: len(COLUMNS)] == COLUMNS for one in all_)
    assert {one.key for one in all_ if one.weights} == {"three_rates"}
    assert all((one.window is None) == (one.key in CATALOGUE.rates) for one in all_)
    assert len({tuple(one.frame["code"]) for one in all_}) == 1
    assert by_key(all_, "satisfaction") is all_[9]
    assert by_key(all_, "nothing") is all_[0]


def test_figures_are_those_of_their_own_queries(town_store) -> None:
    all_ = found(town_store)
    with town_store.reading() as session:
        cover = rates.coverage(session, Scope(), CATALOGUE.rates["property_cover"], AreaLevel.COUNTY)
    mine = by_key(all_, "property_cover")
    assert mine.frame["numerator"].tolist() == cover.frame["numerator"].tolist()
    assert (mine.total["numerator"], mine.total["denominator"]) == (6, 9)
    city = records.measure(town_store, Scope(), Metric.SATISFACTION, Level.CITY, YEAR.window).frame.iloc[0]
    total = by_key(all_, "satisfaction").total
    assert (total["numerator"], total["denominator"]) == (city["numerator"], city["n"])


def test_no_change_is_told_where_records_begin_within_the_period_before(town_store) -> None:
    late = by_key(found(town_store, whole=Window(date(2021, 6, 1), date(2022, 12, 31))), "claims_per_1000")
    assert late.before is None
    assert late.frame["change"].isna().all()
    assert not late.frame["clear"].any()
    assert late.total["change"] != late.total["change"]
    known = by_key(found(town_store), "claims_per_1000")
    assert known.before == YEAR.before.window
    assert known.total["change"] == pytest.approx(known.total["value"] - known.total["was"])


def test_another_period_is_compared_with_where_it_is_named(town_store) -> None:
    half, other = Period.nth(2022, 6, 1), Period.nth(2021, 6, 1)
    named = standings(town_store, Scope(), CATALOGUE, AreaLevel.COUNTY, half, WHOLE, other)
    usual = found(town_store, period=half)
    for key, before in (("claims_per_1000", other), ("satisfaction", other)):
        assert by_key(named, key).before == before.window
        assert by_key(usual, key).before == half.before.window
        assert by_key(named, key).total["value"] == by_key(usual, key).total["value"]
    assert by_key(named, "claims_per_1000").total["was"] == 0
    assert by_key(named, "claims_per_1000").total["change"] > 0


def test_the_three_rates_stand_with_the_weights_of_the_city(town_copy) -> None:
    asked = datetime(2022, 3, 1, 4, tzinfo=UTC)
    done = [asked + timedelta(days=1)] * 18 + [None] * 2
    rows = [(n, town.SPRING, asked, asked, one, "area") for n, one in enumerate(done, start=1)]
    frame = town._frame("id area_code asked_at responded_at done_at place", rows)
    with town_copy.writing("request") as session:
        insert_frame(session, Request, frame)
    set_weights(town_copy, (1, 2, 1))
    one = by_key(found(town_copy, level=AreaLevel.COMMUNITY, period=Period.nth(2022, 6)), "three_rates")
    spring = one.frame.set_index("code").loc[town.SPRING]
    liked = spring["satisfaction"]
    assert (spring["response_rate"], spring["resolution_rate"]) == (100, 90)
    assert spring["value"] == pytest.approx((100 + 2 * 90 + liked) / 4)
    assert spring["numerator"] / spring["denominator"] == pytest.approx(spring["value"])
    assert one.weights == (1, 2, 1)
    total = one.total
    assert (total["response_rate_n"], total["resolution_rate_numerator"]) == (20, 18)
    assert total["value"] == pytest.approx((100 + 2 * 90 + total["satisfaction"]) / 4)
    assert total["low"] < total["value"] < total["high"]


def test_a_scope_has_a_total_of_its_own(town_store) -> None:
    inner = found(town_store, Scope.of_area(town.SPRING), AreaLevel.COMMUNITY)
    assert all(one.frame["code"].tolist() == [town.SPRING] for one in inner)
    for one in inner:
        assert one.total["numerator"] == pytest.approx(one.frame["numerator"].iloc[0], nan_ok=True), one.key


def test_without_records_only_the_catalogue_stands(town_store) -> None:
    assert [one.key for one in found(town_store, period=None, whole=None)] == list(CATALOGUE.rates)
