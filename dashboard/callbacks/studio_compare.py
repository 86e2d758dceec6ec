"""微网格工作台, two plans of a community side by side: two maps in step, the figures of both."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import ClientsideFunction, Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.components import studio as parts
from dashboard.components import studio_compare
from dashboard.components.alignment_map import overlay
from dashboard.components.shell import theme
from dashboard.i18n import _
from dashboard.map_sources import sources
from dashboard.pages import studio as page
from dashboard.services import Services
from dashboard.studio_address import NOW, Address
from dashboard.studio_layers import sources as with_draft
from data import drawings
from data.drawings import Sheet
from data.errors import DataError
from data.scope import Scope
from geo.differences import difference


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""

    @app.callback(
        Output(page.COMPARE, "data"),
        Output(page.COMPARE, "disabled"),
        Input(page.SEEN, "data"),
        State(page.URL, "search"),
    )
    def choices(_seen: Any, search: str) -> tuple[list[dict[str, str]], bool]:
        if not auth.may_plan():
            raise PreventUpdate
        found = others(services, auth.scope(), Address.of(search))
        return found, len(found) == 1

    # In the browser: an answer under way would take back what was chosen meanwhile.
    app.clientside_callback(
        ClientsideFunction("pingqiStudio", "compared"),
        Output(page.COMPARE, "value"),
        Input(page.URL, "search"),
    )

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Input(page.COMPARE, "value"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def choose(other: str | None, search: str) -> str:
        address = Address.of(search)
        if (other or None) == address.other:
            raise PreventUpdate
        return address.but(other=other or None).search()

    @app.callback(
        Output(page.OTHER, "children"),
        Output(page.OTHER, "data-plan"),
        Input(page.URL, "search"),
        State(page.OTHER, "data-plan"),
    )
    def beside(search: str, shown: str | None) -> tuple[list[Any], str]:
        if not auth.may_plan():
            raise PreventUpdate
        address = Address.of(search)
        key = f"{address.plan}/{address.other}" if address.other else ""
        if key == (shown or ""):
            raise PreventUpdate
        pair = both(services, auth.scope(), address)
        if pair is None:
            return [], ""
        return second_map(services, pair[1], in_force=address.other == NOW), key

    @app.callback(Output(page.COMPARED, "children"), Input(page.SEEN, "data"), State(page.URL, "search"))
    def compared(_seen: Any, search: str) -> Any:
        address = Address.of(search)
        pair = both(services, auth.scope(), address) if auth.may_plan() else None
        if pair is None:
            return []
        sheet, other = pair
        found = difference(sheet.draft, other.draft)
        return studio_compare.table(sheet, other, found, in_force=address.other == NOW)

    @app.callback(Output(page.OTHER_MAP, "overlays"), Input(page.SEEN, "data"), State(page.URL, "search"))
    def marked(_seen: Any, search: str) -> list[dict[str, Any]]:
        pair = both(services, auth.scope(), Address.of(search)) if auth.may_plan() else None
        if pair is None:
            return []
        return differing(pair[1], difference(pair[0].draft, pair[1].draft).second)


def others(services: Services, scope: Scope, address: Address) -> list[dict[str, str]]:
    """Return with what a draft can be compared: nothing, what is in force, the community's other plans."""
    found = [{"value": "", "label": _("不对比")}]
    if address.plan is None:
        return found
    try:
        sheet = drawings.load(services.store, scope, address.plan)
    except DataError:
        return found
    if sheet.began.grids:
        found.append({"value": NOW, "label": _("与现行微网格对比")})
    with services.store.reading() as session:
        plans = drawings.listing(session, scope, sheet.area_code)
    return found + [
        {
            "value": str(one.plan_id),
            "label": _("与 {name} 对比", name=f"{one.plan_id} · {one.title} · {_(one.status.label)}"),
        }
        for one in plans
        if one.plan_id != address.plan
    ]


def both(services: Services, scope: Scope, address: Address) -> tuple[Sheet, Sheet] | None:
    """Return the draft and what it is compared with; None where nothing is, or it is of another community."""
    if address.plan is None or address.other is None:
        return None
    try:
        sheet = drawings.load(services.store, scope, address.plan)
        if address.other == NOW:
            return (sheet, sheet.in_force()) if sheet.began.grids else None
        other = drawings.load(services.store, scope, int(address.other))
    except DataError:
        return None
    return (sheet, other) if other.area_code == sheet.area_code else None


def second_map(services: Services, sheet: Sheet, *, in_force: bool) -> list[Any]:
    """Return the map of the second plan, which looks where the first does."""
    base = sources(services, auth.scope())
    return [
        page.plan_map(
            page.OTHER_MAP,
            theme(),
            sources=with_draft(services, sheet, base, in_force=in_force),
            values=parts.values(sheet),
            visible=page.WITH_STATIONS,
        ),
        studio_compare.title(sheet, in_force=in_force),
    ]


def differing(sheet: Sheet, cells: Any) -> list[dict[str, Any]]:
    """Return the cells that lie in another micro-grid in the other plan, for a map."""
    if not len(cells):
        return []
    shape = np.array([sheet.draft.fabric.outline(cells)], dtype=object)
    return overlay("service", sheet.degrees(shape))
