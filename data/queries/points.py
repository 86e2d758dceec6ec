"""Service points as GeoJSON for the map."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.scope import Scope
from models import AssistPoint, Canteen, Station

LAYERS: tuple[tuple[str, type[Station | AssistPoint | Canteen]], ...] = (
    ("canteen", Canteen),
    ("assist_point", AssistPoint),
    ("station", Station),
)
DIGITS = 6  # a decimetre


def points(session: Session, scope: Scope) -> dict[str, Any]:
    """Return all stations, assist points and canteens in the scope as a GeoJSON FeatureCollection.

    Each feature has id, name, layer (``station``, ``assist_point``, ``canteen``) and, for stations,
    tier.
    """
    features = []
    for layer, model in LAYERS:
        rows: Any = session.scalars(select(model).where(scope.where(model.area_code)).order_by(model.id))
        for row in rows:
            properties: dict[str, Any] = {"id": row.id, "layer": layer, "name": row.name}
            if isinstance(row, Station):
                properties["tier"] = row.tier.value
            place = [round(row.geometry.x, DIGITS), round(row.geometry.y, DIGITS)]
            features.append(
                {
                    "type": "Feature",
                    "properties": properties,
                    "geometry": {"type": "Point", "coordinates": place},
                }
            )
    return {"type": "FeatureCollection", "features": features}
