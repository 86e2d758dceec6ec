"""One column type, two encodings."""

from __future__ import annotations

import struct

import pytest
import shapely
from sqlalchemy.dialects import postgresql, sqlite

from models.geometry import STORED_SRID, Geometry, from_gpkg, to_gpkg

SQUARE = shapely.box(114, 30, 115, 31)


def test_the_header_is_that_of_the_geopackage_specification() -> None:
    blob = to_gpkg(SQUARE)
    magic, version, flags, srid, *envelope = struct.unpack_from("<2sBBi4d", blob)
    assert (magic, version, flags, srid) == (b"GP", 0, 0b11, STORED_SRID)  # little endian, XY envelope
    assert envelope == [114, 115, 30, 31]  # min x, max x, min y, max y
    assert shapely.from_wkb(blob[40:]) == SQUARE


def test_an_empty_geometry_is_flagged_and_has_no_envelope() -> None:
    blob = to_gpkg(shapely.MultiPolygon())
    assert blob[3] == 0b10001
    assert from_gpkg(blob).is_empty


@pytest.mark.parametrize(
    ("indicator", "doubles"),
    [(0, 0), (1, 4), (2, 6), (3, 6), (4, 8)],
    ids=["none", "XY", "XYZ", "XYM", "XYZM"],
)
def test_every_form_of_envelope_is_read(indicator: int, doubles: int) -> None:
    header = struct.pack("<2sBBi", b"GP", 0, indicator << 1 | 1, STORED_SRID) + b"\0" * 8 * doubles
    assert from_gpkg(header + shapely.to_wkb(SQUARE)) == SQUARE


def test_what_is_no_geopackage_geometry_is_refused() -> None:
    with pytest.raises(ValueError, match="magic bytes GP"):
        from_gpkg(shapely.to_wkb(SQUARE))


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("kind", "single", "multi"),
    [
        ("MULTIPOLYGON", SQUARE, shapely.MultiPolygon([SQUARE])),
        (
            "MULTILINESTRING",
            shapely.LineString([(0, 0), (1, 1)]),
            shapely.MultiLineString([[(0, 0), (1, 1)]]),
        ),
        ("GEOMETRY", SQUARE, SQUARE),
        ("POINT", shapely.Point(114, 30), shapely.Point(114, 30)),
    ],
)
def test_single_polygons_and_lines_are_promoted(
    dialect: sqlite.dialect, kind: str, single: shapely.Geometry, multi: shapely.Geometry
) -> None:
    column = Geometry(kind)
    kept = column.process_bind_param(single, dialect)
    assert column.process_result_value(kept, dialect) == multi


def test_missing_stays_missing() -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        assert Geometry().process_bind_param(None, dialect) is None
        assert Geometry().process_result_value(None, dialect) is None
