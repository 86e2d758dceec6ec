"""The town behind a server; nothing here starts a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from dashboard import auth, server
from dashboard.services import Services
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles
from tests import town


@pytest.fixture(scope="session")
def town_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Give the town, for reading only, without map archives."""
    home = tmp_path_factory.mktemp("town")
    store = town.fill(Store.open(f"sqlite:///{home / 'city.gpkg'}"))
    yield Services(store, Tiles(store, home / "tiles"), Settings(home=home))
    store.close()


@pytest.fixture
def services(town_copy: Store, tmp_path: Path) -> Services:
    """Give the town in a store of its own."""
    return Services(town_copy, Tiles(town_copy, tmp_path / "tiles"), Settings(home=tmp_path, host="10.0.0.8"))


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Spare the tests the time that a hash is meant to cost."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "_hasher", cheap)
        patch.setattr(auth, "_no_account", cheap.hash("nobody's"))
        yield


@pytest.fixture(autouse=True)
def _nobody_has_failed_yet() -> None:
    auth._failures.clear()


@pytest.fixture
def serve() -> Callable[[Services], Flask]:
    """Give a server with sign-in and the plain routes, and a page that says so."""

    def make(services: Services) -> Flask:
        flask = Flask("dashboard", static_folder=None)
        auth.install(flask, services.store, services.settings)
        server.install(flask, services, "1.2.3")
        flask.add_url_rule("/", "page", lambda: "the page")
        flask.add_url_rule("/_dash-update-component", "update", lambda: "{}", methods=["POST"])
        return flask

    return make
