"""What 微网格工作台 shows: the community and its drafts, list, map, figures, what is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from dashboard import auth
from dashboard.callbacks import (
    studio_compare,
    studio_compounds,
    studio_edits,
    studio_files,
    studio_jobs,
    studio_stations,
)
from dashboard.components import choices
from dashboard.components import studio as parts
from dashboard.components.alignment_map import bounds_of, overlay
from dashboard.components.shell import theme
from dashboard.figures.studio import histogram
from dashboard.i18n import _, number
from dashboard.map import below_bar
from dashboard.map_sources import sources
from dashboard.pages import studio as page
from dashboard.services import Services
from dashboard.studio_address import Address
from dashboard.studio_layers import knots
from dashboard.studio_layers import sources as with_draft
from data import drawings
from data.drawing_stations import cell_at
from data.drawings import Sheet
from data.errors import DataError
from data.queries import areas, drawing_lists
from data.scope import Scope
from geo.differences import difference
from models.enums import PlanStatus


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    studio_jobs.register(app, services)
    studio_edits.register(app, services)
    studio_compare.register(app, services)
    studio_files.register(app, services)
    studio_stations.register(app, services)
    studio_compounds.register(app, services)
    choices.follow_address(app, page.URL, (page.AREA, page.PLAN, page.LEAST, page.MOST), page.REFRESH)
    _register_address(app, services)
    _register_choice(app, services)

    @app.callback(
        Output(choices.WANTED, "data"),
        Output(page.AREA, "data"),
        Output(page.PLAN, "data"),
        Output(page.STATE, "children"),
        Output(page.SEEN, "data"),
        Output(page.TABLE, "rowData"),
        Output(page.MAP, "sources"),
        Output(page.MAP, "knots"),
        Output(page.MAP, "values"),
        Output(page.MAP, "visible"),
        Output(page.FIGURES, "children"),
        Output(page.FIGURE, "figure"),
        Output(page.UNDO, "disabled"),
        Output(page.REDO, "disabled"),
        Output(page.OF_DRAFT, "disabled"),
        Output(page.PUBLISH, "disabled"),
        Output(page.DROP, "disabled"),
        Input(page.URL, "search"),
        Input(page.REFRESH, "data"),
        State(page.LEAST, "value"),
        State(page.MOST, "value"),
    )
    def shown(search: str, _refresh: int, least: Any, most: Any) -> tuple[Any, ...]:
        if not auth.may_plan():
            raise PreventUpdate
        return whole(services, auth.scope(), Address.of(search), (least, most))

    app.clientside_callback(
        ClientsideFunction("pingqiStudio", "draw"), Output(page.MAP, "draw"), Input(page.TOOL, "value")
    )
    app.clientside_callback(
        ClientsideFunction("pingqiStudio", "help"),
        Output(page.SHEET, "opened"),
        Input(page.HELP, "n_clicks"),
        State(page.SHEET, "opened"),
        prevent_initial_call=True,
    )


def whole(services: Services, scope: Scope, address: Address, band: tuple[Any, Any]) -> tuple[Any, ...]:
    """Return all that the page shows of a draft."""
    with services.store.reading() as session:
        communities = drawing_lists.communities(session, scope)
        found = drawings.listing(session, scope, address.area) if address.area else []
        workers = drawing_lists.workers(session, scope, address.area) if address.area else 0
    named = [{"value": one.code, "label": _label(one)} for one in communities]
    plans = [
        {
            "value": str(one.plan_id),
            "label": f"{one.plan_id} · {one.title} · {_(one.status.label)}",
        }
        for one in found
    ]
    base = sources(services, scope)
    sheet = current(services, scope, address)
    if sheet is None:
        hint = _("打开现行微网格来修改，或让系统划分本社区。") if address.area else _("先选一个社区。")
        nothing = {"data": [], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}
        return (
            [address.area, None, *band],
            named,
            plans,
            hint,
            None,
            [],
            base,
            None,
            None,
            [*page.VISIBLE, "micro_grid"],
            None,
            nothing,
            *[True] * 5,
        )
    draft = sheet.draft
    return (
        [sheet.area_code, str(sheet.plan_id), draft.band.least, draft.band.most],
        named,
        plans,
        state_text(sheet),
        {"plan": sheet.plan_id, "version": sheet.version},
        parts.rows(sheet),
        with_draft(services, sheet, base),
        knots(services, sheet),
        parts.values(sheet),
        page.WITH_STATIONS,
        parts.totals(sheet, workers),
        figure(sheet),
        not draft.done,
        not draft.undone,
        False,
        *[sheet.status is not PlanStatus.DRAFT] * 2,
    )


def _label(one: drawing_lists.CommunityRef) -> str:
    text = f"{one.name}（{one.subdistrict}）" if one.subdistrict else one.name
    return text + (_(" · 有草稿") if one.drafts else "")


def current(services: Services, scope: Scope, address: Address) -> Sheet | None:
    """Return the draft in the address; None where there is none, or it is not in the scope."""
    if address.plan is None:
        return None
    try:
        return drawings.load(services.store, scope, address.plan)
    except DataError:
        return None


def state_text(sheet: Sheet) -> str:
    """Say who made a draft and how far it is."""
    when = sheet.created_at.astimezone().strftime("%m-%d %H:%M")
    return _(
        "{who} {when} 起草，{state}，已改 {n} 步",
        who=sheet.made_by or "—",
        when=when,
        state=_(sheet.status.label),
        n=number(len(sheet.draft.done)),
    )


def figure(sheet: Sheet) -> Any:
    """Return the distribution of households."""
    draft = sheet.draft
    colours = tuple(parts.STATES[n][0] for n in (parts.BELOW, parts.WITHIN, parts.ABOVE))
    lived = [one.households for one in draft.figures.values() if one.households > 0]
    before = [had for _left, had in sheet.moved().values() if had > 0]
    texts = (_("每个微网格的户数"), _("草稿"), _("现行"))
    return histogram(lived, before, tuple(draft.band), colours, texts, theme())  # type: ignore[arg-type]


# --- where the planner goes ---


def _register_address(app: Dash, services: Services) -> None:
    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Input(page.AREA, "value"),
        Input(page.PLAN, "value"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def go(area: str | None, plan: str | None, search: str) -> str:
        address = Address.of(search)
        if ctx.triggered_id == page.AREA and area and area != address.area:
            return address.but(area=area, plan=first_draft(services, auth.scope(), area), other=None).search()
        if ctx.triggered_id == page.PLAN and plan and int(plan) != address.plan:
            other = None if address.other == plan else address.other
            return address.but(plan=int(plan), other=other).search()
        raise PreventUpdate

    @app.callback(
        Output(page.MAP, "view"),
        Input(page.URL, "search"),
        Input(page.CHOSEN, "data"),
        State(page.MAP, "view"),
    )
    def look(search: str, chosen: Any, view: Any) -> Any:
        if not auth.may_plan():
            raise PreventUpdate
        if ctx.triggered_id == page.CHOSEN:
            return (chosen or {}).get("view") or no_update
        area = Address.of(search).area
        seen = (view or {}).get("key", "")
        if seen and str(seen).startswith(f"area:{area}:"):
            return no_update
        with services.store.reading() as session:
            bounds = _bounds(session, auth.scope(), area)
        return (
            {"key": f"area:{area}:", "bounds": list(bounds), "padding": below_bar(24)}
            if bounds
            else no_update
        )


def first_draft(services: Services, scope: Scope, area: str) -> int | None:
    """Return the newest draft of a community, else None."""
    with services.store.reading() as session:
        found = drawings.listing(session, scope, area)
    return next((one.plan_id for one in found if one.status is PlanStatus.DRAFT), None)


def _bounds(session: Session, scope: Scope, area: str | None) -> Any:
    if area:
        return areas.bounds(session, scope, area)
    top = areas.top(session, scope)
    return areas.bounds(session, scope, top.code) if top else None


# --- what is chosen ---


def _register_choice(app: Dash, services: Services) -> None:
    @app.callback(
        Output(page.CHOSEN, "data"),
        Input(page.MAP, "clicked"),
        Input(page.MAP, "drawn"),
        Input(page.TABLE, "cellClicked"),
        Input(page.BROKEN, "cellClicked"),
        Input(page.NEXT, "n_clicks"),
        Input(page.CLEAR, "n_clicks"),
        Input(page.URL, "search"),
        State(page.TOOL, "value"),
        State(page.BROKEN, "rowData"),
        State(page.CHOSEN, "data"),
        prevent_initial_call=True,
    )
    def choose(*inputs: Any) -> Any:
        search, tool, broken, before = inputs[-4:]
        if not auth.may_plan():
            raise PreventUpdate
        sheet = current(services, auth.scope(), Address.of(search))
        if sheet is None:
            return {"cells": [], "one": None, "view": None}
        value = ctx.triggered[0]["value"]
        return chosen(sheet, ctx.triggered_id, value, tool, broken or [], before)

    @app.callback(
        Output(page.MAP, "overlays"),
        Output(page.ONE, "children"),
        Output(page.TARGET, "data"),
        Output(page.TARGET, "value"),
        Output(page.NAME, "value"),
        Output(page.CODE, "value"),
        Input(page.CHOSEN, "data"),
        Input(page.SEEN, "data"),
        State(page.TARGET, "value"),
        State(page.URL, "search"),
    )
    def on_chosen(chosen: Any, seen: Any, target: str | None, search: str) -> tuple[Any, ...]:
        if not auth.may_plan():
            raise PreventUpdate
        address = Address(plan=(seen or {}).get("plan"))
        sheet = current(services, auth.scope(), address)
        if sheet is None:
            return [], None, [], None, "", ""
        hand, *rest = in_hand(sheet, chosen["cells"], chosen["one"], target)
        hand += studio_stations.moves_shown(sheet) + studio_compounds.outlines(sheet)
        pair = studio_compare.both(services, auth.scope(), Address.of(search))
        if pair is not None:
            hand = studio_compare.differing(sheet, difference(sheet.draft, pair[1].draft).first) + hand
        return hand, *rest


def chosen(
    sheet: Sheet, asked: str, value: Any, tool: str, broken: list[dict[str, Any]], before: dict[str, Any]
) -> dict[str, Any]:
    """Return what is chosen after a click, a drawn shape, a row, or the next problem."""
    draft = sheet.draft
    cells, one = list(before["cells"]), before["one"]
    if asked == page.MAP and isinstance(value, dict) and "layer" in value:
        if tool == page.STATIONS:
            raise PreventUpdate
        cell = clicked_cell(sheet, value)
        if cell is None:
            return {"cells": [], "one": one, "view": None}
        cells = [other for other in cells if other != cell] if cell in cells else [*cells, cell]
        return {"cells": cells, "one": draft.owner[cell] or one, "view": None}
    if asked == page.MAP and isinstance(value, dict) and tool in {"box", "polygon"}:
        ring = sheet.metres(shapely.polygons(value["coordinates"]))
        inside = np.flatnonzero(shapely.intersects_xy(ring, *draft.fabric.place.T)).tolist()
        return {"cells": sorted({*cells, *inside}), "one": one, "view": None}
    if asked == page.TABLE and value and value.get("rowId"):
        return zoomed(sheet, value["rowId"], [])
    if asked == page.BROKEN and value and value.get("rowId"):
        row = next((one for one in broken if one["id"] == value["rowId"]), None)
        if row is None:
            raise PreventUpdate
        view = {"key": f"area:{sheet.area_code}:rule:{row['id']}", "padding": 120, "max_zoom": 18.5}
        bounds = row["bounds"] and bounds_of([shapely.box(*row["bounds"])])
        return {
            "cells": cells,
            "one": row["one"] or one,
            "view": view | {"bounds": bounds} if bounds else None,
        }
    if asked == page.NEXT:
        bad = problems(sheet)
        if not bad:
            raise PreventUpdate
        after = [
            name for name in bad if one in draft.grids and draft.grids[name].code > draft.grids[one].code
        ]
        return zoomed(sheet, (after or bad)[0], [])
    if asked in {page.CLEAR, page.URL}:
        return {"cells": [], "one": None, "view": None}
    raise PreventUpdate


def clicked_cell(sheet: Sheet, clicked: dict[str, Any]) -> int | None:
    """Return the cell that a click means, also where a station stands on it; None beside all."""
    if clicked["layer"] == "point":
        return cell_at(sheet, (clicked["lng"], clicked["lat"]))
    return int(clicked["id"]) - 1 if clicked["layer"] == "cell" else None


def problems(sheet: Sheet) -> list[str]:
    """Return the ids of micro-grids that a planner should look at, by code."""
    draft, grids = sheet.draft, parts.grids_of(sheet)
    bad = [
        one
        for one, figures in draft.figures.items()
        if figures.parts > 1 or (figures.households > 0 and parts.warning(sheet, one, grids))
    ]
    return sorted(bad, key=lambda one: draft.grids[one].code)


def zoomed(sheet: Sheet, one: str, cells: list[int]) -> dict[str, Any]:
    """Return a micro-grid as the one in hand, and the view that shows it."""
    if one not in sheet.draft.grids:
        raise PreventUpdate
    shape = sheet.degrees(np.array([sheet.draft.polygon(one)], dtype=object))
    view = {
        "key": f"area:{sheet.area_code}:{one}:{sheet.version}",
        "bounds": bounds_of(shape),
        "padding": 140,
        "max_zoom": 17.6,
    }
    return {"cells": cells, "one": one, "view": view}


def in_hand(sheet: Sheet, cells: list[int], one: str | None, target: str | None) -> tuple[Any, ...]:
    """Return overlays, figures, targets and texts of what is chosen."""
    draft = sheet.draft
    cells = [cell for cell in cells if cell < len(draft.owner)]
    one = one if one in draft.grids else None
    overlays = []
    if one is not None:
        shape = np.array([draft.polygon(one)], dtype=object)
        overlays += overlay("related", sheet.degrees(shape))
    if cells:
        shape = np.array([draft.fabric.outline(np.array(cells))], dtype=object)
        overlays += overlay("draft", sheet.degrees(shape))
    targets = neighbours(sheet, cells)
    options = [
        {
            "value": name,
            "label": _(
                "{code} · {n} 户", code=parts.short(draft.grids[name].code, sheet.area_code), n=number(load)
            ),
        }
        for name, load in targets
    ]
    near = [name for name, _load in targets]
    best = target if target in near else (near[0] if cells and near else None)
    grid = draft.grids[one] if one else None
    return (
        overlays,
        parts.chosen(sheet, cells, one),
        options,
        best,
        grid.name if grid else "",
        grid.code if grid else "",
    )


def neighbours(sheet: Sheet, cells: list[int]) -> list[tuple[str, float]]:
    """Return the micro-grids that cells may join, with their households; what they touch most comes first."""
    draft, fabric = sheet.draft, sheet.draft.fabric
    inside = set(cells)
    owners = {draft.owner[cell] for cell in cells}
    shared: dict[str, float] = {}
    for cell in cells:
        for other, metres in fabric.near[cell].items():
            name = draft.owner[other]
            if other not in inside and name is not None and (name not in owners or len(owners) > 1):
                shared[name] = shared.get(name, 0.0) + metres
    grid = {sheet.cells.grid[cell] for cell in cells}

    def last(name: str) -> tuple[bool, bool, float]:
        lived = draft.figures[name].households > 0
        return sheet.cells.grid[draft.cells(name)[0]] not in grid, not lived, -shared[name]

    first = sorted(shared, key=last)
    rest = sorted(set(draft.grids) - set(first), key=lambda name: draft.grids[name].code)
    return [(name, draft.figures[name].households) for name in (*first, *rest)]
