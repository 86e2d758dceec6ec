"""Whatever the bytes, a file gives a table or one clear error."""

from __future__ import annotations

import gzip
import json
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from data.errors import ReadError
from data.readers import RawTable, list_layers, read

EXTENSIONS = (
    *(".gpkg", ".geojson", ".shp", ".dbf", ".shx", ".kml", ".kmz", ".dxf"),
    *(".csv", ".xlsx", ".osm", ".osm.gz", ".zip"),
)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
OSM = '<osm version="0.6"><node id="1" lat="30.2" lon="120.1"><tag k="barrier" v="gate"/></node></osm>'
KML = (
    "<kml><Document><Placemark><name>甲</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
    "120,30 121,30 121,31 120,30</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    "</Document></kml>"
)
DXF = (
    "0\nSECTION\n2\nHEADER\n9\n$DWGCODEPAGE\n3\nANSI_936\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n"
    "0\nLWPOLYLINE\n8\n界\n90\n3\n70\n1\n10\n0\n20\n0\n10\n9\n20\n0\n10\n9\n20\n9\n"
    "0\nTEXT\n8\n字\n10\n8\n20\n2\n40\n1\n1\n甲\n0\nENDSEC\n0\nEOF\n"
)


@cache
def valid():
    """Return extension -> bytes of a small sound file; the parts of the shapefile stand alone."""
    made = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        boxes = [shapely.box(120.1 + i / 100, 30.2, 120.109 + i / 100, 30.21) for i in range(3)]
        frame = gpd.GeoDataFrame({"名称": ["甲", "乙", None], "户数": [1, 2, 3]}, geometry=boxes, crs=4490)
        frame.to_file(folder / "a.gpkg")
        frame.to_file(folder / "a.shp", encoding="gb18030")
        book = openpyxl.Workbook()
        book.active.append(["名称", "经度", "纬度"])
        book.active.append(["甲", 120.1, 30.2])
        book.save(folder / "a.xlsx")
        features = json.loads(frame.to_json())
        (folder / "a.geojson").write_text(json.dumps(features, ensure_ascii=False), "utf-8")
        (folder / "a.kml").write_text(KML, "utf-8")
        (folder / "a.dxf").write_text(DXF, "gb18030")
        (folder / "a.csv").write_text("名称,经度,纬度\n甲,120.1,30.2\n", "gb18030")
        (folder / "a.osm").write_text(OSM)
        (folder / "a.osm.gz").write_bytes(gzip.compress(OSM.encode()))
        for archive, members in (("a.zip", ["a.shp", "a.shx", "a.dbf", "a.csv"]), ("a.kmz", ["a.kml"])):
            with zipfile.ZipFile(folder / archive, "w") as out:
                for member in members:
                    out.write(folder / member, member)
        for extension in EXTENSIONS:
            made[extension] = (folder / f"a{extension}").read_bytes()
    return made


def try_to_read(extension, content):
    """Read bytes as a file of that kind; a shapefile's part among its sound siblings."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if extension in {".shp", ".dbf", ".shx"}:
            for part in (".shp", ".dbf", ".shx"):
                (folder / f"a{part}").write_bytes(valid()[part])
        (folder / f"a{extension}").write_bytes(content)
        path = folder / ("a.shp" if extension in {".dbf", ".shx"} else f"a{extension}")
        try:
            list_layers(path)
            table = read(path)
        except ReadError as error:
            said = str(error)
            table = None
        else:
            said = "。"
    assert said.endswith("。")
    assert name not in said
    if table is None:
        return None
    assert isinstance(table, RawTable)
    assert len(table.frame) == len(table.rows)
    assert all(str(one) for one in table.problems)
    return table


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_sound_file_is_read(extension):
    table = try_to_read(extension, valid()[extension])
    assert table is not None
    assert len(table.frame) > 0
    assert table.has_geometry


@pytest.mark.parametrize("extension", EXTENSIONS)
@FEW
@given(content=st.binary(max_size=400))
@example(content=b"")
@example(content=b"\x00")
@example(content=b"{}")
def test_any_bytes(extension, content):
    try_to_read(extension, content)


@pytest.mark.parametrize("extension", EXTENSIONS)
@FEW
@given(share=st.floats(0, 1))
def test_cut_anywhere(extension, share):
    content = valid()[extension]
    try_to_read(extension, content[: int(len(content) * share)])


@pytest.mark.parametrize("extension", EXTENSIONS)
@FEW
@given(
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=6)
)
def test_bits_flipped(extension, flips):
    content = bytearray(valid()[extension])
    for share, mask in flips:
        content[int(len(content) * share)] ^= mask
    try_to_read(extension, bytes(content))
