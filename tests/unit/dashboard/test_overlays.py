"""What 叠加分析 does, without a browser."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
import shapely

from dashboard import cell_layer
from dashboard.callbacks import overlays as page
from dashboard.callbacks import overlays_shown as figures
from dashboard.overlay_address import LEVELS, MODES, Address, edges_of
from dashboard.pages import overlays as layout
from dashboard.services import Services
from dashboard.theme import DARK, LIGHT
from data.counting import cells_with
from data.periods import Period, Window
from data.queries import records
from data.queries.records import Metric
from data.scope import Scope
from data.units import Level
from geo import hexagons
from models import Claim, Request
from tests import town
from tests.unit.dashboard.test_legend import decoded, texts

ALL = Scope()
WHOLE = Window(date(2025, 1, 1), date(2026, 10, 31))
YEAR = Period.nth(2022, 12)


@pytest.mark.parametrize(
    "search",
    [
        "",
        f"?area={town.EAST}&mode=change&metric=open&level=grid&smoothing=local&boundaries=then",
        "?scheme=fixed&period=2022H1&edges=60,70.5,80&chosen=420102001001",
        "?period=2022-02_2022-08&metric=open",
        "?metric=three_rates&weights=2,5.5,0",
        "?mode=change&period=2022Q2&against=2021Q4&side=was&level=cell&resolution=9",
    ],
)
def test_an_address_is_written_as_it_was_read(search: str) -> None:
    assert sorted(Address.of(search).search().lstrip("?").split("&")) == sorted(search.lstrip("?").split("&"))


@pytest.mark.parametrize(
    ("text", "edges"), [("60，70, 80", (60, 70, 80)), ("80,70", ()), ("a", ()), (None, ())]
)
def test_edges_are_numbers_in_rising_order(text: str | None, edges: tuple[float, ...]) -> None:
    assert edges_of(text) == edges


def test_time_steps_on_and_begins_anew_after_the_last() -> None:
    address = Address(period=Period.nth(2026, 3, 3))
    later = page.stepped(address, WHOLE)
    assert later.period == Period.nth(2026, 3, 4)
    assert page.at_end(later, WHOLE)
    assert page.stepped(later, WHOLE).period == Period.nth(2025, 3, 1)
    assert page.at_end(Address(), None)


def test_the_controls_choose_a_length_and_a_period() -> None:
    values = {
        layout.MODE: "one",
        layout.METRIC: "match_rate",
        layout.LEVEL: "grid",
        layout.SMOOTHING: "global",
        layout.BOUNDARIES: "then",
        layout.SCHEME: "natural",
        layout.EDGES: "1,2",
        layout.STEP: "12",
        layout.SLIDER: 0,
        layout.FIRST: None,
        layout.LAST: None,
        **dict.fromkeys(layout.WEIGHTS, 1),
        layout.SIDE: "change",
        layout.AGAINST: None,
        layout.RESOLUTION: "8",
    }
    new = page.controls(Address(chosen="1"), values, {layout.STEP}, WHOLE)
    assert new == Address(
        metric=Metric.MATCH_RATE,
        level=Level.GRID,
        smoothing="global",
        boundaries="then",
        scheme="natural",
        period=Period.nth(2026, 12),
    )
    assert page.controls(new, values, {layout.SLIDER}, WHOLE).period == Period.nth(2025, 12)


def test_months_are_chosen_freely_and_time_steps_on_by_as_many() -> None:
    start = Address(metric=Metric.CLAIMS_PER_1000, mode="change")
    values = page_values(start) | {layout.FIRST: "2026-02", layout.LAST: "2026-05"}
    free = page.controls(start, values, {layout.FIRST}, WHOLE)
    assert free.search() == "?mode=change&metric=claims_per_1000&period=2026-02_2026-05"
    assert page.step_of(Period.between(date(2026, 2, 1), date(2026, 5, 1))) == ""
    assert page.stepped(free, WHOLE).period == Period.of("2026-06_2026-09")
    assert [one.key for one in figures.others(free, WHOLE)] == ["2025-10_2026-01", "2025-02_2025-05"]
    assert figures.against_of(free, WHOLE) == Period.of("2025-10_2026-01")
    back = page.controls(free, values | {layout.FIRST: "2026-07"}, {layout.FIRST}, WHOLE)
    assert back.period == Period.of("2026-07")  # the month just chosen leads
    quarter = values | {layout.FIRST: "2026-04", layout.LAST: "2026-06", layout.STEP: ""}
    assert page.controls(free, quarter, {layout.LAST, layout.STEP}, WHOLE).period == Period.nth(2026, 3, 2)


def page_values(address: Address) -> dict[str, object]:
    names = {layout.METRIC: "metric", layout.LEVEL: "level", layout.SMOOTHING: "smoothing"}
    names |= {
        layout.BOUNDARIES: "boundaries",
        layout.SCHEME: "scheme",
        layout.SIDE: "side",
        layout.MODE: "mode",
    }
    values = {one: str(getattr(address, name)) for one, name in names.items()}
    values |= dict.fromkeys(layout.WEIGHTS, 1)
    return values | {layout.EDGES: "", layout.RESOLUTION: "8", layout.AGAINST: None, layout.STEP: "3"}


def test_weights_are_for_the_view_until_they_are_the_city_s() -> None:
    start, city = Address(metric=Metric.THREE_RATES), (3.0, 4.0, 3.0)
    values = page_values(start) | dict(zip(layout.WEIGHTS, (2, 2, 1), strict=True))
    own = page.controls(start, values, {layout.WEIGHTS[2]}, WHOLE, city)
    assert own.search() == "?metric=three_rates&weights=2,2,1"
    assert "3∶4∶3" in page.weights_note(own, city)
    unusable = values | dict(zip(layout.WEIGHTS, (0, "", 0), strict=True))
    assert page.controls(own, unusable, {layout.WEIGHTS[1]}, WHOLE, city).weights == own.weights
    back = values | dict(zip(layout.WEIGHTS, city, strict=True))
    assert page.controls(own, back, {layout.WEIGHTS[0]}, WHOLE, city).weights is None


def test_the_three_rates_are_drawn_with_their_parts(asked: Services) -> None:
    address = Address(metric=Metric.THREE_RATES, period=YEAR)
    for level in LEVELS:
        shown = figures.look(asked, ALL, address.but(level=level), LIGHT)
        assert shown.painted is not None
        assert "响应率×1＋办结率×1＋满意率×1 ÷ 权重之和" in texts(shown.legend)
    shown = figures.look(asked, ALL, address, LIGHT)
    (row,) = [one for one in shown.rows if one["key"] == town.WEST_GATE]
    assert row["value"] == pytest.approx((100 + 50 + 90) / 3, abs=0.05)
    assert "诉求办结率  50.0%（10/20）" in row["tip"]
    assert row["tip"].endswith("响应率×1＋办结率×1＋满意率×1 ÷ 权重之和\n2022 年")
    weighed = figures.look(asked, ALL, address.but(weights=(0.0, 1.0, 0.0)), LIGHT)
    assert [one["value"] for one in weighed.rows if one["key"] == town.WEST_GATE] == [50]
    change = figures.look(asked, ALL, address.but(mode="change"), LIGHT)
    assert change.painted is None  # nothing recorded in the year before


@pytest.fixture
def asked(services: Services) -> Services:
    """Give 西门 twenty requests, answered at once, half of them done."""
    at = datetime(2022, 3, 10, 4, tzinfo=UTC)
    with services.store.writing("request") as session:
        for n in range(20):
            session.add(
                Request(
                    area_code=town.WEST_GATE,
                    asked_at=at,
                    responded_at=at,
                    done_at=at if n % 2 else None,
                    place="area",
                )
            )
    return services


def test_every_mode_and_level_is_drawn(town_services: Services) -> None:
    for mode in MODES:
        for level in LEVELS:
            address = Address(mode=mode, level=level, period=YEAR, metric=Metric.CLAIMS_PER_1000)
            shown = figures.look(town_services, ALL, address, LIGHT)
            if mode == "change":
                continue  # the town's records begin within the year before
            assert shown.painted is not None
            assert shown.painted["layer"] == level.value
            assert {column["field"] for column in shown.columns} <= {
                *(shown.rows or [{}])[0]
            } or not shown.rows
            assert (shown.figure is not None) == (mode == "pair")


@pytest.mark.parametrize("mode", MODES)
def test_what_is_shown_goes_out_with_how_it_was_counted(mode: str, asked: Services) -> None:
    address = Address(mode=mode, metric=Metric.THREE_RATES, period=YEAR, against=Period.nth(2023, 12))
    made = figures.exported(asked, ALL, address, "xlsx")
    if mode == "change":
        assert made is None  # nothing recorded in another year
        return
    name, content = made
    assert name == "叠加分析-平城市-社区.xlsx"
    book = pd.read_excel(io.BytesIO(content), sheet_name=None, dtype={"代码": str})
    basis = dict(book["统计口径"].itertuples(index=False))
    assert (basis["区域"], basis["边界"], basis["时段"]) == ("平城市", "现在的边界", "2022-01-01—2022-12-31")
    (row,) = (one for one in book["数据"].to_dict("records") if one["代码"] == town.WEST_GATE)
    if mode == "one":
        assert row["数值"] == pytest.approx((100 + 50 + 90) / 3, abs=0.01)
        assert "诉求办结率  50.0%（10/20）" in row["构成"]
        lines = figures.exported(asked, ALL, address, "csv")[1].decode("utf-8-sig").splitlines()
        assert len(lines) == len(book["数据"]) + 1
    else:
        assert row["群众满意率（%）"] == 90


def test_classes_are_those_of_all_periods_together(town_services: Services) -> None:
    spans = (Period.nth(2021, 12), YEAR)
    args = (town_services.store, (), ALL, Metric.CLAIMS_PER_1000, Level.COMMUNITY)
    breaks = figures.shared_breaks(*args, spans, records.PLAIN, "natural", ())
    values = [
        records.measure(town_services.store, ALL, Metric.CLAIMS_PER_1000, Level.COMMUNITY, one.window).frame[
            "value"
        ]
        for one in spans
    ]
    known = np.concatenate(values)
    assert set(breaks) <= set(known)
    assert figures.shared_breaks(*args, spans, records.PLAIN, "fixed", (1.0, 2.0)).tolist() == [1.0, 2.0]


def test_what_is_too_few_is_hatched_and_not_ranked(town_services: Services) -> None:
    shown = figures.look(town_services, ALL, Address(level=Level.COMPOUND, period=YEAR), DARK)
    found = records.measure(town_services.store, ALL, Metric.SATISFACTION, Level.COMPOUND, YEAR.window)
    assert found.frame["too_few"].any()
    assert len(shown.rows) == int((~found.frame["too_few"]).sum())
    assert any("不足 10 条" in text for text in texts(shown.legend))


def test_a_change_is_not_told_where_records_begin_within_the_period_before(town_services: Services) -> None:
    shown = figures.look(town_services, ALL, Address(mode="change", period=Period.nth(2021, 12)), LIGHT)
    assert shown.painted is None
    assert "不作比较" in shown.note


def test_a_period_is_compared_with_any_other_that_is_apart_and_wholly_recorded() -> None:
    """Records from 1 January 2025 to 31 October 2026."""
    address = Address(mode="change", metric=Metric.CLAIMS_PER_1000, period=Period.nth(2026, 3, 2))
    keys = [one.key for one in figures.others(address, WHOLE)]
    assert keys == ["2026Q4", "2026Q3", "2026Q1", "2025Q4", "2025Q3", "2025Q2", "2025Q1"]
    assert figures.against_of(address, WHOLE) == Period.nth(2026, 3, 1)
    chosen = address.but(against=Period.nth(2025, 3, 2))
    assert figures.against_of(chosen, WHOLE) == Period.nth(2025, 3, 2)
    share = figures.others(address.but(metric=Metric.SATISFACTION), WHOLE)
    assert {one.key for one in share} == {*keys, "2026H2", "2025H1", "2025H2", "2025"}
    within = address.but(against=Period.nth(2026, 6, 1))  # half a year that holds the quarter
    assert figures.against_of(within, WHOLE) == Period.nth(2026, 3, 1)
    assert figures.against_of(Address(period=Period.nth(2025, 3, 1)), WHOLE) is None


def test_two_periods_are_drawn_in_the_same_classes(services: Services) -> None:
    with services.store.writing("claim") as session:
        for n in range(24):
            code, month = (town.SPRING, town.LAKE, town.WEST_GATE)[n % 3], 1 + n % 6
            session.add(
                Claim(
                    area_code=code,
                    item="修灯",
                    source="elective",
                    body="unit",
                    claimed_on=date(2021, month, 3),
                )
            )
    address = Address(
        mode="change",
        metric=Metric.CLAIMS_PER_1000,
        period=Period.nth(2022, 6, 1),
        against=Period.nth(2021, 3, 2),
    )
    whole = Window(date(2021, 1, 1), date(2022, 6, 30))
    before = figures.against_of(address, whole)
    assert before == Period.nth(2021, 6, 2)  # a quarter is no match for half a year
    address = address.but(period=Period.nth(2022, 3, 1), against=Period.nth(2021, 3, 2))
    sides = [figures.look(services, ALL, address.but(side=one), LIGHT) for one in ("was", "now")]
    was, now = ([text for text in texts(one.legend) if "—" in text or "低于" in text] for one in sides)
    assert was == now != []
    assert "2021 年第 2 季度（两期分级相同）" in texts(sides[0].legend)
    assert "2022 年第 1 季度（两期分级相同）" in texts(sides[1].legend)
    change = figures.look(services, ALL, address, LIGHT)
    assert "2021 年第 2 季度 → 2022 年第 1 季度" in texts(change.legend)
    assert change.rows == sides[0].rows
    table = pd.read_excel(io.BytesIO(figures.exported(services, ALL, address, "xlsx")[1]), sheet_name=0)
    counted = [
        records.measure(services.store, ALL, address.metric, address.level, one.window).frame["n"].sum()
        for one in (address.against, address.period)
    ]
    assert [table["对照期记录数"].sum(), table["本期记录数"].sum()] == counted
    assert set(table["对照期"]) == {"2021-04-01—2021-06-30"}


@pytest.fixture
def placed(services: Services) -> Services:
    """Give the town with two claims that have a point, in 春风 and far from it."""
    xy = [town.point(*at).coords[0] for at in ((200, 200), (4500, 200))]
    cells = hexagons.cells(*zip(*xy, strict=True)).astype(np.int64)
    with services.store.writing("claim") as session:
        for n, ((lon, lat), cell) in enumerate(zip(xy, cells, strict=True), start=1):
            session.query(Claim).filter_by(id=n).update({"lon": lon, "lat": lat, "cell": int(cell)})
    return services


def test_cells_are_drawn_by_the_numbers_that_their_outlines_bear(placed: Services) -> None:
    address = Address(metric=Metric.CLAIMS_PER_1000, level=Level.CELL, period=YEAR)
    shown = figures.look(placed, ALL, address, LIGHT)
    assert shown.painted is not None
    source = cell_layer.source(placed, ALL, address)
    assert {one["source"] for one in shown.painted["groups"]} == {source["id"]}
    assert sorted(decoded(shown.painted)) == [1, 2]
    everything = cells_with(placed.store, ALL, ("claim",), 8)
    outlined = json.loads(cell_layer.as_geojson(everything))["features"]
    assert [one["properties"]["id"] for one in outlined] == [1, 2]
    home = shapely.Point(town.point(200, 200))
    number = next(
        one["properties"]["id"] for one in outlined if shapely.geometry.shape(one["geometry"]).covers(home)
    )
    code = page.code_on_map(placed, ALL, address, {"layer": "cell", "id": number})
    assert code == f"{int(hexagons.cells([home.x], [home.y], 8)[0]):x}"
    drawn, _view = figures.place(placed, ALL, address.but(chosen=code), moves=True)
    assert [one["role"] for one in drawn] == ["selected"]
    assert any("春风社区" in row["name"] for row in shown.rows)


def test_cells_of_another_scope_are_not_drawn(placed: Services) -> None:
    everything = cells_with(placed.store, ALL, ("claim",), 8)
    assert len(everything) == 2
    assert len(cells_with(placed.store, Scope(town.LAKE), ("claim",), 8)) == 0
    address = Address(metric=Metric.CLAIMS_PER_1000, level=Level.CELL, period=YEAR)
    assert cell_layer.code_of(placed, Scope(town.LAKE), address, 1) is None
    shown = figures.look(placed, Scope(town.LAKE), address, LIGHT)
    assert shown.rows == []


def test_an_area_is_entered_within_the_scope_only(town_services: Services) -> None:
    assert page.entered(town_services, ALL, Address(), town.EAST, chosen=None).area == town.EAST
    assert page.entered(town_services, Scope(town.SPRING), Address(), town.WEST) == Address()
