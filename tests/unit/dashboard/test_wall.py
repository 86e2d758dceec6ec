"""The wall: which views it turns through, and what each of them says."""

from __future__ import annotations

import json
import logging
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard import wall_views
from dashboard.callbacks import wall
from dashboard.components import wall as parts
from dashboard.figures import wall as figures
from dashboard.services import Services
from dashboard.theme import DARK
from dashboard.wall_views import LEAST_SECONDS, USUAL, Plan, WallView, Wanted, laid_out, parse, read
from data.errors import SettingsError
from data.periods import Window
from data.queries.records import PLAIN, Measured, Metric
from data.scope import Scope
from data.units import Level
from models.enums import CompoundKind
from tests import town

ALL = Scope()
AS_USUAL = Wanted()


def asked(**changes: Any) -> dict[str, Any]:
    question = {"number": 1, "turn": 0, "index": 0, "width": 1920, "height": 1080, "sources": None}
    return {**question, **changes}


def text(component: Any) -> str:
    """All that a component says, in order, as the browser gets it."""

    def words(node: Any) -> Iterator[str]:
        if isinstance(node, str):
            yield node
        elif isinstance(node, list):
            for one in node:
                yield from words(one)
        elif isinstance(node, dict):
            yield from words(node["props"].get("children"))

    return " ".join(words(json.loads(json.dumps(component, cls=PlotlyJSONEncoder))))


def views_of(services: Services, plan: Plan, wanted: Wanted = AS_USUAL, scope: Scope = ALL) -> Plan:
    with services.store.reading() as session:
        return laid_out(session, scope, plan, wanted)


# --- the file ---------------------------------------------------------------------------------------------


def test_a_file_says_what_is_shown_where_and_how_long() -> None:
    plan = parse(
        tomllib.loads(
            """
            seconds = 30
            [[views]]
            title = "群众满意率"
            show = "satisfaction"
            unit = "community"
            area = "420102001000"
            [[views]]
            show = "claims_per_1000"
            each = true
            seconds = 12
            """
        )
    )
    assert plan.seconds == 30
    assert plan.views == (
        WallView("群众满意率", "satisfaction", Level.COMMUNITY, "420102001000"),
        WallView(show="claims_per_1000", each=True, seconds=12),
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('show = "heat"', "views[1].show = 'heat'：应为 kind、claims_per_1000、claims_per_km2、satisfaction"),
        ('unit = "grid"', "views[1].unit = 'grid'：应为 compound、community、subdistrict、county"),
        ("unit = [1]", "views[1].unit = [1]"),
        ("area = 420102001000", "views[1].area = 420102001000：应为 加引号的 12 位区划代码"),
        ('area = "4201"', "views[1].area = '4201'"),
        ("seconds = 1", "views[1].seconds = 1：应为 3—3600 的整数"),
        ("seconds = true", "views[1].seconds = True"),
        ('each = "yes"', "views[1].each = 'yes'：应为 true、false"),
        ('title = ""', "views[1].title = ''：应为 1—24 字的文字"),
        ('color = "red"', "views[1].color：没有这一项，可用 title、show、unit、area、each、seconds"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_key_and_choices(line: str, told: str) -> None:
    with pytest.raises(SettingsError) as failure:
        parse(tomllib.loads(f"[[views]]\n{line}"))
    assert str(failure.value).startswith("wall.toml：")
    assert told in str(failure.value)


def test_all_that_is_wrong_is_told_together_in_one_line() -> None:
    with pytest.raises(SettingsError) as failure:
        parse({"seconds": "20", "view": [], "views": [{"show": "x"}, {"unit": "y"}]})
    message = str(failure.value)
    assert "\n" not in message
    for key in ("seconds = '20'", "view：没有这一项", "views[1].show", "views[2].unit"):
        assert key in message


def test_a_file_without_views_is_wrong() -> None:
    for content in ({}, {"views": []}, {"views": "kind"}, {"views": ["kind"]}):
        with pytest.raises(SettingsError, match=r"至少有一段 \[\[views\]\]"):
            parse(content)


def test_no_file_means_the_built_in_views(tmp_path: Path) -> None:
    assert read(tmp_path / "wall.toml") == Plan(USUAL)


def test_an_unusable_file_is_told_and_the_built_in_views_go_on(tmp_path: Path) -> None:
    path = tmp_path / "wall.toml"
    path.write_text("[[views]\n", "utf-8")
    assert read(path).views == USUAL
    assert "wall.toml 不合 TOML 格式" in read(path).problem
    assert "line 1" in read(path).problem
    path.write_bytes("title = '云江'".encode("gbk"))
    assert read(path).problem == "wall.toml 不是 UTF-8 文本。"
    path.write_text('[[views]]\nshow = "x"\n', "utf-8")
    assert read(path).views == USUAL
    assert "views[1].show" in read(path).problem


# --- the address ------------------------------------------------------------------------------------------


def test_the_address_may_ask_for_an_area_a_pace_and_one_view() -> None:
    assert Wanted.of("?area=420102001000&seconds=15&view=2") == Wanted("420102001000", 15, 2)


@pytest.mark.parametrize(
    "search", [None, "", "?area=4201&seconds=1&view=0", "?area=x&seconds=x&view=x", "?view=-1&seconds=9999"]
)
def test_what_can_not_be_read_in_the_address_is_as_usual(search: str | None) -> None:
    assert Wanted.of(search) == Wanted()


# --- views and areas --------------------------------------------------------------------------------------


def test_the_built_in_views_end_with_every_area_directly_below(town_services: Services) -> None:
    plan = views_of(town_services, Plan(USUAL))
    assert [view.area for view in plan.views] == [town.CITY] * 4 + [town.EAST, town.WEST]
    assert plan.problem == ""


def test_where_there_is_only_one_area_below_the_wall_goes_deeper(town_services: Services) -> None:
    plan = views_of(town_services, Plan((WallView(each=True),)), Wanted(area=town.WEST))
    assert [view.area for view in plan.views] == [town.WEST_GATE, town.NORTH_GATE]


def test_an_area_is_counted_by_the_finest_areas_in_it_a_community_by_compounds(
    town_services: Services,
) -> None:
    view = Plan((WallView(show="satisfaction"),))
    for area, unit in (
        (None, Level.COMMUNITY),
        (town.EAST_STREET, Level.COMMUNITY),
        (town.LAKE, Level.COMPOUND),
    ):
        assert views_of(town_services, view, Wanted(area=area)).views[0].unit is unit


def test_too_many_areas_for_the_map_are_counted_by_larger_ones(
    town_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall_views, "MOST_UNITS", 3)
    assert views_of(town_services, Plan((WallView(),))).views[0].unit is Level.SUBDISTRICT


def test_a_unit_as_large_as_the_area_gives_way_to_a_finer_one(town_services: Services) -> None:
    plan = Plan((WallView(show="satisfaction", unit=Level.COUNTY, area=town.EAST_STREET),))
    assert views_of(town_services, plan).views[0].unit is Level.COMMUNITY


def test_an_account_sees_its_own_area_and_is_told_of_views_outside(town_services: Services) -> None:
    plan = Plan((WallView(), WallView(area=town.LAKE)))
    laid = views_of(town_services, plan, scope=Scope.of_area(town.EAST_STREET))
    assert [view.area for view in laid.views] == [town.EAST_STREET]
    assert laid.problem == f"wall.toml：views[2].area = {town.LAKE}：没有这个区域，或不在本账号范围内。"


def test_the_address_leaves_views_of_other_areas_out_without_a_word(town_services: Services) -> None:
    plan = Plan((WallView(area=town.LAKE), WallView(area=town.SPRING)))
    laid = views_of(town_services, plan, Wanted(area=town.EAST_STREET))
    assert ([view.area for view in laid.views], laid.problem) == ([town.SPRING], "")


def test_an_area_that_is_not_there_leaves_the_wall_as_usual(town_services: Services) -> None:
    plan = views_of(town_services, Plan((WallView(),)), Wanted(area="999999000000"))
    assert plan.views[0].area == town.CITY


# --- what a view says -------------------------------------------------------------------------------------


def test_kinds_are_counted_and_composed_by_area(town_services: Services) -> None:
    shown = wall.answer(town_services, ALL, asked(), Wanted())
    assert (shown["place"], shown["path"], shown["name"]) == ("平城市", "", "小区类型")
    assert shown["as_of"] == "数据截至 2022年6月30日"
    assert "小区 12 其中试点 2" in text(shown["figures"])
    composition = text(shown["ranking"])
    assert "各社区小区构成" in composition
    assert composition.index("春风社区 东街街道 3 个") < composition.index("北门社区 西街街道 2 个")
    assert shown["values"]["layer"] == "compound"
    assert shown["overlays"] == []


def test_every_share_names_its_numerator_and_denominator(town_services: Services) -> None:
    said = text(wall.answer(town_services, ALL, asked(), Wanted())["figures"])
    assert "小区党组织覆盖 41.7% 5／12 小区\n尚无 7" in said
    assert "物业服务覆盖 66.7% 6／9 小区\n未填 3" in said
    assert "书记到岗 75.0% 3／4 党组织\n未填 1" in said


def test_satisfaction_is_ranked_by_its_lower_bound_with_n_and_the_few_are_counted(
    town_services: Services,
) -> None:
    shown = wall.answer(town_services, ALL, asked(), Wanted(view=3))
    assert shown["name"] == "群众满意率 · 社区"
    said = text(shown["ranking"])
    # 18 of 20 and 21 of 25; the other three communities have none.
    assert "1 西门社区 西街街道 n=20 90.0%" in said
    assert "2 春风社区 东街街道 n=25 84.0%" in said
    assert "3 个评价过少不排名" in said
    assert "南湖社区" not in said


def test_below_ten_ratings_no_satisfaction_is_told(town_services: Services) -> None:
    shown = wall.answer(town_services, ALL, asked(), Wanted(area=town.NORTH_GATE))
    assert "群众满意率 — " in text(shown["figures"])


def test_a_drill_shows_the_path_the_outline_and_the_compounds(town_services: Services) -> None:
    shown = wall.answer(town_services, ALL, asked(turn=4, index=4), Wanted())
    assert (shown["place"], shown["path"]) == ("江东区", "平城市")
    assert shown["name"] == "认领密度（每千户） · 小区"
    assert [overlay["role"] for overlay in shown["overlays"]] == ["related"]
    assert shown["view"]["animate"] is True
    assert "桃园小区 春风社区" in text(shown["ranking"])


def test_the_index_runs_round(town_services: Services) -> None:
    first, seventh = (wall.answer(town_services, ALL, asked(index=i), Wanted()) for i in (0, 6))
    assert seventh["shown"]["index"] == first["shown"]["index"] == 0
    assert seventh["name"] == first["name"]


def test_the_pace_is_that_of_the_address_then_the_view_then_the_file(services: Services) -> None:
    file = services.settings.home / "wall.toml"
    file.write_text("seconds = 40\n[[views]]\n[[views]]\nseconds = 12\n", "utf-8")
    paces = [
        wall.answer(services, ALL, asked(index=index), wanted)["shown"]["seconds"]
        for index, wanted in ((0, Wanted()), (1, Wanted()), (1, Wanted(seconds=7)))
    ]
    assert paces == [40, 12, 7]


def test_a_wrong_file_is_one_line_on_the_wall_and_in_the_log_once(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    (services.settings.home / "wall.toml").write_text('[[views]]\nshow = "weather"\n', "utf-8")
    with caplog.at_level(logging.ERROR):
        shown = [wall.answer(services, ALL, asked(index=index), Wanted()) for index in (0, 1)]
    assert "views[1].show = 'weather'" in shown[0]["problem"]
    assert shown[1]["name"] == "认领密度（每千户） · 社区"
    assert len(caplog.records) == 1


def test_the_answer_tells_the_revision_so_that_the_browser_knows_when_to_ask_again(
    services: Services,
) -> None:
    before = wall.answer(services, ALL, asked(), Wanted())
    with services.store.writing("compound"):
        pass
    after = wall.answer(services, ALL, asked(sources=before["shown"]["sources"]), Wanted())
    assert after["shown"]["revision"] == before["shown"]["revision"] + 1


def test_a_map_that_has_not_changed_is_not_sent_again(town_services: Services) -> None:
    first = wall.answer(town_services, ALL, asked(), Wanted())
    again = wall.answer(town_services, ALL, asked(sources=first["shown"]["sources"]), Wanted())
    assert isinstance(first["sources"], list)
    assert not isinstance(again["sources"], list)


def test_an_empty_store_says_what_to_do(services: Services, store: Any) -> None:
    empty = replace(services, store=store)
    shown = wall.answer(empty, ALL, asked(), Wanted())
    assert "数据导入" in text(shown["legend"])
    assert shown["shown"]["turning"] is False


def test_a_view_that_is_fixed_by_the_address_stays(town_services: Services) -> None:
    shown = wall.answer(town_services, ALL, asked(index=0), Wanted(view=3))
    assert (shown["shown"]["index"], shown["shown"]["turning"], shown["steps"]) == (2, False, [])


def test_every_output_is_answered(town_services: Services) -> None:
    assert wall.answer(town_services, ALL, asked(), Wanted()).keys() == wall.OUTPUTS.keys()


# --- parts ------------------------------------------------------------------------------------------------


def overlay(measure: Metric, count: int) -> Measured:
    frame = pd.DataFrame(
        {
            "id": range(count),
            "code": [f"{i:012}" for i in range(count)],
            "name": [f"单元{i}" for i in range(count)],
            "numerator": 45,
            "denominator": 50.0,
            "n": 50,
            "value": [90.0 - i for i in range(count)],
            "low": [80.0 - i for i in range(count)],
            "high": [96.0 - i for i in range(count)],
            "too_few": False,
            "rank": range(1, count + 1),
        }
    )
    window = Window(pd.Timestamp("2022-01-01").date(), pd.Timestamp("2022-06-30").date())
    return Measured(measure, Level.COMPOUND, window, PLAIN, frame, 0, 0)


def test_a_long_ranking_shows_both_ends_with_their_places() -> None:
    best, last = parts.ranked(overlay(Metric.CLAIMS_PER_KM2, 30), {}, 7, DARK)
    assert "前 7 名" in text(best)
    assert "1 单元0" in text(best)
    assert "7 单元6" in text(best)
    assert "单元7" not in text(best)
    assert "24 单元23" in text(last)
    assert "共 30 个" in text(last)


def test_a_short_ranking_is_whole() -> None:
    (panel,) = parts.ranked(overlay(Metric.CLAIMS_PER_KM2, 14), {}, 7, DARK)
    assert all(f"单元{i}" in text(panel) for i in range(14))


def test_a_satisfaction_is_drawn_as_an_interval_and_a_mark() -> None:
    (panel,) = parts.ranked(overlay(Metric.SATISFACTION, 2), {0: "春风社区"}, 7, DARK)
    row = panel.children[1].children[0]
    interval, mark = row.children[-1].children
    assert interval.style["left"] == "33.3%"  # 80 on bars from 70 (a ten below 79) to 100
    assert mark.style["left"] == "66.7%"
    assert "春风社区" in text(row)


def test_where_nothing_can_be_ranked_that_is_said() -> None:
    (panel,) = parts.ranked(overlay(Metric.SATISFACTION, 0), {}, 7, DARK)
    assert "没有可以排名的单元" in text(panel)


def test_large_counts_are_short_enough_for_a_card() -> None:
    assert text(parts.big(99_999)) == "99,999"
    assert text(parts.big(1_496_000)) == "149.6 万"


def test_the_kinds_chart_names_count_and_share() -> None:
    rows = parts.kind_rows({CompoundKind.AGED: 3, CompoundKind.RESIDENTIAL: 1, None: 0}, DARK)
    (bars,) = figures.kinds(rows, DARK, 20).data
    assert list(bars.y) == ["居住型", "过渡型", "老旧型", "单位型"]
    assert bars.text[2] == "<b>3</b>  75.0%"
    assert figures.kinds([], DARK, 20).data[0].x is not None


def test_the_present_view_fills_up_in_its_time() -> None:
    marks = parts.steps(3, 1, LEAST_SECONDS, 8)
    assert [mark.className for mark in marks] == ["wall-step", "wall-step wall-step-now", "wall-step"]
    assert marks[1].children.style == {"animationDuration": "3s"}
    assert marks[1].children.key == "turn-8"
