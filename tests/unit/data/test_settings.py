"""Settings come from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import SettingsError
from data.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "DATABASE_URL", "HOST", "PORT"):
        monkeypatch.delenv(f"PINGQI_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_any_the_store_is_a_file_in_var_and_the_host_this_machine(tmp_path: Path) -> None:
    settings = Settings.from_environment()
    assert settings.home == tmp_path / "var"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/city.gpkg"
    assert (settings.host, settings.port, settings.is_local) == ("127.0.0.1", 8050, True)
    assert (settings.tiles.parent, settings.uploads.parent) == (settings.home, settings.home)


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PINGQI_HOME", str(tmp_path / "there"))
    monkeypatch.setenv("PINGQI_DATABASE_URL", "postgresql://host/city")
    monkeypatch.setenv("PINGQI_HOST", "0.0.0.0")  # noqa: S104
    monkeypatch.setenv("PINGQI_PORT", "80")
    settings = Settings.from_environment()
    assert settings.home == tmp_path / "there"
    assert settings.database_url == "postgresql://host/city"
    assert (settings.port, settings.is_local) == (80, False)


def test_an_empty_variable_is_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "DATABASE_URL", "HOST", "PORT"):
        monkeypatch.setenv(f"PINGQI_{name}", "")
    assert Settings.from_environment().port == 8050
    assert Settings.from_environment().is_local


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80.0", " 80", "²"])
def test_a_port_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PINGQI_PORT", port)
    with pytest.raises(SettingsError, match="PINGQI_PORT"):
        Settings.from_environment()


@pytest.mark.parametrize(
    ("host", "local"), [("localhost", True), ("::1", True), ("10.0.0.8", False), ("::", False)]
)
def test_only_the_loopback_is_local(host: str, local: bool) -> None:  # noqa: FBT001
    assert Settings(host=host).is_local is local
