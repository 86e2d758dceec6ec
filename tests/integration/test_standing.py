"""Every rate of every area, with its parts and its change on the period before."""

from __future__ import annotations

from datetime import date

import pytest

from data.catalogue import read_catalogue
from data.periods import Period, Window
from data.queries import rates, records
from data.queries.records import Metric
from data.queries.standing import COLUMNS, RECORDED, by_key, standings
from data.scope import Scope
from data.units import Level
from models.enums import AreaLevel
from tests import town

CATALOGUE = read_catalogue()
WHOLE = Window(date(2021, 1, 1), date(2022, 12, 31))
YEAR = Period(2022, 12)


def found(store, scope=Scope(), level=AreaLevel.COUNTY, period=YEAR, whole=WHOLE):  # noqa: B008
    return standings(store, scope, CATALOGUE, level, period, whole)


def test_all_rates_are_there_and_each_knows_its_date(town_store) -> None:
    all_ = found(town_store)
    assert [one.key for one in all_] == [*CATALOGUE.rates, *(one.value for one in RECORDED)]
    assert all(list(one.frame.columns) == COLUMNS for one in all_)
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


def test_a_scope_has_a_total_of_its_own(town_store) -> None:
    inner = found(town_store, Scope.of_area(town.SPRING), AreaLevel.COMMUNITY)
    assert all(one.frame["code"].tolist() == [town.SPRING] for one in inner)
    for one in inner:
        assert one.total["numerator"] == one.frame["numerator"].iloc[0], one.key


def test_without_records_only_the_catalogue_stands(town_store) -> None:
    assert [one.key for one in found(town_store, period=None, whole=None)] == list(CATALOGUE.rates)
