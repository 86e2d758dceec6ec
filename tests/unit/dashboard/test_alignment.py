"""拉平对齐: its address, its words, what a click chooses, what the map shows and to whom."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from dash.exceptions import PreventUpdate
from flask import Flask

from dashboard import outlines
from dashboard.align_address import Address
from dashboard.callbacks.alignment import chosen, map_shown, plan_shown
from dashboard.callbacks.alignment_jobs import progress_text, title_of, warning
from dashboard.components import alignment_map as drawn
from dashboard.components import alignment_tables as tables
from dashboard.figures.alignment import cases
from dashboard.pages import alignment as page
from dashboard.theme import LIGHT
from data.jobs import State
from data.queries.alignments import AFTER, BEFORE
from data.scope import Scope
from models.enums import OverlapCase, RefusalReason
from tests import town


def test_an_address_comes_back_from_its_query_string():
    here = Address(plan=12, area=town.SPRING, tab="moves", job="0123456789abcdef")
    assert Address.of(here.search()) == here
    assert Address().search() == ""
    assert Address.of("?plan=x&area=1&tab=else&job=../..") == Address()


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_refusal_says_why_and_what_is_needed(reason):
    why, remedy = (tables.said(texts, reason.value, 12.34) for texts in (tables.WHY, tables.REMEDY))
    assert why.endswith("。")
    assert remedy.endswith("。")
    assert "{" not in why + remedy
    if "{needed}" in tables.WHY[reason]:
        assert "12.3 米" in why
        assert "nan" not in tables.said(tables.WHY, reason.value, float("nan"))


def test_a_refused_change_and_a_refused_community_look_different():
    base = {"layer": "grid", "from_code": None, "to_code": "G2", "area_m2": 3.0, "households": None}
    base |= {"displacement_m": 1.0, "reason": "levelled"}
    frame = pd.DataFrame(
        [
            {"id": 1, "area_code": "A", "accepted": True, **base},
            {"id": 2, "area_code": "A", "accepted": False, **base},
            {"id": 3, "area_code": "B", "accepted": True, **base, "layer": "compound"},
        ]
    )
    rows = tables.move_rows(frame, {"G2": "二网格"}, {"A": "甲社区"}, frozenset({"B"}))
    assert [one["state"] for one in rows] == ["采纳", "不采纳", "社区不采纳"]
    assert [one["start"] for one in rows] == ["无归属", "无归属", "公共用地"]
    assert rows[0]["end"] == "二网格"


def test_a_click_chooses_a_row_or_a_feature_of_the_map():
    assert chosen(page.MOVES, {"rowId": "5"}) == {"kind": "move", "id": 5}
    assert chosen(page.MAP, {"layer": "grid", "id": 3}) == {"kind": "grid", "id": 3}
    assert chosen(page.MAP, {"layer": None}) is None
    assert chosen(page.CLOSE, 1) is None
    with pytest.raises(PreventUpdate):
        chosen(page.FINDINGS, None)


def test_gained_is_blue_and_lost_is_orange():
    strips = [town.box(x, 0, 5, 100) for x in (0, 100, 200)]
    pieces = gpd.GeoDataFrame(
        {
            "layer": "compound",
            "from_code": ["A", None, "B"],
            "to_code": [None, "A", "A"],
            "accepted": [True, True, False],
        },
        geometry=strips,
    )
    counts = {
        one["role"]: len(one["geojson"]["features"]) for one in drawn.piece_overlays(pieces, ["compound"])
    }
    assert counts == {"service": 1, "draft": 1}
    assert drawn.piece_overlays(pieces, ["grid"]) == []
    of_a = drawn.piece_overlays(pieces, ["compound"], of="A")
    assert [one["role"] for one in of_a] == ["service", "draft"]


def test_the_outlines_replace_the_archives_of_their_layers():
    base = [{"id": "road:1", "layer": "road"}, {"id": "grid:1", "layer": "grid"}]
    sides = drawn.sides(base, 4, town.SPRING, "7")
    assert [one["layer"] for one in sides[BEFORE]] == ["road", "compound", "grid", "micro_grid"]
    assert sides[AFTER][2]["url"] == f"/outlines/4/{town.SPRING}/after/grid.geojson?for=7"
    assert drawn.sides(base, None, None, "7")[AFTER] == base


def test_a_tolerance_wider_than_many_roads_is_warned_of():
    assert warning(3, 100, 5.0) is None
    assert "30 条窄于 10 米" in warning(30, 100, 5.0).children


def test_progress_tells_the_time_left():
    assert progress_text(State("拉平 3 个社区", "waiting")) == "拉平 3 个社区：正在启动……"
    text = progress_text(State("拉平 3 个社区", "running", share=0.25, started=0.0, at=10.0))
    assert text == "拉平 3 个社区：25%，约剩 30 秒"
    assert title_of([{"name": "甲"}, {"name": "乙"}]) == "拉平甲等 2 个社区"


def test_without_a_plan_the_page_offers_communities_and_no_decisions(town_services):
    with Flask("x").test_request_context():
        shown = plan_shown(town_services, Scope(town.EAST[:6]), Address())
        overlays, view, card, *_rest = map_shown(town_services, Scope(), Address(), None, ["grid"], None)
    assert [one["label"] for one in shown[2]] == ["春风社区", "桂花社区", "南湖社区"]
    assert shown[5] == {"display": "none"}
    assert (overlays, card) == ([], None)
    assert view["key"] == "area:None"


def test_outlines_go_to_who_may_see_them_only(serve, services):
    flask = serve(services)
    flask.register_blueprint(outlines.routes(services))
    path = f"/outlines/0/{town.SPRING}/before/grid.geojson"
    assert flask.test_client().get(path).status_code in {302, 401, 404}


def test_the_figure_has_a_bar_for_each_case():
    table = pd.DataFrame({"name": ["甲"], "comparable": [1], "compound_larger": [2], "grid_larger": [0]})
    table = table.assign(review=1, **{one.value: 0 for one in RefusalReason})
    labels = {one.value: one.label for one in OverlapCase}
    figure = cases(table, labels, {one.value: one.label for one in RefusalReason}, ("情形", "原因"), LIGHT)
    assert [bar.x[0] for bar in figure.data[:4]] == [50.0, 0.0, 25.0, 25.0]
