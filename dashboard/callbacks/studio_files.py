"""What 微网格工作台 hands out as files, takes back from QGIS, and publishes of all communities."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import shapely
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate
from flask import abort

from dashboard import auth
from dashboard.callbacks.alignment_jobs import jobs_of, said
from dashboard.components import studio_files as parts
from dashboard.components.alignment_map import bounds_of
from dashboard.components.studio import refused
from dashboard.i18n import _, language, number
from dashboard.pages import studio as page
from dashboard.report_files import FONTS
from dashboard.services import Services
from dashboard.studio_address import Address
from dashboard.uploads import Uploads
from data import drawing_batch, drawing_files, drawing_print, drawing_return, drawings
from data.errors import ConflictError, DataError
from geo.draft import EditRefused


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""
    _register_return(app, services)
    _register_all(app, services)

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
        auth.only_planners()
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


# --- brought back from QGIS ---


def _register_return(app: Dash, services: Services) -> None:
    uploads = Uploads(services.settings.uploads)

    @app.callback(
        Output(parts.TAB, "style"),
        Output(parts.SUMMARY, "children"),
        Output(parts.TABLE, "rowData"),
        Output(parts.TAKE, "disabled"),
        Output(page.TABS, "value", allow_duplicate=True),
        Input(parts.TOKEN, "data"),
        Input(page.SEEN, "data"),
        State(page.TABS, "value"),
        prevent_initial_call=True,
    )
    def review(token: str | None, seen: Any, tab: str) -> tuple[Any, ...]:
        path = uploads.path(token, auth.user_id()) if auth.may_plan() else None
        if path is None:
            return parts.HIDDEN, None, [], True, "list" if tab == parts.RETURN else no_update
        to = parts.RETURN if ctx.triggered_id == parts.TOKEN else no_update
        return {}, *reviewed(services, seen, path), to

    @app.callback(
        Output(parts.TOKEN, "data"),
        Output(page.REFRESH, "data", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(parts.TAKE, "n_clicks"),
        Input(parts.LEAVE, "n_clicks"),
        State(parts.TOKEN, "data"),
        State(page.SEEN, "data"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
    )
    def decide(
        take: int | None, leave: int | None, token: str | None, seen: Any, refresh: int
    ) -> tuple[Any, Any, Any]:
        if not (take or leave):
            raise PreventUpdate
        auth.only_planners()
        path = uploads.path(token, auth.user_id())
        if path is None or token is None:
            return None, no_update, said(_("文件已过期；请重新带回。"), good=False)
        if ctx.triggered_id == parts.LEAVE:
            uploads.remove(token)
            return None, no_update, said(_("没有采纳，草稿不变。"), good=True)
        try:
            text = taken(services, seen, path)
        except EditRefused as error:
            return no_update, no_update, said(refused(error, ""), good=False)
        except DataError as error:
            again = refresh + 1 if isinstance(error, ConflictError) else no_update
            return no_update, again, said(str(error), good=False)
        uploads.remove(token)
        return None, refresh + 1, said(text, good=True)

    @app.callback(
        Output(page.CHOSEN, "data", allow_duplicate=True),
        Input(parts.TABLE, "cellClicked"),
        State(parts.TABLE, "rowData"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def go(clicked: Any, rows: list[dict[str, Any]] | None, search: str) -> Any:
        row = next((one for one in rows or [] if clicked and one["id"] == clicked.get("rowId")), None)
        if row is None:
            raise PreventUpdate
        return place_of(row, str(Address.of(search).area))


def reviewed(services: Services, seen: Any, path: Path) -> tuple[Any, list[dict[str, Any]], bool]:
    """Return what a file would do to the draft in words, as rows, and whether nothing can be taken."""
    if not seen:
        return said(_("请先打开导出它的那份草稿。"), good=False), [], True
    try:
        sheet = drawings.load(services.store, auth.scope(), seen["plan"])
        found = drawing_return.returned(services.store, auth.scope(), sheet, path)
    except DataError as error:
        return said(str(error), good=False), [], True
    if not found.lines:
        return said(_("与草稿没有不同。"), good=True), [], True
    good = found.changes > 0 and not len(found.broken)
    text = html.P(parts.summary(found), className=f"import-verdict {'good' if good else 'bad'}")
    return text, parts.rows(found, sheet), found.change is None


def taken(services: Services, seen: Any, path: Path) -> str:
    """Take what a file changes into the draft and say what that did."""
    if not seen:
        raise DataError(_("请先打开导出它的那份草稿。"))
    after, found = drawing_return.take(services.store, auth.scope(), seen["plan"], seen["version"], path)
    return _(
        "已采纳 {n} 处改动，可以一步撤销；现有 {k} 个微网格，{m} 个在范围内。",
        n=number(found.changes),
        k=number(len(after.draft.grids)),
        m=number(after.draft.totals().in_band),
    )


def place_of(row: dict[str, Any], area_code: str) -> dict[str, Any]:
    """Return what a row is about as what is chosen, and the view that shows it."""
    view = None
    if row["bounds"]:
        key = f"area:{area_code}:return:{row['id']}"
        bounds = bounds_of([shapely.box(*row["bounds"])])
        view = {"key": key, "bounds": bounds, "padding": 140, "max_zoom": 18.5}
    return {"cells": row["cells"], "one": row["one"], "view": view}


# --- all drafts ---


def _register_all(app: Dash, services: Services) -> None:
    @app.callback(
        Output(parts.SURE, "message"),
        Output(parts.SURE, "displayed"),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(parts.ALL, "n_clicks"),
        prevent_initial_call=True,
    )
    def ask(clicks: int | None) -> tuple[Any, Any, Any]:
        if not clicks:
            raise PreventUpdate
        auth.only_planners()
        with services.store.reading() as session:
            drafts = drawing_batch.waiting(session, auth.scope())
        if not drafts:
            return no_update, False, said(_("管辖范围内没有微网格草稿。"), good=False)
        text = _(
            "将发布管辖范围内的 {n} 份微网格草稿；违反规则或有冲突的仍为草稿，并列出原因。继续吗？",
            n=number(len(drafts)),
        )
        return text, True, no_update

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Input(parts.SURE, "submit_n_clicks"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def start(sure: int | None, search: str) -> str:
        if not sure:
            raise PreventUpdate
        auth.only_planners()
        job = jobs_of(services).start(
            services.store,
            drawing_batch.publish_all,
            _("发布全部草稿"),
            auth.user_id(),
            scope_prefix=auth.scope().prefix,
            account_id=auth.user_id(),
        )
        return Address.of(search).but(job=job).search()


def all_published(result: dict[str, Any]) -> html.Div:
    """Say what publishing all drafts came to, and which stay drafts and why."""
    text = _(
        "已发布 {n} 份草稿，{k} 栋楼换了微网格。",
        n=number(result["published"]),
        k=number(result["buildings"]),
    )
    if result["stopped"]:
        text += _("按您的要求停下，{n} 份没有处理。", n=number(result["stopped"]))
    if not result["left"]:
        return html.Div(text, className="import-verdict good")
    return html.Div([text, parts.left_behind(result["left"])], className="import-verdict bad")
