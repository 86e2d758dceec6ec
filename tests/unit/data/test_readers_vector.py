from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import geopandas as gpd
import pytest
import shapely

from data.errors import DataError, ReadError
from data.readers import Limits, list_layers, read
from data.readers.problems import TEMPLATES

HANGZHOU = (118.3, 29.2, 120.7, 30.6)
SQUARE = [[120.1, 30.2], [120.2, 30.2], [120.2, 30.3], [120.1, 30.3], [120.1, 30.2]]


def feature(ring, name="翠苑五区", **properties):
    geometry = None if ring is None else {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"名称": name, **properties}, "geometry": geometry}


def geojson(path, features, encoding="utf-8", **members):
    collection = {"type": "FeatureCollection", **members, "features": features}
    path.write_text(json.dumps(collection, ensure_ascii=False), encoding)
    return path


def found(table):
    return {(one.code, one.row) for one in table.problems}


def refused(path, **options):
    with pytest.raises(ReadError) as caught:
        read(path, **options)
    assert isinstance(caught.value, DataError)
    assert caught.value.problem.file.startswith(path.name)
    with pytest.raises(ReadError):
        list_layers(path)
    return caught.value.problem.code


@pytest.fixture
def compounds():
    boxes = [shapely.box(120.1 + i / 100, 30.2, 120.109 + i / 100, 30.21) for i in range(3)]
    return gpd.GeoDataFrame(
        {"名称": ["翠苑五区", " 朝晖六小区 ", None], "户数": [300, 420, 95]}, geometry=boxes, crs=4490
    )


def test_geopackage_with_two_layers(tmp_path, compounds):
    path = tmp_path / "杭州.gpkg"
    compounds.to_file(path, layer="小区")
    gpd.GeoDataFrame({"编号": [1]}, geometry=[shapely.Point(120.1, 30.2)], crs=4490).to_file(
        path, layer="站点"
    )
    assert [(one.name, one.count) for one in list_layers(path)] == [("小区", 3), ("站点", 1)]
    table = read(path)
    assert table.layer == "小区"
    assert table.frame["名称"].fillna("").tolist() == ["翠苑五区", "朝晖六小区", ""]
    assert table.frame["户数"].tolist() == [300, 420, 95]
    assert table.rows.tolist() == [1, 2, 3]
    assert (table.unit, table.crs_how, table.crs.to_epsg()) == ("feature", "declared", 4490)
    assert [one.code for one in table.problems] == ["layer_chosen"]
    assert read(path, "站点").frame["编号"].tolist() == [1]
    with pytest.raises(ReadError, match="小区、站点"):
        read(path, "网格")


def test_plain_table_of_a_geopackage(tmp_path, compounds):
    path = tmp_path / "t.gpkg"
    compounds.to_file(path, layer="c")
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE 台账 (fid INTEGER PRIMARY KEY, 事项 TEXT)")
        database.execute("INSERT INTO 台账 (事项) VALUES ('加装路灯')")
        database.execute("INSERT INTO gpkg_contents (table_name, data_type) VALUES ('台账', 'attributes')")
        database.commit()
    table = read(path, "台账")
    assert not table.has_geometry
    assert table.frame["事项"].tolist() == ["加装路灯"]
    assert table.crs is None


def test_geopackage_cut_short(tmp_path, compounds):
    path = tmp_path / "c.gpkg"
    compounds.to_file(path)
    path.write_bytes(path.read_bytes()[:-5000])
    assert refused(path) == "cut_short"


def test_geopackage_that_reaches_out(tmp_path, compounds):
    path = tmp_path / "c.gpkg"
    compounds.to_file(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema=ON")
        database.execute(
            "INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0,"
            " 'CREATE VIRTUAL TABLE v USING VirtualOGR(''/vsicurl/http://x'')')"
        )
        database.commit()
    assert refused(path) == "virtual_table"


def test_rings_unclosed_and_short_are_reported_and_not_stored(tmp_path):
    features = [feature(SQUARE), feature(SQUARE[:-1]), feature(SQUARE[:2]), feature([*SQUARE[:3], SQUARE[0]])]
    table = read(geojson(tmp_path / "c.geojson", features))
    assert found(table) == {("ring_unclosed", 2), ("ring_short", 3)}
    assert table.frame.geometry.isna().tolist() == [False, True, True, False]
    assert "第 2 个要素" in str(table.problems[0])
    assert "120.1, 30.3" in table.problems[0].message_zh


def test_unclosed_hole_of_a_multipolygon(tmp_path):
    hole = [[120.12, 30.22], [120.14, 30.22], [120.14, 30.24], [120.12, 30.25]]
    one = feature(SQUARE)
    one["geometry"] = {"type": "MultiPolygon", "coordinates": [[SQUARE, hole]]}
    table = read(geojson(tmp_path / "c.geojson", [one]))
    assert found(table) == {("ring_unclosed", 1)}


def test_self_crossing_says_where(tmp_path):
    bow_tie = [[120.0, 30.0], [120.2, 30.2], [120.2, 30.0], [120.0, 30.2], [120.0, 30.0]]
    table = read(geojson(tmp_path / "c.geojson", [feature(SQUARE), feature(bow_tie)]))
    (one,) = table.problems
    assert (one.code, one.row) == ("self_crossing", 2)
    assert (one.params["x"], one.params["y"]) == pytest.approx((120.1, 30.1))
    assert table.frame.geometry[1] is not None


def test_self_crossing_of_metres_is_told_in_degrees(tmp_path):
    bow_tie = shapely.Polygon(
        [(500_000, 3_350_000), (500_200, 3_350_200), (500_200, 3_350_000), (500_000, 3_350_200)]
    )
    path = tmp_path / "c.gpkg"
    gpd.GeoDataFrame(geometry=[bow_tie], crs=4549).to_file(path)
    (one,) = read(path).problems
    assert one.params["x"] == pytest.approx(120.001, abs=1e-3)


def test_missing_empty_and_infinite_geometries(tmp_path):
    empty = feature(SQUARE)
    empty["geometry"]["coordinates"] = []
    infinite = feature([[float("nan"), 30.0], *SQUARE[1:4], [float("nan"), 30.0]])
    table = read(geojson(tmp_path / "c.geojson", [feature(None), empty, infinite, feature(SQUARE)]))
    codes = found(table)
    assert {("geometry_null", 1), ("geometry_empty", 2)} <= codes
    assert {row for _, row in codes} == {1, 2, 3}
    assert table.frame.geometry[2] is None


def test_wrong_type_and_height(tmp_path):
    point = feature(SQUARE)
    point["geometry"] = {"type": "Point", "coordinates": [120.1, 30.2, 8.0]}
    path = geojson(tmp_path / "c.geojson", [feature(SQUARE), point])
    table = read(path, geometry_type="polygon")
    assert found(table) == {("geometry_type", 2), ("z_dropped", None)}
    assert not shapely.has_z(table.frame.geometry).any()
    assert found(read(path)) == {("z_dropped", None)}


def test_swapped_axes_of_a_layer_and_of_one_record(tmp_path):
    swapped = [[y, x] for x, y in SQUARE]
    all_of_them = read(geojson(tmp_path / "a.geojson", [feature(swapped)] * 3))
    assert found(all_of_them) == {("axes_swapped", None)}
    one = read(geojson(tmp_path / "b.geojson", [feature(SQUARE), feature(SQUARE), feature(swapped)]))
    assert found(one) == {("axes_swapped", 3)}


def test_metres_without_a_declaration_are_no_degrees(tmp_path):
    metres = [
        [40_512_000, 3_351_000],
        [40_512_100, 3_351_000],
        [40_512_100, 3_351_100],
        [40_512_000, 3_351_000],
    ]
    path = geojson(tmp_path / "c.geojson", [feature(metres)])
    table = read(path)
    assert found(table) == {("crs_mismatch", None)}
    assert (table.crs.to_epsg(), table.crs_how) == (4528, "guessed")
    given = read(path, crs="EPSG:4528")
    assert (given.crs_how, given.problems) == ("given", [])


def test_unknown_coordinate_system_of_the_caller(tmp_path):
    path = geojson(tmp_path / "c.geojson", [feature(SQUARE)])
    with pytest.raises(ReadError, match="EPSG:1") as caught:
        read(path, crs="EPSG:1")
    assert caught.value.problem.code == "crs_unknown"


def test_chinese_geojson_in_gb18030(tmp_path):
    table = read(geojson(tmp_path / "c.geojson", [feature(SQUARE)], "gb18030"))
    assert (table.encoding, table.frame["名称"][0]) == ("GB18030", "翠苑五区")


def test_texts_that_spreadsheets_would_run(tmp_path):
    names = ["=HYPERLINK(1)", "@x", "-3号楼", "-3", "--", "+86 571-8888", "翠苑"]
    table = read(geojson(tmp_path / "c.geojson", [feature(SQUARE, name) for name in names]))
    assert found(table) == {("formula", 1), ("formula", 2), ("formula_sign", 3)}


def test_garbled_names(tmp_path):
    latin = "名称小区".encode("gb18030").decode("latin-1")
    recoded = "翠苑小区".encode().decode("gb18030")
    names = [latin, recoded, "翠\ufffd", "Größe", "联通公司"]
    table = read(geojson(tmp_path / "c.geojson", [feature(SQUARE, name) for name in names]))
    assert found(table) == {("mojibake", 1), ("mojibake", 2), ("replacement", 3)}
    assert "名称小区" in table.problems[0].message_zh


@pytest.mark.parametrize(
    "content",
    [
        '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/b.csv</SrcDataSource>',
        '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /vsicurl/http://x/y.geojson"}',
        '{"type": "Topology", "objects": {}, "arcs": []}',
        "[1, 2]",
        '{"type": "FeatureCollection", "features": [{"type": "Feat',
    ],
)
@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.gpkg", "a.shp", "a.dxf", "a.kml"])
def test_what_is_not_what_its_name_says(tmp_path, content, name):
    path = tmp_path / name
    path.write_text(content)
    assert refused(path) in {"content", "cut_short", "damaged"}


def test_remote_sources_are_no_files(tmp_path):
    for name in (
        "/vsicurl/http://127.0.0.1/a.geojson",
        "http://127.0.0.1/a.geojson",
        "WFS:http://127.0.0.1/",
    ):
        with pytest.raises(ReadError, match="找不到"):
            read(name)
    assert refused(tmp_path / "a.geojson") == "not_found"


@pytest.mark.parametrize(
    ("name", "code"), [("a.vrt", "file_type"), ("a", "file_type"), ("a.xls", "old_excel")]
)
def test_kinds_that_are_not_read(tmp_path, name, code):
    path = tmp_path / name
    path.write_text("x")
    assert refused(path) == code


def test_limits(tmp_path):
    path = geojson(tmp_path / "c.geojson", [feature(SQUARE)] * 5)
    for limits, code in [
        (Limits(file_bytes=100), "too_large"),
        (Limits(features=4), "too_many_features"),
        (Limits(vertices=24), "too_many_vertices"),
    ]:
        with pytest.raises(ReadError) as caught:
            read(path, limits=limits)
        assert caught.value.problem.code == code
    assert len(read(path, limits=Limits(features=5)).frame) == 5


def test_problems_are_counted_beyond_the_limit(tmp_path):
    path = geojson(tmp_path / "c.geojson", [feature(None)] * 30)
    table = read(path, limits=Limits(problems=10))
    assert len(table.problems) == 11
    assert "另有 20 处" in str(table.problems[-1])


def test_empty_file(tmp_path):
    path = tmp_path / "c.geojson"
    path.touch()
    assert refused(path) == "file_empty"


def test_every_sentence_is_there_in_both_languages(tmp_path):
    bow_tie = [[120.0, 30.0], [120.2, 30.2], [120.2, 30.0], [120.0, 30.2], [120.0, 30.0]]
    table = read(geojson(tmp_path / "c.geojson", [feature(bow_tie), feature(None), feature(SQUARE[:3])]))
    assert len(table.problems) == 3
    for one in table.problems:
        assert one.message("zh").endswith("。")
        assert one.message("en").endswith(".")
    assert {one[0] for one in TEMPLATES.values()} <= {"error", "warning"}


OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lat="30.2" lon="120.1"/><node id="2" lat="30.2" lon="120.2"/>
 <node id="3" lat="30.3" lon="120.2"/>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="building" v="apartments"/>
  <tag k="name" v="翠苑五区"/></way>
 <way id="11"><nd ref="1"/><nd ref="3"/><tag k="highway" v="residential"/></way>
</osm>"""


def test_osm_buildings_and_roads(tmp_path):
    path = tmp_path / "c.osm"
    path.write_text(OSM, "utf-8")
    assert "multipolygons" in [one.name for one in list_layers(path)]
    buildings = read(path, "multipolygons")
    assert buildings.frame[["building", "name"]].to_numpy().tolist() == [["apartments", "翠苑五区"]]
    assert (buildings.crs_how, buildings.crs.to_epsg()) == ("format", 4326)
    assert read(path, "lines").frame["highway"].tolist() == ["residential"]


def test_osm_cut_short(tmp_path):
    path = tmp_path / "c.osm"
    path.write_text(OSM[:300], "utf-8")
    assert refused(path) == "cut_short"
