"""What 叠加分析 does: choices change the URL; map, legend, ranking and scatter follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from dash import Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate
from flask import abort
from sqlalchemy.orm import Session

from dashboard import auth, cell_layer
from dashboard.callbacks.months import chosen_months, month_choices
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
from dashboard.components import overlays as parts
from dashboard.components import rates
from dashboard.components.links import PRESSED
from dashboard.components.shell import theme
from dashboard.figures.coverage import empty
from dashboard.figures.overlays import scatter
from dashboard.i18n import _, number
from dashboard.map_sources import sources
from dashboard.overlay_address import Address, edges_of
from dashboard.pages import overlays as page
from dashboard.services import Services
from dashboard.theme import Theme
from dashboard.uploads import may_import
from data.periods import Period, Window, comparable, periods, series, usual
from data.periods import shown as period_shown
from data.queries import areas, comparisons, details, records
from data.queries.records import Metric, View
from data.queries.three_rates import EQUAL, Weights, set_weights, weights_of
from data.queries.three_rates import read as read_weights
from data.scope import Scope
from data.store import Store
from data.units import Level, units
from geo import hexagons
from geo.classes import MISSING, Scheme, class_breaks
from models.enums import AreaLevel

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


@dataclass(frozen=True)
class Shown:
    """The map, its legend, the table and the chart of an address."""

    painted: dict[str, Any] | None
    legend: Any
    columns: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    note: str
    figure: Any = None


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    store = services.store
    follow_links(app)

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
        *(Output(one, "value") for one in sorted(CONTROLS)),
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
            *(values[one] for one in sorted(CONTROLS)),
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


def period_of(address: Address, whole: Window | None) -> Period | None:
    """Return the period that is shown; one that holds no record gives way to the usual one."""
    return period_shown(address.period, whole) if whole else None


def others(address: Address, whole: Window | None) -> list[Period]:
    """Return the periods that the shown one may be compared with.

    A share is compared with any of them; a density or a number only with one of the same length.
    """
    period = period_of(address, whole)
    if whole is None or period is None:
        return []
    return comparable(period, whole, same_length=not address.metric.is_share)


def against_of(address: Address, whole: Window | None) -> Period | None:
    """Return what the shown period is compared with: the chosen one, else the one before it."""
    period, some = period_of(address, whole), others(address, whole)
    if address.against in some:
        return address.against
    return period.before if period and period.before in some else None


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
    return may_import() and top is not None and top.code in scope


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


def look(services: Services, scope: Scope, address: Address, colours: Theme) -> Shown:
    """Return what an address shows."""
    with services.store.reading() as session:
        whole = records.span(session, scope)
    period = period_of(address, whole)
    if whole is None or period is None:
        return Shown(None, None, [], [], _("没有诉求、认领和评价记录，先导入。"))
    inner = scope.narrowed(address.area)
    if address.weights is None:
        with services.store.reading() as session:
            address = address.but(weights=weights_of(session))
    if address.mode == "pair":
        return _pair(services, inner, address, period, colours)
    if address.mode == "change":
        return _change(services, inner, address, (against_of(address, whole), period), colours)
    found = records.measure(services.store, inner, address.metric, address.level, period.window, address.view)
    revisions = tuple(sorted(services.store.table_revisions().items()))
    spans = tuple(series(period, whole))
    breaks = shared_breaks(
        services.store,
        revisions,
        inner,
        address.metric,
        address.level,
        spans,
        address.view,
        address.scheme,
        address.edges,
    )
    numbered, archives = on_map(services, inner, address, found.frame)
    coloured = parts.one(replace(found, frame=numbered), breaks, archives, colours)
    order = records.ranking(found)
    text = rates.metric_words(address.metric, address.view.weights)
    if address.metric is Metric.THREE_RATES:
        columns, rows = parts.weighed(
            order, f"{text.numerator} ÷ {text.denominator}\n{rates.period_label(period)}"
        )
    else:
        columns, rows = parts.ranked(order, text.unit)
    basis = _("按 95% 区间下限排名") if address.metric.is_share else _("按数值排名")
    left = len(found.frame) - len(order)
    note = basis + (_("；{n} 个不排名", n=number(left)) if left else "")
    return Shown(coloured.values, coloured.legend, columns, rows, note)


def on_map(
    services: Services, scope: Scope, address: Address, frame: pd.DataFrame
) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """Return the units with their ids on the map, and which source draws each."""
    if address.level is not Level.CELL:
        return frame, parts.counties_of(address.level, frame["code"])
    tag = cell_layer.tag(services, address)
    return cell_layer.numbered(services, scope, address, frame), frame["code"].map(lambda _code: tag)


@lru_cache(maxsize=64)
def shared_breaks(
    store: Store,
    _revisions: tuple[tuple[str, int], ...],
    scope: Scope,
    metric: Metric,
    level: Level,
    spans: tuple[Period, ...],
    view: View,
    scheme: Scheme,
    edges: tuple[float, ...],
) -> npt.NDArray[np.float64]:
    """Return the class edges of all periods together, so that colours compare over time."""
    if scheme == "fixed" and edges:
        return class_breaks(scheme="fixed", edges=edges)
    values = [records.measure(store, scope, metric, level, one.window, view).frame["value"] for one in spans]
    known = np.concatenate([np.asarray(one, dtype=float) for one in values])
    return class_breaks(known[known > 0], scheme="quantiles" if scheme == "fixed" else scheme)


def _change(
    services: Services,
    scope: Scope,
    address: Address,
    spans: tuple[Period | None, Period],
    colours: Theme,
) -> Shown:
    """Return two periods beside each other: the change, or one of them in the classes of both."""
    first, second = spans
    if first is None:
        return Shown(None, None, [], [], _("没有记录完整、可以对比的另一期，不作比较。"))
    scheme = "quantiles" if address.scheme == "fixed" and not address.edges else address.scheme
    found = comparisons.compare(
        services.store,
        scope,
        address.metric,
        address.level,
        (first.window, second.window),
        address.view,
        scheme=scheme,
        edges=address.edges,
    )
    names = (rates.period_label(first), rates.period_label(second))
    columns, rows = parts.changed(found.frame, names)
    note = _("{n} 个可以说有变化", n=number(int(found.frame["clear"].sum())))
    if address.side == "change":
        frame, archives = on_map(services, scope, address, found.frame)
        coloured = parts.change(frame, address.level, archives, colours, names)
    else:
        one = found.first if address.side == "was" else found.second
        frame, archives = on_map(services, scope, address, one.frame)
        title = names[0] if address.side == "was" else names[1]
        coloured = parts.one(replace(one, frame=frame), found.breaks, archives, colours, title)
    return Shown(coloured.values, coloured.legend, columns, rows, note)


def _pair(services: Services, scope: Scope, address: Address, period: Period, colours: Theme) -> Shown:
    frame, across, up = comparisons.bivariate(
        services.store, scope, address.level, period.window, address.view
    )
    frame, archives = on_map(services, scope, address, frame)
    coloured = parts.pair(frame, address.level, archives, colours)
    columns, rows = parts.paired(frame)
    known: pd.DataFrame = frame[frame["class"] != MISSING]
    titles = (_("认领密度（件／千户）"), _("群众满意率 %"))
    edges = (across.tolist(), up.tolist())
    figure = scatter(known, parts.PAIRS[colours.name], edges, titles, address.chosen, colours)
    return Shown(
        coloured.values, coloured.legend, columns, rows, _("满意率低的在前；点图中的点即在地图上标出"), figure
    )


def place(services: Services, scope: Scope, address: Address, *, moves: bool) -> tuple[Any, Any]:
    """Return the outline of the area and of the chosen unit, and where the map looks."""
    with services.store.reading() as session:
        top = areas.by_code(session, scope, address.area) if address.area else areas.top(session, scope)
        outline = areas.geometry(session, scope, address.area) if address.area else None
        bounds = areas.bounds(session, scope, top.code) if top else None
        chosen = None
        if address.chosen and address.level.area_level in set(AreaLevel):
            chosen = areas.geometry(session, scope, address.chosen)
        elif address.chosen:
            chosen = _feature(services, scope, address)
    lines = [
        drawn(role, shapely.boundary(shape))
        for role, shape in (("related", outline), ("selected", chosen))
        if shape is not None
    ]
    if not moves or bounds is None:
        return lines, no_update
    near = chosen is not None and address.level.area_level is None
    seen = chosen.bounds if near and chosen is not None else bounds
    key = f"{address.area or 'all'} {address.chosen if near else ''}"
    return lines, {"key": key, "bounds": list(seen), "padding": 160 if near else 24, "max_zoom": 16}


def _feature(services: Services, scope: Scope, address: Address) -> Any:
    """Return the geometry of the compound, grid, micro-grid or cell with the chosen code."""
    if address.level is Level.CELL:
        return hexagons.outline(address.chosen)
    frame = units(services.store, scope, address.level)
    hits = frame.loc[frame["code"] == address.chosen, "id"]
    if hits.empty:
        return None
    with services.store.reading() as session:
        found = details.get(session, scope, address.level.value, int(hits.iloc[0]))
    return found.geometry if found is not None else None
