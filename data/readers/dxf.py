"""DXF drawings: closed polylines are polygons, a text inside names its polygon, DXF layers are the layers."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import shapely

from data.readers import gdal, sniff
from data.readers.draft import Draft, Options, Source
from data.readers.problems import fail
from data.readers.rings import from_wkb
from data.readers.table import LayerInfo
from data.readers.text import UTF8, file_encoding
from data.readers.vector import fill

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEAD, _TAIL = 4096, 64
_BINARY = b"AutoCAD Binary DXF"
_BEGIN = re.compile(rb"^\s*(?:999\s*\n[^\n]*\n\s*)*0\s*\n\s*SECTION\b")
_END = re.compile(rb"(?:^|\n)\s*0\s*\r?\n\s*EOF\s*$")
_ESCAPE = re.compile(r"\\U\+([0-9A-Fa-f]{4})")
_NUMERIC = re.compile(r"[\d.,+\-\s㎡m²]+")
_NEARLY = 0.01
_HEADER = re.compile(r"SECTION\s+2\s+HEADER")
_NO_HEADER = "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1021\n0\nENDSEC\n"
# GDAL believes the code page in a drawing's header, though since AutoCAD 2007 the texts are UTF-8.
pyogrio.set_gdal_config_options({"DXF_ENCODING": "UTF-8"})


def layers(source: Source, options: Options) -> list[LayerInfo]:
    """List the DXF layers that hold lines or areas, with their number."""
    drawing = _drawing(source, options)
    if drawing.geometry is None or "Layer" not in drawing.columns:
        return []
    names = drawing.columns["Layer"][~_is_text(drawing)]
    found, counts = np.unique(names.astype(str), return_counts=True)
    return [LayerInfo(str(name), "Unknown", int(count)) for name, count in zip(found, counts, strict=True)]


def read(source: Source, layer: str | None, options: Options) -> Draft:
    """Read one DXF layer, or all of them; texts of every layer may name polygons."""
    drawing = _drawing(source, options)
    texts = _is_text(drawing)
    chosen = ~texts if layer is None else ~texts & (drawing.columns["Layer"] == layer)
    draft = _subset(drawing, chosen)
    draft.layer = layer
    _close(draft)
    labels = _subset(drawing, texts)
    draft.columns.pop("Text", None)
    draft.columns["name"] = _names(draft, labels, report_outside=layer is None)
    return draft


def _is_text(drawing: Draft) -> NDArray[np.bool_]:
    points = np.isin(shapely.get_type_id(drawing.geometry), [shapely.GeometryType.POINT])
    texts = drawing.columns.get("Text", np.full(len(points), None, dtype=object))
    return np.asarray(
        points & np.array([isinstance(one, str) and bool(one.strip()) for one in texts], dtype=bool)
    )


def _subset(draft: Draft, chosen: NDArray[np.bool_]) -> Draft:
    columns = {name: values[chosen] for name, values in draft.columns.items()}
    kept = np.flatnonzero(chosen)
    judged = {int(np.searchsorted(kept, one)) for one in draft.judged if chosen[one]}
    rows = set(draft.rows[chosen].tolist())
    problems = [one for one in draft.problems if one.row is None or one.row in rows]
    return Draft(
        draft.file,
        columns,
        draft.rows[chosen],
        geometry=np.asarray(draft.geometry)[chosen],
        judged=judged,
        encoding=draft.encoding,
        problems=problems,
    )


def _drawing(source: Source, options: Options) -> Draft:
    """Read every entity of the drawing."""
    _check(source)
    encoding = file_encoding(source.path, source.shown, options.encoding)
    with tempfile.TemporaryDirectory(prefix="pingqi-") as folder:
        path = Path(folder) / "layer.dxf"
        sniff.recoded(source.path, encoding, path)
        text = path.read_text("utf-8")
        if not _HEADER.search(text[:_HEAD]):
            path.write_text(_NO_HEADER + text, "utf-8")
        meta, wkb, values, messages = gdal.read(
            str(path), None, source.shown, options.limits, CLOSED_LINE_AS_POLYGON="YES"
        )
    count = 0 if wkb is None else len(wkb)
    draft = Draft(source.shown, {}, np.arange(1, count + 1, dtype=np.int64), encoding=encoding)
    for message in messages:
        draft.note("driver", detail=message)
    fill(draft, meta, values, UTF8)
    from_wkb(draft, wkb if wkb is not None else np.empty(0, dtype=object), options.limits.vertices)
    for name in ("Layer", "Text"):
        if name in draft.columns:
            draft.columns[name] = np.array([_unescaped(one) for one in draft.columns[name]], dtype=object)
    return draft


def _check(source: Source) -> None:
    with source.path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf")
        file.seek(max(0, source.path.stat().st_size - _TAIL))
        tail = file.read()
    if head.startswith(_BINARY) or not _BEGIN.match(head.replace(b"\r", b"")):
        raise fail("content", source.shown, expected="文本格式的 DXF")
    if not _END.search(tail):
        raise fail("cut_short", source.shown, detail="缺少结尾的 EOF")


def _unescaped(value: Any) -> Any:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), value) if isinstance(value, str) else value


def _close(draft: Draft) -> None:
    """Make polygons of closed lines; report lines that nearly close."""
    geometry = np.asarray(draft.geometry, dtype=object)
    lines = np.flatnonzero(shapely.get_type_id(geometry) == shapely.GeometryType.LINESTRING)
    closed = lines[shapely.is_closed(geometry[lines]) & (shapely.get_num_coordinates(geometry[lines]) >= 4)]  # noqa: PLR2004
    if len(closed):
        coordinates, owners = shapely.get_coordinates(geometry[closed], return_index=True)
        geometry[closed] = shapely.polygons(shapely.linearrings(coordinates, indices=owners))
    first, last = shapely.get_point(geometry[lines], 0), shapely.get_point(geometry[lines], -1)
    gap, length = shapely.distance(first, last), shapely.length(geometry[lines])
    for index in np.flatnonzero((gap > 0) & (gap < _NEARLY * length)):
        (x, y), (x2, y2) = shapely.get_coordinates([first[index], last[index]])
        draft.note("ring_unclosed", int(lines[index]), x=x, y=y, x2=x2, y2=y2)
    draft.geometry = geometry


def _names(draft: Draft, labels: Draft, *, report_outside: bool) -> Any:
    """Return for each polygon the text inside it; of nested polygons the smallest takes the text."""
    names = np.full(len(draft.rows), None, dtype=object)
    texts = labels.columns.get("Text", np.empty(0, dtype=object))
    polygons = np.asarray(draft.geometry, dtype=object)
    polygonal = np.flatnonzero(shapely.get_dimensions(polygons) == 2)  # noqa: PLR2004
    tree = shapely.STRtree(polygons[polygonal])
    which, inside = tree.query(np.asarray(labels.geometry, dtype=object), predicate="within")
    owners: dict[int, int] = {}
    for label, polygon in sorted(
        zip(which, polygonal[inside], strict=True), key=lambda pair: -polygons[pair[1]].area
    ):
        owners[int(label)] = int(polygon)
    found: dict[int, list[str]] = {}
    for label in range(len(texts)):
        if label in owners:
            found.setdefault(owners[label], []).append(" ".join(str(texts[label]).split()))
        elif report_outside:
            draft.note("text_outside", value=texts[label])
    for polygon, choices in found.items():
        names[polygon] = next((one for one in choices if not _NUMERIC.fullmatch(one)), choices[0])
        if len(choices) > 1:
            draft.note("texts_several", polygon, value=names[polygon], choices="、".join(choices[:5]))
    return names
