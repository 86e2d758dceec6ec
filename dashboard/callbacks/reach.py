"""What 步行覆盖 does: choices and clicks change the URL; colours, tables and the what-if follow from it."""

from __future__ import annotations

from typing import Any

import shapely
from dash import Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.callbacks.places import (
    GROUND,
    LINES,
    crumbs,
    drawn,
    entered,
    follow_links,
    gone_to,
    moves_map,
    triggers,
)
from dashboard.components import choices
from dashboard.components import reach as parts
from dashboard.components.links import CLOSE, PRESSED
from dashboard.components.shell import theme
from dashboard.coverage_address import levels_below
from dashboard.i18n import _, number
from dashboard.map import below_bar
from dashboard.pages import reach as page
from dashboard.reach_address import Address
from dashboard.services import Services
from data.errors import DataError
from data.queries import areas, coverage, details
from data.queries.coverage import WhatIf
from data.scope import Scope
from models.enums import AreaLevel, StationTier

LAYERS = [*GROUND, "compound", *LINES]
STREET_LEVELS = (AreaLevel.SUBDISTRICT, AreaLevel.COMMUNITY)
"""Streets within reach are drawn for these areas; a whole county's would be tens of megabytes."""
CONTROLS = (page.FACILITY, page.TIERS, page.MINUTES, page.SPEED, page.LEVEL)
CHOSEN_MAX_ZOOM = 16


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    follow_links(app)
    choices.follow_address(app, page.URL, CONTROLS)

    @app.callback(
        Output(page.URL, "search"),
        Output(page.FIT, "data"),
        Input(page.MAP, "clicked"),
        Input(page.AREAS, "cellClicked"),
        Input(page.GAPS, "cellClicked"),
        Input(page.SITES, "cellClicked"),
        Input(PRESSED, "data"),
        Input(page.FACILITY, "value"),
        Input(page.TIERS, "value"),
        Input(page.MINUTES, "value"),
        Input(page.SPEED, "value"),
        Input(page.LEVEL, "value"),
        State(page.FOUND, "data"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def navigate(
        clicked: dict[str, Any] | None,
        area: dict[str, Any] | None,
        gap: dict[str, Any] | None,
        site: dict[str, Any] | None,
        pressed: dict[str, Any] | None,
        facility: str,
        tiers: list[str],
        minutes: str,
        speed: float | None,
        level: str,
        found: list[dict[str, Any]],
        search: str,
    ) -> tuple[Any, Any]:
        address, scope = Address.of(search), auth.scope()
        caused = triggers()
        key, by = pressed["key"] if PRESSED in caused and pressed else None, "choice"
        if key == CLOSE:
            new, by = address.but(at=None), "map"
        elif key:
            new = entered(services, scope, address, key.partition(":")[2], level=None, chosen=None)
        elif page.AREAS in caused and area:
            new = entered(services, scope, address, str(area["rowId"]), level=None, chosen=None)
        elif page.GAPS in caused and gap:
            new = address.but(chosen=int(gap["rowId"].partition(":")[2]))
        elif page.SITES in caused and site:
            row = next((one for one in found if one["key"] == site["rowId"]), None)
            new = address.but(at=(round(row["lon"], 6), round(row["lat"], 6))) if row else address
        elif page.MAP in caused and clicked:
            new, by = address.but(at=(round(clicked["lng"], 6), round(clicked["lat"], 6))), "map"
        elif caused.intersection(CONTROLS):
            new, by = controls(services, scope, address, facility, tiers, minutes, speed, level), "controls"
        else:
            raise PreventUpdate
        return gone_to(new, address, by)

    @app.callback(
        Output(choices.WANTED, "data"),
        Output(page.TIER_BOX, "style"),
        Output(page.LEVEL, "data"),
        Output(page.CRUMBS, "children"),
        Output(page.WALK, "data"),
        Input(page.URL, "search"),
        State(page.WALK, "data"),
    )
    def follow(search: str, walked: str | None) -> tuple[Any, ...]:
        address, scope = Address.of(search), auth.scope()
        with services.store.reading() as session:
            path = crumbs(session, scope, address.area)
        levels = levels_of(services, scope, address)
        key = address.but(at=None, chosen=None).search()
        wanted = [
            address.facility,
            [one.value for one in address.tiers or StationTier],
            f"{address.minutes:g}",
            address.speed_m_per_min,
            level_of(address, levels).value,
        ]
        return (
            wanted,
            {} if address.facility == "station" else {"display": "none"},
            [{"value": one.value, "label": _(one.label)} for one in levels],
            path,
            key if key != walked else no_update,
        )

    @app.callback(
        Output(page.MAP, "values"),
        Output(page.MAP, "visible"),
        Output(page.LEGEND, "children"),
        Output(page.AREAS, "columnDefs"),
        Output(page.AREAS, "rowData"),
        Output(page.AREAS_NOTE, "children"),
        Output(page.GAPS, "columnDefs"),
        Output(page.GAPS, "rowData"),
        Output(page.GAPS_NOTE, "children"),
        Output(page.FOUND, "data", allow_duplicate=True),
        Input(page.WALK, "data"),
        prevent_initial_call="initial_duplicate",
    )
    def show_walk(search: str | None) -> tuple[Any, ...]:
        if search is None:
            raise PreventUpdate
        return walked(services, auth.scope(), Address.of(search))

    @app.callback(
        Output(page.FOUND, "data"),
        Input(page.FIND, "n_clicks"),
        State(page.COUNT, "value"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def find(clicks: int | None, count: int | None, search: str) -> Any:
        if not clicks:
            raise PreventUpdate
        return sites(services, auth.scope(), Address.of(search), int(count or 1))

    @app.callback(Output(page.SITES, "columnDefs"), Output(page.SITES, "rowData"), Input(page.FOUND, "data"))
    def show_sites(found: list[dict[str, Any]]) -> tuple[Any, Any]:
        return parts.site_columns(), found

    @app.callback(
        Output(page.MAP, "overlays"),
        Output(page.MAP, "handle"),
        Output(page.WHAT_IF, "children"),
        Input(page.URL, "search"),
        Input(page.FOUND, "data"),
    )
    def show_place(search: str, found: list[dict[str, Any]]) -> tuple[Any, Any, Any]:
        address, scope = Address.of(search), auth.scope()
        result, card = asked(services, scope, address)
        return overlays(services, scope, address, found), handle(address, result), card

    @app.callback(
        Output(page.FIGURES, "children"),
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.FIT, "data", allow_duplicate=True),
        Input(page.MAP, "moved"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def drag(moved: dict[str, Any] | None, search: str) -> tuple[Any, Any, Any]:
        if moved is None:
            raise PreventUpdate
        address = Address.of(search).but(at=(round(moved["lng"], 6), round(moved["lat"], 6)))
        if moved["done"]:
            return no_update, *gone_to(address, Address.of(search), "map")
        return figures(services, auth.scope(), address), no_update, no_update

    @app.callback(Output(page.MAP, "view"), Input(page.URL, "search"), State(page.FIT, "data"))
    def look(search: str, fit: dict[str, Any]) -> Any:
        address = Address.of(search)
        return camera(services, auth.scope(), address) if moves_map(address, fit) else no_update


def levels_of(services: Services, scope: Scope, address: Address) -> list[AreaLevel]:
    """Return the levels that the area may be compared by."""
    with services.store.reading() as session:
        area = areas.by_code(session, scope, address.area) if address.area else areas.top(session, scope)
    return levels_below(area.level if area else AreaLevel.CITY)


def level_of(address: Address, levels: list[AreaLevel]) -> AreaLevel:
    """Return the level that the address shows."""
    return address.level if address.level in levels else levels[0]


def controls(
    services: Services,
    scope: Scope,
    address: Address,
    facility: str,
    tiers: list[str],
    minutes: str,
    speed: float | None,
    level: str,
) -> Address:
    """Return the address that the controls ask for; a speed that can't be walked stays as it was."""
    chosen = tuple(one for one in StationTier if one.value in (tiers or ()))
    every = len(chosen) == len(StationTier) or facility != "station"
    asked_ = address.but(
        facility=facility,
        tiers=() if every else chosen,
        minutes=float(minutes),
        speed_m_per_min=float(speed) if speed else address.speed_m_per_min,
        level=AreaLevel(level) if level else None,
    )
    read = Address.of(asked_.search())
    return read.but(level=None) if read.level == levels_of(services, scope, address)[0] else read


def walked(services: Services, scope: Scope, address: Address) -> tuple[Any, ...]:
    """Return the compounds' colours, their legend, and the tables of areas and of gaps."""
    store, inner, walk = services.store, scope.narrowed(address.area), address.walk
    level = level_of(address, levels_of(services, scope, address))
    facility = f"point.{address.facility}"
    tiers = [f"{facility}.{one.value}" for one in address.tiers or StationTier]
    visible = [*LAYERS, *(tiers if address.facility == "station" else [facility])]
    try:
        compounds = coverage.compounds(store, inner, walk)
        by_area = coverage.coverage(store, inner, walk, level)
        gaps = coverage.uncovered(store, inner, walk)
    except DataError as error:
        return (None, visible, None, [], [], str(error), [], [], "", [])
    shown = parts.coloured(compounds, walk.minutes, int(compounds["straight"].sum()), theme())
    last = by_area[by_area["band_min"] == walk.minutes]
    note = _(
        "步行 {n} 分钟内：住户 {part}/{all}，小区 {compounds}/{of}。只计住户和小区，不计人数。",
        n=f"{walk.minutes:g}",
        part=number(last["dwellings"].sum()),
        all=number(last["dwellings_total"].sum()),
        compounds=number(last["compounds"].sum()),
        of=number(last["compounds_total"].sum()),
    )
    return (
        shown.values,
        visible,
        shown.legend,
        parts.area_columns(level),
        parts.area_rows(by_area),
        note,
        parts.gap_columns(),
        parts.gap_rows(gaps),
        parts.left_text(gaps),
        [],
    )


def sites(services: Services, scope: Scope, address: Address, count: int) -> list[dict[str, Any]]:
    """Return the best sites for the next facilities as rows."""
    least = max(1, min(count, page.MOST_SITES))
    try:
        found = coverage.best_sites(services.store, scope.narrowed(address.area), address.walk, least)
    except DataError:
        return []
    return parts.site_rows(found)


def asked(services: Services, scope: Scope, address: Address) -> tuple[WhatIf | None, list[Any]]:
    """Return what a facility at the marked place would reach, and its card."""
    if address.at is None:
        return None, parts.what_if(None, address.minutes)
    try:
        found = coverage.what_if(services.store, scope.narrowed(address.area), address.walk, *address.at)
    except DataError as error:
        return None, [html.P(str(error), className="hint")]
    return found, parts.what_if(found, address.minutes)


def figures(services: Services, scope: Scope, address: Address) -> Any:
    """Return what a facility at the place would reach, while the place is being dragged."""
    found, _card = asked(services, scope, address)
    return no_update if found is None else parts.figures(found, address.minutes)


def handle(address: Address, found: WhatIf | None) -> dict[str, Any] | None:
    """Return the handle by which the place of the what-if is dragged."""
    if address.at is None or found is None:
        return None
    label = _("假设新设的位置，可拖动，也可用方向键移动")
    return {"lng": address.at[0], "lat": address.at[1], "label": label}


def overlays(
    services: Services, scope: Scope, address: Address, best: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what is drawn over the map: the area, streets, best sites and the marked compound."""
    shown: list[dict[str, Any]] = []
    with services.store.reading() as session:
        area = areas.by_code(session, scope, address.area) if address.area else None
        outline = areas.geometry(session, scope, area.code) if area else None
        marked = details.get(session, scope, "compound", address.chosen) if address.chosen else None
    if area and area.level in STREET_LEVELS:
        shown.append(drawn("service", *streets(services, scope.narrowed(area.code), address)))
    if outline is not None:
        shown.append(drawn("related", shapely.boundary(outline)))
    points = [shapely.Point(one["lon"], one["lat"]) for one in best]
    if points:
        shown.append(drawn("related", *points))
    if marked is not None and marked.geometry is not None:
        shown.append(drawn("selected", marked.geometry))
    return shown


def streets(services: Services, scope: Scope, address: Address) -> list[Any]:
    """Return the stretches of street within the walk."""
    try:
        return list(coverage.streets(services.store, scope, address.walk))
    except DataError:
        return []


def camera(services: Services, scope: Scope, address: Address) -> Any:
    """Return where the map looks: at the marked compound, else at the area."""
    with services.store.reading() as session:
        if address.chosen:
            found = details.get(session, scope, "compound", address.chosen)
            if found is not None and found.geometry is not None:
                bounds = list(found.geometry.bounds)
                key = f"compound:{address.chosen}"
                return {"key": key, "bounds": bounds, "max_zoom": CHOSEN_MAX_ZOOM, "padding": 120}
        area = areas.by_code(session, scope, address.area) if address.area else areas.top(session, scope)
        place = areas.bounds(session, scope, area.code) if area else None
    return (
        {"key": address.area or "all", "bounds": list(place), "padding": below_bar(12)}
        if place
        else no_update
    )
