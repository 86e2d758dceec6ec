"""Is a file what its extension says, and whole? Asked before GDAL sees it.

GDAL tells formats by content, not by name: a ``.geojson`` may hold a virtual data source that points
anywhere. So a file must begin as its extension says, and end where its header says.
"""

from __future__ import annotations

import re
import sqlite3
import struct
import xml.parsers.expat
from contextlib import closing
from typing import TYPE_CHECKING

from data.readers.problems import fail
from data.readers.text import UTF8, decoded, file_encoding

if TYPE_CHECKING:
    from pathlib import Path

    from data.readers.draft import Source

_SHAPE_MAGIC, _SHAPE_HEADER, _DBF_HEADER = 9994, 100, 32
_SQLITE_MAGIC, _SQLITE_HEADER, _LARGEST_PAGE = b"SQLite format 3\x00", 100, 65536
_END = 512
_CHUNK = 1024 * 1024
_DEEPEST = 100
_BOM = b"\xef\xbb\xbf"
_SAFE_TABLE = re.compile(r"\busing\s+(?:rtree|fts\d)\b", re.IGNORECASE)
_ACTIVE_VIEW = re.compile(r"\b(?:ogr_|gdal_|load_extension)", re.IGNORECASE)


def geopackage(source: Source) -> None:
    """Refuse what is no SQLite database, is cut short, or could reach beyond the file.

    Raises
    ------
    ReadError
        If so; likewise for the other functions here.
    """
    with source.path.open("rb") as file:
        head = file.read(_SQLITE_HEADER)
    if not head.startswith(_SQLITE_MAGIC) or len(head) < _SQLITE_HEADER:
        raise fail("content", source.shown, expected=" GeoPackage")
    (page,) = struct.unpack(">H", head[16:18])
    changes, pages = struct.unpack(">II", head[24:32])
    (valid_for,) = struct.unpack(">I", head[92:96])
    expected = (_LARGEST_PAGE if page == 1 else page) * pages
    size = source.path.stat().st_size
    # The number of pages in the header counts only if it was written with the last change.
    if changes == valid_for and size < expected:
        raise fail("cut_short", source.shown, detail=f"{size:,} / {expected:,} B")
    try:
        with closing(sqlite3.connect(f"{source.path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise fail("damaged", source.shown, detail=str(error)) from error
    for kind, name, sql in rows:
        text = str(sql or "").lstrip().lower()
        virtual = text.startswith("create virtual") and not _SAFE_TABLE.search(text)
        if virtual or (kind == "view" and _ACTIVE_VIEW.search(text)):
            raise fail("virtual_table", source.shown, name=name)


def geojson(source: Source, folder: Path, wished: str | None) -> tuple[str, str]:
    """Return the name that GDAL shall open and the encoding; a copy in UTF-8 if the file is in another."""
    with source.path.open("rb") as file:
        head = file.read(_END).removeprefix(_BOM).lstrip()
        file.seek(max(0, source.path.stat().st_size - _END))
        tail = file.read().rstrip()
    if not head.startswith(b"{"):
        raise fail("content", source.shown, expected=" GeoJSON")
    if not tail.endswith(b"}"):
        raise fail("cut_short", source.shown, detail="缺少结尾的“}”")
    encoding = file_encoding(source.path, source.shown, wished)
    path = source.path
    if encoding not in {UTF8, "UTF-8-SIG"}:
        path = recoded(path, encoding, folder / "layer.geojson")
    # With its name before the path no other driver is asked.
    return f"GeoJSON:{path}", encoding


def recoded(path: Path, encoding: str, target: Path) -> Path:
    """Copy a text file to UTF-8."""
    with target.open("w", encoding="utf-8", newline="") as out:
        out.writelines(decoded(path, encoding))
    return target


def shapefile(source: Source) -> Path | None:
    """Refuse what is no Shapefile, cut short or without index; return its .dbf, None if that is missing."""
    path = source.path
    with path.open("rb") as file:
        head = file.read(_SHAPE_HEADER)
    if len(head) < _SHAPE_HEADER or struct.unpack(">i", head[:4])[0] != _SHAPE_MAGIC:
        raise fail("content", source.shown, expected=" Shapefile")
    _whole(source, path, struct.unpack(">i", head[24:28])[0] * 2)
    if companion(path, ".shx") is None:
        raise fail("companion_missing", source.shown, extension=".shx")
    table = companion(path, ".dbf")
    if table is None:
        return None
    with table.open("rb") as file:
        head = file.read(_DBF_HEADER)
    if len(head) < _DBF_HEADER:
        raise fail("cut_short", source.shown, detail=".dbf")
    records, header, width = struct.unpack("<IHH", head[4:12])
    _whole(source, table, header + records * width)
    return table


def _whole(source: Source, path: Path, expected: int) -> None:
    size = path.stat().st_size
    if size < expected:
        raise fail("cut_short", source.shown, detail=f"{path.suffix} {size:,} / {expected:,} B")


def companion(path: Path, extension: str) -> Path | None:
    """Return the file of the same name with another extension, in whatever case, if there is one."""
    for one in (extension, extension.upper(), extension.capitalize()):
        other = path.with_suffix(one)
        if other.is_file():
            return other
    return None


def xml_document(path: Path, shown: str, root: str) -> None:
    """Refuse XML that is broken, too deep, has another root, or a document type (so: entities)."""
    parser = xml.parsers.expat.ParserCreate()
    depth = 0

    def start(name: str, _attributes: object) -> None:
        nonlocal depth
        if depth == 0 and name.rpartition(":")[2] != root:
            raise fail("content", shown, expected=f" {root.upper()}")
        depth += 1
        if depth > _DEEPEST:
            raise fail("xml_unsafe", shown, what=f"超过 {_DEEPEST} 层的嵌套")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise fail("xml_unsafe", shown, what="DOCTYPE 或实体")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except xml.parsers.expat.ExpatError as error:
        detail = f"第 {error.lineno} 行第 {error.offset + 1} 列,{xml.parsers.expat.ErrorString(error.code)}"
        if error.code in _XML_CUT and depth:
            raise fail("cut_short", shown, detail=detail) from error
        raise fail("damaged", shown, detail=detail) from error


_XML_CUT = {
    xml.parsers.expat.errors.codes[name]
    for name in (
        xml.parsers.expat.errors.XML_ERROR_NO_ELEMENTS,
        xml.parsers.expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        xml.parsers.expat.errors.XML_ERROR_PARTIAL_CHAR,
        xml.parsers.expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}
