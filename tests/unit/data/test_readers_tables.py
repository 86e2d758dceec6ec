from __future__ import annotations

import datetime as dt

import openpyxl
import pytest

from data.errors import ReadError
from data.readers import Limits, list_layers, read

RING = "POLYGON ((120.1 30.2, 120.2 30.2, 120.2 30.3, 120.1 30.2))"


def csv(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def found(table):
    return {(one.code, one.row, one.column) for one in table.problems}


def code_of(path, **options):
    with pytest.raises(ReadError) as caught:
        read(path, **options)
    return caught.value.problem.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(tmp_path, encoding, delimiter):
    rows = [
        ["编码", "小区名称", "户数"],
        ["330102001001", "翠苑五区", "1200"],
        ["010203", "朝晖六小区", "80"],
    ]
    table = read(csv(tmp_path / "a.csv", "\r\n".join(delimiter.join(row) for row in rows), encoding))
    assert list(table.frame.columns) == rows[0]
    assert table.frame.to_numpy().tolist() == rows[1:]
    assert (table.rows.tolist(), table.unit, table.header_row) == ([2, 3], "row", 1)
    assert not table.has_geometry
    assert table.problems == []


def test_wrong_encoding_of_the_caller(tmp_path):
    path = csv(tmp_path / "a.csv", "名称\n翠苑", "gb18030")
    assert code_of(path, encoding="utf-8") == "encoding"
    assert code_of(path, encoding="klingon") == "encoding"
    assert code_of(path, encoding="hex") == "encoding"
    assert read(path, encoding="936").frame["名称"].tolist() == ["翠苑"]


def test_longitude_and_latitude(tmp_path):
    text = "名称,经度,纬度\n甲,120.15,30.28\n乙,,\n丙,一百二,30.2\n丁,30.28,120.15\n戊,120.16,30.27\n"
    table = read(csv(tmp_path / "a.csv", text))
    assert table.frame.geometry[0].wkt == "POINT (120.15 30.28)"
    assert (table.crs.to_epsg(), table.crs_how, table.datum) == (4490, "declared", None)
    assert found(table) == {
        ("geometry_null", 3, None),
        ("coordinate_invalid", 4, "经度"),
        ("axes_swapped", 5, None),
    }


@pytest.mark.parametrize(
    ("header", "datum"),
    [
        ("经度(GCJ-02),纬度(GCJ-02)", "GCJ-02"),
        ("百度经度,百度纬度", "BD-09"),
        ("lng_gcj02,lat_gcj02", "GCJ-02"),
    ],
)
def test_datum_named_in_the_header(tmp_path, header, datum):
    table = read(csv(tmp_path / "a.csv", f"名称,{header}\n甲,120.15,30.28\n"))
    assert table.datum == datum
    assert table.has_geometry


def test_surveyors_axes(tmp_path):
    table = read(csv(tmp_path / "a.csv", "点号,X,Y\n1,3351234,40512345\n2,3351334,40512445\n"))
    assert found(table) == {("axes_swapped", None, None), ("crs_guessed", None, None)}
    assert table.crs.to_epsg() == 4528


def test_wkt_column_longer_than_a_field_of_csv(tmp_path):
    ring = ", ".join(f"{120 + i / 1e5} {30 + i * i / 1e10}" for i in range(8000))
    text = (
        f'名称,边界\n甲,"{RING}"\n乙,"POLYGON (({ring}, 120 30))"\n丙,"POLYGON ((120 30, 121 30, 121 31))"\n'
    )
    table = read(csv(tmp_path / "a.csv", text + '丁,"POLYGON (("\n戊,"POLYGON ((1 1, 2 2))"\n'))
    assert table.frame.geometry.isna().tolist() == [False, False, True, True, True]
    assert {one[:2] for one in found(table) if one[0] != "crs_guessed"} == {
        ("ring_unclosed", 4),
        ("geometry_damaged", 5),
        ("ring_short", 6),
    }
    assert "边界" not in table.frame.columns


def test_line_numbers_count_lines_not_records(tmp_path):
    table = read(csv(tmp_path / "a.csv", '名称,说明\n甲,"一\n二"\n\n乙,=1+1\n'))
    assert table.rows.tolist() == [2, 5]
    assert table.frame["说明"][0] == "一 二"
    assert found(table) == {("formula", 5, "说明")}


def test_title_notes_and_totals_are_no_records(tmp_path):
    text = (
        "翠苑街道小区台账,,\n填报单位:翠苑街道,填报日期:2023-01-01,\n名称,户数,备注\n甲,12,\n乙,34,好\n"
        "合计,46,\n注:户数为常住户数,,\n"
    )
    table = read(csv(tmp_path / "a.csv", text))
    assert table.header_row == 3
    assert table.frame["名称"].tolist() == ["甲", "乙"]
    assert {one[:2] for one in found(table)} == {("row_skipped", 6), ("row_skipped", 7)}
    assert read(tmp_path / "a.csv", header_row=4).header_row == 4
    assert code_of(tmp_path / "a.csv", header_row=99) == "header_row"


def test_two_header_rows_of_a_csv(tmp_path):
    table = read(csv(tmp_path / "a.csv", "序号,人口,,,面积\n,男,女,合计,\n1,5,6,11,3.2\n"))
    assert list(table.frame.columns) == ["序号", "人口/男", "人口/女", "人口/合计", "面积"]
    assert table.rows.tolist() == [3]


def test_blank_header_is_no_group(tmp_path):
    table = read(csv(tmp_path / "a.csv", "名称,社区,,备注\n翠苑,翠苑社区,多余,\n"))
    assert list(table.frame.columns) == ["名称", "社区", "备注"]
    assert {one[:2] for one in found(table)} == {("ragged", 2)}


def test_odd_cells(tmp_path):
    table = read(csv(tmp_path / "a.csv", "编码,编码,户数\n3.30102E+11,a,-5\n\u3000 b ,+3, \n1,2,3,4\n"))
    assert list(table.frame.columns) == ["编码", "编码_2", "户数"]
    assert found(table) == {
        ("duplicate_column", None, None),
        ("scientific", 2, "编码"),
        ("ragged", 4, None),
    }
    assert table.frame["编码"][1] == "b"
    assert table.frame["户数"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a,b\n\x00\x01", "content"),
        (b"\xff\xff\xff\xff,1\n", "encoding"),
        (b'a,b\n1,"2\n3', "damaged"),
        (b"1,2\n3,4\n", "table_empty"),
    ],
)
def test_no_table(tmp_path, content, code):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert code_of(path) == code


def test_too_many_rows(tmp_path):
    path = csv(tmp_path / "a.csv", "名称\n" + "甲\n" * 50)
    assert code_of(path, limits=Limits(features=20)) == "too_many_features"


# --- Excel ---


@pytest.fixture
def book():
    """A ledger as streets keep it: a title, two header rows, merged communities, a total and a note."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "小区台账"
    for row in [
        ["翠苑街道小区基本情况表"],
        ["社区", "小区\n名称", "户数情况", None, "建成日期"],
        [None, None, "总户数", "常住户", None],
        ["翠苑一区社区", "翠苑一区", 1200, 1000, dt.datetime(1985, 6, 1)],  # noqa: DTZ001
        [None, "康乐新村", 300, 250, None],
        ["九莲社区", "九莲新村", 900, 800, None],
        ["合计", None, "=SUM(C4:C6)", None, None],
        ["注:数据截至 2023 年 6 月", None, None, None, None],
    ]:
        sheet.append(row)
    for area in ("A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3", "A4:A5"):
        sheet.merge_cells(area)
    made.create_sheet("空表")
    hidden = made.create_sheet("隐藏")
    hidden.append(["x"])
    hidden.sheet_state = "hidden"
    made.create_sheet("楼栋").append(["名称"])
    return made


def saved(book, path):
    book.save(path)
    return path


def test_merged_headers_and_cells(tmp_path, book):
    table = read(saved(book, tmp_path / "a.xlsx"))
    assert table.layer == "小区台账"
    assert list(table.frame.columns) == ["社区", "小区名称", "户数情况/总户数", "户数情况/常住户", "建成日期"]
    assert table.frame["社区"].tolist() == ["翠苑一区社区", "翠苑一区社区", "九莲社区"]
    assert table.frame["户数情况/总户数"].tolist() == [1200, 300, 900]
    assert table.frame["建成日期"][0].year == 1985
    assert (table.header_row, table.rows.tolist()) == (2, [4, 5, 6])
    assert {(one.code, one.row) for one in table.problems} == {
        ("row_skipped", 7),
        ("row_skipped", 8),
        ("layer_chosen", None),
    }


def test_sheets(tmp_path, book):
    path = saved(book, tmp_path / "a.xlsx")
    assert [one.name for one in list_layers(path)] == ["小区台账", "楼栋"]
    with pytest.raises(ReadError, match="小区台账、楼栋"):
        read(path, "空表")


def test_formulas_and_errors(tmp_path):
    book = openpyxl.Workbook()
    for row in [["名称", "户数"], ['="甲"&"乙"', "=1+1"], ["丙", "#REF!"], ["'=x", 5], ["=x y", 6]]:
        book.active.append(row)
    book.active["A4"].value = "=cmd()"
    book.active["A4"].data_type = "s"
    table = read(saved(book, tmp_path / "a.xlsx"))
    assert found(table) == {
        ("formula_uncomputed", 2, "名称"),
        ("formula_uncomputed", 2, "户数"),
        ("cell_error", 3, "户数"),
        ("formula", 4, "名称"),
        ("formula_uncomputed", 5, "名称"),
    }


def test_values_of_formulas_are_read(tmp_path):
    book = openpyxl.Workbook()
    for row in [["名称", "户数"], ["=A9", "=1+1"], ["丙", 3]]:
        book.active.append(row)
    path = saved(book, tmp_path / "a.xlsx")
    with_values(path, {"<f>A9</f><v></v>": "<f>A9</f><v>甲区</v>", "<f>1+1</f><v></v>": "<f>1+1</f><v>2</v>"})
    table = read(path)
    assert table.frame.to_numpy().tolist() == [["甲区", 2], ["丙", 3]]
    assert found(table) == {("formula_text", 2, "名称")}


def with_values(path, replaced):
    """Put results beside formulas, as Excel does and openpyxl can't."""
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    for old, new in replaced.items():
        assert old in sheet or old.replace("<v></v>", "<v />") in sheet
        sheet = sheet.replace(old, new).replace(old.replace("<v></v>", "<v />"), new)
    members["xl/worksheets/sheet1.xml"] = sheet.replace('<c r="A2"', '<c r="A2" t="str"').encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_excel_with_coordinates(tmp_path):
    book = openpyxl.Workbook()
    for row in [
        ["站点", "坐标", None],
        [None, "经度", "纬度"],
        ["甲", 120.15, 30.28],
        ["乙", "120.16", 30.27],
    ]:
        book.active.append(row)
    for area in ("A1:A2", "B1:C1"):
        book.active.merge_cells(area)
    table = read(saved(book, tmp_path / "a.xlsx"))
    assert [one.wkt for one in table.frame.geometry] == ["POINT (120.15 30.28)", "POINT (120.16 30.27)"]


def test_a_stray_cell_far_below_costs_nothing(tmp_path):
    book = openpyxl.Workbook()
    for row in [["名称", "户数"], ["甲", 3]]:
        book.active.append(row)
    book.active["XFD1048576"] = "x"
    book.active["B1048570"] = "=1+1"
    table = read(saved(book, tmp_path / "a.xlsx"))
    assert table.rows.tolist() == [2, 1048576]
    assert {(one.code, one.row) for one in table.problems} == {
        ("ragged", 1048576),
        ("formula_uncomputed", 1048570),
    }


def test_entities_in_a_workbook(tmp_path):
    path = saved(openpyxl.Workbook(), tmp_path / "a.xlsx")
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            head, _, rest = (
                content.partition(b"?>")
                if content.startswith(b"<?")
                else (b"<?xml version='1.0'", b"", content)
            )
            archive.writestr(name, head + b"?><!DOCTYPE x [<!ENTITY a 'b'>]>" + rest)
    assert code_of(path) == "xml_unsafe"


def test_workbook_cut_short(tmp_path, book):
    path = saved(book, tmp_path / "a.xlsx")
    path.write_bytes(path.read_bytes()[:-300])
    assert code_of(path) == "content"
