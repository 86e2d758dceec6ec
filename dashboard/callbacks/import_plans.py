"""What 数据导入 does with drafts: list them, show a ledger, accept or refuse lines, publish or drop."""

from __future__ import annotations

import threading
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from dashboard import auth
from dashboard.components import import_report as tables
from dashboard.components.shell import theme
from dashboard.i18n import _
from dashboard.pages import imports as page
from dashboard.services import Services
from data import plans
from data.errors import DataError
from data.queries.areas import names as area_names
from data.tiles import Tiles
from models.enums import PlanKind, PlanStatus

_building = threading.Lock()


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the list of plans."""

    @app.callback(
        Output(page.PLANS, "rowData"), Output(page.PLANS_PANEL, "style"), Input(page.PLANS_CHANGED, "data")
    )
    def list_plans(_changed: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
        rows = plan_rows(services) if auth.may_plan() else []
        return rows, {} if rows else {"display": "none"}

    @app.callback(
        Output(page.CHOSEN_PLAN, "data", allow_duplicate=True),
        Input(page.PLANS, "cellClicked"),
        prevent_initial_call=True,
    )
    def choose(cell: dict[str, Any] | None) -> int:
        if not cell or not cell.get("rowId"):
            raise PreventUpdate
        return int(cell["rowId"])

    @app.callback(
        Output(page.LEDGER_BOX, "children"),
        Output("import-plan-buttons", "style"),
        Input(page.CHOSEN_PLAN, "data"),
        Input(page.PLANS_CHANGED, "data"),
    )
    def show_ledger(plan_id: int | None, _changed: int) -> tuple[Any, dict[str, str]]:
        hidden = {"display": "none"}
        if plan_id is None:
            return None, hidden
        with services.store.reading() as session:
            plan = next((one for one in _of_boundaries(session) if one.id == plan_id), None)
            ledger = plans.ledger_of(session, auth.scope(), plan_id) if plan else pd.DataFrame()
        if plan is None:
            return None, hidden
        is_draft = plan.status is PlanStatus.DRAFT
        title = f"{plan.id} · {plan.title} · {_(plan.status.label)} · {tables.counts(plan.counts)}"
        table = tables.ledger(ledger, theme(), page.LEDGER, editable=is_draft)
        return [html.H3(title), table], {} if is_draft else hidden

    @app.callback(
        Output("import-plan-message", "children"),
        Output(page.PLANS_CHANGED, "data", allow_duplicate=True),
        Input(page.PUBLISH, "n_clicks"),
        Input(page.DROP, "n_clicks"),
        State(page.CHOSEN_PLAN, "data"),
        State(page.PLANS_CHANGED, "data"),
        prevent_initial_call=True,
        running=[(Output(page.PUBLISH, "loading"), True, False)],
    )
    def decide(publish: int | None, drop: int | None, plan_id: int | None, changed: int) -> tuple[Any, Any]:
        if plan_id is None or not (publish or drop):
            raise PreventUpdate
        try:
            said = _decide(services, plan_id, publish=ctx.triggered_id == page.PUBLISH)
        except DataError as error:
            return html.P(str(error), className="import-verdict bad"), no_update
        return html.P(said, className="import-verdict good"), changed + 1

    @app.callback(
        Output("import-plan-message", "children", allow_duplicate=True),
        Input(page.LEDGER, "cellValueChanged"),
        State(page.CHOSEN_PLAN, "data"),
        prevent_initial_call=True,
    )
    def accept(changes: list[dict[str, Any]] | None, plan_id: int | None) -> Any:
        if not changes or plan_id is None:
            raise PreventUpdate
        auth.only_planners()
        try:
            for accepted in (True, False):
                ids = [int(one["rowId"]) for one in changes if bool(one["value"]) is accepted]
                if ids:
                    plans.set_accepted(services.store, plan_id, ids, accepted=accepted, scope=auth.scope())
        except DataError as error:
            return html.P(str(error), className="import-verdict bad")
        return None


def _decide(services: Services, plan_id: int, *, publish: bool) -> str:
    auth.only_planners()
    if not publish:
        plans.drop(services.store, plan_id, auth.user_id(), scope=auth.scope())
        return _("方案 {n} 已放弃。", n=plan_id)
    counts = plans.publish(services.store, plan_id, auth.user_id(), scope=auth.scope())
    build_in_background(services.tiles)
    return _("方案 {n} 已发布：{counts}。地图稍后更新。", n=plan_id, counts=tables.counts(counts))


def _of_boundaries(session: Session) -> list[plans.PlanRef]:
    """Return the reader's plans but those of the organisation tree: 拉平对齐 shows and publishes them."""
    return [one for one in plans.listing(session, auth.scope()) if one.kind is not PlanKind.STRUCTURE]


def plan_rows(services: Services) -> list[dict[str, Any]]:
    """Return the plans in the reader's scope as rows, the newest first."""
    with services.store.reading() as session:
        found = _of_boundaries(session)
        names = area_names(session, [one.area_code for one in found])
    return [
        {
            "id": str(one.id),
            "title": one.title,
            "kind": _(one.kind.label),
            "status": _(one.status.label),
            "area": names.get(one.area_code, one.area_code),
            "counts": tables.counts(one.counts),
            "created": one.created_at.astimezone().strftime("%Y-%m-%d %H:%M"),
        }
        for one in found
    ]


def build_in_background(tiles: Tiles) -> None:
    """Make the map archives that are missing, one run at a time, while the page goes on."""

    def build() -> None:
        with _building:
            tiles.build()

    threading.Thread(target=build, name="tiles", daemon=True).start()
