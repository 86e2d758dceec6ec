"""Addresses of stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.engine import is_embedded, make_engine, open_store, store_exists, store_path
from data.errors import StoreError


def test_a_file_is_embedded_and_a_server_is_not(tmp_path: Path) -> None:
    assert store_path(f"sqlite:///{tmp_path / 'city.gpkg'}") == tmp_path / "city.gpkg"
    assert store_path("postgresql://host/city") is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_name_of_postgresql_is_driven_by_psycopg(scheme: str) -> None:
    engine = make_engine(f"{scheme}://host/city")
    assert (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg")
    assert not is_embedded(engine)


def test_a_store_that_is_not_there_yet_does_not_exist_and_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "city.gpkg"
    assert not store_exists(f"sqlite:///{path}")
    assert not path.exists()


def test_opening_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "city.gpkg"
    open_store(f"sqlite:///{path}").dispose()
    assert path.exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'city.gpkg'}")


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "city.gpkg").mkdir()
    with pytest.raises(StoreError, match=r"city\.gpkg"):
        open_store(f"sqlite:///{tmp_path / 'city.gpkg'}")


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "city.gpkg"
    path.touch()
    open_store(f"sqlite:///{path}").dispose()
    assert not store_exists(f"sqlite:///{path}")  # it holds no city yet
    assert path.read_bytes().startswith(b"SQLite format 3")


def test_opening_again_changes_no_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'city.gpkg'}"
    schemas = []
    for _ in range(2):
        engine = open_store(url)
        with engine.connect() as connection:
            schemas.append(connection.exec_driver_sql("SELECT sql FROM sqlite_master ORDER BY name").all())
        engine.dispose()
    assert schemas[0] == schemas[1]


def test_the_file_is_opened_with_foreign_keys_and_a_write_ahead_log(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'city.gpkg'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()
