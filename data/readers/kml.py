"""KML and what a KMZ holds; read here, for GDAL turns Chinese names of extended data into underscores."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from data.readers import sniff
from data.readers.draft import Draft, Options, Source, numbers
from data.readers.problems import fail
from data.readers.rings import report_ring
from data.readers.table import LayerInfo
from data.readers.text import file_encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DECLARED = re.compile(r"^(\ufeff?\s*<\?xml[^>]*?encoding=[\"'])([A-Za-z0-9._-]+)")
_HEAD = 200
_SIMPLE = {"Point": shapely.Point, "LineString": shapely.LineString}
_GEOMETRIES = {"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry"}
_BLANK_BESIDE_COMMA = re.compile(r"\s*,\s*")
_DEEPEST = 8


def layers(source: Source, options: Options) -> list[LayerInfo]:
    """List the folders that hold placemarks."""
    groups = _folders(source, options)
    return [LayerInfo(name, "Unknown", len(marks)) for name, marks in groups.items()]


def read(source: Source, layer: str, options: Options) -> Draft:
    """Read the placemarks of one folder: name, description, extended data, geometry."""
    marks = _folders(source, options)[layer]
    if len(marks) > options.limits.features:
        raise fail("too_many_features", source.shown, limit=options.limits.features)
    draft = Draft(source.shown, {}, numbers(len(marks)), layer=layer, crs="EPSG:4326", crs_how="format")
    geometry = np.empty(len(marks), dtype=object)
    for position, mark in enumerate(marks):
        for name, value in _fields(mark).items():
            if name not in draft.columns:
                draft.columns[name] = np.full(len(marks), None, dtype=object)
            draft.columns[name][position] = value
        geometry[position] = _geometry(draft, position, mark)
    draft.geometry = geometry
    return draft


def _folders(source: Source, options: Options) -> dict[str, list[ET.Element]]:
    """Return folder name -> placemarks; folders of one name go together."""
    groups: dict[str, list[ET.Element]] = {}
    _collect(_root(source, options), source.stem, groups)
    return groups


def _root(source: Source, options: Options) -> ET.Element:
    with tempfile.TemporaryDirectory(prefix="pingqi-") as folder:
        path = source.path
        with path.open("rb") as file:
            head = _DECLARED.match(file.read(_HEAD).decode("latin-1"))
        declared = head[2] if head else None
        encoding = options.encoding or declared
        if encoding and encoding.upper() not in {"UTF-8", "UTF-16", "US-ASCII"}:
            # expat knows no Chinese encoding.
            encoding = file_encoding(path, source.shown, encoding)
            path = sniff.recoded(path, encoding, Path(folder) / "layer.kml")
            text = path.read_text("utf-8")
            path.write_text(_DECLARED.sub(r"\1UTF-8", text, count=1), "utf-8")
        sniff.xml_document(path, source.shown, "kml")
        return ET.parse(path).getroot()  # noqa: S314 - no document type, so no entities: checked above


def _collect(element: ET.Element, name: str, groups: dict[str, list[ET.Element]]) -> None:
    for child in element:
        tag = _tag(child)
        if tag == "Placemark":
            groups.setdefault(name, []).append(child)
        elif tag in {"Folder", "Document", "kml"}:
            title = _text(child, "name") if tag == "Folder" else None
            _collect(child, title or name, groups)


def _tag(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: ET.Element, tag: str) -> str | None:
    for child in element:
        if _tag(child) == tag:
            return "".join(child.itertext()).strip() or None
    return None


def _fields(mark: ET.Element) -> dict[str, str | None]:
    fields = {tag: _text(mark, tag) for tag in ("name", "description")}
    for element in mark.iter():
        name = element.get("name")
        if name and _tag(element) == "Data":
            fields[name] = _text(element, "value")
        elif name and _tag(element) == "SimpleData":
            fields[name] = element.text
    return fields


def _geometry(draft: Draft, position: int, mark: ET.Element) -> shapely.Geometry | None:
    found = [child for child in mark if _tag(child) in _GEOMETRIES]
    return _shape(draft, position, found[0], _DEEPEST) if found else None


def _shape(draft: Draft, position: int, element: ET.Element, depth: int) -> shapely.Geometry | None:
    tag = _tag(element)
    if tag == "MultiGeometry":
        return _multi(draft, position, element, depth)
    if tag == "Polygon":
        return _polygon(draft, position, element)
    points = _coordinates(draft, position, element)
    if points is None:
        return None
    if tag == "Point":
        return shapely.Point(points[0])
    if len(points) < 2:  # noqa: PLR2004
        draft.note("geometry_damaged", position, detail=tag)
        draft.judged.add(position)
        return None
    return shapely.LineString(points)


def _multi(draft: Draft, position: int, element: ET.Element, depth: int) -> shapely.Geometry | None:
    inner = [child for child in element if _tag(child) in _GEOMETRIES] if depth else []
    parts = [_shape(draft, position, child, depth - 1) for child in inner]
    if not parts or position in draft.judged:
        return None
    kinds = {part.geom_type for part in parts if part is not None}
    multi = {
        frozenset({"Polygon"}): shapely.MultiPolygon,
        frozenset({"LineString"}): shapely.MultiLineString,
        frozenset({"Point"}): shapely.MultiPoint,
    }
    return multi.get(frozenset(kinds), shapely.GeometryCollection)(parts)


def _polygon(draft: Draft, position: int, element: ET.Element) -> shapely.Geometry | None:
    shell, holes = None, []
    for child in element:
        if _tag(child) not in {"outerBoundaryIs", "innerBoundaryIs"}:
            continue
        for ring in child:
            points = _coordinates(draft, position, ring)
            if points is None or report_ring(draft, position, points[:, :2]):
                return None
            if _tag(child) == "outerBoundaryIs":
                shell = points
            else:
                holes.append(points)
    return None if shell is None else shapely.Polygon(shell, holes)


def _coordinates(draft: Draft, position: int, element: ET.Element) -> NDArray[np.float64] | None:
    """Return the coordinates below an element, shape (n, 2 or 3); report and return None where unreadable."""
    text = _BLANK_BESIDE_COMMA.sub(",", _text(element, "coordinates") or "")
    try:
        points = [[float(value) for value in one.split(",")[:3]] for one in text.split()]
    except ValueError:
        points = []
    if not points or min(map(len, points)) < 2:  # noqa: PLR2004
        draft.note("geometry_damaged", position, detail=text[:40] or "coordinates")
        draft.judged.add(position)
        return None
    width = min(map(len, points))
    return np.array([one[:width] for one in points], dtype=np.float64)
