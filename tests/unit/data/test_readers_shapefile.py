from __future__ import annotations

import struct
import zipfile

import geopandas as gpd
import pytest
import shapely

from data.errors import ReadError
from data.readers import Limits, list_layers, read

NAMES = ["翠苑五区", "朝晖六小区", "彩虹城"]


def shapefile(path, encoding="gb18030", names=NAMES, *, cpg=None, **options):
    boxes = [shapely.box(120.1 + i / 100, 30.2, 120.109 + i / 100, 30.21) for i in range(len(names))]
    frame = gpd.GeoDataFrame({"名称": names, "户数": range(len(names))}, geometry=boxes, crs=4490)
    frame.to_file(path, encoding=encoding, **options)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def zipped(path, *shapes, folder="", drop=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for shape in shapes:
            for part in shape.parent.glob(f"{shape.stem}.*"):
                if part.suffix not in drop:
                    archive.write(part, folder + part.name)
    return path


def refused(path, **options):
    with pytest.raises(ReadError) as caught:
        read(path, **options)
    with pytest.raises(ReadError):
        list_layers(path, **options)
    return caught.value.problem.code


def codes(table):
    return [one.code for one in table.problems]


@pytest.mark.parametrize(
    ("encoding", "cpg", "used"),
    [
        ("gb18030", None, "GB18030"),
        ("utf-8", None, "UTF-8"),
        ("gb18030", "GBK", "GB18030"),
        ("gb18030", "936", "GB18030"),
        ("gb18030", "ANSI 936", "GB18030"),
        ("utf-8", "65001", "UTF-8"),
    ],
)
def test_encoding_of_the_table(tmp_path, encoding, cpg, used):
    table = read(shapefile(tmp_path / "小区.shp", encoding, cpg=cpg))
    assert table.encoding == used
    assert list(table.frame.columns) == ["名称", "户数", "geometry"]
    assert table.frame["名称"].tolist() == NAMES
    assert table.previews[used][0] == "朝晖六小区"
    assert codes(table) == []
    assert (table.crs.to_epsg(), table.crs_how) == (4490, "declared")


def test_cpg_that_lies(tmp_path):
    table = read(shapefile(tmp_path / "c.shp", cpg="UTF-8"))
    assert table.frame["名称"].tolist() == NAMES
    assert codes(table) == ["encoding_conflict"]
    assert "UTF-8" in table.problems[0].message_zh


def test_cpg_that_names_latin_is_seen_in_the_names(tmp_path):
    table = read(shapefile(tmp_path / "c.shp", cpg="ISO-8859-1"))
    assert codes(table) == ["mojibake"] * 3
    assert table.problems[0].params["guess"] == "翠苑五区"
    assert read(tmp_path / "c.shp", encoding="GBK").frame["名称"].tolist() == NAMES


def test_name_cut_in_the_middle_of_a_character(tmp_path):
    path = shapefile(tmp_path / "c.shp", "utf-8", names=["汉" * 20, "字"])
    data = path.with_suffix(".dbf").read_bytes()
    where = data.index("汉".encode())
    path.with_suffix(".dbf").write_bytes(data[: where + 58] + b"  " + data[where + 60 :])
    table = read(path)
    assert table.encoding == "UTF-8"
    assert table.frame["名称"][0] == "汉" * 19
    assert [(one.code, one.row) for one in table.problems] == [("text_cut", 1)]


def test_zip_with_several_layers_under_a_chinese_folder(tmp_path):
    first, second = shapefile(tmp_path / "小区.shp"), shapefile(tmp_path / "网格.shp", names=NAMES[:2])
    path = zipped(tmp_path / "数据.zip", first, second, folder="成果/")
    assert [(one.name, one.count) for one in list_layers(path)] == [("小区", 3), ("网格", 2)]
    table = read(path, "网格")
    assert table.file == "数据.zip/成果/网格.shp"
    assert len(table.frame) == 2


def test_zip_names_in_gbk(tmp_path):
    shape = shapefile(tmp_path / "x.shp")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in tmp_path.glob("x.*"):
            archive.writestr("QQQQ" + part.suffix, part.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"QQQQ", "小区".encode("gb18030")))
    assert shape.exists()
    assert [one.name for one in list_layers(path)] == ["小区"]


def test_missing_companions(tmp_path):
    shape = shapefile(tmp_path / "c.shp")
    without_index = zipped(tmp_path / "a.zip", shape, drop=(".shx",))
    assert refused(without_index) == "companion_missing"
    bare = read(zipped(tmp_path / "b.zip", shape, drop=(".dbf", ".prj")))
    assert sorted(codes(bare)) == ["companion_wanted", "crs_guessed"]
    assert len(bare.frame) == 3


@pytest.mark.parametrize("suffix", [".shp", ".dbf"])
def test_cut_short(tmp_path, suffix):
    path = shapefile(tmp_path / "c.shp")
    part = path.with_suffix(suffix)
    part.write_bytes(part.read_bytes()[:-40])
    assert refused(path) == "cut_short"


def test_ring_of_two_points(tmp_path):
    path = shapefile(tmp_path / "c.shp")
    data = bytearray(path.read_bytes())
    # the first record: 100 + 8 bytes of headers, type, box, parts, points
    assert struct.unpack_from("<i", data, 108 + 40)[0] == 5
    struct.pack_into("<i", data, 108 + 40, 2)
    path.write_bytes(data)
    table = read(path)
    assert table.frame.geometry.isna().tolist() == [True, False, False]
    assert {one.row for one in table.problems if one.severity == "error"} == {1}


def test_zone_prefix_without_prj(tmp_path):
    path = tmp_path / "c.shp"
    square = shapely.box(40_512_000, 3_351_000, 40_512_100, 3_351_100)
    gpd.GeoDataFrame({"a": [1]}, geometry=[square], crs=4528).to_file(path)
    path.with_suffix(".prj").unlink()
    table = read(path)
    assert (table.crs.to_epsg(), table.crs_how, codes(table)) == (4528, "guessed", ["crs_guessed"])


def test_six_digits_without_prj_need_the_city(tmp_path):
    path = tmp_path / "c.shp"
    gpd.GeoDataFrame(
        {"a": [1]}, geometry=[shapely.box(512_000, 3_351_000, 512_100, 3_351_100)], crs=4549
    ).to_file(path)
    path.with_suffix(".prj").unlink()
    assert codes(read(path)) == ["crs_missing"]
    assert read(path, city_bounds=(119, 29, 121, 31)).crs.to_epsg() == 4549


def archive_of(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"../c.geojson": "{}"}, "archive_path"),
        ({"/etc/c.geojson": "{}"}, "archive_path"),
        ({"a\\..\\c.geojson": "{}"}, "archive_path"),
        ({"C:/c.geojson": "{}"}, "archive_path"),
        ({"inner.zip": "x"}, "archive_nested"),
        ({"inner.kmz": "x"}, "archive_nested"),
        ({"readme.txt": "x", "a.vrt": "x"}, "archive_empty"),
        ({"c.geojson": b" " * 20_000_000}, "archive_ratio"),
        ({f"{i}.txt": "x" for i in range(1001)}, "archive_members"),
    ],
)
def test_unsafe_archives(tmp_path, members, code):
    path = archive_of(tmp_path / "a.zip", members)
    assert refused(path) == code


def test_archive_that_lies_about_its_size(tmp_path):
    path = archive_of(tmp_path / "a.zip", {"c.csv": b"a,b\n" * 2_000_000})
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<I", 8_000_000), struct.pack("<I", 80)))
    assert refused(path, limits=Limits(unpacked_bytes=1_000_000)) in {"archive_ratio", "damaged"}


def test_links_and_passwords_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    link = zipfile.ZipInfo("c.geojson")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refused(path) == "archive_path"
    archive_of(path, {"c.geojson": "{}"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == "archive_encrypted"


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    read(zipped(tmp_path / "a.zip", shapefile(tmp_path / "c.shp")))
    with pytest.raises(ReadError):
        read(archive_of(tmp_path / "b.zip", {"c.geojson": "{"}))
    assert list((tmp_path / "t").iterdir()) == []


@pytest.mark.parametrize("name", ["a.zip", "a.kmz", "a.xlsx", "a.osm.gz"])
def test_no_archive_at_all(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"not an archive")
    assert refused(path) in {"damaged", "content"}
