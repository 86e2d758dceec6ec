"""What the pages of figures by area share: what was pressed, where it leads, what outlines it."""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeVar

import shapely
from dash import ALL, ClientsideFunction, Dash, Input, Output, ctx, html
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from dashboard.components import links
from dashboard.services import Services
from data.queries import areas
from data.scope import Scope

GROUND = ["water", "green", "road"]
LINES = ["community", "subdistrict", "county", "city", "label"]
"""Layers of the map that every page shows, below and above its own."""


class Address(Protocol):
    """Where a page is, as its URL says."""

    @property
    def area(self) -> str | None:
        """The 12-digit code of what is looked at."""

    def but(self, **changes: Any) -> Self:
        """Return this address with some things changed."""

    def search(self) -> str:
        """Return the query string."""


Some = TypeVar("Some", bound=Address)


def follow_links(app: Dash) -> None:
    """Write each press into ``links.PRESSED`` at once (assets/links.js).

    A press can come while answers are under way that take the link from the page. A callback that has the
    links themselves as its inputs then waits for those answers, and finds other links that nobody pressed.
    """
    app.clientside_callback(
        ClientsideFunction("pingqiLinks", "pressed"),
        Output(links.PRESSED, "data"),
        Input({"type": "goto", "key": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )


def triggers() -> set[str]:
    """Return the ids of the components that made the callback run."""
    return {str(one["prop_id"].rpartition(".")[0]) for one in ctx.triggered}


def gone_to(new: Address, old: Address, by: str) -> tuple[str, dict[str, str]]:
    """Return the query string of a new address and what led to it; where it is the old one, do nothing."""
    if new == old:
        raise PreventUpdate
    return new.search(), {"by": by, "search": new.search()}


def moves_map(address: Address, fit: dict[str, Any]) -> bool:
    """Tell whether the map goes to the address: not where the map or a control itself led there."""
    by = fit["by"] if fit["search"] == address.search() else "load"
    return by in {"choice", "load"}


def entered(services: Services, scope: Scope, address: Some, code: str, **cleared: Any) -> Some:
    """Return the address after going to an area; where the scope does not hold it, it stays."""
    with services.store.reading() as session:
        area, top = areas.by_code(session, scope, code), areas.top(session, scope)
    if area is None:
        return address
    return address.but(area=None if top and top.code == code else code, **cleared)


def drawn(role: str, *shapes: Any) -> dict[str, Any]:
    """Return geometries that the map draws above its tiles."""
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(shape)} for shape in shapes
    ]
    return {"role": role, "geojson": {"type": "FeatureCollection", "features": features}}


def crumbs(session: Session, scope: Scope, code: str | None) -> list[Any]:
    """Return the path from the top of the scope to the area, each step a button."""
    top = areas.top(session, scope)
    if top is None:
        return []
    path = areas.path(session, scope, code or top.code) or areas.path(session, scope, top.code)
    buttons: list[Any] = []
    for area in path:
        if buttons:
            buttons.append(html.Span("›", className="crumb-gap"))
        buttons.append(links.link(f"area:{area.code}", area.name, "crumb"))
    return buttons
