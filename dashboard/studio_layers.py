"""Cells and micro-grids of a draft as GeoJSON at full precision, by version, for who may see them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import shapely
from flask import Blueprint, Response, abort
from flask_login import current_user

from dashboard import auth
from dashboard.components.studio import short
from dashboard.i18n import _, language, number
from dashboard.services import Services
from data import drawing_stations, drawings
from data.drawings import Sheet
from data.errors import DataError
from data.store import IDENTITY
from geo.boundary import handles

KEPT_S = 3600
DIGITS = 7


def routes(services: Services) -> Blueprint:
    """Return the routes of a draft's layers."""
    blueprint = Blueprint("studio", __name__)

    @blueprint.get("/studio/<int:plan>/<int:version>/<layer>.json")
    def get(plan: int, version: int, layer: str) -> Response:  # noqa: ARG001  (part of the address)
        if not current_user.is_authenticated or layer not in {*_WRITERS, *_STATIONS}:
            abort(404)
        try:
            sheet = drawings.load(services.store, auth.scope(), plan)
        except DataError:
            abort(404)
        known = layer in _WRITERS
        found = _WRITERS[layer](sheet) if known else stations(services, sheet, in_force=layer == _STATIONS[1])
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        answer = Response(text, mimetype="application/json")
        answer.cache_control.max_age = KEPT_S
        answer.cache_control.private = True
        return answer

    return blueprint


def sources(
    services: Services, sheet: Sheet, base: list[dict[str, Any]], *, in_force: bool = False
) -> list[dict[str, Any]]:
    """Return the sources of the map: what lies beneath, the cells, and the micro-grids of this version.

    Those in force when the draft was begun, where `in_force`, do not change with the version.
    """
    hidden = {"micro_grid", "compound_label", "grid_label", "point"}
    kept = [one for one in base if one["layer"] not in hidden]

    def own(layer: str, kind: str, name: str, version: int, at: int = 0, **more: str) -> dict[str, Any]:
        url = _url(services, sheet, name, version) + (f"&at={at}" if at else "")
        return {"id": layer, "layer": layer, "kind": kind, "url": url, **more}

    names = _url(services, sheet, "names")
    of, version = ("before-", 0) if in_force else ("", sheet.version)
    return [
        *kept,
        own("cell", "polygon", "cells", 0, names_url=names),
        own("drawn", "polygon", f"{of}drawn", version),
        own("grid_label", "point", f"{of}labels", version),
        own(
            "point", "point", f"{of}stations", version, at=services.store.table_revisions().get("station", 0)
        ),
    ]


def knots(services: Services, sheet: Sheet) -> dict[str, str]:
    """Return where the map reads by which vertices boundaries can be dragged."""
    return {
        "vertices_url": _url(services, sheet, "vertices"),
        "handles_url": _url(services, sheet, "handles", sheet.version),
    }


def _url(services: Services, sheet: Sheet, name: str, version: int = 0) -> str:
    """Return the address of a layer: browsers keep it, so it tells apart draft, version and language."""
    reader = f"{(services.store.setting(IDENTITY) or '')[:8]}.{sheet.created_at:%y%m%d%H%M%S}"
    return f"/studio/{sheet.plan_id}/{version}/{name}.json?for={reader}&lang={language()}"


def _collection(sheet: Sheet, shapes: Any, properties: Iterable[dict[str, Any]]) -> str:
    """Return shapes as GeoJSON, put together as text: to parse and write it again would take longest."""
    geojson = shapely.to_geojson(np.asarray(sheet.degrees(shapes), dtype=object))
    features = ",".join(
        f'{{"type":"Feature","properties":{json.dumps(one, ensure_ascii=False)},"geometry":{shape}}}'
        for shape, one in zip(geojson, properties, strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[{features}]}}'


def cells(sheet: Sheet) -> str:
    """Return the cells, numbered from one."""
    shapes = sheet.draft.fabric.polygon
    return _collection(sheet, shapes, ({"id": n + 1} for n in range(len(shapes))))


def _ordered(sheet: Sheet) -> list[str]:
    grids = sheet.draft.grids
    return sorted(grids, key=lambda one: grids[one].code)


def drawn(sheet: Sheet) -> str:
    """Return the outlines of the micro-grids."""
    shapes = sheet.draft.polygons(_ordered(sheet))
    return _collection(sheet, shapes, ({"id": n + 1} for n in range(len(shapes))))


def labels(sheet: Sheet) -> str:
    """Return a point in each micro-grid with its number and households; the fullest first."""
    draft, ids = sheet.draft, _ordered(sheet)
    points = shapely.point_on_surface(draft.polygons(ids))
    load = np.array([round(draft.figures[one].households) for one in ids], dtype=float)
    rank = np.empty(len(ids), dtype=np.int64)
    rank[np.argsort(-load, kind="stable")] = np.arange(1, len(ids) + 1)
    texts = [
        short(draft.grids[one].code, sheet.area_code) + "\n" + _("{n}户", n=number(n))
        for one, n in zip(ids, load.tolist(), strict=True)
    ]
    rows = [
        {"id": n + 1, "kind": "grid", "name": text, "rank": order}
        for n, (text, order) in enumerate(zip(texts, rank.tolist(), strict=True))
    ]
    return _collection(sheet, points, rows)


def stations(services: Services, sheet: Sheet, *, in_force: bool) -> dict[str, Any]:
    """Return the community's service stations where the draft has them, or where they stand."""
    with services.store.reading() as session:
        found = drawing_stations.stations(session, auth.scope(), sheet)
    features = [
        {
            "type": "Feature",
            "properties": {"id": int(one.id), "layer": "station", "tier": one.tier.value, "name": one.name},
            "geometry": {"type": "Point", "coordinates": list(one.stands if in_force else one.place)},
        }
        for one in found
        if one.stands is not None and one.tier is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def names(sheet: Sheet) -> dict[str, Any]:
    """Return what the pointer reads on each cell."""
    info, fabric = sheet.cells, sheet.draft.fabric
    texts = [
        (label or _("楼栋")) + (_("（户数为估算）") if guess else "") if building else _("空地")
        for label, building, guess in zip(info.label, fabric.building, info.estimated, strict=True)
    ]
    return {"ids": list(range(1, len(texts) + 1)), "names": texts}


def vertices(sheet: Sheet) -> list[float]:
    """Return the vertices of the cells: longitude and latitude by turns."""
    xy = sheet.draft.fabric.lattice.vertex.view(np.float64).reshape(-1, 2)
    degrees = shapely.get_coordinates(sheet.degrees(shapely.multipoints(xy)))
    return [float(one) for one in degrees.ravel().round(DIGITS)]


def _handles(sheet: Sheet) -> list[int]:
    return [int(one) for one in handles(sheet.draft)]


_STATIONS = ("stations", "before-stations")
_WRITERS: dict[str, Callable[[Sheet], Any]] = {
    "cells": cells,
    "drawn": drawn,
    "labels": labels,
    "names": names,
    "before-drawn": lambda sheet: drawn(sheet.in_force()),
    "before-labels": lambda sheet: labels(sheet.in_force()),
    "vertices": vertices,
    "handles": _handles,
}
