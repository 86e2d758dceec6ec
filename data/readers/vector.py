"""GeoPackage, GeoJSON, Shapefile and OSM, through GDAL."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.readers import gdal, sniff
from data.readers.draft import Draft, Options, Source, numbers
from data.readers.rings import from_wkb
from data.readers.table import LayerInfo
from data.readers.text import GB18030, UTF8, canonical, choose, fits, per_unique, previews

if TYPE_CHECKING:
    from collections.abc import Iterator

_OSM_LAYERS = ("points", "lines", "multilinestrings", "multipolygons")
_NAMED = {".gpkg", ".osm"}


def layers(source: Source, options: Options) -> list[LayerInfo]:
    """List the layers of a GeoPackage, GeoJSON, Shapefile or OSM file."""
    with _prepared(source, options) as (path, _):
        if source.extension not in _NAMED:
            return [LayerInfo(source.stem, *gdal.describe(path, None, source.shown))]
        found = gdal.layers(path, source.shown)
        if source.extension == ".osm":
            return [LayerInfo(name, kind) for name, kind in found if name in _OSM_LAYERS]
        return [LayerInfo(name, *gdal.describe(path, name, source.shown)) for name, _ in found]


def read(source: Source, layer: str, options: Options) -> Draft:
    """Read one layer of a GeoPackage, GeoJSON, Shapefile or OSM file."""
    named = layer if source.extension in _NAMED else None
    extra = {"USE_CUSTOM_INDEXING": "NO"} if source.extension == ".osm" else {}
    with _prepared(source, options) as (path, encoding):
        meta, wkb, values, messages = gdal.read(path, named, source.shown, options.limits, **extra)
    count = max([0 if wkb is None else len(wkb), *map(len, values)], default=0)
    draft = Draft(source.shown, {}, numbers(count), layer=layer)
    for message in messages:
        draft.note("driver", detail=message)
    if source.extension == ".shp":
        encoding = _table_encoding(draft, source, values, options.encoding)
    draft.encoding = encoding
    fill(draft, meta, values, encoding if encoding and source.extension == ".shp" else UTF8)
    if wkb is not None:
        from_wkb(draft, wkb, options.limits.vertices)
        draft.crs = meta["crs"]
        draft.crs_how = "format" if source.extension == ".osm" else "declared"
    return draft


@contextmanager
def _prepared(source: Source, options: Options) -> Iterator[tuple[str, str | None]]:
    """Check the content and yield the name that GDAL shall open, and the encoding where the file has one."""
    with tempfile.TemporaryDirectory(prefix="pingqi-") as folder:
        if source.extension == ".gpkg":
            sniff.geopackage(source)
            yield str(source.path), None
        elif source.extension == ".shp":
            sniff.shapefile(source)
            yield str(source.path), None
        elif source.extension == ".osm":
            sniff.xml_document(source.path, source.shown, "osm")
            yield str(source.path), None
        else:
            yield sniff.geojson(source, Path(folder), options.encoding)


def fill(draft: Draft, meta: dict[str, Any], values: list[Any], encoding: str) -> None:
    """Decode names and texts of GDAL's fields into the draft's columns; report what does not decode."""
    for raw_name, kind, column in zip(meta["fields"], meta["ogr_types"], values, strict=True):
        if kind == "OFTBinary":
            continue
        name = _decode(raw_name, encoding)[0].strip()
        if column.dtype == object:
            texts = np.array([_plain(one) for one in column], dtype=object)
            decoded = per_unique(texts, lambda raw: _decode(raw, encoding))
            cut = [position for position, one in enumerate(decoded) if isinstance(one, tuple) and one[1]]
            column = np.array([one[0] if isinstance(one, tuple) else one for one in decoded], dtype=object)  # noqa: PLW2901
            for position in cut:
                draft.note("text_cut", position, column=name, value=column[position])
        draft.columns[unique_name(draft, name)] = column


def unique_name(draft: Draft, name: str) -> str:
    """Return a name that the draft's columns do not have yet, and report a renaming."""
    unique, serial = name, 1
    while unique in draft.columns:
        serial += 1
        unique = f"{name}_{serial}"
    if unique != name:
        draft.note("duplicate_column", value=name, name=unique)
    return unique


def _plain(value: object) -> object:
    """Return texts and None as they are, lists and the like as JSON, floats (GDAL's missing) as None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and np.isnan(value):
        return None
    return json.dumps(value.tolist() if isinstance(value, np.ndarray) else value, default=str)


def _decode(raw: str, encoding: str) -> tuple[str, bool]:
    """Decode bytes that came as Latin-1; leave out half a character at the end and tell so."""
    data = raw.encode(gdal.RAW)
    try:
        return data.decode(encoding), False
    except UnicodeDecodeError as error:
        if error.end == len(data) and fits(data, encoding, cut=True):
            return data[: error.start].decode(encoding), True
        return data.decode(encoding, "replace"), False


def _table_encoding(draft: Draft, source: Source, values: list[Any], wished: str | None) -> str | None:
    """Return the encoding of a .dbf: as wished, by its .cpg, strict UTF-8, else GB18030."""
    if sniff.companion(source.path, ".dbf") is None:
        draft.note("companion_wanted", extension=".dbf")
    texts = {one for column in values if column.dtype == object for one in column if isinstance(one, str)}
    data = sorted((one.encode(gdal.RAW) for one in texts if not one.isascii()), key=len, reverse=True)
    draft.previews = previews(data)
    declared = sniff.companion(source.path, ".cpg")
    name = wished or (declared.read_bytes()[:64].decode("ascii", "replace").strip() if declared else None)
    used = canonical(name) if name else None
    if used and (wished or all(fits(one, used, cut=True) for one in data)):
        return used
    found = choose(data, cut=True) or GB18030
    if name:
        draft.note("encoding_conflict", declared=name, used=found)
    return found
