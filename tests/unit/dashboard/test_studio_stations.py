"""微网格工作台, stations tried elsewhere: words, layers, what a click means while stations are moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dash.exceptions import PreventUpdate
from flask import Flask

from dashboard import auth, studio_layers
from dashboard.callbacks import studio, studio_stations
from dashboard.components import studio as words
from dashboard.components import studio_compare
from dashboard.components import studio_stations as parts
from dashboard.pages import studio as page
from dashboard.services import Services
from data import drawing_files, drawings
from data.drawing_begin import begin
from data.errors import ConflictError, DataError
from data.jobs import Report
from data.scope import Scope
from geo.differences import difference
from geo.draft import Draft
from geo.editing import site
from tests import town

YARD = "3"
"""春晓苑微站, in compound 1 and grid 1 of 春风社区."""


@pytest.fixture
def plan(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Give a draft of 春风社区, looked at by one who may see all."""
    folder = tmp_path / "job"
    folder.mkdir()
    monkeypatch.setattr(auth, "scope", Scope)
    wishes = {"scope_prefix": "", "account_id": None, "communities": [town.SPRING], "band": (30, 250)}
    return int(begin(services.store, Report(folder, "试"), **wishes, proposing=False)["plan"])


def sheet_of(services: Services, plan: int) -> drawings.Sheet:
    return drawings.load(services.store, Scope(), plan)


def place(x: float, y: float) -> tuple[float, float]:
    point = town.point(x, y)
    return point.x, point.y


def moved(services: Services, plan: int, version: int, to: tuple[float, float] | None) -> str:
    with Flask("t").test_request_context():
        return studio_stations.moved_to(services, {"plan": plan, "version": version}, YARD, to)


def card(services: Services, plan: int, to: tuple[float, float] | None = None) -> str:
    with Flask("t").test_request_context():
        return str(studio_stations.card(services, plan, YARD, to))


def test_a_move_is_kept_and_put_back_and_an_older_version_is_a_conflict(
    services: Services, plan: int
) -> None:
    assert "草稿共挪动 1 处" in moved(services, plan, 1, place(450, 200))
    with pytest.raises(ConflictError, match="刚被他人修改"):
        moved(services, plan, 1, place(460, 200))
    with pytest.raises(DataError, match="之外"):
        moved(services, plan, 2, place(1450, 200))
    assert moved(services, plan, 2, None) == "已放回原处。"
    assert sheet_of(services, plan).draft.sited == {}


def test_the_card_tells_where_it_stands_then_and_whom_it_reaches(services: Services, plan: int) -> None:
    here = card(services, plan)
    assert "春晓苑微站" in here
    assert "拖动标记" in here
    assert "米后" not in here
    there = card(services, plan, place(450, 200))
    assert "挪 250 米后" in there
    assert "春晓苑" in there
    assert "桃园小区" in there
    assert "草稿挪动 1 处" in there
    assert "不计人数" in there


def test_stations_of_the_draft_and_those_in_force_are_two_layers(services: Services, plan: int) -> None:
    to = place(450, 200)
    moved(services, plan, 1, to)
    sheet = sheet_of(services, plan)
    with Flask("t").test_request_context():
        now, before = (
            {
                one["properties"]["id"]: one["geometry"]["coordinates"]
                for one in studio_layers.stations(services, sheet, in_force=force)["features"]
            }
            for force in (False, True)
        )
        base: list[dict[str, Any]] = [{"id": "point:all", "layer": "point"}]
        found = studio_layers.sources(services, sheet, base)
    assert set(now) == set(before) == {1, 2, 3}
    assert now[3] == list(to)
    assert before[3] == list(place(200, 200))
    assert now[1] == before[1]
    (point,) = [one for one in found if one["layer"] == "point"]
    assert f"/{plan}/2/stations.json" in point["url"]
    (overlay,) = studio_stations.moves_shown(sheet)
    assert {one["geometry"]["type"] for one in overlay["geojson"]["features"]} == {"LineString", "Point"}


def test_clicks_while_stations_are_moved_choose_no_cells_and_others_look_through_them(
    services: Services, plan: int
) -> None:
    sheet = sheet_of(services, plan)
    nothing = {"cells": [], "one": None, "view": None}
    lng, lat = place(130, 118)
    on_station = {"layer": "point", "id": 3, "lng": lng, "lat": lat}
    with pytest.raises(PreventUpdate):
        studio.chosen(sheet, page.MAP, on_station, page.STATIONS, [], nothing)
    (cell,) = studio.chosen(sheet, page.MAP, on_station, "choose", [], nothing)["cells"]
    assert sheet.draft.fabric.building[cell] == "1"


def test_the_difference_names_moved_stations(services: Services, plan: int, tmp_path: Path) -> None:
    sheet = sheet_of(services, plan)
    after = drawings.edit(
        services.store,
        Scope(),
        plan,
        1,
        lambda draft: draft.do(site(draft, YARD, place(200, 200), place(450, 200))),
    )
    with Flask("t").test_request_context():
        assert "挪动 1 处" in str(words.totals(after, 0))
        assert "服务阵地" not in str(words.totals(sheet, 0))
        found = difference(after.draft, after.in_force().draft)
        assert "1 处服务阵地位置不同" in str(
            studio_compare.table(after, after.in_force(), found, in_force=True)
        )
    drawing_files.write_workbook(services.store, Scope(), after, tmp_path / "out.xlsx")
    rows = drawing_files.pd.read_excel(tmp_path / "out.xlsx", sheet_name="阵地")
    assert rows["阵地"].tolist() == ["春晓苑微站"]
    assert json.dumps(after.draft.data()).count('"sites"') == 1
    back = drawings.edit(services.store, Scope(), plan, 2, Draft.undo)
    assert back.draft.sited == {}
    with Flask("t").test_request_context():
        found_refs = studio_stations.stations(services, plan)
        assert [one["label"] for one in parts.options(found_refs)] == sorted(one.name for one in found_refs)
