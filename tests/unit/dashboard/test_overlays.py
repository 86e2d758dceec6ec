"""What 叠加分析 does, without a browser."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from dashboard.callbacks import overlays as page
from dashboard.overlay_address import LEVELS, MODES, Address, edges_of
from dashboard.pages import overlays as layout
from dashboard.services import Services
from dashboard.theme import DARK, LIGHT
from data.periods import Period, Window
from data.queries import records
from data.queries.records import Metric
from data.scope import Scope
from data.units import Level
from tests import town
from tests.unit.dashboard.test_legend import texts

ALL = Scope()
WHOLE = Window(date(2025, 1, 1), date(2026, 10, 31))
YEAR = Period(2022, 12)


@pytest.mark.parametrize(
    "search",
    [
        "",
        f"?area={town.EAST}&mode=change&metric=open&level=grid&smoothing=local&boundaries=then",
        "?scheme=fixed&period=2022H1&edges=60,70.5,80&chosen=420102001001",
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
    address = Address(period=Period(2026, 3, 3))
    later = page.stepped(address, WHOLE)
    assert later.period == Period(2026, 3, 4)
    assert page.at_end(later, WHOLE)
    assert page.stepped(later, WHOLE).period == Period(2025, 3, 1)
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
    }
    new = page.controls(Address(chosen="1"), values, {layout.STEP}, WHOLE)
    assert new == Address(
        metric=Metric.MATCH_RATE,
        level=Level.GRID,
        smoothing="global",
        boundaries="then",
        scheme="natural",
        period=Period(2026, 12),
    )
    assert page.controls(new, values, {layout.SLIDER}, WHOLE).period == Period(2025, 12)


def test_every_mode_and_level_is_drawn(town_services: Services) -> None:
    for mode in MODES:
        for level in LEVELS:
            address = Address(mode=mode, level=level, period=YEAR, metric=Metric.CLAIMS_PER_1000)
            shown = page.look(town_services, ALL, address, LIGHT)
            if mode == "change":
                continue  # the town's records begin within the year before
            assert shown.painted is not None
            assert shown.painted["layer"] == level.value
            assert {column["field"] for column in shown.columns} <= {
                *(shown.rows or [{}])[0]
            } or not shown.rows
            assert (shown.figure is not None) == (mode == "pair")


def test_classes_are_those_of_all_periods_together(town_services: Services) -> None:
    spans = (Period(2021, 12), YEAR)
    args = (town_services.store, (), ALL, Metric.CLAIMS_PER_1000, Level.COMMUNITY)
    breaks = page.shared_breaks(*args, spans, records.PLAIN, "natural", ())
    values = [
        records.measure(town_services.store, ALL, Metric.CLAIMS_PER_1000, Level.COMMUNITY, one.window).frame[
            "value"
        ]
        for one in spans
    ]
    known = np.concatenate(values)
    assert set(breaks) <= set(known)
    assert page.shared_breaks(*args, spans, records.PLAIN, "fixed", (1.0, 2.0)).tolist() == [1.0, 2.0]


def test_what_is_too_few_is_hatched_and_not_ranked(town_services: Services) -> None:
    shown = page.look(town_services, ALL, Address(level=Level.COMPOUND, period=YEAR), DARK)
    found = records.measure(town_services.store, ALL, Metric.SATISFACTION, Level.COMPOUND, YEAR.window)
    assert found.frame["too_few"].any()
    assert len(shown.rows) == int((~found.frame["too_few"]).sum())
    assert any("不足 10 条" in text for text in texts(shown.legend))


def test_a_change_is_not_told_where_records_begin_within_the_period_before(town_services: Services) -> None:
    shown = page.look(town_services, ALL, Address(mode="change", period=Period(2021, 12)), LIGHT)
    assert shown.painted is None
    assert "不作比较" in shown.note


def test_an_area_is_entered_within_the_scope_only(town_services: Services) -> None:
    assert page.entered(town_services, ALL, Address(), town.EAST).area == town.EAST
    assert page.entered(town_services, Scope(town.SPRING), Address(), town.WEST) == Address()
