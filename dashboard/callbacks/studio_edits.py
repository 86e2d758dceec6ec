"""What a planner does in 微网格工作台: edits, undo, locks, proposals, rules, publishing, export."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from dash import Dash, Input, Output, State, ctx, dcc, no_update
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.callbacks.alignment_jobs import said, tiles_follow
from dashboard.components import studio as parts
from dashboard.components.studio_compounds import OUTSIDE
from dashboard.i18n import _, number
from dashboard.pages import studio as page
from dashboard.services import Services
from dashboard.studio_address import Address
from data import drawing_compounds, drawing_files, drawing_publishing, drawings, plans
from data.drawings import Sheet
from data.errors import ConflictError, DataError
from geo import editing
from geo.boundary import drag
from geo.draft import Draft, EditRefused
from geo.redistricting import redistricted

SNAP_M = 3.0
"""A drawn vertex this close to a stored one is that one."""
BUTTONS = (
    page.MOVE,
    page.ENCLOSE,
    page.MERGE,
    page.SPLIT,
    page.LOCK,
    page.UNLOCK,
    page.LOCK_ALL,
    page.UNLOCK_ALL,
    page.RENAME,
    page.RECODE,
    page.UNDO,
    page.REDO,
    page.AGAIN,
    page.AGAIN_COMPOUND,
)
Work = Callable[[Draft], object]


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""
    _register_end(app, services)

    @app.callback(
        Output(page.REFRESH, "data", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Output(page.CHOSEN, "data", allow_duplicate=True),
        *[Input(one, "n_clicks") for one in BUTTONS],
        Input(page.MAP, "drawn"),
        State(page.TOOL, "value"),
        State(page.TARGET, "value"),
        State(page.ESTATE, "value"),
        State(page.PARTS, "value"),
        State(page.NAME, "value"),
        State(page.CODE, "value"),
        State(page.AGAIN_FREE, "checked"),
        State(page.TABLE, "selectedRows"),
        State(page.CHOSEN, "data"),
        State(page.SEEN, "data"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
    )
    def edit(*inputs: Any) -> tuple[Any, Any, Any]:
        *_buttons, drawn, tool, target, estate, count, name, code, free, ticked, chosen, seen, refresh = (
            inputs
        )
        asked = ctx.triggered_id
        if not seen or not ctx.triggered[0]["value"] or (asked == page.MAP and tool not in page.EDITING):
            raise PreventUpdate
        auth.only_planners()
        rows = [one["id"] for one in ticked] if isinstance(ticked, list) else []
        wish = Wish(chosen["cells"], chosen["one"], rows, target)
        try:
            sheet = drawings.load(services.store, auth.scope(), seen["plan"])
            if asked == page.MAP:
                work = by_drawing(sheet, tool, drawn["coordinates"], wish.one)
            else:
                fields = {"count": count, "name": name, "code": code, "keep": not free, "estate": estate}
                work = by_button(sheet, asked, wish, **fields)
            after = drawings.edit(services.store, auth.scope(), seen["plan"], seen["version"], work)
        except EditRefused as error:
            return no_update, said(parts.refused(error, sheet.area_code), good=False), no_update
        except ConflictError as error:
            return refresh + 1, said(str(error), good=False), no_update
        except DataError as error:
            return no_update, said(str(error), good=False), no_update
        kept = [] if asked in {page.MOVE, page.ENCLOSE, page.MERGE, page.MAP} else chosen["cells"]
        one = chosen["one"] if chosen["one"] in after.draft.grids else None
        one = wish.target if asked == page.MOVE else one
        return refresh + 1, told(sheet, after, asked), {"cells": kept, "one": one, "view": None}


class Wish:
    """What the planner has chosen: cells, the micro-grid in hand, rows that are ticked, a target."""

    def __init__(self, cells: list[int], one: str | None, rows: list[str], target: str | None) -> None:
        self.cells = np.array(cells, dtype=np.int64)
        self.one, self.rows, self.target = one, rows, target

    def several(self) -> list[str]:
        """Return the rows that are ticked, else the micro-grid in hand."""
        if not self.rows and self.one is None:
            raise DataError(_("请先在列表或地图上选一个微网格。"))
        return self.rows or [str(self.one)]

    def alone(self) -> str:
        """Return the micro-grid in hand."""
        if self.one is None:
            raise DataError(_("请先在列表或地图上选一个微网格。"))
        return self.one

    def some_cells(self) -> Any:
        """Return the chosen cells."""
        if not len(self.cells):
            raise DataError(_("请先在地图上选中楼栋或地块。"))
        return self.cells


def by_button(
    sheet: Sheet, asked: str, wish: Wish, *, count: Any, name: Any, code: Any, keep: bool, estate: str | None
) -> Work:
    """Return what a button does to a draft.

    Raises
    ------
    DataError
        Where something has to be chosen or filled in first.
    """
    plain: dict[str, Work] = {
        page.UNDO: Draft.undo,
        page.REDO: Draft.redo,
        page.LOCK_ALL: Draft.lock,
        page.UNLOCK_ALL: Draft.unlock,
    }
    if asked in plain:
        return plain[asked]
    if asked in {page.LOCK, page.UNLOCK}:
        ids = wish.several()
        return lambda draft: draft.lock(ids) if asked == page.LOCK else draft.unlock(ids)
    if asked == page.MOVE:
        if not wish.target:
            raise DataError(_("请先选目标微网格。"))
        return _doing(editing.move, wish.some_cells(), wish.target)
    if asked == page.ENCLOSE:
        if not estate:
            raise DataError(_("请先选目标小区。"))
        return _doing(editing.enclose, wish.some_cells(), None if estate == OUTSIDE else estate)
    if asked == page.MERGE:
        owners = [sheet.draft.owner[cell] for cell in wish.cells]
        ids = [one for one in dict.fromkeys([*wish.rows, *owners]) if one is not None]
        ids.sort(
            key=lambda one: (one != wish.one, sheet.draft.grids[one].code if one in sheet.draft.grids else "")
        )
        return _doing(editing.merge, ids)
    if asked == page.SPLIT:
        if not isinstance(count, int | float):
            raise DataError(_("请填写分成几份。"))
        return _doing(editing.split_into, wish.alone(), int(count), grid_of(sheet, wish.alone()))
    if asked == page.RENAME:
        return _doing(editing.rename, wish.alone(), str(name or "").strip())
    if asked == page.RECODE:
        return _doing(editing.recode, wish.alone(), str(code or "").strip())
    cells = in_compounds(sheet, wish.some_cells()) if asked == page.AGAIN_COMPOUND else every(sheet)
    return _doing(redistricted, cells, sheet.cells.grid, keep=keep)


def every(sheet: Sheet) -> Any:
    """Return all cells."""
    return np.arange(len(sheet.draft.owner))


def in_compounds(sheet: Sheet, cells: Any) -> Any:
    """Return the cells of the compounds that some cells lie in."""
    compound = sheet.draft.compound
    inside = set(compound[cells].tolist()) - {-1}
    if not inside:
        raise DataError(_("所选的地块不在小区内；请点选小区里的楼栋。"))
    return np.flatnonzero(np.isin(compound, sorted(inside)))


def _doing(operation: Callable[..., Any], *arguments: Any, **more: Any) -> Work:
    return lambda draft: draft.do(operation(draft, *arguments, **more))


def by_drawing(sheet: Sheet, tool: str, coordinates: list[list[float]], one: str | None) -> Work:
    """Return what a drawn line or polygon does to the micro-grid in hand, or a vertex that was dragged."""
    if tool == "take":
        if one is None:
            raise DataError(_("请先选一个微网格，再圈入楼栋。"))
        ring = sheet.metres(shapely.polygons(coordinates))
        return _doing(editing.take, ring, one)
    if tool == "drag":
        return _doing(drag, *(stored_vertex(sheet, *place) for place in coordinates))
    line = sheet.metres(shapely.linestrings(coordinates))
    line = sheet.draft.fabric.snapped(line, SNAP_M)
    one = one or most_crossed(sheet, line)
    return _doing(editing.split_by_line, one, line, grid_of(sheet, one))


def stored_vertex(sheet: Sheet, lng: float, lat: float) -> int:
    """Return the vertex of the cells' borders that is meant by a place.

    Raises
    ------
    DataError
        Where none is near.
    """
    point = sheet.metres(shapely.points(lng, lat))
    vertex, away_m = sheet.draft.fabric.lattice.nearest(point.x, point.y)
    if away_m > SNAP_M:
        raise DataError(_("这里离最近的地块顶点还有 {n} 米；请拖到地块的顶点上。", n=number(away_m)))
    return vertex


def grid_of(sheet: Sheet, one: str) -> str | None:
    """Return the code of the grid that a micro-grid begins in."""
    cells = sheet.draft.cells(one)
    return sheet.cells.grid[cells[0]] if len(cells) else None


def most_crossed(sheet: Sheet, line: Any) -> str:
    """Return the micro-grid that most of a line runs through."""
    draft = sheet.draft
    length = shapely.length(shapely.intersection(draft.fabric.polygon, line))
    through: dict[str, float] = {}
    for cell in np.flatnonzero(length > 0).tolist():
        if draft.owner[cell] is not None:
            through[draft.owner[cell]] = through.get(draft.owner[cell], 0.0) + float(length[cell])
    if not through:
        raise DataError(_("画的线没有穿过微网格；请画过要切分的微网格。"))
    return max(through, key=lambda name: through[name])


def told(before: Sheet, after: Sheet, asked: str) -> Any:
    """Say what an edit did."""
    draft = after.draft
    if asked in {page.LOCK, page.UNLOCK, page.LOCK_ALL, page.UNLOCK_ALL}:
        return said(
            _("已锁定 {n} 个微网格；锁定的不会被任何操作改动。", n=number(len(draft.locked))), good=True
        )
    words = {page.UNDO: _("已撤销。"), page.REDO: _("已重做。")}.get(asked, "")
    if before.draft.sited != draft.sited:
        return said(words + _("草稿现挪动阵地 {n} 处。", n=number(len(draft.sited))), good=True)
    if (before.draft.compound != draft.compound).any():
        count = number(len(drawing_compounds.tried(after)))
        return said(words + _("草稿现改动 {n} 个小区的边界；发布以前小区不变。", n=count), good=True)
    moved = before.draft.owner != draft.owner
    load = float(draft.fabric.households[moved].sum())
    text = words + _(
        "{n} 户换了微网格；现有 {k} 个微网格，{m} 个在范围内。",
        n=number(load),
        k=number(len(draft.grids)),
        m=number(draft.totals().in_band),
    )
    return said(text, good=True)


# --- rules, publishing, export ---


def _register_end(app: Dash, services: Services) -> None:
    @app.callback(
        Output(page.BROKEN, "rowData"),
        Output(page.TABS, "value"),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.CHECK, "n_clicks"),
        Input(page.URL, "search"),
        State(page.SEEN, "data"),
        prevent_initial_call=True,
    )
    def check(clicks: int | None, _search: str, seen: Any) -> tuple[Any, Any, Any]:
        if ctx.triggered_id != page.CHECK:
            return [], no_update, no_update
        if not clicks or not seen or not auth.may_plan():
            raise PreventUpdate
        sheet = drawings.load(services.store, auth.scope(), seen["plan"])
        rows = parts.broken_rows(drawing_publishing.broken(services.store, auth.scope(), sheet), sheet)
        errors = sum(not one["rank"] for one in rows)
        text = (
            _("有 {n} 处错误须先处理，另有 {k} 条提醒。", n=errors, k=len(rows) - errors)
            if errors
            else _("没有错误，可以发布；有 {k} 条提醒。", k=len(rows))
        )
        return rows, "broken", said(text, good=not errors)

    @app.callback(
        Output(page.REFRESH, "data", allow_duplicate=True),
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.PUBLISH, "n_clicks"),
        Input(page.DROP, "n_clicks"),
        State(page.SEEN, "data"),
        State(page.URL, "search"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
    )
    def end(publish: int | None, drop: int | None, seen: Any, search: str, refresh: int) -> tuple[Any, ...]:
        if not (publish or drop) or not seen:
            raise PreventUpdate
        auth.only_planners()
        try:
            if ctx.triggered_id == page.DROP:
                plans.drop(services.store, seen["plan"], auth.user_id(), scope=auth.scope())
                return (
                    refresh + 1,
                    Address.of(search).but(plan=None).search(),
                    said(_("草稿已放弃。"), good=True),
                )
            return refresh + 1, no_update, said(published(services, seen["plan"], seen["version"]), good=True)
        except DataError as error:
            again = refresh + 1 if isinstance(error, ConflictError) else no_update
            return again, no_update, said(str(error), good=False)

    @app.callback(
        Output(page.DOWNLOAD, "data"),
        *[Input(one, "n_clicks") for one in page.EXPORTS],
        State(page.SEEN, "data"),
        prevent_initial_call=True,
    )
    def export(*inputs: Any) -> Any:
        *clicks, seen = inputs
        if not any(clicks) or not seen:
            raise PreventUpdate
        auth.only_planners()
        return exported(services, seen["plan"], page.EXPORTS[str(ctx.triggered_id)])


def published(services: Services, plan_id: int, version: int) -> str:
    """Publish a draft and say what that did."""
    done = drawing_publishing.publish(services.store, auth.scope(), plan_id, version, auth.user_id())
    tiles_follow(services)
    words = {"add": _("新增 {n} 个"), "change": _("修改 {n} 个"), "remove": _("停用 {n} 个")}
    counts = [text.format(n=number(done.counts[key])) for key, text in words.items() if done.counts.get(key)]
    if done.stations:
        counts.append(_("挪动阵地 {n} 处", n=number(done.stations)))
    if done.compounds:
        counts.append(_("改动小区边界 {n} 个", n=number(done.compounds)))
    return _(
        "方案 {n} 已发布为新版本：{what}；{k} 栋楼换了微网格。",
        n=plan_id,
        what="，".join(counts),
        k=number(done.buildings),
    )


def exported(services: Services, plan_id: int, form: str) -> Any:
    """Return a draft as a file to be downloaded."""
    sheet = drawings.load(services.store, auth.scope(), plan_id)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{sheet.area_name}{_('微网格')}{plan_id}.{form}"
        drawing_files.WRITERS[form](services.store, auth.scope(), sheet, path)
        return dcc.send_bytes(path.read_bytes(), path.name)
