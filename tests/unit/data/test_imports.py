"""From file to store: what is stored, what is refused, and what is said about it (see tests/town.py)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from sqlalchemy import func, select

from data.errors import DataError, ReadError
from data.imports import City, Options, preview, run
from data.imports.options import Where
from data.queries import areas, compounds
from data.readers import TEMPLATES
from data.scope import Scope
from geo.crs import Datum as GeoDatum
from geo.crs import geometries_from_wgs84
from models import AssistPoint, Building, Canteen, Compound, Entrance, Grid, Road, Source, Station
from models.areas import Area
from models.enums import CompoundKind, Datum
from tests import town
from tests.files import write_csv, write_geojson, write_gpkg

CITY = City("平城市", "420100")


def codes(outcome):
    return sorted({one.code for one in outcome.problems if one.severity == "error"})


def count(store, model, *conditions):
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions))


def new_compounds():
    """Three compounds that the town does not have."""
    return [
        {
            "小区编码": "N1",
            "小区名称": "新苑一期",
            "小区类型": "居住型",
            "户数": "120",
            "geometry": town.box(100, 500, 100, 100),
        },
        {
            "小区编码": "N2",
            "小区名称": "新苑二期",
            "小区类型": "老旧",
            "户数": "80户",
            "geometry": town.box(300, 500, 100, 100),
        },
        {
            "小区编码": "N3",
            "小区名称": "新苑三期",
            "小区类型": None,
            "户数": None,
            "geometry": town.box(1300, 500, 100, 100),
        },
    ]


def test_a_first_import_is_published_at_once_with_areas_kinds_and_initials(store, tmp_path):
    report = run(
        store,
        write_gpkg(tmp_path / "小区.gpkg", new_compounds()),
        "compound",
        Options(city=CITY),
        account_id=None,
    )
    assert (report.read, report.stored, report.plan_id, report.stopped) == (3, 3, None, False)
    with store.reading() as session:
        rows = session.scalars(select(Compound).order_by(Compound.code)).all()
        assert [(one.code, one.name, one.kind, one.households, one.initials) for one in rows] == [
            ("N1", "新苑一期", CompoundKind.RESIDENTIAL, 120, "xyyq"),
            ("N2", "新苑二期", CompoundKind.AGED, 80, "xyeq"),
            ("N3", "新苑三期", None, None, "xysq"),
        ]
        assert {one.area_code for one in rows} == {town.CITY}
        assert all(one.valid_from is not None and one.source_id == report.source_id for one in rows)
        source = session.get_one(Source, report.source_id)
        assert (source.file_name, source.row_count, source.datum) == ("小区.gpkg", 3, Datum.CGCS2000)
        city = session.scalars(select(Area)).one()
        assert (city.code, city.name, city.level.value) == (town.CITY, "平城市", "city")
        assert all(city.geometry.contains(one.geometry) for one in rows)
    assert (store.setting("city_name"), store.setting("city_code"), store.setting("metric_epsg")) == (
        "平城市",
        "420100",
        str(town.METRIC_EPSG),
    )


def test_an_empty_store_asks_for_the_city(store, tmp_path):
    report = run(store, write_gpkg(tmp_path / "小区.gpkg", new_compounds()), "compound")
    assert codes(report) == ["city_missing"]
    assert count(store, Compound) == 0
    assert codes(run(store, tmp_path / "小区.gpkg", "compound", Options(city=City("某社区", "420102")))) == []
    with pytest.raises(DataError, match="名称:六位代码"):
        City.parse("平城市")


def test_areas_of_an_empty_store_come_below_a_city(store, tmp_path):
    rows = [
        {"code": "420102001001", "name": "东社区", "geometry": town.box(0, 0, 100, 100)},
        {"code": "420102001002", "name": "西社区", "geometry": town.box(100, 0, 100, 100)},
    ]
    path = write_gpkg(tmp_path / "社区.gpkg", rows)
    assert codes(run(store, path, "community")) == ["city_above"]
    assert codes(run(store, path, "community", Options(city=City("外市", "430100")))) == ["city_other"]
    assert count(store, Area) == 0
    assert run(store, path, "community", Options(city=CITY)).stored == 2
    with store.reading() as session:
        top = areas.top(session, Scope())
        below = {one.name for one in session.scalars(select(Area).where(Area.parent_id == top.id))}
    assert (top.name, below) == ("平城市", {"东社区", "西社区"})
    compound = {"小区编码": "N1", "小区名称": "新苑", "geometry": town.box(10, 10, 50, 50)}
    run(store, write_gpkg(tmp_path / "小区.gpkg", [compound]), "compound")
    with store.reading() as session:
        counted = compounds.by_child(session, Scope(), areas.top(session, Scope()))
    assert counted[["name", "n"]].values.tolist() == [["东社区", 1]]


def test_rows_get_the_code_of_the_smallest_area_around_them(town_copy, tmp_path):
    points = [("春风食堂", 500, 500), ("桂花食堂", 1500, 500), ("城外食堂", 2500, 3000)]
    rows = [{"名称": name, "geometry": town.point(x, y)} for name, x, y in points]
    before = count(town_copy, Canteen)
    assert run(town_copy, write_gpkg(tmp_path / "食堂.gpkg", rows), "canteen").stored == 3
    with town_copy.reading() as session:
        found = session.execute(select(Canteen.name, Canteen.area_code).order_by(Canteen.id)).all()[before:]
    assert [one.area_code for one in found] == [town.SPRING, town.OSMANTHUS, town.CITY]


def test_one_bad_row_stops_everything_unless_the_good_rows_are_asked_for(town_copy, tmp_path):
    good = {"编码": "B90", "层数": "6", "geometry": town.box(600, 600, 20, 20)}
    bad = {"编码": "B91", "层数": "六层", "geometry": town.box(700, 600, 20, 20)}
    path = write_geojson(tmp_path / "楼.geojson", [good, bad])
    before, sources = count(town_copy, Building), count(town_copy, Source)
    report = run(town_copy, path, "building")
    assert (report.stopped, report.stored, report.good, report.rejected) == (True, 0, 1, 1)
    assert [(one.code, one.row, one.column, one.value) for one in report.problems] == [
        ("value_number", 2, "层数", "六层")
    ]
    assert count(town_copy, Building) == before
    assert count(town_copy, Source) == sources
    report = run(town_copy, path, "building", Options(good_rows_only=True))
    assert (report.stopped, report.stored, report.rejected) == (False, 1, 1)
    with town_copy.reading() as session:
        assert session.scalars(select(Building).where(Building.code == "B90")).one().floors == 6
    assert count(town_copy, Building) == before + 1


def test_every_kind_of_bad_geometry_is_told_with_its_feature(town_copy, tmp_path):
    ring = [list(one) for one in town.box(100, 500, 50, 50).exterior.coords]
    bow = [ring[0], ring[2], ring[1], ring[3], ring[0]]

    def polygon(points):
        return {"type": "Polygon", "coordinates": [points]}

    geometries = [
        town.box(200, 500, 50, 50),
        polygon(bow),
        polygon(ring[:-1]),
        polygon([ring[0], ring[1]]),
        None,
        {"type": "Polygon", "coordinates": []},
        town.point(300, 500),
    ]
    rows = [{"名称": f"楼{n}", "geometry": one} for n, one in enumerate(geometries, start=1)]
    path = write_geojson(tmp_path / "坏.geojson", rows)
    report = run(town_copy, path, "building", Options(good_rows_only=True))
    assert report.stored == 1
    by_row = {one.row: one.code for one in report.problems if one.severity == "error"}
    assert by_row == {
        2: "self_crossing",
        3: "ring_unclosed",
        4: "ring_short",
        5: "geometry_null",
        6: "geometry_empty",
        7: "geometry_type",
    }
    with town_copy.reading() as session:
        assert all(one.is_valid and not one.is_empty for one in session.scalars(select(Building.geometry)))


def test_a_self_crossing_polygon_is_repaired_only_on_demand_and_told(town_copy, tmp_path):
    ring = list(town.box(100, 500, 50, 50).exterior.coords)
    bow = shapely.Polygon([ring[0], ring[2], ring[1], ring[3]])
    path = write_geojson(tmp_path / "坏.geojson", [{"名称": "楼", "geometry": bow}])
    assert run(town_copy, path, "building").stopped
    report = run(town_copy, path, "building", Options(repair=True))
    assert report.stored == 1
    told = [one for one in report.problems if one.code == "repaired"]
    assert told[0].params["area_m2"] == pytest.approx(1250, rel=1e-3)


def test_doubled_codes_unknown_kinds_and_formulas_are_told_with_row_and_column(town_copy, tmp_path):
    headers = ["小区编码", "小区名称", "小区类型", "wkt"]
    boxes = [town.box(100 + 150 * n, 600, 100, 100).wkt for n in range(5)]
    rows = [
        ["K1", "甲苑", "居住型", boxes[0]],
        ["K1", "乙苑", "居住型", boxes[1]],
        ["K3", "丙苑", "别墅型", boxes[2]],
        ["K4", '=HYPERLINK("http://x","丁")', "老旧型", boxes[3]],
        ["K5", "戊苑", "老旧型", boxes[4]],
    ]
    path = write_csv(tmp_path / "小区.csv", headers, rows, encoding="gb18030")
    report = run(town_copy, path, "compound")
    assert report.stopped
    told = {(one.row, one.column, one.code) for one in report.problems if one.severity == "error"}
    assert told == {
        (2, "小区编码", "code_duplicate"),
        (3, "小区编码", "code_duplicate"),
        (4, "小区类型", "value_choice"),
        (5, "小区名称", "formula"),
    }
    assert report.good == 1


def test_far_and_swapped_coordinates_are_told(town_copy, tmp_path):
    rows = [["站一", *town.point(500, 500).coords[0]], ["站二", 121.5, 31.2]]
    path = write_csv(tmp_path / "点.csv", ["名称", "经度", "纬度"], rows)
    report = run(town_copy, path, "assist_point")
    far = [one for one in report.problems if one.code == "outside"]
    assert [one.row for one in far] == [3]
    assert 600 < far[0].params["distance_km"] < 1000
    swapped = [[name, y, x] for name, x, y in rows[:1]]
    path = write_csv(tmp_path / "反.csv", ["名称", "经度", "纬度"], swapped)
    assert codes(run(town_copy, path, "assist_point")) == ["axes_swapped"]
    assert run(town_copy, path, "assist_point", Options(swap_axes=True)).stored == 1
    with town_copy.reading() as session:
        stored = session.scalars(select(AssistPoint).where(AssistPoint.name == "站一")).one()
    assert stored.area_code == town.SPRING


def test_a_spreadsheet_with_merged_chinese_headers_and_people_in_it(town_copy, tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["社区食堂台账"])
    sheet.append(["基本情况", None, "位置", None, "负责人", None])
    sheet.append(["名称", "日均就餐人数", "经度", "纬度", "姓名", "电话"])
    x, y = town.point(500, 500).coords[0]
    sheet.append(["幸福食堂", "130人", x, y, "张三", "13800000000"])
    for cells in ("A1:F1", "A2:B2", "C2:D2", "E2:F2"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "食堂.xlsx")
    found = preview(town_copy, tmp_path / "食堂.xlsx", "canteen")
    assert found.header_row == 2
    used = {one.header: (one.field, one.personal, one.sample) for one in found.columns}
    assert used["基本情况/名称"] == ("name", False, "幸福食堂")
    assert used["负责人/姓名"] == (None, True, None)
    assert used["负责人/电话"] == (None, True, None)
    told = next(one for one in found.problems if one.code == "columns_personal")
    assert "负责人/姓名" in told.message_zh
    assert "张三" not in str(found)
    assert run(town_copy, tmp_path / "食堂.xlsx", "canteen").stored == 1
    with town_copy.reading() as session:
        assert session.scalars(select(Canteen).where(Canteen.name == "幸福食堂")).one().daily_diners == 130


def test_the_encodings_are_shown_without_personal_data(town_copy, tmp_path):
    rows = [["站", "张三", "13800000000", *town.point(500, 500).coords[0]]]
    path = write_csv(
        tmp_path / "点.csv", ["名称", "联系人", "联系电话", "经度", "纬度"], rows, encoding="gbk"
    )
    found = preview(town_copy, path, "assist_point")
    assert found.encodings["GB18030"] == ("名称,联系人,联系电话,经度,纬度",)
    assert not {"13800000000", "张三"} & set(str(found).replace("'", " ").split())
    assert "1380000" not in str(found)


def test_a_formula_in_a_column_that_is_not_imported_stops_nothing(town_copy, tmp_path):
    rows = [["站", *town.point(500, 500).coords[0], "=1+1", "=SECRET"]]
    path = write_csv(tmp_path / "点.csv", ["名称", "经度", "纬度", "备注", "姓名"], rows)
    report = run(town_copy, path, "assist_point")
    assert report.stored == 1
    assert "SECRET" not in str(report)


@pytest.mark.parametrize("epsg", [4490, 4326, 4526, 4547, 32650])
def test_projected_coordinates_with_and_without_a_zones_prefix_arrive_in_degrees(store, tmp_path, epsg):
    report = run(
        store,
        write_gpkg(tmp_path / "小区.gpkg", new_compounds(), f"EPSG:{epsg}"),
        "compound",
        Options(city=CITY),
    )
    assert report.stored == 3
    with store.reading() as session:
        stored = session.scalars(select(Compound.geometry).order_by(Compound.code)).all()
    wanted = [one["geometry"] for one in new_compounds()]
    assert max(shapely.hausdorff_distance(stored, wanted)) < 1e-8


@pytest.mark.parametrize(("datum", "shifted"), [(Datum.GCJ02, GeoDatum.GCJ02), (Datum.BD09, GeoDatum.BD09)])
def test_a_declared_datum_is_taken_back(store, tmp_path, datum, shifted):
    rows = [one | {"geometry": geometries_from_wgs84(one["geometry"], shifted)} for one in new_compounds()]
    path = write_gpkg(tmp_path / "小区.gpkg", rows)
    assert run(store, path, "compound", Options(city=CITY, datum=datum)).stored == 3
    with store.reading() as session:
        stored = session.scalars(select(Compound.geometry).order_by(Compound.code)).all()
        assert session.scalars(select(Source.datum)).one() is datum
    wanted = [one["geometry"] for one in new_compounds()]
    assert max(shapely.hausdorff_distance(stored, wanted)) < 1e-8


def test_a_layer_that_lies_shifted_is_reported_and_not_silently_loaded(town_copy, tmp_path):
    with town_copy.reading() as session:
        stored = session.execute(select(Compound.code, Compound.geometry)).all()
    moved = geometries_from_wgs84(np.array([one.geometry for one in stored]), GeoDatum.GCJ02)
    rows = [{"编码": one.code, "geometry": place} for one, place in zip(stored, moved, strict=True)]
    path = write_gpkg(tmp_path / "火星.gpkg", rows)
    report = run(town_copy, path, "compound")
    assert codes(report) == ["datum_shifted"]
    shift = next(one for one in report.problems if one.code == "datum_shifted")
    assert 300 < shift.params["shift_m"] < 700
    assert "GCJ-02" in shift.message_zh
    report = run(town_copy, path, "compound", Options(datum=Datum.GCJ02))
    assert (report.plan_id, report.changes) == (None, {"unchanged": 12})


def test_nothing_outside_the_users_part_of_the_city_is_imported(town_copy, tmp_path):
    rows = [["东站", *town.point(500, 500).coords[0]], ["西站", *town.point(3500, 500).coords[0]]]
    path = write_csv(tmp_path / "点.csv", ["名称", "经度", "纬度"], rows)
    scope = Scope.of_area(town.EAST)
    report = run(town_copy, path, "assist_point", scope=scope)
    assert [(one.code, one.row) for one in report.problems] == [("out_of_scope", 3)]
    assert run(town_copy, path, "assist_point", Options(good_rows_only=True), scope=scope).stored == 1


def test_the_same_file_is_not_appended_twice_unless_asked_for(town_copy, tmp_path):
    path = write_csv(tmp_path / "点.csv", ["名称", "经度", "纬度"], [["站", *town.point(500, 500).coords[0]]])
    assert run(town_copy, path, "assist_point").stored == 1
    assert codes(run(town_copy, path, "assist_point")) == ["imported_before"]
    assert run(town_copy, path, "canteen").stored == 1
    assert run(town_copy, path, "assist_point", Options(again=True)).stored == 1


def test_buildings_are_updated_by_code_and_linked_to_what_they_stand_in(town_copy, tmp_path):
    rows = [
        {"编码": "B1", "层数": 12, "用途": None, "geometry": town.box(110, 110, 50, 20)},
        {"编码": "B99", "层数": 3, "用途": "学校", "geometry": town.box(420, 150, 20, 20)},
    ]
    before = count(town_copy, Building)
    assert run(town_copy, write_gpkg(tmp_path / "楼.gpkg", rows), "building").stored == 2
    assert count(town_copy, Building) == before + 1
    with town_copy.reading() as session:
        one, new = (
            session.scalars(select(Building).where(Building.code == code)).one() for code in ("B1", "B99")
        )
        assert (one.floors, one.households, one.use, one.organisation_id) == (12, 200, "housing", 11)
        assert (new.compound_id, new.grid_id, new.use, new.area_code) == (2, 2, "school", town.SPRING)


def test_entrances_find_their_building_by_code_or_place(town_copy, tmp_path):
    rows = [
        ["1单元", "B6", *town.point(2420, 112).coords[0]],
        ["2单元", None, *town.point(2450, 107).coords[0]],
        ["3单元", None, *town.point(2450, 60).coords[0]],
    ]
    path = write_csv(tmp_path / "单元.csv", ["单元号", "楼栋编码", "经度", "纬度"], rows)
    report = run(town_copy, path, "entrance", Options(good_rows_only=True))
    assert [(one.code, one.row) for one in report.problems] == [("building_unknown", 4)]
    with town_copy.reading() as session:
        found = session.execute(select(Entrance.building_id).where(Entrance.name.in_(["1单元", "2单元"])))
        assert found.scalars().all() == [6, 6]


def test_one_value_for_all_rows_and_a_filter(town_copy, tmp_path):
    rows = [["甲", "在用", *town.point(500, 500).coords[0]], ["乙", "停用", *town.point(600, 500).coords[0]]]
    path = write_csv(tmp_path / "站.csv", ["名称", "状态", "经度", "纬度"], rows)
    assert codes(run(town_copy, path, "station")) == ["column_missing"]
    options = Options(constants={"tier": "微站"}, where=Where.parse("状态=在用"))
    report = run(town_copy, path, "station", options)
    assert (report.read, report.stored) == (1, 1)
    with town_copy.reading() as session:
        assert session.scalars(select(Station.tier).where(Station.name == "甲")).one() == "micro"
    assert codes(run(town_copy, path, "station", Options(where=Where.parse("没有=1")))) == [
        "column_missing",
        "where_column",
    ]


def test_problems_of_rows_that_are_not_meant_do_not_count(town_copy, tmp_path):
    rows = [["甲", "道路", *town.point(500, 500).coords[0]], ["=1", "其他", 1, 1]]
    path = write_csv(tmp_path / "点.csv", ["名称", "类", "经度", "纬度"], rows)
    assert run(town_copy, path, "assist_point", Options(where=Where.parse("类!=其他"))).stored == 1


def test_roads_of_openstreetmap_are_classed(town_copy, tmp_path):
    lines = [("motorway", 100), ("primary", 200), ("footway", 300)]
    rows = [
        {
            "highway": kind,
            "geometry": shapely.LineString([town.point(x, 0).coords[0], town.point(x, 900).coords[0]]),
        }
        for kind, x in lines
    ]
    before = count(town_copy, Road)
    assert run(town_copy, write_gpkg(tmp_path / "路.gpkg", rows), "road").stored == 3
    with town_copy.reading() as session:
        found = session.scalars(select(Road.road_class).order_by(Road.id)).all()[before:]
    assert found == ["expressway", "arterial", "local"]


def test_grids_without_codes_are_numbered_in_their_community_and_never_reuse_one(town_copy, tmp_path):
    rows = [
        {"名称": "新东", "geometry": town.box(4500, 0, 500, 1000)},
        {"名称": "新西", "geometry": town.box(4000, 0, 500, 1000)},
    ]
    report = run(town_copy, write_gpkg(tmp_path / "网格.gpkg", rows), "grid")
    assert report.changes == {"add": 2, "unchanged": 0}
    found = preview(town_copy, tmp_path / "网格.gpkg", "grid")
    assert {one["name"]: one["code"] for one in found.rows} == {
        "新西": town.NORTH_GATE + "003",
        "新东": town.NORTH_GATE + "004",
    }
    retired = [{"编码": town.OSMANTHUS + "002", "名称": "旧码", "geometry": town.box(1000, 0, 10, 10)}]
    assert codes(run(town_copy, write_gpkg(tmp_path / "旧.gpkg", retired), "grid")) == ["code_retired"]


def test_rows_without_codes_keep_that_of_the_stored_feature_at_their_place(town_copy, tmp_path):
    with town_copy.reading() as session:
        places = session.scalars(select(Compound.geometry).order_by(Compound.id)).all()
    rows = [{"名称": f"改名{n}", "geometry": one} for n, one in enumerate(places, start=1)]
    report = run(town_copy, write_gpkg(tmp_path / "无码.gpkg", rows), "compound")
    assert report.changes == {"change": 12, "unchanged": 0}
    assert {one.code for one in report.problems} == {"codes_matched"}


def test_communities_give_the_rows_that_are_there_their_finer_code(store, tmp_path):
    run(store, write_gpkg(tmp_path / "小区.gpkg", new_compounds()), "compound", Options(city=CITY))
    areas = [
        {"社区名称": "春风社区", "社区代码": town.SPRING, "geometry": town.box(0, 0, 1000, 1000)},
        {"社区名称": "桂花社区", "社区代码": town.OSMANTHUS, "geometry": town.box(1000, 0, 1000, 1000)},
    ]
    assert run(store, write_gpkg(tmp_path / "社区.gpkg", areas), "community").stored == 2
    with store.reading() as session:
        found = session.execute(select(Compound.code, Compound.area_code).order_by(Compound.code)).all()
        assert [tuple(one) for one in found] == [
            ("N1", town.SPRING),
            ("N2", town.SPRING),
            ("N3", town.OSMANTHUS),
        ]
        city, *inner = session.scalars(select(Area).order_by(Area.id)).all()
        assert [one.parent_id for one in inner] == [city.id, city.id]
        assert inner[0].initials == "cfsq"
    counties = [{"名称": "江东区", "代码": "420102", "geometry": town.box(0, 0, 3000, 1000)}]
    assert run(store, write_gpkg(tmp_path / "区.gpkg", counties), "county").stored == 1
    with store.reading() as session:
        names = dict(map(tuple, session.execute(select(Area.id, Area.name))))
        tree = {one.name: names.get(one.parent_id) for one in session.scalars(select(Area))}
    assert tree == {"平城市": None, "江东区": "平城市", "春风社区": "江东区", "桂花社区": "江东区"}


def test_an_areas_code_must_be_of_its_level(town_copy, tmp_path):
    rows = [{"名称": "某社区", "代码": "420102001", "geometry": town.box(0, 0, 10, 10)}]
    assert codes(run(town_copy, write_gpkg(tmp_path / "社区.gpkg", rows), "community")) == ["code_area"]


def test_a_preview_stores_nothing_and_shows_what_would_be_stored(town_copy, tmp_path):
    path = write_gpkg(tmp_path / "小区.gpkg", new_compounds())
    revision = town_copy.revision()
    found = preview(town_copy, path, "compound")
    assert town_copy.revision() == revision
    assert (found.read, found.good, found.first, found.layers) == (3, 3, False, ["小区"])
    assert (found.datum, found.datum_how) == ("cgcs2000", "declared")
    assert found.rows[1]["kind"] == "aged"
    assert found.rows[2]["area_code"] == town.OSMANTHUS
    assert len(found.geometries) == 3


def test_a_file_that_cannot_be_read_says_why(town_copy, tmp_path):
    path = write_gpkg(tmp_path / "小区.gpkg", new_compounds())
    short = tmp_path / "截断.gpkg"
    short.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ReadError) as caught:
        run(town_copy, short, "compound")
    assert "截断.gpkg" in str(caught.value)
    with pytest.raises(ReadError):
        run(town_copy, tmp_path / "没有.gpkg", "compound")


def test_a_table_without_coordinates_is_told(town_copy, tmp_path):
    path = write_csv(tmp_path / "表.csv", ["名称", "户数"], [["甲", 1]])
    assert codes(run(town_copy, path, "compound")) == ["no_geometry"]


def test_every_sentence_can_be_said_in_both_languages():
    for code, (severity, zh, en) in TEMPLATES.items():
        assert zh, code
        assert en, code
        assert severity in {"error", "warning", "{severity}"}


def test_a_grids_code_names_its_community_even_where_it_lies_elsewhere(town_copy, tmp_path):
    rows = [{"编码": town.SPRING + "009", "名称": "飞地", "geometry": town.box(1100, 300, 100, 100)}]
    found = preview(town_copy, write_gpkg(tmp_path / "网格.gpkg", rows), "grid")
    assert [one.code for one in found.problems] == ["area_differs"]
    assert found.rows[0]["area_code"] == town.SPRING
    assert count(town_copy, Grid, Grid.code == town.SPRING + "009") == 0


def test_the_whole_frame_is_read_by_gdal_again(store, tmp_path):
    run(store, write_gpkg(tmp_path / "小区.gpkg", new_compounds()), "compound", Options(city=CITY))
    stored = gpd.read_file(tmp_path / "city.gpkg", layer="compound")
    assert len(stored) == 3
    assert stored.crs.to_epsg() == 4490
