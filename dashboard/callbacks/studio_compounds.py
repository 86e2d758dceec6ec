"""微网格工作台, boundaries of compounds tried in a draft: the choice, what they come to, the outlines."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.components import studio_compounds as parts
from dashboard.components.alignment_map import overlay
from dashboard.pages import studio as page
from dashboard.services import Services
from data import drawing_compounds, drawings
from data.drawings import Sheet


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""

    @app.callback(
        Output(page.ESTATE, "data"),
        Output(parts.SECTION, "style"),
        Output(parts.TABLE, "children"),
        Input(page.SEEN, "data"),
    )
    def shown(seen: Any) -> tuple[Any, Any, Any]:
        if not auth.may_plan():
            raise PreventUpdate
        if not seen:
            return [], parts.HIDDEN, []
        sheet = drawings.load(services.store, auth.scope(), seen["plan"])
        with services.store.reading() as session:
            names = drawing_compounds.names(session, sheet)
        found = drawing_compounds.tried(sheet)
        return parts.options(names), {} if found else parts.HIDDEN, parts.table(found, names)


def outlines(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the boundaries of compounds that the draft tries, for the map."""
    shapes = np.array([one.outline.boundary for one in drawing_compounds.tried(sheet)], dtype=object)
    return overlay("draft", sheet.degrees(shapes)) if len(shapes) else []
