"""Stores for unit tests: a GeoPackage of their own, empty or holding the town; and the small demo city."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.demo import DemoCity, build
from data.store import Store
from tests import town
from tests.parts import missing


def _opened(template: Path, folder: Path) -> Iterator[Store]:
    path = folder / "city.gpkg"
    shutil.copy(template, path)
    opened = Store.open(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stores")
    empty, filled = folder / "empty.gpkg", folder / "town.gpkg"
    Store.open(f"sqlite:///{empty}").close()
    shutil.copy(empty, filled)
    town.fill(Store.open(f"sqlite:///{filled}")).close()
    return {"empty": empty, "town": filled}


@pytest.fixture
def store(_templates: dict[str, Path], tmp_path: Path) -> Iterator[Store]:
    """Give an empty store, migrated."""
    yield from _opened(_templates["empty"], tmp_path)


@pytest.fixture
def town_copy(_templates: dict[str, Path], tmp_path: Path) -> Iterator[Store]:
    """Give a store that holds the town, to be written to."""
    yield from _opened(_templates["town"], tmp_path)


@pytest.fixture(scope="session")
def small_city() -> DemoCity:
    """Give the demo city of the docs and tests; do not change it."""
    return build("small")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of the real data; where it is missing, skip, and fail under CI."""
    folder = Path(os.environ.get("PINGQI_REAL_DATA") or "../shared/data/real").resolve()
    if not folder.is_dir():
        missing(f"no real data in {folder}")
    return folder
