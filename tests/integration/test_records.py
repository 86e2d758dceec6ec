"""Overlays of records in both homes, against the overlays of the map and by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.event import listen

from data import cubes
from data.bulk import insert_frame
from data.errors import DataError
from data.periods import Window
from data.queries import comparisons, records
from data.queries.records import Metric, View, conserved, measure, ranking
from data.queries.three_rates import EQUAL, RATES, set_weights, weights_of
from data.scope import Scope
from data.units import Level
from geo import hexagons
from models import Claim, FormerPlace, Rating, Request
from models.enums import AreaLevel
from tests import town

ALL = Scope()
YEAR = Window(date(2022, 1, 1), date(2022, 6, 30))
LONG = Window(date(2021, 1, 1), date(2022, 12, 31))


def at(day: int, hour: int = 2) -> datetime:
    """Return a time in March 2022; two o'clock in Greenwich is ten in China."""
    return datetime(2022, 3, day, hour, tzinfo=UTC)


REQUESTS = [
    # area, compound, asked, due, responded, done
    *((town.SPRING, 1, at(1), at(5), at(1, 3), at(2)) for _ in range(10)),
    (town.SPRING, 1, at(2), at(6), at(3), None),
    (town.SPRING, 1, at(3), at(30), None, None),
    *((town.WEST_GATE, 10, at(10), at(12), at(11), at(20)) for _ in range(12)),
    (town.LAKE, None, at(10), None, None, None),
    (town.CITY, None, at(10), None, None, None),
]


@pytest.fixture
def asked(town_copy):
    rows = [
        (n, *row, "nowhere" if row[0] == town.CITY else "area") for n, row in enumerate(REQUESTS, start=1)
    ]
    frame = town._frame("id area_code compound_id asked_at due_at responded_at done_at place", rows)
    with town_copy.writing("request", "claim") as session:
        insert_frame(session, Request, frame)
        session.add(
            Claim(
                area_code=town.SPRING,
                item="修灯",
                source="elective",
                body="unit",
                claimed_on=date(2022, 3, 2),
                request_id=1,
            )
        )
        session.add(
            Claim(
                area_code=town.SPRING,
                item="修灯",
                source="elective",
                body="unit",
                claimed_on=date(2022, 3, 9),
                request_id=1,
            )
        )
        session.add(
            Claim(
                area_code=town.SPRING,
                item="修灯",
                source="elective",
                body="unit",
                claimed_on=date(2022, 7, 1),
                request_id=2,
            )
        )
    return town_copy


def figures(store, metric, level=Level.COMMUNITY, window=YEAR, scope=ALL, **view):
    found = measure(store, scope, metric, level, window, View(**view))
    return found.frame.set_index("code")


@pytest.mark.parametrize("scope", [ALL, Scope.of_area(town.WEST), Scope(town.SPRING)])
def test_the_figures_are_those_of_plain_sql(town_store, scope: Scope) -> None:
    days = Rating.rated_on.between(YEAR.start, YEAR.end)
    satisfied = func.count().filter(Rating.score >= records.SATISFIED)
    keys = {
        Level.COMPOUND: Rating.compound_id,
        Level.COUNTY: func.substr(Rating.area_code, 1, 6),
        Level.COMMUNITY: Rating.area_code,
    }
    for level, key in keys.items():
        with town_store.reading() as session:
            rows = session.execute(
                select(key, func.count(), satisfied).where(days, scope.where(Rating.area_code)).group_by(key)
            ).all()
        frame = measure(town_store, scope, Metric.SATISFACTION, level, YEAR).frame
        digits = 6 if level is Level.COUNTY else 12
        by = frame["id"] if level is Level.COMPOUND else frame["code"].astype(str).str[:digits]
        mine = {k: (n, over) for k, n, over in zip(by, frame["n"], frame["numerator"], strict=True) if n}
        assert mine == {row[0]: (row[1], row[2]) for row in rows if row[0] in set(by)}


def test_a_scope_asks_the_store_for_its_own_records_only(town_copy) -> None:
    asked: list[str] = []
    listen(town_copy.engine, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    found = measure(town_copy, Scope(town.SPRING), Metric.CLAIMS_PER_1000, Level.COMPOUND, YEAR)
    assert found.total == 7
    tables = [one for one in asked if "FROM claim" in one or "FROM compound" in one]
    assert len(tables) >= 2
    assert all("area_code >=" in one for one in tables)


def test_what_was_read_for_the_city_is_narrowed_to_what_a_scope_would_read(asked) -> None:
    with asked.writing("former_place") as session:
        for record, code in ((1, town.SPRING + "X02"), (12, None), (13, town.SPRING + "X99")):
            session.add(FormerPlace(table_name="request", record_id=record, layer="compound", code=code))
    scopes = [Scope(prefix) for prefix in (town.EAST[:6], town.SPRING, town.WEST_GATE, "999")]
    for record in ("request", "claim", "rating"):
        own = [cubes.cube(asked, scope, record) for scope in scopes]
        whole = cubes.cube(asked, ALL, record)
        statements: list[str] = []
        listen(asked.engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))  # noqa: B023
        for scope, read in zip(scopes, own, strict=True):
            found = cubes.cube(asked, scope, record)
            assert found is not read
            assert found.area_codes[found.area].tolist() == read.area_codes[read.area].tolist()
            for name in ("day", "cell", "nowhere", "score", "claimed"):
                assert getattr(found, name).tolist() == getattr(read, name).tolist()
            for several in ("holder", "times"):
                assert {k: v.tolist() for k, v in getattr(found, several).items()} == {
                    k: v.tolist() for k, v in getattr(read, several).items()
                }
            was, now = (
                {layer: dict(zip(at.tolist(), codes, strict=True)) for layer, (at, codes) in one.items()}
                for one in (read.former, found.former)
            )
            assert was == now
        assert not [one for one in statements if f"FROM {record}" in one]
        assert len(whole) > 0


def test_every_level_has_the_same_sum(town_store, asked) -> None:
    for store, record in ((town_store, "claim"), (town_store, "rating"), (asked, "request")):
        found = conserved(store, ALL, record, LONG)
        assert found["total"].nunique() == 1, found
        assert found.set_index("level").loc["city", "above"] == 0
        assert (found["inside"] + found["above"] == found["total"]).all()


def test_open_overdue_and_the_rates_are_as_of_the_windows_end(asked) -> None:
    early = Window(date(2022, 3, 1), date(2022, 3, 10))
    spring = {
        one: figures(asked, one, window=early).loc[town.SPRING] for one in Metric if one.record == "request"
    }
    assert spring[Metric.OPEN]["numerator"] == 2
    assert spring[Metric.OVERDUE]["numerator"] == 1
    assert (spring[Metric.RESPONSE_RATE]["numerator"], spring[Metric.RESPONSE_RATE]["n"]) == (11, 12)
    assert spring[Metric.RESOLUTION_RATE]["value"] == pytest.approx(100 * 10 / 12)
    assert spring[Metric.MATCH_RATE]["numerator"] == 1  # taken on twice, and another only in July
    west = figures(asked, Metric.RESOLUTION_RATE, window=early).loc[town.WEST_GATE]
    assert (west["numerator"], west["n"]) == (0, 12)
    assert figures(asked, Metric.RESOLUTION_RATE).loc[town.WEST_GATE, "numerator"] == 12


def test_days_are_told_by_the_citys_clocks(town_copy) -> None:
    """Five in the afternoon in Greenwich is one in the morning of the next day in China."""
    with town_copy.writing("request") as session:
        session.add(Request(area_code=town.SPRING, asked_at=datetime(2022, 3, 1, 17, tzinfo=UTC)))
    days = [Window(date(2022, 3, day), date(2022, 3, day)) for day in (1, 2)]
    assert [measure(town_copy, ALL, Metric.OPEN, Level.CITY, one).total for one in days] == [0, 1]


def test_what_the_city_does_not_record_has_no_rate(town_copy) -> None:
    with town_copy.writing("request") as session:
        for _ in range(20):
            session.add(Request(area_code=town.SPRING, asked_at=at(1), done_at=at(2)))
    assert np.isnan(figures(town_copy, Metric.OVERDUE).loc[town.SPRING, "value"])
    assert np.isnan(figures(town_copy, Metric.MATCH_RATE).loc[town.SPRING, "value"])
    assert figures(town_copy, Metric.RESOLUTION_RATE).loc[town.SPRING, "value"] == 100


def test_few_full_marks_rank_below_many_good_ones_and_very_few_not_at_all(town_store) -> None:
    found = measure(town_store, ALL, Metric.SATISFACTION, Level.COMPOUND, YEAR)
    few = found.frame.set_index("code").loc[town.SPRING + "X02"]
    assert (few["n"], few["too_few"], few["rank"]) == (9, True, 0)
    assert ranking(found)["rank"].tolist() == [1, 2]
    assert ranking(found)["low"].is_monotonic_decreasing


def test_records_that_lie_nowhere_are_listed(asked) -> None:
    with asked.reading() as session:
        assert records.nowhere(session, ALL, "request")["id"].tolist() == [len(REQUESTS)]
        assert records.nowhere(session, Scope(town.SPRING), "request").empty
    found = measure(asked, ALL, Metric.OPEN, Level.COMMUNITY, YEAR)
    assert (found.above, found.nowhere) == (1, 1)


def test_history_is_read_by_the_boundaries_of_its_day_or_of_today(town_copy) -> None:
    with town_copy.writing("claim", "former_place") as session:
        session.add(FormerPlace(table_name="claim", record_id=1, layer="compound", code=town.SPRING + "X02"))
        session.add(FormerPlace(table_name="claim", record_id=2, layer="compound", code=town.SPRING + "X99"))
        session.add(FormerPlace(table_name="claim", record_id=3, layer="compound", code=None))
    today = measure(town_copy, ALL, Metric.CLAIMS_PER_KM2, Level.COMPOUND, YEAR)
    then = measure(town_copy, ALL, Metric.CLAIMS_PER_KM2, Level.COMPOUND, YEAR, View(boundaries="then"))
    by = [one.frame.set_index("code")["n"] for one in (today, then)]
    assert (by[0][town.SPRING + "X01"], by[1][town.SPRING + "X01"]) == (5, 2)
    assert (by[0][town.SPRING + "X02"], by[1][town.SPRING + "X02"]) == (1, 2)
    assert by[1][town.SPRING + "X99"] == 1  # a compound that is no more
    assert then.above == today.above + 1
    assert then.total == today.total


def test_cells_count_what_has_a_point(town_copy) -> None:
    (x, y), (far_x, far_y) = (town.point(*xy).coords[0] for xy in ((200, 200), (4500, 200)))
    cells = hexagons.cells([x, far_x], [y, far_y]).astype(np.int64)
    with town_copy.writing("claim") as session:
        for n, (lon, lat, cell) in enumerate(zip((x, far_x), (y, far_y), cells, strict=True), start=1):
            session.query(Claim).filter_by(id=n).update({"lon": lon, "lat": lat, "cell": int(cell)})
    found = measure(town_copy, ALL, Metric.CLAIMS_PER_1000, Level.CELL, YEAR)
    assert found.frame["n"].tolist() == [1, 1]
    assert found.above == 16
    assert found.frame["denominator"].max() == 800  # the dwellings of 春风社区, in the cell around them


def test_smoothed_densities_keep_the_number_of_claims(town_store) -> None:
    for smoothing in ("global", "local"):
        found = figures(town_store, Metric.CLAIMS_PER_1000, Level.COMPOUND, smoothing=smoothing)
        known = found[found["denominator"] > 0]
        assert (known["value"] * known["denominator"]).sum() / 1000 == pytest.approx(known["numerator"].sum())


def test_two_periods_share_their_classes_and_tell_what_is_chance(town_copy) -> None:
    with town_copy.writing("rating") as session:
        for n in range(60):
            session.add(Rating(area_code=town.WEST_GATE, score=5 if n < 20 else 1, rated_on=date(2021, 6, 1)))
    windows = (Window(date(2021, 1, 1), date(2021, 11, 30)), YEAR)
    found = comparisons.compare(town_copy, ALL, Metric.SATISFACTION, Level.COMMUNITY, windows, classes=2)
    west = found.frame.set_index("code").loc[town.WEST_GATE]
    assert (west["n_was"], west["n_now"]) == (60, 20)
    assert west["change"] == pytest.approx(90 - 100 / 3)
    assert west["low"] < west["change"] < west["high"]
    assert west["clear"]
    assert not found.frame.set_index("code").loc[town.SPRING, "clear"]  # nothing to compare with


def test_a_bivariate_map_classes_both_or_neither(town_store) -> None:
    frame, across, up = comparisons.bivariate(town_store, ALL, Level.COMPOUND, YEAR)
    assert len(frame) == 12
    known = frame["class"] != 255
    assert frame.loc[known, "code"].tolist() == [town.SPRING + "X01", town.WEST_GATE + "X02"]
    assert len(across) <= 2 >= len(up)


def test_the_three_rates_are_weighed_and_each_needs_enough(asked) -> None:
    measured = measure(asked, ALL, Metric.THREE_RATES, Level.COMMUNITY, YEAR)
    found = measured.frame.set_index("code")
    west = found.loc[town.WEST_GATE]
    assert west["value"] == pytest.approx((100 + 100 + 90) / 3)
    assert west["low"] < west["value"] < west["high"]
    assert (west["numerator"], west["denominator"]) == (pytest.approx(290), 3)
    assert (west["satisfaction_numerator"], west["satisfaction_n"], west["n"]) == (18, 20, 12)
    assert np.isnan(found.loc[town.LAKE, "value"])
    assert found.loc[town.LAKE, "too_few"]
    assert found.loc[town.LAKE, "rank"] == 0
    parts = [measure(asked, ALL, Metric(one), Level.COMMUNITY, YEAR) for one in RATES]
    assert measured.total == parts[0].total + parts[2].total
    only = measure(asked, ALL, Metric.THREE_RATES, Level.COMMUNITY, YEAR, View(weights=(0, 3, 0)))
    assert only.frame.set_index("code").loc[town.SPRING, "value"] == pytest.approx(100 * 10 / 12)


def test_smoothed_rates_leave_the_bounds_and_ranks_of_the_three_as_they_are(asked) -> None:
    raw, smooth = (
        measure(asked, ALL, Metric.THREE_RATES, Level.COMMUNITY, YEAR, View(smoothing=one)).frame
        for one in ("raw", "global")
    )
    for name in ("low", "high", "rank"):
        np.testing.assert_allclose(raw[name], smooth[name])
    assert (raw["value"] - smooth["value"]).abs().max() > 0
    assert (raw["value"].isna() == smooth["value"].isna()).all()


def test_a_city_sets_its_weights_and_others_are_refused(asked) -> None:
    with asked.reading() as session:
        assert weights_of(session) == EQUAL
    set_weights(asked, (2, 5.5, 2.5))
    with asked.reading() as session:
        assert weights_of(session) == (2, 5.5, 2.5)
    for wrong in ((0, 0, 0), (-1, 1, 1), (1, 1, 101), (1, 1, 0.123)):
        with pytest.raises(DataError, match="权重"):
            set_weights(asked, wrong)


def test_a_scope_counts_its_own_records_only(town_store) -> None:
    found = measure(town_store, Scope.of_area(town.WEST), Metric.CLAIMS_PER_KM2, Level.COUNTY, YEAR)
    assert found.frame["code"].tolist() == [town.WEST]
    assert found.total == 6
    assert AreaLevel.COUNTY is Level.COUNTY.area_level
