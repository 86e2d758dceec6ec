"""What 微网格工作台 hands out as files and takes back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, State, ctx, dcc, no_update
from dash.exceptions import PreventUpdate
from flask import abort

from dashboard import auth
from dashboard.callbacks.alignment_jobs import said
from dashboard.components import studio_files as parts
from dashboard.i18n import _, language
from dashboard.pages import studio as page
from dashboard.report_files import FONTS
from dashboard.services import Services
from dashboard.uploads import may_import
from data import drawing_files, drawing_print, drawings
from data.errors import DataError


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""

    @app.callback(
        Output(parts.DOWNLOAD, "data"),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(parts.SHAPEFILE, "n_clicks"),
        Input(parts.PRINT, "n_clicks"),
        State(parts.ENCODING, "value"),
        State(parts.PAPER, "value"),
        State(page.SEEN, "data"),
        running=[(Output(parts.PRINT, "loading"), True, False)],
        prevent_initial_call=True,
    )
    def hand_out(shapefile: int | None, prints: int | None, encoding: Any, paper: Any, seen: Any) -> Any:
        if not (shapefile or prints):
            raise PreventUpdate
        if not may_import():
            abort(403)
        if not seen:
            return no_update, said(_("请先打开一份草稿。"), good=False)
        try:
            if ctx.triggered_id == parts.PRINT:
                return printed(services, seen["plan"], paper), None
            return shapefiles(services, seen["plan"], encoding), None
        except DataError as error:
            return no_update, said(str(error), good=False)


def shapefiles(services: Services, plan_id: int, encoding: drawing_files.Encoding) -> Any:
    """Return a draft as Shapefiles in a zip to be downloaded."""
    if encoding not in parts.ENCODINGS:
        abort(400)
    sheet = drawings.load(services.store, auth.scope(), plan_id)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{sheet.area_name}{_('微网格')}{plan_id}_{encoding}.zip"
        drawing_files.write_shapefiles(services.store, auth.scope(), sheet, path, encoding)
        return dcc.send_bytes(path.read_bytes(), path.name)


def printed(services: Services, plan_id: int, paper: drawing_print.Paper) -> Any:
    """Return the print sheets of a draft as a PDF to be downloaded."""
    if paper not in drawing_print.PAPERS:
        abort(400)
    sheet = drawings.load(services.store, auth.scope(), plan_id)
    spoken: Any = language()
    made = drawing_print.print_sheets(
        services.store, auth.scope(), sheet, FONTS, services.settings.home / "fonts", paper, spoken
    )
    return dcc.send_bytes(made, f"{sheet.area_name}{_('微网格')}{plan_id}_{paper.upper()}.pdf")
