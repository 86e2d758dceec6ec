"""What a planner decides in 拉平对齐: changes, disputes, publication, former versions, export."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate
from flask import abort

from dashboard import auth
from dashboard.align_address import Address
from dashboard.callbacks import alignment_jobs as jobs
from dashboard.callbacks.alignment_jobs import said
from dashboard.components.alignment_detail import GIVE
from dashboard.i18n import _, number
from dashboard.pages import alignment as page
from dashboard.services import Services
from data import alignment_export, alignment_layers, alignments, inspections, plans, versions
from data.alignment_wishes import Gift
from data.errors import ConflictError, DataError
from data.queries.alignments import plans_of, row_of
from models.enums import MoveReason

RESTORE = "align-restore"
CHECKED_AT_ONCE = 12
"""So many communities are checked while the planner waits."""
TOLERANCE_M = 5.0


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""
    _register_moves(app, services)
    _register_versions(app, services)

    @app.callback(
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Output(page.REFRESH, "data", allow_duplicate=True),
        Input(page.PUBLISH, "n_clicks"),
        Input(page.DROP, "n_clicks"),
        State(page.URL, "search"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
        running=[(Output(page.PUBLISH, "loading"), True, False)],
    )
    def decide(publish: int | None, drop: int | None, search: str, refresh: int) -> tuple[Any, Any]:
        plan_id = Address.of(search).plan
        if plan_id is None or not (publish or drop):
            raise PreventUpdate
        auth.only_planners()
        try:
            if ctx.triggered_id == page.PUBLISH:
                text = published(services, plan_id)
            else:
                plans.drop(services.store, plan_id, auth.user_id(), scope=auth.scope())
                text = _("方案 {n} 已放弃。", n=plan_id)
        except ConflictError as error:
            return said(str(error) + _("可点“按最新边界重算”，您的取舍会保留。"), good=False), no_update
        except DataError as error:
            return said(str(error), good=False), no_update
        return said(text, good=True), refresh + 1

    @app.callback(
        Output(page.DOWNLOAD, "data"),
        Input(page.EXPORT_GPKG, "n_clicks"),
        Input(page.EXPORT_XLSX, "n_clicks"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def export(gpkg: int | None, xlsx: int | None, search: str) -> Any:
        plan_id = Address.of(search).plan
        if plan_id is None or not (gpkg or xlsx):
            raise PreventUpdate
        auth.only_planners()
        return exported(services, plan_id, "gpkg" if ctx.triggered_id == page.EXPORT_GPKG else "xlsx")


def published(services: Services, plan_id: int) -> str:
    """Publish a draft and say what that did; findings of other communities stay valid."""
    store, scope = services.store, auth.scope()
    with store.reading() as session:
        before = inspections.written(session)
        touched = sorted(set(plans.changes_of(session, plan_id)["area_code"]))
    counts = plans.publish(store, plan_id, auth.user_id(), scope=scope)
    text = _(
        "方案 {n} 已发布为新版本：{k} 个图形的边界生效，涉及 {m} 个社区。",
        n=plan_id,
        k=number(sum(counts.values())),
        m=len(touched),
    )
    text += checked_again(services, before, touched)
    jobs.tiles_follow(services)
    return text


def checked_again(services: Services, before: int, touched: list[str]) -> str:
    """After a publication, check what it touched, where that is little, and say how findings changed.

    Parameters
    ----------
    before
        What `data.inspections.written` returned before it.
    touched
        Codes of the communities that it touched.
    """
    store, scope = services.store, auth.scope()
    with store.writing("inspection") as session:
        inspections.still_valid(session, before, touched)
    if not touched or len(touched) > CHECKED_AT_ONCE:
        return _("请重新检查这些社区。")
    with store.reading() as session:
        known = inspections.communities(session, scope).set_index("code")["finding_count"].reindex(touched)
    layers = alignment_layers.read_layers(store, scope, touched)
    now = inspections.keep(store, layers, inspections.findings_of(layers, TOLERANCE_M), TOLERANCE_M)
    if known.isna().any():
        return _("复查有 {n} 处问题。", n=number(now))
    return _("复查：问题由 {a} 处变为 {b} 处。", a=number(int(known.sum())), b=number(now))


def exported(services: Services, plan_id: int, form: str) -> Any:
    """Return a plan as a file to be downloaded."""
    write = {"gpkg": alignment_export.write_geopackage, "xlsx": alignment_export.write_workbook}[form]
    with tempfile.TemporaryDirectory() as folder, services.store.reading() as session:
        if not plans_of(session, auth.scope(), plan_id):
            abort(404)
        path = Path(folder) / _("拉平方案{id}.{form}", id=plan_id, form=form)
        write(session, auth.scope(), plan_id, path)
        return dcc.send_bytes(path.read_bytes(), path.name)


def _register_moves(app: Dash, services: Services) -> None:
    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.REFUSE, "n_clicks"),
        Input(page.ACCEPT, "n_clicks"),
        State(page.MOVES, "selectedRows"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def decide_moves(refuse: int | None, accept: int | None, selected: Any, search: str) -> tuple[Any, Any]:
        if not (refuse or accept):
            raise PreventUpdate
        auth.only_planners()
        rows = selected if isinstance(selected, list) else []
        if not rows:
            return no_update, said(_("请先在变更表中勾选。"), good=False)
        address = Address.of(search)
        job = decided(services, address.plan, rows, refuse=ctx.triggered_id == page.REFUSE)
        return address.but(job=job).search(), None

    @app.callback(
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Output(page.REFRESH, "data", allow_duplicate=True),
        Input(page.LEAVE_OUT, "n_clicks"),
        Input(page.TAKE_IN, "n_clicks"),
        State(page.URL, "search"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
    )
    def decide_community(out: int | None, into: int | None, search: str, refresh: int) -> tuple[Any, Any]:
        address = Address.of(search)
        if not (out or into) or address.plan is None or address.area is None:
            raise PreventUpdate
        auth.only_planners()
        leaves = ctx.triggered_id == page.LEAVE_OUT
        try:
            alignments.leave_out(services.store, address.plan, [address.area], scope=auth.scope(), out=leaves)
        except DataError as error:
            return said(str(error), good=False), no_update
        text = _("该社区的变更都不采纳，发布后保持原样。") if leaves else _("该社区的变更已采纳。")
        return said(text, good=True), refresh + 1

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Input({"type": GIVE, "refusal": ALL, "to": ALL}, "n_clicks"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def give(clicks: list[int | None], search: str) -> str:
        asked = ctx.triggered_id
        if not any(clicks) or not asked:
            raise PreventUpdate
        auth.only_planners()
        address = Address.of(search)
        job = given(services, address.plan, int(asked["refusal"]), str(asked["to"]))
        return address.but(job=job).search()

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Input(page.AGAIN, "n_clicks"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def again(clicks: int | None, search: str) -> str:
        address = Address.of(search)
        if not clicks or address.plan is None:
            raise PreventUpdate
        auth.only_planners()
        with services.store.reading() as session:
            found = plans_of(session, auth.scope(), address.plan)
        if not found:
            raise PreventUpdate
        communities = list(found[0].wishes.communities)
        return address.but(job=jobs.start_again(services, address.plan, communities)).search()


def decided(services: Services, plan_id: int | None, rows: list[dict[str, Any]], *, refuse: bool) -> str:
    """Start to compute anew without the changes of these rows, or with them again; return the job.

    A change that is the planner's own gift of a disputed piece is taken back instead.
    """
    if plan_id is None:
        raise PreventUpdate
    ids = [int(one["id"]) for one in rows]
    with services.store.reading() as session:
        found = [row_of(session, auth.scope(), "move", one) for one in ids]
    mine = [one for one in found if one is not None and one.plan_id == plan_id]
    if not mine:
        raise PreventUpdate
    communities = sorted({one.area_code for one in mine})
    gifts = [one.id for one in mine if one.reason is MoveReason.DECIDED]
    others = [one.id for one in mine if one.reason is not MoveReason.DECIDED]
    decision = {"refuse": others, "take_back": gifts} if refuse else {"accept": others}
    return jobs.start_again(services, plan_id, communities, **decision)


def given(services: Services, plan_id: int | None, refusal_id: int, to: str) -> str:
    """Start to compute anew with a disputed piece given to one side; return the job."""
    with services.store.reading() as session:
        refusal = row_of(session, auth.scope(), "refusal", refusal_id)
    if refusal is None or plan_id is None or refusal.plan_id != plan_id:
        raise PreventUpdate
    gift = Gift(refusal.layer, to, refusal.geometry.wkb_hex)
    return jobs.start_again(services, plan_id, [refusal.area_code], give=gift)


def _register_versions(app: Dash, services: Services) -> None:
    @app.callback(
        Output(page.VERSIONS, "children"),
        Output(page.VERSIONS, "data-of"),
        Input(page.URL, "search"),
        Input(page.REFRESH, "data"),
        State(page.VERSIONS, "data-of"),
    )
    def list_versions(search: str, refresh: int, shown: str | None) -> tuple[Any, str]:
        area = Address.of(search).area
        # Buttons that are put anew on the page forget that they were pressed.
        if not auth.may_plan() or shown == (of := f"{area} {refresh}"):
            raise PreventUpdate
        if area is None:
            return html.P(_("在社区表中点选一个社区，查看它的各个版本。"), className="hint"), of
        with services.store.reading() as session:
            return [version_row(one) for one in versions.versions(session, auth.scope(), area)], of

    @app.callback(
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Output(page.REFRESH, "data", allow_duplicate=True),
        Input({"type": RESTORE, "plan": ALL}, "n_clicks"),
        State(page.WHOLE, "checked"),
        State(page.URL, "search"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
    )
    def restore(clicks: list[int | None], whole: bool | None, search: str, refresh: int) -> tuple[Any, Any]:  # noqa: FBT001
        asked = ctx.triggered_id
        address = Address.of(search)
        if not any(clicks) or not asked or address.area is None:
            raise PreventUpdate
        auth.only_planners()
        try:
            text = restored(services, address, int(asked["plan"]) or None, whole=bool(whole))
        except DataError as error:
            return said(str(error), good=False), no_update
        return said(text, good=True), refresh + 1


def version_row(one: versions.Version) -> html.Div:
    """Return a version with who made it and when, and the button that brings it back."""
    if one.plan_id is None:
        title, facts = _("最初的边界"), _("第一个方案发布以前")
    else:
        when = one.published_at.astimezone().strftime("%Y-%m-%d %H:%M") if one.published_at else "—"
        title = f"{one.plan_id} · {one.title}"
        facts = _(
            "{who} 于 {when} 发布，改动 {n} 个图形",
            who=one.published_by or "—",
            when=when,
            n=number(one.features),
        )
    button = dmc.Button(
        _("恢复到这一版"), id={"type": RESTORE, "plan": one.plan_id or 0}, size="xs", variant="default"
    )
    state = html.Span(_("现行"), className="align-current") if one.current else button
    return html.Div(
        [html.Div([html.Div(title), html.Div(facts, className="as-of")]), state], className="align-version"
    )


def restored(services: Services, address: Address, plan_id: int | None, *, whole: bool) -> str:
    """Bring a version back in a community, or in all that the plan in the address is about."""
    codes = [address.area] if address.area else []
    with services.store.reading() as session:
        before = inspections.written(session)
        found = plans_of(session, auth.scope(), address.plan) if address.plan and whole else []
    if found:
        codes = sorted({*codes, *found[0].wishes.communities})
    made = versions.restore(services.store, auth.user_id(), codes, plan_id, scope=auth.scope())
    text = _("已恢复，并作为新版本（方案 {n}）发布；之前的版本都还在。", n=made)
    text += checked_again(services, before, codes)
    jobs.tiles_follow(services)
    return text
