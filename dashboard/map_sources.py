"""What the map reads: one source for each archive that the user may see, and the service points."""

from __future__ import annotations

from typing import Any

from dashboard.services import Services
from data.scope import Scope
from data.store import IDENTITY
from data.tiles import LAYERS, OVERVIEW_ZOOM, WHOLE_CITY

_LINES = {"road"}
_UNNAMED = {"water", "green", "road"}
WHOLE_BYTES = 300_000
"""A city's archive up to this size is read in one request, which browsers keep better than ranges of it."""


def sources(services: Services, scope: Scope) -> list[dict[str, Any]]:
    """Return the sources of the map for a scope, each named ``<layer>:<county>``."""
    archives = services.tiles.archives(scope)
    # Answers are kept for ever: their address tells which store and which scope they are of.
    reader = f"{(services.store.setting(IDENTITY) or '')[:8]}.{scope.prefix}"
    overviews = {(LAYERS[a.layer].overview_of, a.county): a for a in archives if LAYERS[a.layer].overview_of}
    found: list[dict[str, Any]] = []
    for archive in archives:
        layer = LAYERS[archive.layer]
        if layer.overview_of:
            continue
        low, high = layer.zooms
        source = {
            "id": f"{archive.layer}:{archive.county}",
            "layer": archive.layer,
            "kind": "point" if layer.label_of else "line" if archive.layer in _LINES else "polygon",
            "url": f"/tiles/{archive.file_name}",
            "minzoom": low,
            "maxzoom": high,
            "bounds": archive.bounds,
            "whole": archive.county == WHOLE_CITY and archive.size <= WHOLE_BYTES,
        }
        overview = overviews.get((archive.layer, archive.county))
        if overview:
            source["overview_url"] = f"/tiles/{overview.file_name}"
            source["overview_maxzoom"] = OVERVIEW_ZOOM
            source["minzoom"] = LAYERS[overview.layer].zooms[0]
        if not layer.label_of and archive.layer not in _UNNAMED:
            source["names_url"] = (
                f"/names/{archive.layer}/{archive.county}/{archive.revision}.json?for={reader}"
            )
        found.append(source)
    revisions = services.store.table_revisions()
    revision = max((revisions.get(name, 0) for name in ("station", "assist_point", "canteen")), default=0)
    if revision:
        found.append(
            {
                "id": "point:all",
                "layer": "point",
                "kind": "point",
                "url": f"/points/{revision}.geojson?for={reader}",
            }
        )
    return found
