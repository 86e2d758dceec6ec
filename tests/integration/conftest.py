"""Stores in both homes: a GeoPackage file, and a database of its own on a real PostGIS."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from data.store import Store
from models import Base
from tests import town
from tests.parts import missing

HOMES = ["gpkg", pytest.param("postgis", marks=pytest.mark.postgis)]


@contextmanager
def new_database() -> Iterator[str]:
    """Give the address of a new, empty database, dropped at the end."""
    server = os.environ.get("PINGQI_TEST_POSTGIS", "")
    if not server:
        missing("PINGQI_TEST_POSTGIS names no PostGIS server")
    name = f"pingqi_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgis_url() -> Iterator[str]:
    """Give the address of a database for tests that write; each leaves it empty."""
    with new_database() as url:
        yield url


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
        with opened.engine.begin() as connection:  # DELETE: a TRUNCATE of so many tables takes a second
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
    opened.close()


@pytest.fixture(scope="session", params=HOMES)
def town_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Give a store that holds the town, for reading only."""
    with ExitStack() as stack:
        if request.param == "gpkg":
            url = f"sqlite:///{tmp_path_factory.mktemp('town') / 'city.gpkg'}"
        else:
            url = stack.enter_context(new_database())
        opened = town.fill(Store.open(url))
        yield opened
        opened.close()
