"""A browser and the small demo city behind a server."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from data.cities import write_demo
from data.demo import DemoCity
from data.store import Store
from tests.browser.screens import Desk, Site, chromium

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that stand beside this file: each drives a Chromium."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demo_site(small_city: DemoCity, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give the small demo city on a server, for reading only."""
    home = tmp_path_factory.mktemp("demo")
    store = Store.open(f"sqlite:///{home / 'city.gpkg'}")
    write_demo(store, small_city)
    site = Site(store, home)
    yield site
    site.close()


@pytest.fixture
def drawn_site(demo_site: Site, tmp_path: Path) -> Iterator[Site]:
    """Give the small demo city in a store of its own, to be written to."""
    source, copy = (
        sqlite3.connect(one) for one in (str(demo_site.store.engine.url.database), tmp_path / "city.gpkg")
    )
    source.backup(copy)
    source.close()
    copy.close()
    shutil.copytree(demo_site.tiles.folder.parent, tmp_path / "tiles")
    site = Site(Store.open(f"sqlite:///{tmp_path / 'city.gpkg'}"), tmp_path)
    yield site
    site.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give a Chromium; one for a module, as two Playwrights can't run at once."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def contexts(browser: Any) -> Iterator[Callable[[Site], Any]]:
    """Give one browser profile for each server, so that what a page has read is in its cache."""
    made: dict[str, Any] = {}

    def context(site: Site) -> Any:
        if site.host not in made:
            made[site.host] = browser.new_context(viewport={"width": 1280, "height": 800})
        return made[site.host]

    yield context
    for one in made.values():
        one.close()


@pytest.fixture
def sit_down(contexts: Callable[[Site], Any]) -> Iterator[Callable[[Site], Desk]]:
    """Give desks; none may complain in its console or ask another host."""
    desks: list[Desk] = []

    def sit(site: Site) -> Desk:
        desks.append(Desk(contexts(site), site))
        return desks[-1]

    yield sit
    for desk in desks:
        desk.page.close()
    assert [complaint for desk in desks for complaint in desk.complaints] == []
    assert [url for desk in desks for url in desk.elsewhere()] == []


@pytest.fixture
def desk(demo_site: Site, sit_down: Callable[[Site], Desk]) -> Desk:
    """Give a desk in the demo city."""
    return sit_down(demo_site)
