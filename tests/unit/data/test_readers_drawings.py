from __future__ import annotations

import zipfile

import pytest
import shapely

from data.errors import ReadError
from data.readers import list_layers, read

SQUARE = "120.1,30.2,0 120.2,30.2,0 120.2,30.3,0 120.1,30.3,0 120.1,30.2,0"


def code_of(path, **options):
    with pytest.raises(ReadError) as caught:
        read(path, **options)
    return caught.value.problem.code


def found(table):
    return {(one.code, one.row) for one in table.problems}


def polygon(coordinates=SQUARE, hole=""):
    inner = f"<innerBoundaryIs><LinearRing><coordinates>{hole}</coordinates></LinearRing></innerBoundaryIs>"
    return (
        f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{coordinates}</coordinates></LinearRing>"
        f"</outerBoundaryIs>{inner if hole else ''}</Polygon>"
    )


def placemark(name, geometry, **data):
    extended = "".join(f'<Data name="{key}"><value>{value}</value></Data>' for key, value in data.items())
    return f"<Placemark><name>{name}</name><ExtendedData>{extended}</ExtendedData>{geometry}</Placemark>"


def kml(path, body, encoding="UTF-8", head=""):
    root = '<kml xmlns="http://www.opengis.net/kml/2.2">'
    text = f'<?xml version="1.0" encoding="{encoding}"?>{head}{root}<Document>{body}</Document></kml>'
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK", "gb18030", "UTF-16"])
def test_folders_and_extended_data(tmp_path, encoding):
    marks = placemark("翠苑五区", polygon(), 户数=300) + placemark("乙", polygon())
    point = placemark("站", "<Point><coordinates>120.1,30.2</coordinates></Point>")
    body = f"<Folder><name>小区</name>{marks}</Folder><Folder><name>站点</name>{point}</Folder>"
    path = kml(tmp_path / "a.kml", body, encoding)
    assert [(one.name, one.count) for one in list_layers(path)] == [("小区", 2), ("站点", 1)]
    table = read(path, "小区")
    assert table.frame["户数"].fillna("").tolist() == ["300", ""]
    assert table.frame["name"].tolist() == ["翠苑五区", "乙"]
    assert table.frame.geometry[0].equals(shapely.box(120.1, 30.2, 120.2, 30.3))
    assert (table.crs.to_epsg(), table.crs_how) == (4326, "format")
    assert found(read(path)) == {("layer_chosen", None), ("z_dropped", None)}


def test_rings_of_a_kml(tmp_path):
    multi = f"<MultiGeometry>{polygon()}{polygon('121,30 121.1,30 121.1,30.1 121,30')}</MultiGeometry>"
    body = "".join(
        [
            placemark("洞", polygon(hole="120.12,30.22 120.13,30.22 120.13,30.23 120.12,30.22")),
            placemark("多", multi),
            placemark("未闭合", polygon("120.1,30.2 120.2,30.2 120.2,30.3")),
            placemark("短", polygon("120.1,30.2 120.2,30.2")),
            placemark("无", ""),
            placemark("坏", polygon("abc")),
            placemark("线", "<LineString><coordinates>120.1,30.2 \n 120.2,30.3</coordinates></LineString>"),
        ]
    )
    table = read(kml(tmp_path / "a.kml", body))
    kinds = [None if one is None else one.geom_type for one in table.frame.geometry]
    assert kinds == ["Polygon", "MultiPolygon", None, None, None, None, "LineString"]
    assert {one for one in found(table) if one[1]} == {
        ("ring_unclosed", 3),
        ("ring_short", 4),
        ("geometry_null", 5),
        ("geometry_damaged", 6),
    }


def test_kmz(tmp_path):
    inner = kml(tmp_path / "doc.kml", placemark("甲", polygon()))
    path = tmp_path / "小区.kmz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "doc.kml")
        archive.writestr("files/icon.png", b"x")
    table = read(path)
    assert (table.layer, table.file) == ("小区", "小区.kmz/doc.kml")
    assert len(table.frame) == 1


LAUGHS = "<!DOCTYPE kml [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
EXTERNAL = '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [LAUGHS, EXTERNAL, '<!DOCTYPE kml SYSTEM "http://127.0.0.1/x.dtd">'])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_entities_are_refused(tmp_path, head, encoding):
    assert code_of(kml(tmp_path / "a.kml", placemark("甲", polygon()), encoding, head)) == "xml_unsafe"


def test_html_in_a_description_is_no_document_type(tmp_path):
    mark = placemark("甲", "<description><![CDATA[<!DOCTYPE html><b>x</b>]]></description>" + polygon())
    assert len(read(kml(tmp_path / "a.kml", mark)).frame) == 1


def test_deep_xml_is_refused(tmp_path):
    body = "<Folder>" * 5000 + "</Folder>" * 5000
    assert code_of(kml(tmp_path / "a.kml", body)) == "xml_unsafe"


def test_kml_cut_short_says_where(tmp_path):
    path = kml(tmp_path / "a.kml", placemark("甲", polygon()))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ReadError, match="第 1 行"):
        read(path)


# --- DXF ---

X, Y = 40_512_000.0, 3_351_000.0


def polyline(layer, corners, *, closed=True):
    points = "".join(f"10\n{X + x}\n20\n{Y + y}\n" for x, y in corners)
    return f"0\nLWPOLYLINE\n8\n{layer}\n90\n{len(corners)}\n70\n{int(closed)}\n{points}"


def text(x, y, words, kind="TEXT"):
    return f"0\n{kind}\n8\n注记\n10\n{X + x}\n20\n{Y + y}\n40\n2.5\n1\n{words}\n"


def dxf(path, *entities, page="ANSI_936", version="AC1018", encoding="gb18030", header=True):
    head = f"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\n{version}\n9\n$DWGCODEPAGE\n3\n{page}\n0\nENDSEC\n"
    body = f"0\nSECTION\n2\nENTITIES\n{''.join(entities)}0\nENDSEC\n0\nEOF\n"
    path.write_bytes(((head if header else "") + body).encode(encoding))
    return path


def box(x, y, side):
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


@pytest.mark.parametrize(
    ("version", "encoding", "header"),
    [("AC1018", "gb18030", True), ("AC1021", "utf-8", True), ("AC1018", "gb18030", False)],
)
def test_names_from_texts_inside(tmp_path, version, encoding, header):
    path = dxf(
        tmp_path / "a.dxf",
        polyline("小区界", box(0, 0, 100)),
        polyline("小区界", box(200, 0, 100)),
        polyline("网格界", box(10, 10, 30)),
        text(80, 80, "翠苑五区"),
        text(20, 20, "一网格"),
        text(220, 20, "12000㎡"),
        text(230, 40, "\\U+5F69虹城"),
        text(500, 500, "图例"),
        version=version,
        encoding=encoding,
        header=header,
    )
    assert [(one.name, one.count) for one in list_layers(path)] == [("小区界", 2), ("网格界", 1)]
    table = read(path)
    assert table.frame[["Layer", "name"]].to_numpy().tolist() == [
        ["小区界", "翠苑五区"],
        ["小区界", "彩虹城"],
        ["网格界", "一网格"],
    ]
    assert shapely.area(table.frame.geometry).tolist() == [10_000, 10_000, 900]
    assert (table.crs.to_epsg(), table.crs_how) == (4528, "guessed")
    assert found(table) == {("texts_several", 2), ("text_outside", None), ("crs_guessed", None)}
    only = read(path, "网格界")
    assert only.frame["name"].tolist() == ["一网格"]
    assert only.rows.tolist() == [3]


def test_lines_that_nearly_close(tmp_path):
    nearly, shut = [*box(0, 0, 100), (0.0, 0.4)], [*box(200, 0, 100), (200.0, 0.0)]
    lines = [polyline("界", corners, closed=False) for corners in (nearly, shut, [(0, 300), (90, 300)])]
    table = read(dxf(tmp_path / "a.dxf", *lines))
    assert [one.geom_type for one in table.frame.geometry] == ["LineString", "Polygon", "LineString"]
    assert found(table) == {("ring_unclosed", 1), ("crs_guessed", None)}


def test_drawing_cut_short_or_binary(tmp_path):
    path = dxf(tmp_path / "a.dxf", polyline("界", box(0, 0, 100)))
    path.write_bytes(path.read_bytes()[:-10])
    assert code_of(path) == "cut_short"
    path.write_bytes(b"AutoCAD Binary DXF\r\n\x1a\x00" + bytes(100))
    assert code_of(path) == "content"


def test_no_such_dxf_layer(tmp_path):
    path = dxf(tmp_path / "a.dxf", polyline("界", box(0, 0, 100)))
    assert code_of(path, layer="小区") == "layer_missing"
