"""Any file: which reader, which layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.readers import dxf, kml, sheets, vector
from data.readers.archive import ACCEPTED as SINGLE
from data.readers.archive import ARCHIVES, opened
from data.readers.draft import Draft, Options, Source
from data.readers.finish import finish
from data.readers.problems import fail
from data.readers.table import LayerInfo, Limits, RawTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.readers.table import Bounds, GeometryType

ACCEPTED = (*SINGLE, *ARCHIVES)
_ONE_LAYER = {".geojson", ".json", ".shp", ".csv", ".tsv"}

_LIST: dict[str, Callable[[Source, Options], list[LayerInfo]]] = {
    ".gpkg": vector.layers,
    ".geojson": vector.layers,
    ".json": vector.layers,
    ".shp": vector.layers,
    ".osm": vector.layers,
    ".kml": kml.layers,
    ".dxf": dxf.layers,
    ".csv": sheets.csv_layers,
    ".tsv": sheets.csv_layers,
    ".xlsx": sheets.excel_layers,
}
_READ: dict[str, Callable[[Source, str, Options], Draft]] = {
    ".gpkg": vector.read,
    ".geojson": vector.read,
    ".json": vector.read,
    ".shp": vector.read,
    ".osm": vector.read,
    ".kml": kml.read,
    ".csv": sheets.read_csv,
    ".tsv": sheets.read_csv,
    ".xlsx": sheets.read_excel,
}


def list_layers(
    path: str | Path, *, encoding: str | None = None, limits: Limits | None = None
) -> list[LayerInfo]:
    """List the layers of a file: tables of a database, members of an archive, folders, sheets, DXF layers.

    Parameters
    ----------
    path
        A file with an extension in ``ACCEPTED``.
    encoding
        As for :func:`read`.
    limits
        How much the file may hold; by default ``Limits()``.

    Raises
    ------
    ReadError
        If the file can't be read at all.
    """
    options = Options(encoding=encoding, limits=limits or Limits())
    with opened(Path(path), options.limits) as sources:
        return [info for _, _, info in _choices(sources, options)]


def read(
    path: str | Path,
    layer: str | None = None,
    *,
    encoding: str | None = None,
    crs: Any = None,
    header_row: int | None = None,
    limits: Limits | None = None,
    city_bounds: Bounds | None = None,
    geometry_type: GeometryType | None = None,
    progress: Callable[[float], None] | None = None,
) -> RawTable:
    """Read one layer of any accepted file and say everything that is wrong with it.

    Parameters
    ----------
    path
        A file with an extension in ``ACCEPTED``.
    layer
        A name from :func:`list_layers`. By default the first with records, and a problem names the others; of
        DXF all layers together.
    encoding
        Encoding of the texts, where the automatic choice (``RawTable.previews``) is wrong.
    crs
        Coordinate system (what pyproj takes), where the file declares none or a wrong one.
    header_row
        Row number of the first header row, where the automatic choice is wrong.
    limits
        How much the file may hold; by default ``Limits()``.
    city_bounds
        West, south, east, north of the city in degrees: finds swapped axes and the zone of 6-digit eastings.
    geometry_type
        ``polygon``, ``line`` or ``point`` (single or multiple) if only that will do.
    progress
        Told from time to time how much is read, 0 to 1; what it raises ends the reading.

    Returns
    -------
    RawTable
        Records as found, in the coordinates of the source; nothing repaired.

    Raises
    ------
    ReadError
        If the file can't be read at all, or there is no such layer.
    """
    options = Options(encoding, crs, header_row, limits or Limits(), city_bounds, geometry_type)
    if progress is not None:
        options = replace(options, progress=progress)
    path = Path(path)
    with opened(path, options.limits) as sources:
        if layer is None and len(sources) == 1 and sources[0].extension == ".dxf":
            return finish(dxf.read(sources[0], None, options), options)
        if len(sources) == 1 and sources[0].extension in _ONE_LAYER:
            # listing would read the file once more
            choices = [(sources[0], sources[0].stem, LayerInfo(sources[0].stem))]
        else:
            choices = _choices(sources, options)
        if not choices:
            raise fail("no_layer", path.name)
        source, inner, info = _choose(choices, layer, path.name)
        draft = (
            dxf.read(source, inner, options)
            if source.extension == ".dxf"
            else _READ[source.extension](source, inner, options)
        )
        draft.layer = info.name
        if layer is None and len(choices) > 1:
            others = [one.name for _, _, one in choices if one.name != info.name]
            draft.note("layer_chosen", name=info.name, choices="、".join(others[:10]))
        return finish(draft, options)


def _choices(sources: list[Source], options: Options) -> list[tuple[Source, str, LayerInfo]]:
    """Return source, name inside it, and layer as shown (with its file's name in an archive of several)."""
    found = []
    for source in sources:
        listed = _LIST[source.extension](source, options)
        several = len(sources) > 1 and (
            len(listed) > 1 or source.extension in {".gpkg", ".osm", ".kml", ".dxf"}
        )
        for info in listed:
            shown = replace(info, name=f"{source.stem}/{info.name}") if several else info
            found.append((source, info.name, shown))
    return found


def _choose(
    choices: list[tuple[Source, str, LayerInfo]], layer: str | None, file: str
) -> tuple[Source, str, LayerInfo]:
    if layer is None:
        return next((one for one in choices if one[2].count != 0), choices[0])
    for one in choices:
        if one[2].name == layer:
            return one
    raise fail("layer_missing", file, name=layer, choices="、".join(one.name for _, _, one in choices[:20]))
