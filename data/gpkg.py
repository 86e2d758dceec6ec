"""What makes an SQLite file a GeoPackage: its identity, its ``gpkg_*`` tables, its triggers' functions.

The specification is OGC 12-128r18 (GeoPackage 1.3); its clauses are named where they are met.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pyproj
from sqlalchemy import Connection, text

from models import Base
from models.geometry import OWN_FLAGS, STORED_SRID, Geometry, from_gpkg

APPLICATION_ID = 0x47504B47  # "GPKG", clause 1.1.1.1.1
USER_VERSION = 10300

_TABLES = """
CREATE TABLE IF NOT EXISTS gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE IF NOT EXISTS gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL,
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE IF NOT EXISTS gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""
_UNDEFINED = (
    (
        "Undefined Cartesian SRS",
        -1,
        "NONE",
        -1,
        "undefined",
        "undefined Cartesian coordinate reference system",
    ),
    (
        "Undefined geographic SRS",
        0,
        "NONE",
        0,
        "undefined",
        "undefined geographic coordinate reference system",
    ),
)


def _of_bounds(index: int) -> Callable[[bytes | None], float | None]:
    def bound(blob: bytes | None) -> float | None:
        if blob is None:
            return None
        geometry = from_gpkg(blob)
        return None if geometry.is_empty else float(geometry.bounds[index])

    return bound


def register_functions(connection: sqlite3.Connection) -> None:
    """Give SQLite the functions that the triggers of GDAL's and QGIS's R-trees call (clause F.3)."""
    for name, index in (("ST_MinX", 0), ("ST_MinY", 1), ("ST_MaxX", 2), ("ST_MaxY", 3)):
        connection.create_function(name, 1, _of_bounds(index), deterministic=True)
    connection.create_function(
        "ST_IsEmpty",
        1,
        lambda blob: None if blob is None else int(from_gpkg(blob).is_empty),
        deterministic=True,
    )


def _definition(srid: int) -> str:
    return pyproj.CRS.from_epsg(srid).to_wkt("WKT1_GDAL")


def create_metadata(connection: Connection) -> None:
    """Make the file a GeoPackage and register every mapped table that exists and is not registered yet."""
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {USER_VERSION}")
    for statement in filter(str.strip, _TABLES.split(";")):
        connection.exec_driver_sql(statement)
    systems = [*_UNDEFINED]
    for srid, name in ((4326, "WGS 84 geodetic"), (STORED_SRID, "China Geodetic Coordinate System 2000")):
        systems.append((name, srid, "EPSG", srid, _definition(srid), name))
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", systems
    )
    present = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
    now = _now()
    for table in Base.metadata.sorted_tables:
        if table.name not in present:
            continue
        geometry = next((c for c in table.columns if isinstance(c.type, Geometry)), None)
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id)"
            " VALUES (?, ?, ?, ?, ?)",
            (
                table.name,
                "attributes" if geometry is None else "features",
                table.name,
                now,
                None if geometry is None else STORED_SRID,
            ),
        )
        if geometry is not None and isinstance(geometry.type, Geometry):
            connection.exec_driver_sql(
                "INSERT OR IGNORE INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, 0, 0)",
                (table.name, geometry.name, geometry.type.geometry_type, STORED_SRID),
            )


def touch(connection: Connection, table_names: set[str]) -> None:
    """Bring ``last_change`` and the extents of `table_names` up to date."""
    for name in sorted(table_names):
        table = Base.metadata.tables[name]
        is_spatial = any(isinstance(c.type, Geometry) for c in table.columns)
        extent = _extent(connection, name) if is_spatial else None
        connection.exec_driver_sql(
            "UPDATE gpkg_contents SET last_change = ?, min_x = ?, min_y = ?, max_x = ?, max_y = ?"
            " WHERE table_name = ?",
            (_now(), *(extent or (None,) * 4), name),
        )


def _extent(connection: Connection, name: str) -> tuple[float, ...] | None:
    query = f'SELECT substr(geometry, 1, 40), geometry FROM "{name}" WHERE geometry IS NOT NULL'  # noqa: S608
    bounds = [_envelope(head) or from_gpkg(blob).bounds for head, blob in connection.execute(text(query))]
    values = np.array(bounds).reshape(-1, 4)
    values = values[~np.isnan(values).any(axis=1)]  # empty geometries have no bounds
    if not len(values):
        return None
    return (*values[:, :2].min(axis=0).tolist(), *values[:, 2:].max(axis=0).tolist())


def _envelope(head: bytes) -> tuple[float, ...] | None:
    """Read the XY envelope that our own writer puts before each geometry, None where it is missing."""
    if head[3] != OWN_FLAGS:
        return None
    min_x, max_x, min_y, max_y = struct.unpack_from("<4d", head, 8)
    return min_x, min_y, max_x, max_y


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
