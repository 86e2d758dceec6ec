"""What 叠加分析 does: choices change the URL; map, legend, ranking and scatter follow from it."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, ctx, dcc
from dash.exceptions import PreventUpdate
from flask import abort
from sqlalchemy.orm import Session

from dashboard import auth, cell_layer
from dashboard.callbacks.months import chosen_months, month_choices
from dashboard.callbacks.overlays_shown import against_of, exported, look, others, period_of, place
from dashboard.callbacks.places import (
    GROUND,
    LINES,
    crumbs,
    entered,
    follow_links,
    gone_to,
    moves_map,
    triggers,
)
from dashboard.components import choices, rates
from dashboard.components.links import PRESSED
from dashboard.components.shell import theme
from dashboard.figures.coverage import empty
from dashboard.i18n import _
from dashboard.map_sources import sources
from dashboard.overlay_address import Address, edges_of
from dashboard.pages import overlays as page
from dashboard.services import Services
from data.periods import Period, Window, periods, series, usual
from data.periods import shown as period_shown
from data.queries import areas, details, records
from data.queries.records import Metric
from data.queries.three_rates import EQUAL, Weights, set_weights, weights_of
from data.queries.three_rates import read as read_weights
from data.scope import Scope
from data.units import Level

FINE = {
    Level.COMPOUND: [9, 24],
    Level.GRID: [9, 24],
    Level.MICRO_GRID: [10, 24],
    Level.CELL: [0, 24],
}
CONTROLS = {
    page.MODE,
    page.METRIC,
    page.LEVEL,
    page.SMOOTHING,
    page.BOUNDARIES,
    page.SCHEME,
    page.EDGES,
    page.STEP,
    page.SLIDER,
    page.FIRST,
    page.LAST,
    *page.WEIGHTS,
    page.AGAINST,
    page.SIDE,
    page.RESOLUTION,
}


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    store = services.store
    follow_links(app)
    choices.follow_address(app, page.URL, sorted(CONTROLS))

    @app.callback(
        Output(page.URL, "search"),
        Output(page.FIT, "data"),
        Input(page.MAP, "clicked"),
        Input(page.TABLE, "cellClicked"),
        Input(page.SCATTER, "clickData"),
        Input(PRESSED, "data"),
        Input(page.BEAT, "n_intervals"),
        Input(page.WEIGHTS_SAVE, "n_clicks"),
        *(Input(one, "value") for one in sorted(CONTROLS)),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def navigate(
        clicked: dict[str, Any] | None,
        cell: dict[str, Any] | None,
        dot: dict[str, Any] | None,
        pressed: dict[str, Any] | None,
        _beats: int | None,
        _saves: int | None,
        *rest: Any,
    ) -> tuple[Any, Any]:
        *values, search = rest
        address, scope = Address.of(search), auth.scope()
        caused = triggers()
        with store.reading() as session:
            whole = records.span(session, scope)
            city = weights_of(session)
        by = "controls"
        if PRESSED in caused and pressed:
            code = pressed["key"].partition(":")[2]
            new, by = entered(services, scope, address, code, chosen=None), "choice"
        elif page.TABLE in caused and cell:
            new, by = address.but(chosen=str(cell["rowId"])), "choice"
        elif page.SCATTER in caused and dot:
            new = address.but(chosen=str(dot["points"][0]["customdata"][0]))
        elif page.MAP in caused and clicked:
            new = address.but(chosen=code_on_map(services, scope, address, clicked))
        elif page.BEAT in caused:
            new = stepped(address, whole)
        elif page.WEIGHTS_SAVE in caused:
            new = weights_kept(services, scope, address)
        elif caused & CONTROLS:
            new = controls(address, dict(zip(sorted(CONTROLS), values, strict=True)), caused, whole, city)
        else:
            raise PreventUpdate
        return gone_to(new, address, by)

    @app.callback(
        Output(choices.WANTED, "data"),
        Output(page.METRIC, "disabled"),
        Output(page.AGAINST, "data"),
        Output(page.AGAINST_BOX, "style"),
        Output(page.RESOLUTION_BOX, "style"),
        Output(page.EDGES, "style"),
        Output(page.WEIGHTS_BOX, "style"),
        Output(page.WEIGHTS_NOTE, "children"),
        Output(page.WEIGHTS_SAVE, "style"),
        Output(page.FIRST, "data"),
        Output(page.LAST, "data"),
        Output(page.SLIDER, "max"),
        Output(page.WHEN, "children"),
        Output(page.CRUMBS, "children"),
        Input(page.URL, "search"),
    )
    def follow(search: str) -> tuple[Any, ...]:
        address, scope = Address.of(search), auth.scope()
        with store.reading() as session:
            whole = records.span(session, scope)
            path = crumbs(session, scope, address.area)
            city = weights_of(session)
            may_keep = address.weights is not None and may_weigh(session, scope)
        period = period_of(address, whole)
        spans = series(period, whole) if whole and period else []
        against = against_of(address, whole)
        values = {
            page.MODE: address.mode,
            page.METRIC: address.metric.value,
            page.LEVEL: address.level.value,
            page.SMOOTHING: address.smoothing,
            page.BOUNDARIES: address.boundaries,
            page.SCHEME: address.scheme,
            page.EDGES: ",".join(f"{one:g}" for one in address.edges),
            page.AGAINST: against.key if against else None,
            page.SIDE: address.side,
            page.RESOLUTION: str(address.resolution),
            **dict(zip(page.WEIGHTS, address.weights or city, strict=True)),
            page.STEP: step_of(period) if period else "3",
            page.FIRST: f"{period.start:%Y-%m}" if period else None,
            page.LAST: f"{period.window.end:%Y-%m}" if period else None,
            page.SLIDER: spans.index(period) if period in spans else 0,
        }
        return (
            [values[one] for one in sorted(CONTROLS)],
            address.mode == "pair",
            [{"value": one.key, "label": rates.period_label(one)} for one in others(address, whole)],
            shown_if(address.mode == "change"),
            shown_if(address.level is Level.CELL),
            shown_if(address.scheme == "fixed"),
            shown_if(address.metric is Metric.THREE_RATES and address.mode != "pair"),
            weights_note(address, city),
            shown_if(may_keep),
            *month_choices(period, whole),
            max(len(spans) - 1, 1),
            rates.period_label(period) if period else "",
            path,
        )

    @app.callback(
        Output(page.MAP, "values"),
        Output(page.MAP, "visible"),
        Output(page.MAP, "zooms"),
        Output(page.LEGEND, "children"),
        Output(page.TABLE, "columnDefs"),
        Output(page.TABLE, "rowData"),
        Output(page.NOTE, "children"),
        Output(page.SCATTER, "figure"),
        Output(page.SCATTER, "style"),
        Input(page.URL, "search"),
    )
    def show(search: str) -> tuple[Any, ...]:
        address, colours = Address.of(search), theme()
        shown = look(services, auth.scope(), address, colours)
        fine = FINE.get(address.level)
        return (
            shown.painted,
            [*GROUND, *LINES, *([address.level.value] if fine else [])],
            {address.level.value: fine or [0, 24]},
            shown.legend,
            shown.columns,
            shown.rows,
            shown.note,
            shown.figure or empty(colours),
            {} if shown.figure else {"display": "none"},
        )

    @app.callback(
        Output(page.MAP, "sources"),
        Output(page.CELLS, "data"),
        Input(page.URL, "search"),
        State(page.CELLS, "data"),
    )
    def draw_cells(search: str, before: str | None) -> tuple[Any, Any]:
        address, scope = Address.of(search), auth.scope()
        tag = cell_layer.tag(services, address) if address.level is Level.CELL else None
        if tag == before:
            raise PreventUpdate
        own = [cell_layer.source(services, scope, address)] if tag else []
        return [*sources(services, scope), *own], tag

    @app.callback(
        Output(page.MAP, "overlays"),
        Output(page.MAP, "view"),
        Input(page.URL, "search"),
        State(page.FIT, "data"),
    )
    def show_place(search: str, fit: dict[str, Any]) -> tuple[Any, Any]:
        address = Address.of(search)
        return place(services, auth.scope(), address, moves=moves_map(address, fit))

    @app.callback(
        Output(page.DOWNLOAD, "data"),
        Input(page.EXCEL, "n_clicks"),
        Input(page.CSV, "n_clicks"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def export(excel: int | None, csv: int | None, search: str) -> Any:
        kind = "csv" if ctx.triggered_id == page.CSV else "xlsx"
        made = exported(services, auth.scope(), Address.of(search), kind) if excel or csv else None
        if made is None:
            raise PreventUpdate
        name, content = made
        return dcc.send_bytes(lambda file: file.write(content), name)

    @app.callback(
        Output(page.BEAT, "disabled"),
        Output(page.PLAY, "children"),
        Input(page.PLAY, "n_clicks"),
        Input(page.URL, "search"),
        State(page.BEAT, "disabled"),
        prevent_initial_call=True,
    )
    def play(_clicks: int | None, search: str, stopped: bool) -> tuple[bool, str]:  # noqa: FBT001
        if ctx.triggered_id == page.PLAY:
            stops = not stopped
        else:
            with store.reading() as session:
                whole = records.span(session, auth.scope())
            stops = stopped or at_end(Address.of(search), whole)
        return stops, "▶" if stops else "⏸"


def shown_if(condition: bool) -> dict[str, str]:  # noqa: FBT001
    """Return the style of a control that is there in some cases only."""
    return {} if condition else {"display": "none"}


def step_of(period: Period) -> str:
    """Return which step of time the slider takes; none of its choices where the months were chosen freely."""
    return str(period.months) if period.number is not None else ""


def stepped(address: Address, whole: Window | None) -> Address:
    """Return the address a period later; after the last the first follows."""
    period = period_of(address, whole)
    if whole is None or period is None:
        return address
    spans = series(period, whole)
    return address.but(period=spans[(spans.index(period) + 1) % len(spans)])


def at_end(address: Address, whole: Window | None) -> bool:
    """Tell whether the last period is shown: playing ends there."""
    period = period_of(address, whole)
    return whole is None or period is None or period == series(period, whole)[-1]


def may_weigh(session: Session, scope: Scope) -> bool:
    """Tell whether the city's weights may be set: by planners and administrators of the whole city."""
    top = areas.top(session, Scope())
    return auth.may_plan() and top is not None and top.code in scope


def weights_kept(services: Services, scope: Scope, address: Address) -> Address:
    """Make the weights of an address those of the city, and return the address with the city's."""
    with services.store.reading() as session:
        if not may_weigh(session, scope):
            abort(403)
    if address.weights is not None:
        set_weights(services.store, address.weights)
    return address.but(weights=None)


def weights_note(address: Address, city: Weights) -> str:
    """Say whose weights these are."""
    text = "∶".join(f"{one:g}" for one in city)
    if address.weights is None:
        return _("本市权重 {weights}。权重由各地自定，没有统一标准。", weights=text)
    return _("自定权重，只用于本页；本市权重为 {weights}。", weights=text)


def controls(
    address: Address, values: dict[str, Any], caused: set[str], whole: Window | None, city: Weights = EQUAL
) -> Address:
    """Return the address that the controls ask for."""
    period = period_of(address, whole)
    if whole and period and page.STEP in caused and values[page.STEP] not in {None, "", step_of(period)}:
        period = next(one for one in periods(whole) if one.months == int(values[page.STEP]))
    elif whole and period and caused & {page.FIRST, page.LAST}:
        months = chosen_months(values[page.FIRST], values[page.LAST], page.FIRST in caused)
        period = period_shown(Period.of(months) or period, whole)
    elif whole and period and page.SLIDER in caused:
        spans = series(period, whole)
        period = spans[min(int(values[page.SLIDER]), len(spans) - 1)]
    if whole and period == usual(whole):
        period = None
    against = Period.of(values[page.AGAINST]) if page.AGAINST in caused else address.against
    weights = address.weights
    if caused & set(page.WEIGHTS):
        wish = read_weights(",".join(str(values[one]) for one in page.WEIGHTS))
        weights = None if wish == city else wish or weights
    asked = address.but(
        weights=weights,
        against=against,
        side=values[page.SIDE],
        resolution=int(values[page.RESOLUTION]),
        mode=values[page.MODE],
        metric=values[page.METRIC],
        level=values[page.LEVEL],
        smoothing=values[page.SMOOTHING],
        boundaries=values[page.BOUNDARIES],
        scheme=values[page.SCHEME],
        edges=edges_of(values[page.EDGES]) if values[page.SCHEME] == "fixed" else (),
        period=period,
    )
    read = Address.of(asked.search())
    if against_of(read, whole) == against_of(read.but(against=None), whole):
        read = read.but(against=None)
    kept = (read.level, read.resolution) == (address.level, address.resolution)
    return read if kept else read.but(chosen=None)


def code_on_map(services: Services, scope: Scope, address: Address, clicked: dict[str, Any]) -> str | None:
    """Return the code of the unit that was clicked on; None on open ground."""
    if clicked.get("layer") != address.level.value or clicked.get("id") is None:
        return None
    if address.level is Level.CELL:
        return cell_layer.code_of(services, scope.narrowed(address.area), address, int(clicked["id"]))
    with services.store.reading() as session:
        if address.level.area_level is not None:
            area = areas.by_id(session, scope, int(clicked["id"]))
            return area.code if area else None
        found = details.get(session, scope, address.level.value, int(clicked["id"]))
    return str(found.record.code) if found is not None else None  # type: ignore[attr-defined]
