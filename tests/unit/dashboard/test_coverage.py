"""What 全市覆盖 does, without a browser."""

from __future__ import annotations

import base64
import io
import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import coverage_files, wall_views
from dashboard.callbacks import coverage as page
from dashboard.callbacks import wall as wall_callbacks
from dashboard.components import coverage as parts
from dashboard.components import people, rates
from dashboard.components import wall as wall_parts
from dashboard.coverage_address import YEAR, Address, levels_below
from dashboard.figures.coverage import Panel, multiples
from dashboard.pages import wall as wall_page
from dashboard.services import Services
from dashboard.theme import DARK, LIGHT
from data.catalogue import read_catalogue
from data.periods import Period, Window
from data.scope import Scope
from models import Claim, Organisation
from models.enums import AreaLevel
from tests import town
from tests.unit.dashboard.test_legend import decoded, texts

ALL, SPRING = Scope(), Scope(town.SPRING)
CATALOGUE = read_catalogue()


def shown(services: Services, search: str = "", scope: Scope = ALL) -> page.Shown:
    return page.look(services, scope, CATALOGUE, Address.of(search))


@pytest.mark.parametrize(
    "search",
    [
        "",
        "?show=satisfaction",
        "?period=2022-02_2022-08&against=year",
        "?period=2022Q3&against=2021Q1",
        f"?area={town.EAST}&level=community&period=2022H1&chosen={town.SPRING}",
    ],
)
def test_an_address_is_written_as_it_was_read(search: str) -> None:
    assert Address.of(search).search() == search


def test_what_cannot_be_read_in_an_address_is_left_out() -> None:
    assert Address.of("?area=1&level=village&show=A-B&period=soon&chosen=x") == Address()


def test_an_area_is_compared_by_what_lies_below_it() -> None:
    assert levels_below(AreaLevel.CITY) == [AreaLevel.COUNTY, AreaLevel.SUBDISTRICT, AreaLevel.COMMUNITY]
    assert levels_below(AreaLevel.SUBDISTRICT) == [AreaLevel.COMMUNITY]
    assert levels_below(AreaLevel.COMMUNITY) == [AreaLevel.COMMUNITY]


def test_a_name_drills_down_and_a_figure_goes_on_the_map(town_services: Services) -> None:
    start = Address(show="property_cover")
    down = page.on_cell(town_services, ALL, start, {"colId": "name", "rowId": town.EAST})
    assert down == Address(area=town.EAST, show="property_cover")
    assert shown(town_services, down.search()).level is AreaLevel.SUBDISTRICT
    figure = page.on_cell(town_services, ALL, down, {"colId": "satisfaction", "rowId": town.SPRING})
    assert figure == Address(area=town.EAST, show="satisfaction")
    marked = page.on_cell(town_services, ALL, down, {"colId": "name", "rowId": town.SPRING})
    assert marked == Address(area=town.EAST, show="property_cover", chosen=town.SPRING)
    assert page.on_cell(town_services, SPRING, start, {"colId": "name", "rowId": town.WEST}) == start


WHOLE = Window(date(2021, 1, 1), date(2022, 12, 31))


def test_a_period_is_compared_with_what_the_leader_chooses() -> None:
    """The one before, the same of last year, any other as long."""
    start = Address(period=Period.nth(2022, 3, 2))
    assert page.against_of(start, WHOLE) is None
    yearly = start.but(against=YEAR)
    assert page.against_of(yearly, WHOLE) == Period.nth(2021, 3, 2)
    assert page.against_of(yearly.but(period=Period.nth(2022, 6, 1)), WHOLE) == Period.nth(2021, 6, 1)
    assert page.against_of(yearly.but(period=Period.nth(2021, 3, 2)), WHOLE) is None  # nothing recorded then
    other = start.but(against=Period.nth(2022, 3, 4))
    assert page.against_of(other, WHOLE) == Period.nth(2022, 3, 4)
    assert page.against_of(start.but(against=Period.nth(2021, 6, 1)), WHOLE) is None  # not as long
    (spans, choices, months, _last), wanted = page.period_values(other, WHOLE)
    assert wanted == ["2022Q2", "2022Q4", "2022-04", "2022-06"]
    assert [one["value"] for one in choices][:2] == [page.BEFORE, YEAR]
    assert {one["value"] for one in choices[2:]} == {
        "2022Q4",
        "2022Q3",
        "2021Q4",
        "2021Q3",
        "2021Q1",
    }
    assert (len(months), len(spans)) == (24, 8 + 4 + 2)


def test_a_free_choice_of_months_stays_as_it_is_chosen(town_services: Services) -> None:
    wish = Address.of("?level=community&period=2022-02_2022-08&against=year")
    asked = page.controls(town_services, ALL, Address(), wish)
    assert asked.search() == "?level=community&period=2022-02_2022-08&against=year"
    looked = shown(town_services, asked.search())
    assert {one.window for one in looked.found if one.window} == {Window(date(2022, 2, 1), date(2022, 8, 31))}
    assert looked.members is None or looked.own_members is not None  # counts of people know no period
    assert page.chosen_months("2022-05", "2022-03", True) == "2022-05"
    assert page.chosen_months("2022-05", "2022-03", False) == "2022-03"


def test_what_is_compared_stands_in_headings_tips_and_files(recorded: Services) -> None:
    looked = shown(recorded, "?period=2022Q2&against=2021Q3")
    labels = [one["headerName"] for one in parts.columns(looked.found, looked.level)[1:]]
    assert any("2022.04—2022.06" in one and "较 2021.07—2021.09 的变化" in one for one in labels)
    claims = next(one for one in looked.found if one.key == "claims_per_1000")
    assert claims.before == Window(date(2021, 7, 1), date(2021, 9, 30))
    assert "较 2021.07—2021.09" in rates.told(claims, claims.total)
    long = coverage_files.long_table(looked.found, looked.level, "合计")
    row = long[long["指标"] == rates.words(claims).label].iloc[0]
    assert row["对照期"] == "2021-07-01—2021-09-30"
    assert row["变化"] == pytest.approx(row["数值"] - row["对照期数值"], abs=0.02)
    assert any(
        "较 2021-07-01—2021-09-30 的变化" in one
        for one in coverage_files.wide_table(looked.found, looked.level, "合计").columns
    )


@pytest.fixture
def recorded(services: Services) -> Services:
    """Give the town with claims of two whole years."""
    with services.store.writing("claim") as session:
        for year, month in itertools.product((2021, 2022), range(1, 13)):
            session.add(
                Claim(
                    area_code=town.SPRING,
                    item="修灯",
                    source="elective",
                    body="unit",
                    claimed_on=date(year, month, 1),
                )
            )
    return services


def test_what_lies_outside_the_scope_is_not_shown(town_services: Services) -> None:
    inner = shown(town_services, f"?area={town.WEST}", SPRING)
    assert inner.scope == SPRING
    assert all(one.frame["code"].tolist() == [town.SPRING] for one in inner.found)


def test_every_figure_tells_its_parts_and_its_date(town_services: Services) -> None:
    all_ = shown(town_services).found
    for one in all_:
        text = rates.words(one)
        for record in one.frame.to_dict("records"):
            told = rates.told(one, record)
            assert text.numerator in told
            assert text.denominator in told
            assert rates.when(one) in told
    lines, total = parts.rows(all_, LIGHT, "合计")
    assert [line["code"] for line in lines] == all_[0].frame["code"].tolist()
    assert total["property_cover_text"] == "66.7%"
    assert "未填、不计入  3" in total["property_cover_tip"]
    fields = {
        column["field"] for group in parts.columns(all_, AreaLevel.COUNTY)[1:] for column in group["children"]
    }
    assert fields <= set(lines[0])


def test_the_files_hold_every_figure_with_its_parts(town_services: Services) -> None:
    view = shown(town_services)
    book = pd.read_excel(io.BytesIO(coverage_files.workbook(view.found, view.level, "合计")), sheet_name=None)
    wide, long = book["各区域对比"], book["分子分母与日期"]
    areas = len(view.found[0].frame)
    assert len(wide) == areas + 1
    assert len(long) == len(view.found) * (areas + 1)
    assert long[["分子口径", "分母口径", "日期或时段"]].notna().all().all()
    of = long[(long["指标"] == "物业服务覆盖率")].iloc[0]
    assert (of["分子"], of["分母"], of["数值"], of["未填（不计入）"]) == (6, 9, 66.67, 3)
    text = coverage_files.csv(view.found, view.level, "合计")
    assert text.startswith(b"\xef\xbb\xbf")
    assert len(pd.read_csv(io.BytesIO(text))) == len(long)


def test_a_change_is_marked_only_where_its_interval_leaves_zero_out() -> None:
    assert rates.change_text({"change": 2.34, "clear": True}) == "▲2.3"
    assert rates.change_text({"change": -2.34, "clear": True}) == "▼2.3"
    assert rates.change_text({"change": -2.34, "clear": False}) == "−2.3"
    assert rates.change_text({"change": float("nan"), "clear": False}) == ""


def test_the_period_is_written_in_words() -> None:
    assert [rates.period_label(Period.nth(2026, months, 1)) for months in (3, 6, 12)] == [
        "2026 年第 1 季度",
        "2026 年上半年",
        "2026 年",
    ]


def test_each_rate_has_a_panel_in_either_theme(town_services: Services) -> None:
    view = shown(town_services)
    for theme in (LIGHT, DARK):
        figure = page.charts(view, theme)
        titles = [note.text for note in figure.layout.annotations]
        assert len(titles) == len(view.found)
        assert f"color:{theme.accent}" in titles[0]
    assert len(multiples([], LIGHT, "上期").data) == 0


def test_the_map_s_legend_counts_every_area(town_services: Services) -> None:
    view = shown(town_services, "?level=community&show=property_cover")
    chosen = view.chosen
    assert chosen is not None
    legend = parts.coloured(chosen, view.level, LIGHT).legend
    lines = [one for one in legend.children if one.className == "legend-row"]
    assert sum(int(line.children[2].children) for line in lines) == len(chosen.frame)


def test_the_report_of_what_is_looked_at_is_handed_out(town_services: Services) -> None:
    looked = shown(town_services, "?period=2022H1")
    made = page.reported(town_services, looked, ".pdf")
    assert made["filename"] == f"{town.CITY}_2022-01_2022-06.pdf"
    assert base64.b64decode(made["content"]).startswith(b"%PDF-")
    book = page.reported(town_services, looked, ".xlsx")
    assert base64.b64decode(book["content"]).startswith(b"PK")


@pytest.fixture
def counted(services: Services) -> Services:
    """Give the town with members: 春风 52, 桂花 7, 南湖 60, 西门 30, 北门 none."""
    with services.store.writing("organisation") as session:
        for one, count in {1: 40, 2: 4, 3: 60, 5: 12, 13: 30, 8: 3}.items():
            session.get_one(Organisation, one).member_count = count
    return services


def test_small_counts_of_people_are_hatched_and_told_why(counted: Services) -> None:
    view = shown(counted, "?level=community&show=members")
    assert view.shows_people
    assert view.chosen is None
    on_map = view.on_map(LIGHT)
    assert on_map is not None
    by_id = decoded(on_map.values)
    (hatch,) = on_map.values["hatched"]  # noqa: PD011
    hidden = {town.SPRING, town.OSMANTHUS, town.WEST_GATE, town.NORTH_GATE}
    assert view.members is not None
    codes = view.members.frame.set_index("id")["code"]
    assert {codes[one] for one, code in by_id.items() if code == hatch} == hidden
    assert any("不足 10 人的不显示" in text for text in texts(on_map.legend))
    columns, rows, total = page.table_of(view, LIGHT)
    assert columns[-1]["children"][0]["field"] == people.KEY
    cells = {row["code"]: row for row in rows}
    assert {code for code, row in cells.items() if row["members_hidden"]} == hidden
    assert all(cells[code]["members"] is None for code in hidden)
    assert (cells[town.LAKE]["members"], total["members"]) == (60, 149)
    assert "截至" in cells[town.LAKE]["members_tip"]


def test_the_workbook_leaves_out_what_is_hidden(counted: Services) -> None:
    view = shown(counted, "?level=community")
    sent = page.exported(view, "xlsx")
    sheet = pd.read_excel(io.BytesIO(base64.b64decode(sent["content"])), sheet_name="人数")
    assert sheet["登记党员"].count() == 1
    assert sheet["登记党员"].sum() == 60
    assert sheet.loc[sheet["登记党员"].isna(), "说明"].str.contains("不显示").all()


def test_who_sees_a_part_sees_the_same_hidden(counted: Services) -> None:
    view = shown(counted, scope=SPRING)
    assert view.members is not None
    assert view.members.frame["hidden"].tolist() == [True]


def test_where_nobody_is_counted_there_is_no_column(town_services: Services) -> None:
    view = shown(town_services, "?show=members")
    assert not view.shows_people
    assert view.chosen is not None
    assert page.table_of(view, LIGHT)[0] == parts.columns(view.found, view.level)


def test_no_wall_counts_people() -> None:
    for module in (wall_callbacks, wall_parts, wall_page, wall_views):
        assert "people" not in Path(str(module.__file__)).read_text(encoding="utf-8")


def panel_of(values):
    nothing = [np.nan] * len(values)
    told = pd.DataFrame(
        {"name": "社区", "value": values, "low": nothing, "high": nothing, "was": nothing, "told": ""}
    )
    return Panel("率", "", told, np.nan, share=True, marked=False)


@pytest.mark.parametrize("count", [2, 40])
def test_an_axis_of_shares_tells_no_tenths_of_a_point_and_is_left_out_where_there_is_no_value(count) -> None:
    panels = [panel_of([value] * count) for value in (100.0, 0.0, np.nan)]
    layout = multiples(panels, LIGHT, "").layout
    full, none, unknown = (layout[f"{'x' if count == 2 else 'y'}axis{n}"] for n in ("", 2, 3))
    assert full.range[0] <= 95.0
    assert 100.0 < full.range[1] < 102.1
    assert none.range[1] >= 5.0
    assert -2.1 < none.range[0] < 0.0
    assert unknown.visible is False
    assert full.visible is not False
