"""Requests, claims and ratings from files, in both homes: whatever their place, none is dropped."""

from __future__ import annotations

from datetime import UTC, date, datetime

import openpyxl
import pytest
from sqlalchemy import func, select

from data.imports import Options, preview, run
from data.periods import Window
from data.queries import records
from data.queries.records import Metric, conserved, measure
from data.scope import Scope
from data.units import Level
from models import Claim, Rating, Request
from models.enums import PlaceKind
from tests import town

ALL = Scope()
YEAR = Window(date(2022, 1, 1), date(2022, 12, 31))


@pytest.fixture
def filled(store):
    return town.fill(store)


def csv(tmp_path, text, name="诉求.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def spot(x, y):
    return "{:.7f},{:.7f}".format(*town.point(x, y).coords[0])


def requests(tmp_path, more="", name="诉求.csv"):
    rows = [
        "工单编号,诉求类别,受理时间,办结时间,经度,纬度,小区编码,楼栋编码,网格编码,社区编码,联系电话",
        f"A1,停车,2022-03-01 08:30,2022-03-02 09:00,{spot(150, 150)},,,,,13800000000",
        f"A2,停车,2022/03/01 23:59:59,,{spot(900, 900)},,,,,",
        f"A3,噪声,2022年3月2日,,,,{town.SPRING}X02,,,,",
        "A4,噪声,2022-03-02,2022-03-02 00:30,,,,B6,,,",
        f"A5,噪声,2022-03-03 10:00,,,,,,{town.OSMANTHUS}001,,",
        f"A6,噪声,2022-03-03 10:00,,,,,,,{town.LAKE},",
        "A7,噪声,2022-03-03 10:00,,,,,,,,",
        f"A8,噪声,2022-03-03 10:00,,{spot(9000, 150)},,,,,",
        f"A9,噪声,2022-03-03 10:00,,{spot(9000, 150)},NO,,,{town.LAKE},",
    ]
    return csv(tmp_path, "\n".join(rows) + more, name)


def test_every_row_lies_where_it_says_or_is_listed(filled, tmp_path) -> None:
    report = run(filled, requests(tmp_path), "request")
    assert (report.read, report.stored, report.errors) == (9, 9, 0)
    with filled.reading() as session:
        found = {row.code: row for row in session.scalars(select(Request))}
        assert {code: row.place for code, row in found.items()} == {
            "A1": PlaceKind.POINT,
            "A2": PlaceKind.POINT,
            "A3": PlaceKind.COMPOUND,
            "A4": PlaceKind.BUILDING,
            "A5": PlaceKind.GRID,
            "A6": PlaceKind.AREA,
            "A7": PlaceKind.NOWHERE,
            "A8": PlaceKind.NOWHERE,
            "A9": PlaceKind.AREA,
        }
        assert (found["A1"].compound_id, found["A1"].grid_id, found["A1"].micro_grid_id) == (1, 1, 1)
        assert (found["A2"].compound_id, found["A2"].grid_id, found["A2"].area_code) == (None, 2, town.SPRING)
        assert (found["A4"].compound_id, found["A4"].building_id, found["A4"].area_code) == (8, 6, town.LAKE)
        assert (found["A5"].grid_id, found["A5"].compound_id, found["A5"].area_code) == (
            3,
            None,
            town.OSMANTHUS,
        )
        assert records.nowhere(session, ALL, "request")["id"].tolist() == [found["A7"].id, found["A8"].id]
    assert {one.code for one in report.problems} == {"columns_personal", "place_unknown", "records_nowhere"}
    assert conserved(filled, ALL, "request", YEAR)["total"].tolist() == [9] * 8


def test_times_are_those_of_chinas_clocks(filled, tmp_path) -> None:
    run(filled, requests(tmp_path), "request")
    with filled.reading() as session:
        asked = dict(session.execute(select(Request.code, Request.asked_at)).all())
    assert asked["A1"] == datetime(2022, 3, 1, 0, 30, tzinfo=UTC)
    assert asked["A2"] == datetime(2022, 3, 1, 15, 59, 59, tzinfo=UTC)
    assert asked["A3"] == datetime(2022, 3, 1, 16, tzinfo=UTC)
    first = measure(filled, ALL, Metric.OPEN, Level.CITY, Window(date(2022, 3, 1), date(2022, 3, 1)))
    assert first.total == 2


def test_wrong_rows_are_told_and_the_good_can_be_stored(filled, tmp_path) -> None:
    more = "\nB1,停车,昨天,,,,,,,,\nB2,停车,2022-03-05 10:00,2022-03-04,,,,,,,\nB3,停车,,,,,,,,,"
    path = requests(tmp_path, more)
    told = preview(filled, path, "request")
    assert told.stopped
    assert {one.code for one in told.problems if one.severity == "error"} == {
        "value_moment",
        "times_reversed",
        "value_missing",
    }
    report = run(filled, path, "request", Options(good_rows_only=True))
    assert (report.stored, report.rejected) == (9, 3)


def test_a_later_file_tells_how_requests_went_on(filled, tmp_path) -> None:
    run(filled, requests(tmp_path), "request")
    later = csv(
        tmp_path,
        "工单编号,受理时间,办结时间\nA2,2022-03-01 23:59:59,2022-03-09 12:00\nA10,2022-03-09,\n",
        "后续.csv",
    )
    assert run(filled, later, "request").stored == 2
    with filled.reading() as session:
        again = session.scalar(select(Request).where(Request.code == "A2"))
        assert again.done_at == datetime(2022, 3, 9, 4, tzinfo=UTC)
        assert (again.grid_id, again.kind) == (2, "停车")
        assert session.scalar(select(func.count()).select_from(Request)) == 10


def test_claims_and_ratings_name_the_request_that_they_answer(filled, tmp_path) -> None:
    run(filled, requests(tmp_path), "request")
    book = openpyxl.Workbook()
    book.active.append(["工单编号", "服务项目", "项目来源", "认领主体", "认领日期", "完成日期", "小区编码"])
    book.active.append(
        ["A1", "规范停车", "自选", "驻区单位", date(2022, 3, 1), date(2022, 3, 2), town.SPRING + "X01"]
    )
    book.active.append([None, "打扫楼道", "必选", "党员", date(2022, 3, 4), None, town.SPRING + "X02"])
    path = tmp_path / "认领.xlsx"
    book.save(path)
    assert run(filled, path, "claim").stored == 2
    marks = csv(
        tmp_path,
        f"工单编号,评分,评价日期,小区编码\nA1,5,2022-03-03,{town.SPRING}X01\nA1,4,2022-03-03,{town.SPRING}X01\n",
        "评价.csv",
    )
    assert run(filled, marks, "rating").stored == 2
    with filled.reading() as session:
        request = session.scalar(select(Request.id).where(Request.code == "A1"))
        assert session.scalars(select(Claim.request_id).order_by(Claim.id.desc()).limit(2)).all() == [
            None,
            request,
        ]
        assert session.scalar(select(func.count()).where(Rating.request_id == request)) == 2
    matched = measure(filled, ALL, Metric.MATCH_RATE, Level.CITY, YEAR).frame
    assert matched["numerator"].tolist() == [1]


def test_marks_are_one_to_five(filled, tmp_path) -> None:
    path = csv(tmp_path, f"评分,评价日期,社区编码\n6,2022-03-03,{town.SPRING}\n", "评价.csv")
    assert [one.code for one in run(filled, path, "rating").problems] == ["value_range"]


def test_nobody_writes_into_another_part_of_the_city(filled, tmp_path) -> None:
    report = run(filled, requests(tmp_path), "request", scope=Scope(town.SPRING))
    assert report.stopped
    assert {one.code for one in report.problems if one.severity == "error"} == {"out_of_scope"}


def test_records_need_areas_to_lie_in(store, tmp_path) -> None:
    report = run(store, requests(tmp_path), "request")
    assert "city_missing" in {one.code for one in report.problems}
    assert report.stopped
