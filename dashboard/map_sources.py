"""What the map reads: one source for each archive that the user may see, and the service points."""

from __future__ import annotations

from typing import Any

from dashboard.services import Services
from data.scope import Scope
from data.tiles import LAYERS

_LINES = {"road"}
_POINTS = {"label"}


def sources(services: Services, scope: Scope) -> list[dict[str, Any]]:
    """Return the sources of the map for a scope, each named ``<layer>:<county>``."""
    found: list[dict[str, Any]] = []
    for archive in services.tiles.archives(scope):
        low, high = LAYERS[archive.layer].zooms
        source = {
            "id": f"{archive.layer}:{archive.county}",
            "layer": archive.layer,
            "kind": "line" if archive.layer in _LINES else "point" if archive.layer in _POINTS else "polygon",
            "url": f"/tiles/{archive.file_name}",
            "minzoom": low,
            "maxzoom": high,
        }
        if archive.layer not in {"water", "green", "road", "label"}:
            source["names_url"] = f"/names/{archive.layer}/{archive.county}/{archive.revision}.json"
        found.append(source)
    revisions = services.store.table_revisions()
    revision = max((revisions.get(name, 0) for name in ("station", "assist_point", "canteen")), default=0)
    if revision:
        found.append(
            {"id": "point:all", "layer": "point", "kind": "point", "url": f"/points/{revision}.geojson"}
        )
    return found
