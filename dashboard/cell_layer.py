"""H3 cells on the map: their outlines as GeoJSON, numbered from one, as the map's ids have 32 bits."""

from __future__ import annotations

import json
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from flask import Blueprint, Response, abort
from flask_login import current_user

from dashboard import auth
from dashboard.overlay_address import RESOLUTIONS, Address
from dashboard.services import Services
from data.counting import cells_with
from data.cubes import RECORDS, Record
from data.queries.records import Metric
from data.scope import Scope
from data.store import IDENTITY
from data.units import Level
from geo.hexagons import outlines

KEPT_S = 3600
EVERYWHERE = "all"


def routes(services: Services) -> Blueprint:
    """Return the route of the outlines."""
    blueprint = Blueprint("cells", __name__)

    @blueprint.get("/cells/<area>/<kinds>/<int:resolution>.geojson")
    def get(area: str, kinds: str, resolution: int) -> Response:
        wanted = kinds.split("-")
        if not current_user.is_authenticated or resolution not in RESOLUTIONS or set(wanted) - set(RECORDS):
            abort(404)
        inner = auth.scope().narrowed(area if area != EVERYWHERE else None)
        found = cells_with(services.store, inner, [cast("Record", one) for one in wanted], resolution)
        answer = Response(as_geojson(found), mimetype="application/geo+json")
        answer.cache_control.max_age = KEPT_S
        answer.cache_control.private = True
        return answer

    return blueprint


def as_geojson(cells: npt.NDArray[np.uint64]) -> str:
    """Return the outlines of cells, each with its number."""
    shapes = shapely.to_geojson(outlines(cells)) if len(cells) else []
    features = [
        {"type": "Feature", "properties": {"id": n}, "geometry": json.loads(shape)}
        for n, shape in enumerate(shapes, start=1)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))


def kinds_of(address: Address) -> tuple[Record, ...]:
    """Return the tables whose cells an address shows."""
    if address.mode == "pair":
        return ("claim", "rating")
    return ("request", "rating") if address.metric is Metric.THREE_RATES else (address.metric.record,)


def tag(services: Services, address: Address) -> str:
    """Return what tells these cells from others: area, tables, resolution and their state."""
    kinds = kinds_of(address)
    revisions = services.store.table_revisions()
    state = max(revisions.get(one, 0) for one in kinds)
    return f"{address.area or EVERYWHERE}.{'-'.join(kinds)}.{address.resolution}.{state}"


def source(services: Services, scope: Scope, address: Address) -> dict[str, Any]:
    """Return the source of the map that draws the cells of an address."""
    named = tag(services, address)
    reader = f"{(services.store.setting(IDENTITY) or '')[:8]}.{scope.prefix}.{named.rpartition('.')[2]}"
    area, kinds = address.area or EVERYWHERE, "-".join(kinds_of(address))
    return {
        "id": f"{Level.CELL.value}:{named}",
        "layer": Level.CELL.value,
        "kind": "polygon",
        "url": f"/cells/{area}/{kinds}/{address.resolution}.geojson?for={reader}",
    }


def numbered(services: Services, scope: Scope, address: Address, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of cells with their numbers on the map as ids."""
    everything = cells_with(services.store, scope, kinds_of(address), address.resolution)
    own = np.array([int(code, 16) for code in frame["code"]], dtype=np.uint64)
    return frame.assign(id=np.searchsorted(everything, own) + 1)


def code_of(services: Services, scope: Scope, address: Address, number: int) -> str | None:
    """Return the code of the cell with a number."""
    everything = cells_with(services.store, scope, kinds_of(address), address.resolution)
    return f"{int(everything[number - 1]):x}" if 1 <= number <= len(everything) else None
