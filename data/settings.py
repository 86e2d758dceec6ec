"""Where things are, from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import SettingsError

_HIGHEST_PORT = 65535


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _HIGHEST_PORT:
        raise SettingsError(f"PINGQI_PORT 应为 1—65535 的整数，现为 {text!r}。")
    return int(text)


@dataclass(frozen=True)
class Settings:
    """Settings of one installation.

    Attributes
    ----------
    home
        Folder of the store, the map tiles and the job cache (``PINGQI_HOME``).
    database_url
        SQLAlchemy URL of the store (``PINGQI_DATABASE_URL``); a GeoPackage in `home` where not given.
    host, port
        What the server listens on (``PINGQI_HOST``, ``PINGQI_PORT``).
    """

    home: Path = field(default_factory=lambda: Path("var").resolve())
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8050

    def __post_init__(self) -> None:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.home / 'city.gpkg'}")

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the settings from the environment."""
        env = os.environ
        return cls(
            home=Path(env.get("PINGQI_HOME") or "var").resolve(),
            database_url=env.get("PINGQI_DATABASE_URL", ""),
            host=env.get("PINGQI_HOST") or "127.0.0.1",
            port=_port(env.get("PINGQI_PORT") or "8050"),
        )

    @property
    def tiles(self) -> Path:
        """Folder of the map archives."""
        return self.home / "tiles"

    @property
    def uploads(self) -> Path:
        """Folder of files under review before an import."""
        return self.home / "uploads"

    @property
    def is_local(self) -> bool:
        """Whether the server can be reached from this machine only."""
        return self.host in {"127.0.0.1", "localhost", "::1"}
