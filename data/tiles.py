"""Map archives: one PMTiles file per layer and county, written when a layer's table has changed.

An archive holds ids and boundaries only (and names, where it holds labels). Its file name carries a hash of
its content, so that browsers may keep it for ever. Options and pitfalls were measured; docs/decisions tells.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import func, select

from data.bulk import geo_frame_of, table_of
from data.engine import make_engine
from data.scope import Scope
from data.store import IDENTITY, Store
from models import Area, Base, Building, Compound, Green, Grid, MicroGrid, Road, Water
from models.areas import SIGNIFICANT
from models.enums import AreaLevel, RoadClass

OVERVIEW_ZOOM = 11
"""Up to this zoom an overview answers: full detail would be below a pixel."""
OVERVIEW_TOLERANCE = 0.0003  # degrees, some 30 m: half a pixel at zoom 11
COUNTY_DIGITS = SIGNIFICANT[AreaLevel.COUNTY]
WHOLE_CITY = "city"
DRAWN_CRS = "EPSG:4326"  # CGCS2000 is drawn as WGS 84: they differ by centimetres
SHOWN_FROM_AFAR = (RoadClass.EXPRESSWAY, RoadClass.RING, RoadClass.ARTERIAL, RoadClass.RAIL)
FORMAT = 3  # raise it when archives are written differently, and all are made anew


Made = tuple[str, tuple[float, ...]]
"""File name and bounds of an archive."""
Index = dict[str, Made]


@dataclass(frozen=True)
class Layer:
    """How a layer of the map is made from a table.

    Attributes
    ----------
    table
        The mapped class that holds it.
    zooms
        Lowest and highest zoom with tiles of its own; the map overzooms beyond.
    properties
        Columns that travel with the geometry, by their name in the archive.
    by_county
        One archive a county, served by scope; else one for the city, for everybody.
    only
        Values of a column of the table; rows with another are left out.
    overview_of
        Name of the layer that this one stands for at low zooms, its outlines simplified together.
    label_of
        What its labels name; an archive of labels holds points with a name instead of boundaries.
    """

    table: type[Base]
    zooms: tuple[int, int] = (8, 14)
    properties: tuple[tuple[str, str], ...] = ()
    by_county: bool = True
    only: tuple[str, tuple[Any, ...]] | None = None
    overview_of: str | None = None
    label_of: str | None = None


LAYERS: dict[str, Layer] = {
    "water": Layer(Water, properties=(("class", "water_class"),), by_county=False),
    "green": Layer(Green, zooms=(OVERVIEW_ZOOM + 1, 14), by_county=False),
    "green_overview": Layer(Green, zooms=(9, OVERVIEW_ZOOM), by_county=False, overview_of="green"),
    "road": Layer(Road, (OVERVIEW_ZOOM + 1, 14), (("class", "road_class"),), by_county=False),
    "road_overview": Layer(
        Road,
        (8, OVERVIEW_ZOOM),
        (("class", "road_class"),),
        by_county=False,
        only=("road_class", SHOWN_FROM_AFAR),
        overview_of="road",
    ),
    "city": Layer(Area, by_county=False, only=("level", (AreaLevel.CITY,))),
    "county": Layer(Area, by_county=False, only=("level", (AreaLevel.COUNTY,))),
    "subdistrict": Layer(Area, by_county=False, only=("level", (AreaLevel.SUBDISTRICT,))),
    "community": Layer(Area, by_county=False, only=("level", (AreaLevel.COMMUNITY,))),
    "compound": Layer(Compound, zooms=(OVERVIEW_ZOOM + 1, 14)),
    "compound_overview": Layer(Compound, zooms=(8, OVERVIEW_ZOOM), overview_of="compound"),
    "grid": Layer(Grid, zooms=(OVERVIEW_ZOOM + 1, 14)),
    "micro_grid": Layer(MicroGrid, zooms=(OVERVIEW_ZOOM + 1, 14)),
    "micro_grid_overview": Layer(MicroGrid, zooms=(9, OVERVIEW_ZOOM), overview_of="micro_grid"),
    "building": Layer(Building, zooms=(14, 14)),
    "area_label": Layer(Area, (8, 12), by_county=False, label_of="area"),
    "compound_label": Layer(Compound, zooms=(14, 14), label_of="compound"),
    "grid_label": Layer(Grid, zooms=(14, 14), label_of="grid"),
}


@dataclass(frozen=True)
class Archive:
    """One archive that exists, or is to be made.

    Attributes
    ----------
    layer, county
        Name of the layer; leading six digits of its county's code, or ``city``.
    revision
        Revision of the table that it shows.
    file_name
        Its file in the folder of tiles; empty while it is not made, or where there is nothing to show.
    bounds
        West, south, east, north of what it holds, in degrees.
    size
        Of its file, in bytes.
    """

    layer: str
    county: str
    revision: int
    file_name: str = ""
    bounds: tuple[float, ...] = ()
    size: int = 0

    @property
    def key(self) -> str:
        """What the index knows it by."""
        return f"{FORMAT}:{self.layer}:{self.county}:{self.revision}"


def wanted(store: Store) -> list[Archive]:
    """Return the archives that the store's present revision needs."""
    revisions = store.table_revisions()
    archives = []
    with store.reading() as session:
        for name, layer in LAYERS.items():
            revision = revisions.get(layer.table.__tablename__, 0)
            if revision == 0:
                continue
            counties = {WHOLE_CITY}
            if layer.by_county:
                column = table_of(layer.table).columns["area_code"]
                counties = set(session.scalars(select(func.substr(column, 1, COUNTY_DIGITS)).distinct()))
            archives += [Archive(name, county, revision) for county in sorted(counties)]
    return archives


class Tiles:
    """The folder of archives of one store."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder / (store.setting(IDENTITY) or "")[:12]
        self._index = self.folder / "index.json"

    def missing(self) -> list[Archive]:
        """Return the archives that the present revision needs and that are not made yet."""
        index = self._read()
        return [archive for archive in wanted(self.store) if archive.key not in index]

    def build(
        self, progress: Callable[[int, int], None] | None = None, executor: Executor | None = None
    ) -> int:
        """Make what is missing, in other processes: GDAL holds the GIL while it writes.

        Returns
        -------
        int
            How many archives were made.
        """
        todo = self.missing()
        if not todo:
            return 0
        self.folder.mkdir(parents=True, exist_ok=True)
        url = self.store.engine.url.render_as_string(hide_password=False)
        own = None if executor else ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))
        pool = executor or own
        if pool is None:
            raise AssertionError
        try:
            running = {pool.submit(write_archive, url, self.folder, archive): archive for archive in todo}
            made = {}
            for done, future in enumerate(as_completed(running), start=1):
                made[running[future].key] = future.result()
                if progress:
                    progress(done, len(todo))
        finally:
            if own:
                own.shutdown(cancel_futures=True)
        self._write(made)
        return len(made)

    def archives(self, scope: Scope) -> list[Archive]:
        """Return the archives that `scope` may read; a former one where the present is not made yet."""
        index = self._read()
        found = []
        for archive in wanted(self.store):
            made = index.get(archive.key) or self._former(index, archive)
            if made and made[0] and may_read(scope, archive.county):
                size = (self.folder / made[0]).stat().st_size
                found.append(replace(archive, file_name=made[0], bounds=tuple(made[1]), size=size))
        return found

    def path(self, file_name: str, scope: Scope) -> Path | None:
        """Return the file of an archive that `scope` may read, None where there is none."""
        parts = file_name.removesuffix(".pmtiles").split("-")
        if len(parts) != 3 or parts[0] not in LAYERS or not may_read(scope, parts[1]):  # noqa: PLR2004
            return None
        path = self.folder / file_name
        return path if path.parent == self.folder and path.is_file() else None

    @staticmethod
    def _former(index: Index, archive: Archive) -> Made | None:
        start = f"{FORMAT}:{archive.layer}:{archive.county}:"
        revisions = [int(key.removeprefix(start)) for key in index if key.startswith(start)]
        return index[f"{start}{max(revisions)}"] if revisions else None

    def _read(self) -> Index:
        if not self._index.exists():
            return {}
        index: Index = json.loads(self._index.read_text())
        return index

    def _write(self, made: Index) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False, suffix=".json") as file:
            json.dump(self._read() | made, file)
        Path(file.name).replace(self._index)


def may_read(scope: Scope, county: str) -> bool:
    """Tell whether `scope` may read an archive: the city's belong to all, a county's to who sees into it."""
    return county == WHOLE_CITY or county.startswith(scope.prefix) or scope.prefix.startswith(county)


def write_archive(database_url: str, folder: Path, archive: Archive) -> Made:
    """Write one archive; return its file name, empty where there is nothing to draw, and its bounds."""
    layer = LAYERS[archive.layer]
    engine = make_engine(database_url)
    try:
        frame = _frame(Store(engine), layer, archive.county)
    finally:
        engine.dispose()
    if frame.empty:
        return "", ()
    digest = hashlib.sha256(repr((FORMAT, layer.zooms)).encode())
    digest.update(
        pd.util.hash_pandas_object(frame.drop(columns="geometry"), index=False).to_numpy().tobytes()
    )
    for wkb in shapely.to_wkb(frame.geometry.values):
        digest.update(wkb)
    name = f"{archive.layer}-{archive.county}-{digest.hexdigest()[:24]}.pmtiles"
    target = folder / name
    if not target.exists():
        low, high = layer.zooms
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            draft = Path(scratch) / name
            frame.set_crs(DRAWN_CRS, allow_override=True).to_file(
                draft,
                layer=layer.overview_of or archive.layer,
                driver="PMTiles",
                engine="pyogrio",
                MINZOOM=low,
                MAXZOOM=high,
                MAX_SIZE=50_000_000,
                MAX_FEATURES=1_000_000,
            )
            draft.replace(target)
    return name, tuple(float(value) for value in frame.total_bounds)


def _frame(store: Store, layer: Layer, county: str) -> gpd.GeoDataFrame:
    """Return what one archive holds."""
    table = table_of(layer.table)
    conditions: list[Any] = []
    if layer.only:
        column, values = layer.only
        conditions.append(table.columns[column].in_(values))
    if layer.by_county:
        conditions.append(Scope(county).where(table.columns["area_code"]))
    if "valid_to" in table.columns:
        conditions.append(table.columns["valid_to"].is_(None))
    columns = ["id", *(column for _, column in layer.properties)]
    if layer.label_of:
        columns += ["name", "level"] if layer.table is Area else ["name"]
    with store.reading() as session:
        frame = geo_frame_of(session, layer.table, columns, *conditions)
    if frame.empty:
        return frame
    if layer.label_of:
        return _labels(frame, layer.label_of)
    if layer.overview_of:
        frame.geometry = simplified(frame.geometry.to_numpy())
    return frame.rename(columns={column: name for name, column in layer.properties})


def simplified(geometries: np.ndarray) -> np.ndarray:
    """Return geometries simplified, polygons together, so that shared edges stay shared; none is lost.

    Parameters
    ----------
    geometries
        Shape (n,), in degrees: all polygons, or all lines.
    """
    if np.all(shapely.get_dimensions(geometries) == 1):
        return np.asarray(shapely.simplify(geometries, OVERVIEW_TOLERANCE))
    simple = shapely.coverage_simplify(geometries, OVERVIEW_TOLERANCE)
    lost = shapely.is_empty(simple) | ~shapely.is_valid(simple)
    return np.where(lost, geometries, simple)


def _labels(frame: gpd.GeoDataFrame, kind: str) -> gpd.GeoDataFrame:
    """Return a named point inside every feature; large ones rank first."""
    size = shapely.area(frame.geometry.values)
    return gpd.GeoDataFrame(
        {
            "id": frame["id"],
            "kind": frame.get("level", kind),
            "name": frame["name"],
            "rank": pd.Series(-size).rank(method="first").astype(int).to_numpy(),
        },
        geometry=shapely.point_on_surface(frame.geometry.values),
        crs=frame.crs,
    )
