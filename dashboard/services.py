"""What every page works with."""

from __future__ import annotations

from dataclasses import dataclass

from data.settings import Settings
from data.store import Store
from data.tiles import Tiles


@dataclass(frozen=True)
class Services:
    """The store, its map archives and the settings of this installation."""

    store: Store
    tiles: Tiles
    settings: Settings
