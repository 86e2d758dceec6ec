"""One geometry column type for two homes: GeoPackage binary on SQLite, PostGIS through GeoAlchemy2.

Everywhere in Python the value is a shapely geometry in EPSG:4490, x/y order.
"""

from __future__ import annotations

import struct
from typing import Any

import geoalchemy2
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

STORED_SRID = 4490
"""CGCS2000, geographic."""

_HEADER = struct.Struct("<2sBBi4d")
OWN_FLAGS = 0b00000011
"""Flags of a GeoPackage header as written here: little endian, XY envelope."""
_EMPTY = 0b00010000
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_PROMOTED = {
    "MULTIPOLYGON": (shapely.Polygon, shapely.MultiPolygon),
    "MULTILINESTRING": (shapely.LineString, shapely.MultiLineString),
}


def to_gpkg(geometry: BaseGeometry, srid: int = STORED_SRID) -> bytes:
    """Return the GeoPackage binary form (header with XY envelope, then WKB)."""
    if geometry.is_empty:
        header = struct.pack("<2sBBi", b"GP", 0, _EMPTY | 0b1, srid)
    else:
        min_x, min_y, max_x, max_y = geometry.bounds
        header = _HEADER.pack(b"GP", 0, OWN_FLAGS, srid, min_x, max_x, min_y, max_y)
    wkb: bytes = shapely.to_wkb(geometry, byte_order=1, flavor="iso")
    return header + wkb


def from_gpkg(blob: bytes) -> BaseGeometry:
    """Return the shapely geometry of a GeoPackage binary."""
    if blob[:2] != b"GP":
        raise ValueError("not a GeoPackage geometry: the magic bytes GP are missing")
    return shapely.from_wkb(blob[8 + _ENVELOPE_BYTES[(blob[3] >> 1) & 0b111] :])


class _GeoPackageBinary(UserDefinedType[bytes]):
    """The SQLite side: a column declared with GeoPackage's geometry type name."""

    cache_ok = True

    def __init__(self, geometry_type: str) -> None:
        self.geometry_type = geometry_type

    def get_col_spec(self, **_: Any) -> str:
        return self.geometry_type


class Geometry(TypeDecorator[BaseGeometry]):
    """A geometry in EPSG:4490.

    Parameters
    ----------
    geometry_type
        ``POINT``, ``MULTILINESTRING``, ``MULTIPOLYGON`` or ``GEOMETRY``. Single polygons
        and lines are promoted.
    """

    impl = geoalchemy2.Geometry
    cache_ok = True

    def __init__(self, geometry_type: str = "GEOMETRY") -> None:
        super().__init__(geometry_type=geometry_type, srid=STORED_SRID, spatial_index=False)
        self.geometry_type = geometry_type

    def load_dialect_impl(self, dialect: Dialect | None) -> TypeEngine[Any]:
        """Choose the home; GeoAlchemy2 also asks with None."""
        if dialect is not None and dialect.name == "sqlite":
            return dialect.type_descriptor(_GeoPackageBinary(self.geometry_type))
        return self.impl_instance

    def bind_expression(self, bindvalue: Any) -> ColumnElement[Any]:
        """Leave the parameter alone: it is already in the home's own form."""
        result: ColumnElement[Any] = bindvalue
        return result

    def column_expression(self, column: Any) -> ColumnElement[Any]:
        """Read the column as it is."""
        result: ColumnElement[Any] = column
        return result

    def process_bind_param(self, value: BaseGeometry | None, dialect: Dialect) -> bytes | str | None:
        """Turn a shapely geometry into GeoPackage binary or hex EWKB."""
        if value is None:
            return None
        value = self._promoted(value)
        if dialect.name == "sqlite":
            return to_gpkg(value)
        ewkb: str = shapely.to_wkb(shapely.set_srid(value, STORED_SRID), hex=True, include_srid=True)
        return ewkb

    def process_result_value(self, value: Any, dialect: Dialect) -> BaseGeometry | None:
        """Turn what the home gave into a shapely geometry."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return from_gpkg(value)
        return shapely.from_wkb(value.desc if hasattr(value, "desc") else value)

    def _promoted(self, value: BaseGeometry) -> BaseGeometry:
        single_and_multi = _PROMOTED.get(self.geometry_type)
        if single_and_multi and isinstance(value, single_and_multi[0]):
            return single_and_multi[1]([value])
        return value
