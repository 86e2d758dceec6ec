"""What 全市一张图 does, without a browser."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from dash import no_update

from dashboard.callbacks import city
from dashboard.components import tree
from dashboard.services import Services
from dashboard.theme import LIGHT
from dashboard.view import MEASURES, UNITS, View
from data.periods import Window
from data.queries import search
from data.queries.records import Metric
from data.scope import Scope
from data.units import Level
from tests import town
from tests.unit.dashboard.test_legend import decoded, texts

ALL, SPRING = Scope(), Scope(town.SPRING)
WHOLE = Window(date(2021, 12, 31), date(2022, 6, 30))


# Choosing


@pytest.mark.parametrize(
    ("key", "area", "chosen"),
    [
        (f"area:{town.EAST}", town.EAST, None),
        (f"area:{town.CITY}", None, None),  # the top of the scope is the view of all
        ("compound:1", None, "compound:1"),
        ("organisation:11", None, "organisation:11"),
        ("organisation:1/", None, "organisation:1"),  # the unnamed child of a closed branch
        ("none", None, None),
        ("compound:999", None, None),
        ("palace:1", None, None),
        ("area:999999999999", None, None),
    ],
)
def test_a_node_a_hit_and_a_row_are_chosen_by_key(
    town_services: Services, key: str, area: str | None, chosen: str | None
) -> None:
    assert city.choose(town_services, ALL, View(), key) == View(area=area, chosen=chosen)


def test_choosing_inside_the_area_keeps_it_and_outside_moves_it(town_services: Services) -> None:
    view = View(area=town.EAST)
    assert city.choose(town_services, ALL, view, "compound:1") == View(area=town.EAST, chosen="compound:1")
    moved = city.choose(town_services, ALL, view, "compound:10")
    assert moved == View(area=town.WEST_GATE, chosen="compound:10")


def test_what_lies_outside_the_scope_cannot_be_chosen(town_services: Services) -> None:
    for key in ("compound:10", "organisation:4", f"area:{town.WEST}", f"area:{town.CITY}", "station:4"):
        assert city.choose(town_services, SPRING, View(), key) == View()


@pytest.mark.parametrize(
    ("clicked", "area", "chosen"),
    [
        ({"layer": "compound", "id": 2}, None, "compound:2"),
        ({"layer": "community", "id": 9}, town.LAKE, None),
        ({"layer": "point", "id": 3, "point": "station.micro"}, None, "station:3"),
        ({"layer": "point", "id": 1, "point": "canteen"}, None, "canteen:1"),
        ({"layer": None, "id": None}, None, None),
        (None, None, None),
        ({}, None, None),
    ],
)
def test_a_click_on_the_map_chooses_what_lies_there(
    town_services: Services, clicked: dict[str, Any] | None, area: str | None, chosen: str | None
) -> None:
    view = View(chosen="building:1")
    assert city.choose_on_map(town_services, ALL, view, clicked) == View(area=area, chosen=chosen)


def test_a_click_beyond_the_scope_changes_nothing(town_services: Services) -> None:
    view = View(chosen="compound:1")
    for clicked in ({"layer": "compound", "id": 10}, {"layer": "county", "id": 3}):
        assert city.choose_on_map(town_services, SPRING, view, clicked) == view


# Controls


def _controls(view: View, months: list[str] | None, **asked: Any) -> View:
    usual = {
        "show": "satisfaction",
        "unit": "community",
        "kinds": list(view.kinds),
        "layers": list(view.layers),
    }
    return city.controls(view, months=months, whole=WHOLE, **(usual | asked))


def test_months_become_whole_months(town_services: Services) -> None:
    assert town_services
    view = _controls(View(area=town.EAST, chosen="compound:1"), ["2022-02-01", "2022-02-01"])
    assert (view.start, view.end) == (date(2022, 2, 1), date(2022, 2, 28))
    assert (view.area, view.chosen) == (town.EAST, "compound:1")
    assert (view.measure, view.unit) == (Metric.SATISFACTION, Level.COMMUNITY)


def test_a_window_that_holds_all_records_is_none() -> None:
    view = _controls(View(), ["2021-12-01", "2022-06-01"])
    assert (view.start, view.end) == (None, None)
    assert view.window(WHOLE) == WHOLE


def test_half_a_choice_of_months_keeps_the_window() -> None:
    view = View(start=date(2022, 2, 1), end=date(2022, 3, 31))
    for months in (None, [], ["2022-01-01", ""]):
        after = _controls(view, months)
        assert (after.start, after.end) == (view.start, view.end)


def test_december_ends_on_its_last_day() -> None:
    assert city._month_end(date(2023, 12, 1)) == date(2023, 12, 31)
    assert city._month_end(date(2024, 2, 1)) == date(2024, 2, 29)


# What is shown


def test_compounds_give_way_to_the_areas_that_an_overlay_colours() -> None:
    assert "compound" in city.visible(View())
    assert "compound" in city.visible(View(show="satisfaction"))
    assert "compound" not in city.visible(View(show="satisfaction", unit=Level.COMMUNITY))
    assert city.zooms(View(show="satisfaction", unit=Level.COMMUNITY)) == {"community": [0, 24]}
    assert city.zooms(View(show="satisfaction")) == city.zooms(View(unit=Level.COMMUNITY)) == {}
    assert {"grid", "point.canteen"} <= set(city.visible(View(layers=("canteen", "grid"))))


def test_the_chosen_is_outlined_told_and_looked_at(town_services: Services) -> None:
    drawn, camera, card = city.chosen(town_services, ALL, View(chosen="compound:1"), "choice")
    assert [one["role"] for one in drawn] == ["selected"]
    assert camera["bounds"] == pytest.approx(list(town.box(100, 100, 200, 200).bounds))
    said = texts(card)
    for fact in ("春晓苑", "居住型", "500 户", "3／0", "春晓苑党支部", "已到岗", "春风第一网格"):
        assert fact in said


def test_what_the_map_chose_is_not_moved(town_services: Services) -> None:
    for by in ("map", "controls"):
        _drawn, camera, _card = city.chosen(town_services, ALL, View(chosen="compound:1"), by)
        assert camera is no_update


def test_what_is_not_known_is_told_as_not_known(town_services: Services) -> None:
    _drawn, _camera, card = city.chosen(town_services, ALL, View(chosen="compound:6"), "choice")
    said = texts(card)
    assert "未分类" in said
    assert "0 户" not in said
    assert said.count("—") >= 5


def test_what_lies_outside_the_scope_is_neither_drawn_nor_told(town_services: Services) -> None:
    drawn, camera, card = city.chosen(town_services, SPRING, View(chosen="compound:10"), "load")
    assert (drawn, card) == ([], None)
    assert camera["bounds"] == pytest.approx(list(town.box(0, 0, 1000, 1000).bounds))
    drawn, _camera, _card = city.chosen(town_services, SPRING, View(area=town.WEST), "load")
    assert drawn == []


@pytest.mark.parametrize("prefix", ["", town.SPRING, town.NORTH_GATE, "99"])
@pytest.mark.parametrize("show", ["kind", *MEASURES])
def test_every_view_can_be_coloured(town_services: Services, prefix: str, show: str) -> None:
    scope = Scope(prefix)
    for unit in UNITS if show != "kind" else [Level.COMPOUND]:
        for days in ({}, {"start": date(2030, 1, 1)}):
            view = View(area=town.LAKE, show=show, unit=unit, kinds=("aged",), **days)
            values, _legend, _ranking = city.values(town_services, scope, view, LIGHT)
            if unit is Level.COMPOUND:
                assert set(decoded(values)) == {
                    "": {7, 8},
                    town.SPRING: {1, 2, 3},
                    town.NORTH_GATE: {11, 12},
                }.get(prefix, set())


def test_the_ranking_says_who_is_left_out(town_services: Services) -> None:
    _values, _legend, panel = city.values(town_services, ALL, View(show="satisfaction"), LIGHT)
    assert "按 95% 区间下限排名；10 个评价过少，不排名" in texts(panel)


def test_the_path_leads_from_the_top_of_the_scope(town_services: Services) -> None:
    with town_services.store.reading() as session:
        assert texts(city.crumbs(session, ALL, town.LAKE)) == [
            "平城市",
            "›",
            "江东区",
            "›",
            "南镇",
            "›",
            "南湖社区",
        ]
        assert texts(city.crumbs(session, ALL, None)) == ["平城市"]
        assert texts(city.crumbs(session, SPRING, None)) == ["春风社区"]
        assert texts(city.crumbs(session, SPRING, town.LAKE)) == ["春风社区"]  # and tells no other name
        assert city.crumbs(session, Scope("99"), None) == []


def test_hits_are_grouped_and_say_where_they_are(town_services: Services) -> None:
    with town_services.store.reading() as session:
        groups = city.search_options(search.search(session, ALL, "春晓苑"))
        areas = city.search_options(search.search(session, ALL, "东街街道"))
    assert [group["group"] for group in groups] == ["小区", "党组织", "服务阵地"]
    assert [item["label"] for item in groups[0]["items"]] == ["春晓苑 · 春风社区", "春晓苑 · 西门社区"]
    assert areas[0]["items"] == [{"value": f"area:{town.EAST_STREET}", "label": "东街街道（街道（乡镇））"}]


# The tree in step with the map


def test_a_closed_branch_has_one_unnamed_child_and_an_open_one_its_own(town_services: Services) -> None:
    with town_services.store.reading() as session:
        (closed,) = tree.nodes(session, ALL, [])
        (opened,) = tree.nodes(session, ALL, [closed["value"]])
    assert [child["label"] for child in closed["children"]] == ["…"]
    assert [child["label"] for child in opened["children"]] == ["江东区", "河西区"]


def test_a_vacancy_and_the_rank_stand_beside_the_name(town_services: Services) -> None:
    with town_services.store.reading() as session:
        (community,) = tree.nodes(session, SPRING, ["organisation:1", "organisation:6"])
    grid = next(child for child in community["children"] if child["value"] == "organisation:6")
    (branch,) = grid["children"]
    assert community["nodeProps"] == {"data-rank": "党委"}
    assert branch["nodeProps"] == {"data-rank": "党支部", "data-vacant": "书记空缺"}


@pytest.mark.parametrize(
    ("key", "last"),
    [
        ("organisation:7", "organisation:7"),
        ("compound:1", "organisation:5"),
        ("building:1", "organisation:11"),
        ("grid:2", "organisation:6"),
        (f"area:{town.SPRING}", "organisation:1"),
        (f"area:{town.EAST}", f"area:{town.EAST}"),
        (f"area:{town.NORTH_GATE}", f"area:{town.NORTH_GATE}"),
        ("station:1", None),
        (None, None),
    ],
)
def test_the_tree_opens_to_what_is_chosen(town_services: Services, key: str | None, last: str | None) -> None:
    with town_services.store.reading() as session:
        chain = tree.path_to(session, ALL, key)
        opened = tree.nodes(session, ALL, chain[:-1])
    assert (chain[-1] if chain else None) == last
    for step in chain:
        found = [node for node in opened if node["value"] == step]
        assert len(found) == 1
        opened = found[0].get("children", [])
