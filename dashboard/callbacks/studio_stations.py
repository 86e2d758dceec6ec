"""微网格工作台, service stations tried elsewhere: chosen, dragged or put by a click, put back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.callbacks.alignment_jobs import said
from dashboard.components import studio as words
from dashboard.components import studio_stations as parts
from dashboard.components.alignment_map import overlay
from dashboard.i18n import _, number
from dashboard.pages import studio as page
from dashboard.services import Services
from data import drawing_stations, drawings, relocation
from data.drawing_stations import StationRef
from data.drawings import Sheet
from data.errors import DataError
from data.station_moves import Place
from geo.draft import EditRefused

DIGITS = 7
"""A place is kept to the centimetre."""
ZOOM = 16.5


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""
    _register_choice(app, services)

    @app.callback(
        Output(page.REFRESH, "data", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Output(parts.CARD, "children", allow_duplicate=True),
        Input(page.MAP, "clicked"),
        Input(page.MAP, "moved"),
        Input(parts.BACK, "n_clicks"),
        State(page.TOOL, "value"),
        State(parts.STATION, "value"),
        State(page.SEEN, "data"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
    )
    def move(*inputs: Any) -> tuple[Any, Any, Any]:
        clicked, moved, back, tool, station, seen, refresh = inputs
        if tool != page.STATIONS or not seen or not ctx.triggered[0]["value"]:
            raise PreventUpdate
        auth.only_planners()
        by = ctx.triggered[0]["prop_id"].rpartition(".")[2]
        if by == "clicked" and clicked["layer"] == "point":
            raise PreventUpdate
        if station is None:
            return no_update, said(_("请先点选一个阵地，再点要放的地方。"), good=False), no_update
        place = None if by == "n_clicks" and back else place_of(moved if by == "moved" else clicked)
        if by == "moved" and not moved["done"]:
            return no_update, no_update, card(services, seen["plan"], station, place)
        try:
            text = moved_to(services, seen, station, place)
        except EditRefused as error:
            return no_update, said(words.refused(error, ""), good=False), no_update
        except DataError as error:  # the marker goes back to where the draft has the station
            return refresh + 1, said(str(error), good=False), no_update
        return refresh + 1, said(text, good=True), no_update


def _register_choice(app: Dash, services: Services) -> None:
    @app.callback(
        Output(parts.STATION, "value"),
        Input(page.MAP, "clicked"),
        State(page.TOOL, "value"),
        prevent_initial_call=True,
    )
    def click(clicked: dict[str, Any] | None, tool: str) -> str:
        if tool != page.STATIONS or not clicked or clicked["layer"] != "point":
            raise PreventUpdate
        return str(clicked["id"])

    @app.callback(
        Output(parts.SECTION, "style"),
        Output(parts.STATION, "data"),
        Output(parts.BACK, "disabled"),
        Output(page.MAP, "handle"),
        Input(page.TOOL, "value"),
        Input(parts.STATION, "value"),
        Input(page.SEEN, "data"),
    )
    def offered(tool: str, station: str | None, seen: Any) -> tuple[Any, Any, bool, Any]:
        if tool != page.STATIONS or not seen or not auth.may_plan():
            return parts.HIDDEN if tool != page.STATIONS else {}, [], True, None
        found = stations(services, seen["plan"])
        ref = next((one for one in found if one.id == station), None)
        return {}, parts.options(found), ref is None or not ref.moved, handle(ref)

    @app.callback(
        Output(parts.CARD, "children"),
        Input(page.TOOL, "value"),
        Input(parts.STATION, "value"),
        Input(page.SEEN, "data"),
        running=[(Output(parts.BUSY, "hidden"), False, True)],
    )
    def shown(tool: str, station: str | None, seen: Any) -> Any:
        if tool != page.STATIONS or not auth.may_plan():
            raise PreventUpdate
        return card(services, seen["plan"], station, None) if seen and station else []

    @app.callback(
        Output(page.MAP, "view", allow_duplicate=True),
        Input(parts.STATION, "value"),
        State(page.MAP, "clicked"),
        State(page.SEEN, "data"),
        prevent_initial_call=True,
    )
    def look(station: str | None, clicked: Any, seen: Any) -> Any:
        by_map = clicked and clicked["layer"] == "point" and str(clicked["id"]) == station
        if station is None or by_map or not seen or not auth.may_plan():
            raise PreventUpdate
        sheet = drawings.load(services.store, auth.scope(), seen["plan"])
        ref = next((one for one in stations(services, seen["plan"]) if one.id == station), None)
        if ref is None:
            raise PreventUpdate
        key = f"area:{sheet.area_code}:station:{station}"
        return {"key": key, "center": list(ref.place), "zoom": ZOOM}


def stations(services: Services, plan_id: int) -> list[StationRef]:
    """Return the stations of a draft's community."""
    sheet = drawings.load(services.store, auth.scope(), plan_id)
    with services.store.reading() as session:
        return drawing_stations.stations(session, auth.scope(), sheet)


def handle(ref: StationRef | None) -> dict[str, Any] | None:
    """Return the handle by which a station is dragged; none where there is none to drag."""
    if ref is None or ref.stands is None:
        return None
    label = _("{name}，可拖动，也可用方向键移动", name=ref.name)
    return {"lng": ref.place[0], "lat": ref.place[1], "label": label}


def place_of(event: dict[str, Any]) -> Place:
    """Return where the map says that something happened."""
    return round(event["lng"], DIGITS), round(event["lat"], DIGITS)


def moved_to(services: Services, seen: dict[str, Any], station: str, place: Place | None) -> str:
    """Keep a station at a place in the draft, or where it stands again; say what was done."""
    scope = auth.scope()
    sheet = drawings.load(services.store, scope, seen["plan"])
    if sheet.version != seen["version"]:
        raise drawings.conflict(sheet.plan_id)
    with services.store.reading() as session:
        change = drawing_stations.moved(session, scope, sheet, station, place)
    after = drawings.edit(services.store, scope, sheet.plan_id, sheet.version, lambda draft: draft.do(change))
    if station not in after.draft.sited:
        return _("已放回原处。")
    return _("已在草稿中挪动；发布以前阵地不动。草稿共挪动 {n} 处。", n=number(len(after.draft.sited)))


def card(services: Services, plan_id: int, station: str, place: Place | None) -> list[Any]:
    """Return what a station at a place would change, where the draft has it if no place is given."""
    scope = auth.scope()
    sheet = drawings.load(services.store, scope, plan_id)
    with services.store.reading() as session:
        found = {one.id: one for one in drawing_stations.stations(session, scope, sheet)}
        ref = found.get(station)
        if ref is None:
            return []
        to = place or ref.place
        stands = ref.stands or ref.place
        before = drawing_stations.where(session, sheet, sheet.began, stands)
        after = drawing_stations.where(session, sheet, sheet.draft, to)
    away = sheet.metres(np.array([shapely.Point(*one) for one in (stands, to)], dtype=object))
    tried = parts.Tried(ref, float(shapely.distance(*away)), before, after)
    moves = {
        int(one.id): (one.stands, to if one.id == station else one.place)
        for one in found.values()
        if one.stands is not None and (one.moved or (one.id == station and to != one.stands))
    }
    try:
        reach = relocation.own_reach(services.store, scope, stands, to)
        whole = relocation.relocated(services.store, scope, moves) if moves else None
    except DataError as error:
        return [*parts.card(tried, sheet.area_code), html.P(str(error), className="hint")]
    return parts.card(replace(tried, reach=reach, whole=whole, moves=len(moves)), sheet.area_code)


def moves_shown(sheet: Sheet) -> list[dict[str, Any]]:
    """Return from where to where the draft moves stations, for the map."""
    lines = [shapely.LineString([one.stood, one.stands]) for one in sheet.draft.sited.values()]
    stood = [shapely.Point(*one.stood) for one in sheet.draft.sited.values()]
    return overlay("draft", np.array([*lines, *stood], dtype=object)) if lines else []
