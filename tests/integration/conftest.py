"""Stores in both homes: a GeoPackage file, and a database of its own on a real PostGIS."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from data.store import Store
from models import Base
from tests import town

HOMES = ["gpkg", pytest.param("postgis", marks=pytest.mark.postgis)]


def missing(what: str) -> None:
    """Skip where a part of the machine is missing; where CI installs it, that is a failure."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


@pytest.fixture(scope="session")
def postgis_url() -> Iterator[str]:
    """Give the address of a new, empty database, dropped at the end."""
    server = os.environ.get("PINGQI_TEST_POSTGIS", "")
    if not server:
        missing("PINGQI_TEST_POSTGIS names no PostGIS server")
    name = f"pingqi_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a migrated GeoPackage that holds nothing, to be copied."""
    path = tmp_path_factory.mktemp("template") / "city.gpkg"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=HOMES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store, migrated."""
    if request.param == "gpkg":
        path = tmp_path / "city.gpkg"
        shutil.copy(request.getfixturevalue("empty_file"), path)
        opened = Store.open(f"sqlite:///{path}")
    else:
        opened = Store.open(request.getfixturevalue("postgis_url"))
    yield opened
    if opened.dialect == "postgresql":
        names = ", ".join(f'"{name}"' for name in Base.metadata.tables)
        with opened.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    opened.close()


@pytest.fixture
def town_store(store: Store) -> Store:
    """Give a store that holds the town."""
    return town.fill(store)
