"""The store, the same facts in both homes."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, select, text
from sqlalchemy.exc import IntegrityError

from data.bulk import frame_of, geo_frame_of, insert_frame
from data.engine import make_engine, store_exists
from data.errors import StoreError
from data.store import Store
from models import Account, Area, Base, Change, Compound, Organisation, Plan, Source
from models.enums import CompoundKind, PlanKind, PlanStatus, Role
from tests import town
from tests.integration.conftest import HOMES
from tests.parts import missing

IN_GEOPACKAGE, IN_POSTGIS = (pytest.mark.parametrize("store", [home], indirect=True) for home in HOMES)


@IN_POSTGIS
def test_migrations_make_the_schema_of_the_models_on_postgis(store: Store) -> None:
    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "table" or name in Base.metadata.tables  # spatial_ref_sys is PostGIS's

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours})
        assert compare_metadata(context, Base.metadata) == []


@IN_GEOPACKAGE
def test_migrations_make_the_schema_of_the_models_in_a_geopackage(store: Store) -> None:
    # Alembic can't compare here: GeoAlchemy2 would ask SQLite for SpatiaLite's tables.
    dialect = store.engine.dialect
    with store.engine.connect() as connection:
        for table in Base.metadata.tables.values():
            columns = connection.exec_driver_sql(f'PRAGMA table_info("{table.name}")')
            assert {(row.name, row.type, bool(row.notnull)) for row in columns} == {
                (column.name, column.type.compile(dialect=dialect), not column.nullable)
                for column in table.columns
            }
            keys = connection.exec_driver_sql(f'PRAGMA foreign_key_list("{table.name}")').all()
            assert {(row[3], f"{row[2]}.{row[4]}") for row in keys} == {
                (key.parent.name, key.target_fullname) for key in table.foreign_keys
            }
            indexes = connection.exec_driver_sql(f'PRAGMA index_list("{table.name}")').all()
            assert {row.name for row in indexes if row.origin == "c"} == {
                index.name for index in table.indexes if index.name != f"ix_{table.name}_geometry"
            }


def test_migrations_make_the_checks_of_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        inspector = inspect(connection)
        found = {
            (table, check["name"])
            for table in Base.metadata.tables
            for check in inspector.get_check_constraints(table)
        }
    assert found == {
        (table.name, constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


@IN_POSTGIS
def test_every_layer_has_a_spatial_index_on_postgis(store: Store) -> None:
    with store.engine.connect() as connection:
        query = text("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%USING gist%'")
        indexed = set(connection.execute(query).scalars())
    assert {"area", "compound", "building", "entrance", "grid", "micro_grid", "station", "road"} <= indexed


def _compound(**values: Any) -> Compound:
    known = {"code": "C1", "name": "甲院", "area_code": town.SPRING, "geometry": town.box(0, 0, 10, 10)}
    return Compound(**(known | values))


def _committee(**seat: int | None) -> Organisation:
    known = {"name": "支部", "area_code": town.SPRING, "level": "compound", "rank": "branch"}
    return Organisation(**(known | seat))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE compound SET kind = 'palace' WHERE id = 1",
        "UPDATE compound SET households = -1 WHERE id = 1",
        "UPDATE area SET code = '42' WHERE id = 1",
        "UPDATE area SET level = 'province' WHERE id = 1",
        "UPDATE grid SET valid_to = '2020-12-31' WHERE id = 1",
        "UPDATE micro_grid SET valid_to = '2020-12-31' WHERE id = 1",
        "UPDATE rating SET score = 0 WHERE id = 1",
        "UPDATE rating SET score = 6 WHERE id = 1",
        "UPDATE organisation SET grid_id = 1 WHERE id = 5",  # a compound's branch with a second seat
        "UPDATE organisation SET compound_id = NULL WHERE id = 5",  # … with none
        "UPDATE organisation SET area_id = 7 WHERE id = 11",  # a building group seated at a community
        "UPDATE organisation SET level = 'entrance', compound_id = 1 WHERE id = 12",
        "UPDATE organisation SET \"rank\" = 'cell' WHERE id = 5",
        "UPDATE building SET compound_id = 999 WHERE id = 1",
        "UPDATE compound SET code = (SELECT code FROM compound WHERE id = 2) WHERE id = 1",
        "UPDATE compound SET geometry = NULL WHERE id = 1",
        "DELETE FROM compound WHERE id = 1",  # buildings lie in it
    ],
)
def test_the_store_itself_refuses_what_breaks_a_rule(town_store: Store, statement: str) -> None:
    with pytest.raises(IntegrityError), town_store.engine.begin() as connection:
        connection.execute(text(statement))


def test_the_record_itself_refuses_a_kind_that_is_not_one(store: Store) -> None:
    with pytest.raises(Exception, match="palace"), store.writing("compound") as session:
        session.add(_compound(kind="palace"))


def test_a_write_that_fails_leaves_nothing_behind(store: Store) -> None:
    with store.writing("compound") as session:
        session.add(_compound())
    before, tables = store.revision(), store.table_revisions()

    def fail() -> None:
        with store.writing("compound", "source") as session:
            session.add(_compound(code="C2"))
            session.flush()
            session.scalars(select(Compound).where(Compound.code == "C1")).one().name = "改名"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (store.revision(), store.table_revisions()) == (before, tables)
    with store.reading() as session:
        assert session.scalars(select(Compound.name)).all() == ["甲院"]


def test_a_bulk_write_that_fails_leaves_nothing_behind(store: Store) -> None:
    before = store.revision()

    def fail() -> None:
        with store.writing("area", "organisation") as session:
            insert_frame(session, Area, town.tables()["area"])
            session.add(_committee(area_id=7, compound_id=None))

    with pytest.raises(IntegrityError):
        fail()
    assert store.revision() == before
    with store.reading() as session:
        assert session.scalars(select(Area.id)).all() == []


def test_each_write_raises_the_revision_by_one_and_that_of_its_tables_to_it(store: Store) -> None:
    start = store.revision()
    with store.writing("compound") as session:
        session.add(_compound())
    with store.writing("account", "source"):
        pass
    with store.writing():
        pass
    assert store.revision() == start + 3
    revisions = store.table_revisions()
    assert revisions["compound"] == start + 1
    assert revisions["account"] == revisions["source"] == start + 2
    assert "grid" not in revisions


def test_a_table_that_does_not_exist_is_named(store: Store) -> None:
    with pytest.raises(ValueError, match="compounds"), store.writing("compounds"):
        pass


def test_a_new_store_gets_an_identity_and_keeps_it(empty_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "city.gpkg"
    shutil.copy(empty_file, copy)
    first, again = Store.open(f"sqlite:///{copy}"), Store.open(f"sqlite:///{copy}")
    assert first.setting("store_id") == again.setting("store_id")
    other = Store.open(f"sqlite:///{tmp_path / 'other.gpkg'}")
    assert other.setting("store_id") != first.setting("store_id")
    for store in (first, again, other):
        store.close()


def test_enums_are_kept_as_their_values(town_store: Store) -> None:
    with town_store.engine.connect() as connection:
        kinds = connection.execute(text("SELECT kind FROM compound ORDER BY id")).scalars().all()
    assert kinds[0] == "residential"
    assert kinds[5] is None
    with town_store.reading() as session:
        assert session.get_one(Compound, 1).kind is CompoundKind.RESIDENTIAL


def test_moments_are_kept_in_utc(store: Store) -> None:
    moment = datetime(2022, 7, 1, 16, 30, tzinfo=timezone(timedelta(hours=8)))
    with store.writing("account", "source") as session:
        session.add(Account(username="a", display_name="甲", role=Role.PLANNER, created_at=moment))
        insert_frame(session, Source, town.tables()["source"])
    with store.reading() as session:
        wanted = datetime(2022, 7, 1, 8, 30, tzinfo=UTC)
        assert session.scalars(select(Account.created_at)).one() == wanted
        assert session.scalars(select(Source.imported_at)).one() == wanted
    if store.dialect == "sqlite":
        with store.engine.connect() as connection:
            written = connection.execute(
                text("SELECT created_at FROM account UNION ALL SELECT imported_at FROM source")
            ).scalars()
            assert set(written) == {"2022-07-01T08:30:00Z"}


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2022, 7, 1, 8, 30)  # noqa: DTZ001
    with pytest.raises(Exception, match="without a zone"), store.writing("account") as session:
        session.add(Account(username="a", display_name="甲", role=Role.PLANNER, created_at=naive))


def test_geometries_come_back_as_they_went_in(town_store: Store) -> None:
    drawn = town.tables()["compound"]
    with town_store.reading() as session:
        one_by_one = session.scalars(select(Compound.geometry).order_by(Compound.id)).all()
        together = geo_frame_of(session, Compound, ["id", "code"])
    wanted = [shapely.to_wkb(shapely.multipolygons([shape])) for shape in drawn["geometry"]]
    assert [shapely.to_wkb(shape) for shape in one_by_one] == wanted
    assert [shapely.to_wkb(shape) for shape in together.geometry] == wanted
    assert together.crs.to_epsg() == 4490
    assert together["code"].tolist() == drawn["code"].tolist()


def test_a_change_may_have_any_geometry_or_none(store: Store) -> None:
    shapes = [town.point(1, 1), shapely.LineString([(114, 30), (114.1, 30)]), town.box(0, 0, 5, 5), None]
    with store.writing("plan", "change") as session:
        plan = Plan(
            title="草稿", kind=PlanKind.DRAWING, status=PlanStatus.DRAFT, area_code=town.SPRING,
            base_revision=1, created_at=datetime(2022, 7, 1, tzinfo=UTC),
        )  # fmt: skip
        session.add(plan)
        session.flush()
        frame = pd.DataFrame(
            {"plan_id": plan.id, "area_code": town.SPRING, "layer": "grid", "code": list("abcd")}
        )
        insert_frame(session, Change, frame.assign(action="add", geometry=pd.Series(shapes, dtype=object)))
    with store.reading() as session:
        found = session.scalars(select(Change).order_by(Change.code)).all()
    assert [change.geometry for change in found] == shapes
    assert all(change.accepted for change in found)


def test_columns_with_gaps_keep_whole_numbers_and_flags(store: Store) -> None:
    frame = pd.DataFrame(
        {
            "code": ["a", "b", "c"],
            "name": "院",
            "area_code": town.SPRING,
            "households": [300.0, float("nan"), 0.0],
            "walled": pd.array([True, None, False], dtype="boolean"),
            "valid_from": pd.to_datetime(["2022-01-31", None, "2021-12-31"]),
            "geometry": [town.box(0, 0, 9, 9)] * 3,
        }
    )
    with store.writing("compound") as session:
        assert insert_frame(session, Compound, frame) == 3
    with store.reading() as session:
        found = frame_of(
            session,
            select(Compound.households, Compound.walled, Compound.valid_from).order_by(Compound.code),
        )
    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [
        [300, True, date(2022, 1, 31)],
        [None, None, None],
        [0, False, date(2021, 12, 31)],
    ]


def test_half_a_household_is_refused_rather_than_rounded(store: Store) -> None:
    frame = town.tables()["compound"].head(1).assign(households=300.5)
    with pytest.raises(TypeError), store.writing("compound") as session:
        insert_frame(session, Compound, frame)


def test_a_feature_without_a_geometry_is_refused(store: Store) -> None:
    frame = town.tables()["compound"].head(2)
    frame["geometry"] = [frame["geometry"].iloc[0], None]
    with pytest.raises(Exception, match=r"(?i)not.null"), store.writing("compound") as session:
        insert_frame(session, Compound, frame)


def test_a_column_that_the_table_lacks_is_named(store: Store) -> None:
    frame = town.tables()["compound"].assign(colour="red")
    with (
        pytest.raises(ValueError, match="compound has no column colour"),
        store.writing("compound") as session,
    ):
        insert_frame(session, Compound, frame)


def test_ids_go_on_after_those_that_a_frame_gave(store: Store) -> None:
    town.fill(store)
    with store.writing("compound") as session:
        compound = _compound()
        session.add(compound)
        session.flush()
        assert compound.id == 13


def test_a_reader_does_not_see_a_write_that_is_under_way(store: Store) -> None:
    with store.writing("compound") as session:
        session.add(_compound())
        session.flush()
        with store.reading() as reader:
            assert reader.scalars(select(Compound.id)).all() == []


# A GeoPackage that QGIS and GDAL open, and write


@pytest.fixture
def file_and_store(empty_file: Path, tmp_path: Path) -> tuple[Path, Store]:
    path = tmp_path / "city.gpkg"
    shutil.copy(empty_file, path)
    return path, town.fill(Store.open(f"sqlite:///{path}"))


def test_gdal_lists_the_layers_with_crs_and_extent(file_and_store: tuple[Path, Store]) -> None:
    path, store = file_and_store
    store.close()
    layers = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    assert layers["compound"] == "MultiPolygon"
    assert layers["road"] == "MultiLineString"
    assert layers["station"] == "Point"
    assert layers["claim"] is None
    assert set(layers) == set(Base.metadata.tables)
    info = pyogrio.read_info(path, layer="compound", force_total_bounds=True)
    assert info["crs"] == "EPSG:4490"
    assert info["features"] == 12
    with sqlite3.connect(path) as raw:
        extent = raw.execute(
            "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'compound'"
        ).fetchone()
        assert raw.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
    drawn = gpd.GeoSeries(town.tables()["compound"]["geometry"], crs=4490)
    assert extent == pytest.approx(tuple(drawn.total_bounds), abs=0)
    assert tuple(info["total_bounds"]) == pytest.approx(extent, abs=1e-12)


def test_the_extent_follows_what_is_written_and_goes_with_the_last_row(
    file_and_store: tuple[Path, Store],
) -> None:
    _path, store = file_and_store
    query = text("SELECT min_x, max_x, last_change FROM gpkg_contents WHERE table_name = 'station'")
    with store.writing("station") as session:
        session.execute(text("DELETE FROM station WHERE id > 1"))
    with store.engine.connect() as connection:
        min_x, max_x, last_change = connection.execute(query).one()
    assert min_x == max_x == town.point(500, 800).x
    assert str(last_change).endswith("Z")
    with store.writing("station") as session:
        session.execute(text("DELETE FROM station"))
    with store.engine.connect() as connection:
        assert connection.execute(query).one()[:2] == (None, None)
    store.close()


def test_gdal_reads_moments_and_days_without_a_warning(file_and_store: tuple[Path, Store]) -> None:
    path, store = file_and_store
    store.close()
    sources = pyogrio.read_dataframe(path, layer="source")  # a warning would be an error here
    assert sources["imported_at"].iloc[0] == pd.Timestamp("2022-07-01T08:30:00Z")
    grids = pyogrio.read_dataframe(path, layer="grid")
    assert str(grids["valid_from"].iloc[0])[:10] == "2021-01-01"


def _index_with_gdal(path: Path, layer: str) -> None:
    if shutil.which("ogrinfo") is None:
        missing("ogrinfo (gdal-bin) is not installed")
    statement = f"SELECT CreateSpatialIndex('{layer}', 'geometry')"
    subprocess.run(["ogrinfo", path, "-sql", statement], check=True, capture_output=True)  # noqa: S603, S607


def _in_index(engine: Engine, layer: str, area: shapely.Polygon) -> int:
    """Count what the R-tree finds that touches an area."""
    west, south, east, north = area.bounds
    query = (
        f"SELECT count(*) FROM rtree_{layer}_geometry WHERE maxx > ? AND minx < ? AND maxy > ? AND miny < ?"  # noqa: S608
    )
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(query, (west, east, south, north)).scalar_one())


def test_our_writes_keep_the_spatial_index_that_gdal_added(file_and_store: tuple[Path, Store]) -> None:
    path, store = file_and_store
    store.close()
    _index_with_gdal(path, "compound")
    store = Store.open(f"sqlite:///{path}")
    empty_corner, spring = town.box(4700, 700, 50, 50), town.box(110, 110, 10, 10)
    assert (
        _in_index(store.engine, "compound", empty_corner),
        _in_index(store.engine, "compound", spring),
    ) == (0, 1)
    with store.writing("compound") as session:
        session.add(_compound(geometry=empty_corner))
        session.get_one(Compound, 1).geometry = shapely.MultiPolygon([town.box(4700, 600, 50, 50)])
    assert (
        _in_index(store.engine, "compound", empty_corner),
        _in_index(store.engine, "compound", spring),
    ) == (1, 0)
    with store.writing("compound", "building") as session:
        session.execute(text("DELETE FROM compound WHERE code = 'C1'"))
    assert _in_index(store.engine, "compound", empty_corner) == 0
    store.close()


def test_we_read_and_change_what_gdal_wrote(file_and_store: tuple[Path, Store]) -> None:
    path, store = file_and_store
    store.close()
    drawn = gpd.GeoDataFrame(
        {"code": ["Q1"], "name": ["QGIS 里画的"], "area_code": [town.LAKE], "households_estimated": [False]},
        geometry=[shapely.MultiPolygon([town.box(2700, 700, 50, 50)])],
        crs=4490,
    )
    pyogrio.write_dataframe(drawn, path, layer="compound", append=True)
    store = Store.open(f"sqlite:///{path}")
    with store.writing("compound") as session:
        compound = session.scalars(select(Compound).where(Compound.code == "Q1")).one()
        assert shapely.to_wkb(compound.geometry) == shapely.to_wkb(drawn.geometry.iloc[0])
        compound.households = 5
    assert store.table_revisions()["compound"] == store.revision()
    store.close()


# A store that can't be opened says so in one sentence


@pytest.mark.parametrize(
    "content",
    [b"\x89\x17random bytes, not a database" * 40, b"short", b"SQLite format 3\x00" + b"\x07" * 4096],
    ids=["random", "short", "only the head is right"],
)
def test_a_file_that_is_no_store_is_an_error_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "city.gpkg"
    path.write_bytes(content)
    for opening in (Store.open, store_exists):
        with pytest.raises(StoreError) as error:
            opening(f"sqlite:///{path}")
        assert "\n" not in str(error.value)
    assert path.read_bytes() == content


def test_a_store_of_a_newer_schema_is_refused_and_left_alone(store: Store) -> None:
    with store.engine.begin() as connection:
        known = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    url = store.engine.url.render_as_string(hide_password=False)
    try:
        with pytest.raises(StoreError, match="升级程序"):
            Store.open(url)
    finally:
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :known"), {"known": known})


def test_there_is_a_store_once_it_holds_areas(store: Store) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    assert not store_exists(url)
    town.fill(store)
    assert store_exists(url)


def test_a_server_that_does_not_answer_is_an_error_without_the_password() -> None:
    with pytest.raises(StoreError) as error:
        Store.open("postgresql://me:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("url", ["", "nonsense", "oracle://host/x", "mysql://host/x"])
def test_an_address_that_is_no_store_is_an_error(url: str) -> None:
    with pytest.raises(StoreError):
        make_engine(url)
