"""What makes an SQLite file a GeoPackage."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import shapely
from sqlalchemy import text

from data import gpkg
from data.store import Store
from models import Base
from models.geometry import to_gpkg
from tests import town


def test_the_functions_of_the_triggers(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "any.db")
    gpkg.register_functions(connection)
    query = "SELECT ST_IsEmpty(:g), ST_MinX(:g), ST_MaxX(:g), ST_MinY(:g), ST_MaxY(:g)"

    def asked(blob: bytes | None) -> tuple[float | None, ...]:
        found: tuple[float | None, ...] = connection.execute(query, {"g": blob}).fetchone()
        return found

    assert asked(to_gpkg(shapely.box(114, 30, 115, 31))) == (0, 114, 115, 30, 31)
    assert asked(to_gpkg(shapely.Point(114, 30))) == (0, 114, 114, 30, 30)
    assert asked(to_gpkg(shapely.MultiPolygon())) == (1, None, None, None, None)
    assert asked(None) == (None,) * 5
    connection.close()


def test_every_table_is_registered_with_its_form(town_copy: Store) -> None:
    with town_copy.engine.connect() as connection:
        forms = dict(connection.execute(text("SELECT table_name, data_type FROM gpkg_contents")).all())
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns"
            )
        ).all()
    assert set(forms) == set(Base.metadata.tables)
    assert {name for name, form in forms.items() if form == "features"} == {row[0] for row in columns}
    assert ("compound", "geometry", "MULTIPOLYGON", 4490, 0, 0) in columns
    assert ("entrance", "geometry", "POINT", 4490, 0, 0) in columns
    assert forms["claim"] == "attributes"


def test_registering_twice_changes_nothing(town_copy: Store) -> None:
    def dump() -> list[tuple[object, ...]]:
        with town_copy.engine.connect() as connection:
            return [
                tuple(row)
                for name in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")
                for row in connection.exec_driver_sql(f"SELECT * FROM {name}")  # noqa: S608
            ]

    before = dump()
    with town_copy.engine.begin() as connection:
        gpkg.create_metadata(connection)
    assert dump() == before


def test_the_reference_systems_that_the_standard_demands_are_there(town_copy: Store) -> None:
    with town_copy.engine.connect() as connection:
        systems = dict(connection.execute(text("SELECT srs_id, definition FROM gpkg_spatial_ref_sys")).all())
    assert set(systems) == {-1, 0, 4326, 4490}
    assert systems[4490].startswith("GEOGCS")
    assert 'AUTHORITY["EPSG","4490"]' in systems[4490]


def test_an_empty_geometry_does_not_disturb_the_extent(town_copy: Store) -> None:
    query = text("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'green'")
    with town_copy.engine.connect() as connection:
        before = connection.execute(query).one()
    with town_copy.writing("green") as session:
        session.execute(
            text("INSERT INTO green (area_code, geometry) VALUES (:code, :shape)"),
            {"code": town.SPRING, "shape": to_gpkg(shapely.MultiPolygon())},
        )
    with town_copy.engine.connect() as connection:
        assert connection.execute(query).one() == before
    with town_copy.writing("green") as session:
        session.execute(text("DELETE FROM green WHERE id = 1"))
    with town_copy.engine.connect() as connection:
        assert connection.execute(query).one() == (None, None, None, None)
