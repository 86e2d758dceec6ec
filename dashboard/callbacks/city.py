"""What 全市一张图 does: choices change the URL, and what is shown follows from it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import shapely
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from dashboard import auth
from dashboard.callbacks.places import crumbs, follow_links
from dashboard.components import breakdown, choices, kpi, legend, ranking, tree
from dashboard.components import detail as detail_card
from dashboard.components.links import CLOSE, PRESSED, closing
from dashboard.components.shell import theme
from dashboard.i18n import _
from dashboard.map import below_bar
from dashboard.pages import city as page
from dashboard.services import Services
from dashboard.theme import Theme
from dashboard.view import UNCLASSIFIED, View
from data.periods import Window
from data.queries import areas, compounds, details, kpis, records, search
from data.scope import Scope
from data.units import Level
from models.areas import level_of
from models.enums import AreaLevel

AREA_LAYERS = {level.value for level in AreaLevel}
CONTROLS = (page.SHOW, page.UNIT, page.WINDOW, page.KINDS_SHOWN, page.LAYERS_SHOWN)
CHOSEN_MAX_ZOOM = 17


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    store = services.store
    follow_links(app)
    choices.follow_address(app, page.URL, CONTROLS)

    @app.callback(
        Output(page.URL, "search"),
        Output(page.FIT, "data"),
        Input(page.TREE, "selected"),
        Input(page.MAP, "clicked"),
        Input(page.FOUND, "data"),
        Input(PRESSED, "data"),
        Input(page.RANKING_TABLE, "cellClicked", allow_optional=True),
        Input(page.SHOW, "value"),
        Input(page.UNIT, "value"),
        Input(page.WINDOW, "value"),
        Input(page.KINDS_SHOWN, "value"),
        Input(page.LAYERS_SHOWN, "value"),
        State(page.URL, "search"),
        State(page.FIT, "data"),
        prevent_initial_call=True,
    )
    def navigate(
        selected: list[str],
        clicked: dict[str, Any] | None,
        found: dict[str, Any] | None,
        pressed: dict[str, Any] | None,
        cell: dict[str, Any] | None,
        show: str,
        unit: str,
        months: list[str] | None,
        kinds: list[str],
        layers: list[str],
        search_string: str,
        fit: dict[str, Any],
    ) -> tuple[Any, Any]:
        view, scope = View.of(search_string), auth.scope()
        triggers = {str(one["prop_id"].rpartition(".")[0]) for one in ctx.triggered}
        key = pressed["key"] if PRESSED in triggers and pressed else None
        if page.TREE in triggers and selected and selected[-1:] != shown_node(services, scope, view):
            key = key or selected[-1]
        if page.FOUND in triggers:
            key = key or (found or {}).get("key")
        if page.RANKING_TABLE in triggers:
            key = key or (cell or {}).get("rowId")
        if key:
            new, by = choose(services, scope, view, key), "choice"
        elif page.MAP in triggers and clicked:
            new, by = choose_on_map(services, scope, view, clicked), "map"
        elif triggers.intersection(CONTROLS):
            with store.reading() as session:
                whole = records.span(session, scope)
            new = controls(view, show=show, unit=unit, months=months, kinds=kinds, layers=layers, whole=whole)
            by = "controls"
        else:
            raise PreventUpdate
        if new == view and by != "choice":
            raise PreventUpdate
        return new.search() if new != view else no_update, {
            "by": by,
            "search": new.search(),
            "choices": fit["choices"] + (by == "choice"),
        }

    @app.callback(
        Output(choices.WANTED, "data"),
        Output(page.UNIT, "style"),
        Output(page.WINDOW, "style"),
        Output(page.WINDOW, "minDate"),
        Output(page.WINDOW, "maxDate"),
        Output(page.MAP, "visible"),
        Output(page.MAP, "zooms"),
        Input(page.URL, "search"),
    )
    def follow_controls(search_string: str) -> tuple[Any, ...]:
        view = View.of(search_string)
        with store.reading() as session:
            whole = records.span(session, auth.scope())
        hidden = {"display": "none"} if view.measure is None else {}
        months = shown_months(view, whole)
        return (
            [view.show, view.unit.value, months, list(view.kinds), list(view.layers)],
            hidden,
            hidden,
            whole.start.isoformat() if whole else None,
            whole.end.isoformat() if whole else None,
            visible(view),
            zooms(view),
        )

    @app.callback(
        Output(page.TREE, "data"),
        Output(page.TREE, "expanded"),
        Output(page.TREE, "selected"),
        Input(page.URL, "search"),
        Input(page.TREE, "expanded"),
    )
    def show_tree(search_string: str, expanded: list[str]) -> tuple[Any, Any, Any]:
        view = View.of(search_string)
        opened = dict.fromkeys(expanded or [])
        with store.reading() as session:
            chain = tree.path_to(
                session, auth.scope(), view.chosen or (f"area:{view.area}" if view.area else None)
            )
            if ctx.triggered_id != page.TREE:
                roots = [node["value"] for node in tree.nodes(session, auth.scope(), [])]
                opened.update(dict.fromkeys([*roots, *chain[:-1]]))
            data = tree.nodes(session, auth.scope(), list(opened))
        return data, list(opened), chain[-1:]

    @app.callback(
        Output(page.MAP, "overlays"),
        Output(page.MAP, "view"),
        Output(page.DETAIL, "children"),
        Input(page.URL, "search"),
        Input(page.FIT, "data"),
    )
    def show_chosen(search_string: str, fit: dict[str, Any]) -> tuple[Any, Any, Any]:
        view = View.of(search_string)
        # Another URL than the last choice made is one that the reader went back to, or on to.
        by = fit["by"] if fit["search"] == view.search() else "load"
        return chosen(services, auth.scope(), view, by, fit["choices"])

    @app.callback(
        Output(page.MAP, "values"),
        Output(page.LEGEND, "children"),
        Output(page.RANKING, "children"),
        Input(page.URL, "search"),
    )
    def show_values(search_string: str) -> tuple[Any, Any, Any]:
        return values(services, auth.scope(), View.of(search_string), theme())

    @app.callback(
        Output(page.FIGURES, "children"),
        Output(page.AS_OF, "children"),
        Output(page.CRUMBS, "children"),
        Input(page.URL, "search"),
    )
    def show_figures(search_string: str) -> tuple[Any, Any, Any]:
        view, scope = View.of(search_string), auth.scope()
        with store.reading() as session:
            window = view.window(records.span(session, scope))
            figures = kpis.kpis(session, scope.narrowed(view.area), window)
            return kpi.cards(figures, window), kpi.as_of(figures), crumbs(session, scope, view.area)

    @app.callback(
        Output(page.SEARCH, "data"),
        Input(page.SEARCH, "searchValue"),
        State(page.SEARCH, "data"),
        prevent_initial_call=True,
    )
    def find(words: str | None, shown: list[dict[str, Any]] | None) -> Any:
        # A hit that is chosen writes its label into the box; other options would take the choice back.
        if not words or not words.strip() or is_shown(shown, words):
            raise PreventUpdate
        with store.reading() as session:
            return search_options(search.search(session, auth.scope(), words))

    # What is chosen is handed on and the box emptied at once: hits that come late can't take it back.
    app.clientside_callback(
        ClientsideFunction("pingqiCity", "found"),
        Output(page.FOUND, "data"),
        Output(page.SEARCH, "value"),
        Input(page.SEARCH, "value"),
        prevent_initial_call=True,
    )


def shown_node(services: Services, scope: Scope, view: View) -> list[str]:
    """Return the node that the tree shows as chosen, in a list; an empty list where it shows none."""
    key = view.chosen or (f"area:{view.area}" if view.area else None)
    with services.store.reading() as session:
        return tree.path_to(session, scope, key)[-1:]


def choose(services: Services, scope: Scope, view: View, key: str) -> View:
    """Return the view after choosing a node of the tree, a hit, a link or a row.

    An area becomes the area of the figures. Anything else keeps the area, unless it lies outside.
    """
    key = key.removesuffix("/")
    if key == CLOSE:
        return view.but(chosen=None)
    kind, _sep, value = key.partition(":")
    if kind == "area":
        with services.store.reading() as session:
            area = areas.by_code(session, scope, value)
            top = areas.top(session, scope)
        if area is None:
            return view
        return view.but(area=None if top and top.code == value else value, chosen=None)
    with services.store.reading() as session:
        found = details.get(session, scope, kind, int(value))
    if found is None:
        return view
    inside = view.area is None or found.record.area_code in Scope.of_area(view.area)  # type: ignore[attr-defined]
    return view.but(chosen=key, area=view.area if inside else found.path[-1].code if found.path else None)


def choose_on_map(services: Services, scope: Scope, view: View, clicked: dict[str, Any] | None) -> View:
    """Return the view after a click on the map; a click on open ground chooses nothing."""
    if not clicked or clicked.get("layer") is None or clicked.get("id") is None:
        return view.but(chosen=None)
    layer, feature = str(clicked["layer"]), int(clicked["id"])
    if layer in AREA_LAYERS:
        with services.store.reading() as session:
            area = areas.by_id(session, scope, feature)
        return view.but(area=area.code, chosen=None) if area else view
    if layer == "point":
        layer = str(clicked.get("point", "")).partition(".")[0]
    return choose(services, scope, view, f"{layer}:{feature}")


def controls(
    view: View,
    *,
    show: str,
    unit: str,
    months: list[str] | None,
    kinds: list[str],
    layers: list[str],
    whole: Window | None,
) -> View:
    """Return the view that the controls ask for.

    Parameters
    ----------
    months
        First days of the first and the last month of the window.
    whole
        The days that there are records of; a window that reaches to its ends is no restriction.
    """
    start, end = view.start, view.end
    if months and all(months) and whole and [month[:10] for month in months] != shown_months(view, whole):
        first, last = (date.fromisoformat(month[:10]).replace(day=1) for month in months)
        start = first if first > whole.start else None
        end = _month_end(last) if _month_end(last) < whole.end else None
    asked = View(show=show, unit=Level(unit), kinds=tuple(kinds or ()), layers=tuple(layers or ()))
    known = View.of(asked.search())
    return view.but(
        show=known.show, unit=known.unit, kinds=known.kinds, layers=known.layers, start=start, end=end
    )


def shown_months(view: View, whole: Window | None) -> list[str] | None:
    """Return the first days of the first and the last month of the view's window."""
    window = view.window(whole)
    return [day.replace(day=1).isoformat() for day in (window.start, window.end)] if window else None


def _month_end(day: date) -> date:
    first_of_next = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return date.fromordinal(first_of_next.toordinal() - 1)


def visible(view: View) -> list[str]:
    """Return the layers that the map shows."""
    always = ["water", "green", "road", "community", "subdistrict", "county", "city", "label"]
    if view.measure is None or view.unit is Level.COMPOUND:
        always.append("compound")
    return always + [
        layer if layer in {"grid", "micro_grid", "building"} else f"point.{layer}" for layer in view.layers
    ]


def zooms(view: View) -> dict[str, list[int]]:
    """Return the zooms that differ from the map's own: the areas of an overlay are seen from any height."""
    return {} if view.measure is None or view.unit is Level.COMPOUND else {view.unit.value: [0, 24]}


def chosen(services: Services, scope: Scope, view: View, by: str, made: int = 0) -> tuple[Any, Any, Any]:
    """Return the map's overlays, its view and the detail card of what is chosen.

    What the map itself chose is not moved into the middle: the reader is looking at it. The map obeys a view
    whose key is new, so the number of choices `made` makes the same choice count again.
    """
    with services.store.reading() as session:
        found = None
        if view.chosen:
            found = details.get(session, scope, str(view.chosen_kind), int(view.chosen_id or 0))
        frame = areas.bounds(session, scope, view.area) if view.area else _whole(session, scope)
        drawn: list[dict[str, Any]] = []
        bounds = frame
        if found is not None and found.geometry is not None:
            drawn = [_drawn("selected", found.geometry)]
            bounds = found.geometry.bounds
        elif view.area:
            outline = areas.geometry(session, scope, view.area)
            drawn = [_drawn("related", shapely.boundary(outline))] if outline is not None else []
        card = _closable(detail_card.card(found)) if found is not None else None
    moves = by not in {"map", "controls"} and bounds is not None
    key = f"{view.chosen or view.area or 'all'} {made}"
    camera = (
        {"key": key, "bounds": list(bounds), "max_zoom": CHOSEN_MAX_ZOOM, "padding": below_bar(24)}
        if moves and bounds
        else no_update
    )
    return drawn, camera, card


def _whole(session: Session, scope: Scope) -> areas.Bounds | None:
    top = areas.top(session, scope)
    return areas.bounds(session, scope, top.code) if top else None


def _drawn(role: str, geometry: BaseGeometry) -> dict[str, Any]:
    return {
        "role": role,
        "geojson": {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(geometry)},
    }


def _closable(card: html.Div) -> html.Section:
    return html.Section([closing(_("关闭")), card], className="panel detail-panel")


def values(services: Services, scope: Scope, view: View, colours: Theme) -> tuple[Any, Any, Any]:
    """Return the map's values, their legend and, for an overlay, its ranking within the area."""
    store = services.store
    inner = scope.narrowed(view.area)
    with store.reading() as session:
        table = compounds.kinds(session, inner)
        whole = records.span(session, scope)
    if view.measure is None or whole is None:
        shown = legend.kinds(table, view.kinds, colours)
        with store.reading() as session:
            area = areas.by_code(session, scope, view.area) if view.area else areas.top(session, scope)
            counts = compounds.by_child(session, inner, area) if area else None
        rows = breakdown.panel(counts, colours) if counts is not None else None
        return shown.values, shown.legend if len(table) else None, rows
    window: Window = view.window(whole) or whole
    found = records.measure(store, inner, view.measure, view.unit, window)
    hidden = np.zeros(len(found.frame), dtype=bool)
    if view.unit is Level.COMPOUND:
        kind = table.set_index("id")["kind"].reindex(found.frame["id"])
        hidden = ~kind.where(kind.notna(), UNCLASSIFIED).isin(view.kinds).to_numpy()
        counties = table.set_index("id")["area_code"].reindex(found.frame["id"]).str[: legend.COUNTY_DIGITS]
    else:
        counties = found.frame["code"].map(lambda _code: "city")
    with store.reading() as session:
        monthly = records.monthly(session, inner, view.measure, window)
    shown = legend.overlay(found, counties.reset_index(drop=True), hidden, colours)
    return shown.values, shown.legend, ranking.panel(found, monthly, page.RANKING_TABLE, colours)


SEARCH_LABELS = {
    "area": "行政区划",
    "compound": "小区",
    "organisation": "党组织",
    "grid": "网格",
    "micro_grid": "微网格",
    "station": "服务阵地",
}


def search_options(hits: list[search.Hit]) -> list[dict[str, Any]]:
    """Return hits as grouped options of a select."""
    groups: dict[str, list[dict[str, str]]] = {}
    for hit in hits:
        label = f"{hit.name} · {hit.where}" if hit.where and hit.where != hit.name else hit.name
        if hit.kind == "area":
            label = f"{hit.name}（{_(level_of(hit.code).label)}）"
        groups.setdefault(hit.kind, []).append({"value": hit.key, "label": label})
    return [{"group": _(SEARCH_LABELS[kind]), "items": items} for kind, items in groups.items()]


def is_shown(groups: list[dict[str, Any]] | None, label: str) -> bool:
    """Tell whether one of the options bears a label."""
    return any(item["label"] == label for group in groups or [] for item in group["items"])
