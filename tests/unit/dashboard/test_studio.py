"""微网格工作台: its address, words and colours, what a click chooses, what may be moved where."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from dash.exceptions import PreventUpdate
from flask import Flask

from dashboard import studio_layers
from dashboard.callbacks import studio, studio_edits
from dashboard.components import studio as parts
from dashboard.components import studio_compare
from dashboard.figures.studio import histogram
from dashboard.i18n import COOKIE
from dashboard.pages import studio as page
from dashboard.services import Services
from dashboard.studio_address import Address
from dashboard.theme import LIGHT
from data import drawings
from data.drawing_begin import begin
from data.drawings import Cells
from data.errors import DataError
from data.jobs import Report
from data.scope import Scope
from data.store import Store
from geo import boundary, editing, redistricting
from geo.differences import difference
from geo.draft import EditRefused
from geo.grid_rules import RULES
from geo.partition import Band
from models.enums import GridRule
from tests import town


@pytest.fixture
def sheet(town_copy: Store, tmp_path: Path) -> drawings.Sheet:
    """Give 春风社区, whose four buildings have 100–300 households, with two micro-grids in force."""
    folder = tmp_path / "job"
    folder.mkdir()
    wishes = {"scope_prefix": "", "account_id": None, "communities": [town.SPRING], "band": (30, 250)}
    plan = begin(town_copy, Report(folder, "试"), **wishes, proposing=False)["plan"]
    return drawings.load(town_copy, Scope(), plan)


def test_an_address_comes_back_from_its_query_string() -> None:
    here = Address(area=town.SPRING, plan=7, job="0123456789abcdef", other="now")
    assert Address.of(here.search()) == here
    assert Address.of("?plan=7&with=12").other == "12"
    assert Address.of("?plan=7&with=then").other is None
    assert Address.of("?area=x&plan=-1&job=..").search() == ""


def test_every_rule_and_every_refusal_has_words() -> None:
    assert {rule.value for rule in GridRule} == set(RULES)
    assert all(rule.label and rule.remedy for rule in GridRule)
    code = "".join(Path(one.__file__).read_text() for one in (editing, boundary, redistricting))
    raised = set(re.findall(r'EditRefused\(\s*"(\w+)"', code))
    assert raised <= set(parts.REFUSED)
    assert {"parted", "building_cut", "locked"} <= raised


def test_states_follow_the_band() -> None:
    states = [parts.state_of(load, Band(30, 50)) for load in (0, 29, 30, 50, 51)]
    assert states == [parts.EMPTY, parts.BELOW, parts.WITHIN, parts.WITHIN, parts.ABOVE]


def test_a_refusal_names_micro_grids_by_their_short_codes() -> None:
    error = EditRefused("locked", "", [town.SPRING + "00102"])
    assert parts.refused(error, town.SPRING) == "00102 已锁定，请先解锁。"


def test_cells_come_back_from_bytes_bit_for_bit(sheet: drawings.Sheet) -> None:
    again = Cells.unpacked(sheet.cells.packed())
    for one, two in zip(again.frame.geometry, sheet.cells.frame.geometry, strict=True):
        assert one.wkb == two.wkb
    assert again.start.tolist() == sheet.cells.start.tolist()
    assert again.label.tolist() == sheet.cells.label.tolist()


def test_micro_grids_in_force_stay_and_the_rest_is_proposed(sheet: drawings.Sheet) -> None:
    kept = {town.SPRING + "00101", town.SPRING + "00102"}
    assert kept <= set(sheet.draft.grids)
    for one in kept:
        assert (sheet.draft.owner[sheet.cells.start == one] == one).all()
    assert town.SPRING + "00103" in sheet.draft.used_codes
    assert sheet.draft.totals().unassigned_cells == 0


def test_a_click_toggles_a_cell_and_takes_its_micro_grid_in_hand(sheet: drawings.Sheet) -> None:
    nothing = {"cells": [], "one": None, "view": None}
    first = studio.chosen(sheet, page.MAP, {"layer": "cell", "id": 1}, "choose", [], nothing)
    assert first["cells"] == [0]
    assert first["one"] == sheet.draft.owner[0]
    assert studio.chosen(sheet, page.MAP, {"layer": "cell", "id": 1}, "choose", [], first)["cells"] == []
    assert studio.chosen(sheet, page.CLEAR, 1, "choose", [], first) == nothing


def test_a_drawn_polygon_chooses_the_buildings_inside(sheet: drawings.Sheet) -> None:
    west, south, east, north = town.box(205, 105, 60, 60).bounds
    ring = [[west, south], [east, south], [east, north], [west, north]]
    nothing = {"cells": [], "one": None, "view": None}
    drawn = {"mode": "polygon", "coordinates": ring, "at": 1}
    found = studio.chosen(sheet, page.MAP, drawn, "polygon", [], nothing)["cells"]
    assert sorted(sheet.draft.fabric.building[found]) == ["2", "3"]
    with pytest.raises(PreventUpdate):
        studio.chosen(sheet, page.MAP, drawn, "split", [], nothing)


def test_the_next_problem_comes_round(sheet: drawings.Sheet) -> None:
    bad = studio.problems(sheet)
    assert bad
    here = {"cells": [], "one": None, "view": None}
    seen = []
    for _time in bad:
        here = studio.chosen(sheet, page.NEXT, 1, "choose", [], here)
        seen.append(here["one"])
        assert here["view"]["bounds"]
    assert seen == bad
    assert studio.chosen(sheet, page.NEXT, 1, "choose", [], here)["one"] == bad[0]


def test_targets_begin_with_what_lies_beside_in_the_same_grid(sheet: drawings.Sheet) -> None:
    draft = sheet.draft
    cell = int(np.flatnonzero(draft.fabric.building == "2")[0])
    names = [name for name, _load in studio.neighbours(sheet, [cell])]
    beside = {draft.owner[other] for other in draft.fabric.near[cell]} - {draft.owner[cell]}
    assert set(names[: len(beside)]) == beside
    assert len(names) == len(set(names))


def test_buttons_ask_for_what_they_need(sheet: drawings.Sheet) -> None:
    fields = {"count": 2, "name": "", "code": "", "keep": True, "estate": None}
    empty = studio_edits.Wish([], None, [], None)
    for asked in (page.MOVE, page.SPLIT, page.LOCK, page.RENAME, page.AGAIN_COMPOUND):
        with pytest.raises(DataError, match="请先"):
            studio_edits.by_button(sheet, asked, empty, **fields)


def test_a_line_without_a_choice_splits_what_it_crosses_most(sheet: drawings.Sheet) -> None:
    one = town.SPRING + "00102"
    line = sheet.metres(town.point(190, 130)), sheet.metres(town.point(310, 130))
    drawn = editing.shapely.linestrings([[one.x, one.y] for one in line])
    assert studio_edits.most_crossed(sheet, drawn) == one
    with pytest.raises(DataError, match="没有穿过"):
        studio_edits.most_crossed(sheet, editing.shapely.linestrings([[0, 0], [1, 1]]))


def test_a_place_is_the_stored_vertex_near_it_and_none_elsewhere(sheet: drawings.Sheet) -> None:
    degrees = np.array(studio_layers.vertices(sheet)).reshape(-1, 2)
    lattice = sheet.draft.fabric.lattice
    assert len(degrees) == len(lattice.vertex)
    for n in (0, len(degrees) // 2, len(degrees) - 1):
        assert studio_edits.stored_vertex(sheet, *degrees[n].tolist()) == n
    far = sheet.degrees(editing.shapely.points(*sheet.draft.fabric.place.min(axis=0) - 500))
    with pytest.raises(DataError, match="离最近的地块顶点"):
        studio_edits.stored_vertex(sheet, far.x, far.y)


def test_a_draft_beside_what_is_in_force(sheet: drawings.Sheet) -> None:
    one, other = sorted(sheet.began.grids)
    before = sheet.in_force()
    assert set(before.draft.grids) == set(sheet.began.grids) <= set(sheet.draft.grids)
    assert before.draft.owner.tolist() == sheet.cells.start.tolist()
    assert len(json.loads(studio_layers.drawn(before))["features"]) == 2
    sheet.draft.do(editing.move(sheet.draft, sheet.draft.cells(one), other))
    found = difference(sheet.draft, before.draft)
    load = float(sheet.draft.fabric.households[sheet.cells.start == one].sum())
    assert found.households >= load > 0
    with Flask("test").test_request_context():
        left, right = (studio_compare.figures(each, sheet.draft.band) for each in (sheet, before))
        said = str(studio_compare.table(sheet, before, found, in_force=True))
    assert left != right
    assert "现行微网格" in said


def test_the_ends_of_the_band_are_drawn_inside_it() -> None:
    colours = ("#111111", "#222222", "#333333")
    figure = histogram([29, 30, 50, 50, 51], [40], (30, 50), colours, ("x", "a", "b"), LIGHT)
    bars = figure.data[0]
    count = dict.fromkeys(colours, 0)
    for n, colour in zip(bars.y, bars.marker.color, strict=True):
        count[colour] += n
    assert list(count.values()) == [1, 3, 1]


def test_rows_are_by_code_and_cells_have_a_colour_for_each_state(sheet: drawings.Sheet) -> None:
    flask = Flask("t")
    with flask.test_request_context():
        rows = parts.rows(sheet)
        values = parts.values(sheet)
    assert [row["code"] for row in rows] == sorted(row["code"] for row in rows)
    assert len(values["colors"]) == 2 * len(parts.STATES)


def test_labels_speak_the_language_of_the_request_and_have_an_address_of_their_own_in_each(
    services: Services, sheet: drawings.Sheet
) -> None:
    texts, addresses = {}, {}
    for language in ("zh", "en"):
        with Flask("t").test_request_context(headers={"Cookie": f"{COOKIE}={language}"}):
            found = json.loads(studio_layers.labels(sheet))["features"]
            texts[language] = {one["properties"]["name"] for one in found}
            addresses[language] = {one["url"] for one in studio_layers.sources(services, sheet, [])}
    assert "00102\n300户" in texts["zh"]
    assert "00102\n300 hh" in texts["en"]
    assert not addresses["zh"] & addresses["en"]


def test_layers_of_a_draft_go_to_who_may_see_them_only(serve, services) -> None:
    flask = serve(services)
    flask.register_blueprint(studio_layers.routes(services))
    for layer in ("cells", "drawn", "labels", "names"):
        assert flask.test_client().get(f"/studio/1/1/{layer}.json").status_code in {302, 401, 404}


def test_cells_and_outlines_are_written_with_their_numbers(sheet: drawings.Sheet) -> None:
    with Flask("t").test_request_context():
        cells, labels = (json.loads(one(sheet)) for one in (studio_layers.cells, studio_layers.labels))
        names = studio_layers.names(sheet)
    count = len(sheet.draft.owner)
    assert [one["properties"]["id"] for one in cells["features"]] == list(range(1, count + 1))
    assert names["ids"] == list(range(1, count + 1))
    assert {"1号楼", "2号楼", "3号楼"} <= set(names["names"])
    assert any(one["properties"]["name"] == "00102\n300户" for one in labels["features"])
