"""Outlines of a community before and after a plan, as GeoJSON at full precision, for who may see them."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import shapely
from flask import Blueprint, Response, abort
from flask_login import current_user

from dashboard import auth
from dashboard.services import Services
from data.plans import LAYERS
from data.queries.alignments import AFTER, BEFORE, outlines

KEPT_S = 3600


def routes(services: Services) -> Blueprint:
    """Return the route of the outlines."""
    blueprint = Blueprint("outlines", __name__)

    @blueprint.get("/outlines/<int:plan>/<area>/<side>/<layer>.geojson")
    def get(plan: int, area: str, side: str, layer: str) -> Response:
        if not current_user.is_authenticated or area not in auth.scope():
            abort(404)
        if side not in {BEFORE, AFTER} or layer not in LAYERS:
            abort(404)
        with services.store.reading() as session:
            frame = outlines(session, auth.scope(), plan or None, area, side)
        answer = Response(as_geojson(frame[frame["layer"] == layer]), mimetype="application/geo+json")
        answer.cache_control.max_age = KEPT_S
        answer.cache_control.private = True
        return answer

    return blueprint


def as_geojson(frame: gpd.GeoDataFrame) -> str:
    """Return outlines with their id and name as a GeoJSON document."""
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "id": int(row_id),
            "properties": {"id": int(row_id), "name": name or code},
            "geometry": shapely.geometry.mapping(shape),
        }
        for row_id, code, name, shape in zip(
            frame["id"], frame["code"], frame["name"], frame.geometry, strict=True
        )
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
