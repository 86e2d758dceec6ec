"""The recommended organisation structure in 拉平对齐: a draft of its own, decided line by line, published."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from dashboard import auth
from dashboard.align_address import Address
from dashboard.callbacks.alignment_jobs import said
from dashboard.components import alignment_tables as tables
from dashboard.i18n import _, number
from dashboard.pages import alignment as page
from dashboard.services import Services
from data import plans, structures
from data.errors import ConflictError, DataError
from data.plans import PlanRef
from data.queries import areas
from data.scope import Scope
from models.enums import PlanStatus

HIDDEN = {"display": "none"}
TAB = "structures"
_NAMED = 4
"""So many organisations are named in a message."""


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""
    _register_decisions(app, services)

    @app.callback(
        Output(page.STRUCTURE_STATE, "children"),
        Output(page.MAKE_STRUCTURE, "disabled"),
        Input(page.URL, "search"),
        Input(page.REFRESH, "data"),
        Input(page.COMMUNITIES, "selectedRows"),
    )
    def offer(search: str, _refresh: int, selected: Any) -> tuple[str, bool]:
        address = Address.of(search)
        if not auth.may_plan() or address.tab != "relations":
            raise PreventUpdate
        return offered(services, auth.scope(), communities(address, selected))

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.MAKE_STRUCTURE, "n_clicks"),
        State(page.COMMUNITIES, "selectedRows"),
        State(page.URL, "search"),
        prevent_initial_call=True,
        running=[(Output(page.MAKE_STRUCTURE, "loading"), True, False)],
    )
    def make(clicks: int | None, selected: Any, search: str) -> tuple[Any, Any]:
        if not clicks:
            raise PreventUpdate
        auth.only_planners()
        address = Address.of(search)
        codes = communities(address, selected)
        try:
            made = structures.draft(services.store, auth.user_id(), codes, scope=auth.scope())
        except DataError as error:
            return no_update, said(str(error), good=False)
        text = _(
            "已生成组织架构草稿方案 {plan}：{n} 项调整。请核对后发布；发布前组织架构不变。",
            plan=made.id,
            n=number(sum(made.counts.values())),
        )
        return address.but(tab=TAB, structure=made.id).search(), said(text, good=True)

    @app.callback(
        Output(page.STRUCTURE_PLAN, "data"),
        Output(page.STRUCTURE_PLAN, "value"),
        Output(page.STRUCTURE_TOOLS, "style"),
        Output(page.STRUCTURES, "rowData"),
        Output(page.STRUCTURES, "selectedRows"),
        Input(page.URL, "search"),
        Input(page.REFRESH, "data"),
    )
    def show(search: str, _refresh: int) -> tuple[Any, ...]:
        if not auth.may_plan():
            raise PreventUpdate
        return shown(services, auth.scope(), Address.of(search))

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Input(page.STRUCTURE_PLAN, "value"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def go(value: str | None, search: str) -> str:
        address = Address.of(search)
        with services.store.reading() as session:
            before = plan_of(structures.listing(session, auth.scope()), address)
        if not value or (before is not None and before.id == int(value)):
            raise PreventUpdate
        return address.but(structure=int(value)).search()


def _register_decisions(app: Dash, services: Services) -> None:
    @app.callback(
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Output(page.REFRESH, "data", allow_duplicate=True),
        Input(page.REFUSE_LINES, "n_clicks"),
        Input(page.ACCEPT_LINES, "n_clicks"),
        State(page.STRUCTURES, "selectedRows"),
        State(page.URL, "search"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
    )
    def decide_lines(
        refuse: int | None, accept: int | None, selected: Any, search: str, refresh: int
    ) -> tuple[Any, Any]:
        if not (refuse or accept):
            raise PreventUpdate
        auth.only_planners()
        rows = selected if isinstance(selected, list) else []
        if not rows:
            return said(_("请先在组织架构表中勾选。"), good=False), no_update
        ids = [int(one["id"]) for one in rows]
        try:
            text = decided(services, Address.of(search), ids, accepted=ctx.triggered_id == page.ACCEPT_LINES)
        except DataError as error:
            return said(str(error), good=False), no_update
        return said(text, good=True), refresh + 1

    @app.callback(
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Output(page.REFRESH, "data", allow_duplicate=True),
        Input(page.PUBLISH_STRUCTURE, "n_clicks"),
        Input(page.DROP_STRUCTURE, "n_clicks"),
        State(page.URL, "search"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
        running=[(Output(page.PUBLISH_STRUCTURE, "loading"), True, False)],
    )
    def end(publish: int | None, drop: int | None, search: str, refresh: int) -> tuple[Any, Any]:
        if not (publish or drop):
            raise PreventUpdate
        auth.only_planners()
        try:
            text = ended(services, Address.of(search), publish=ctx.triggered_id == page.PUBLISH_STRUCTURE)
        except ConflictError as error:
            return said(str(error) + _("请放弃这份草稿，再按建议生成。"), good=False), no_update
        except DataError as error:
            return said(str(error), good=False), no_update
        return said(text, good=True), refresh + 1


def communities(address: Address, selected: Any) -> list[str]:
    """Return the codes of the communities that are ticked, else of the one that is looked at."""
    ticked = [one["id"] for one in selected] if isinstance(selected, list) else []
    return ticked or ([address.area] if address.area else [])


def offered(services: Services, scope: Scope, codes: list[str]) -> tuple[str, bool]:
    """Say what the recommended structure would change, and whether there is nothing to draft."""
    if not codes:
        return _("请先勾选社区，或点选一个社区。"), True
    changes = structures.count(services.store, scope, codes)
    if not changes:
        return _("{n} 个社区无需调整：已与建议一致，或还没有党组织。", n=number(len(codes))), True
    text = _("按现行边界和现有党组织，{n} 个社区有 {k} 项调整。", n=number(len(codes)), k=number(changes))
    return text, False


def plan_of(known: list[PlanRef], address: Address) -> PlanRef | None:
    """Return the plan in the address, else the newest draft."""
    found = next((one for one in known if one.id == address.structure), None)
    return found or next((one for one in known if one.status is PlanStatus.DRAFT), None)


def shown(services: Services, scope: Scope, address: Address) -> tuple[Any, ...]:
    """Return the plans to choose from, the one shown, the style of its tools, its rows, and no selection."""
    with services.store.reading() as session:
        known = structures.listing(session, scope)
        plan = plan_of(known, address)
        rows = _rows(session, scope, plan.id) if plan else []
    choices = [
        {"value": str(one.id), "label": f"{one.id} · {one.title} · {_(one.status.label)}"} for one in known
    ]
    tools = {} if plan is not None and plan.status is PlanStatus.DRAFT else HIDDEN
    return choices, str(plan.id) if plan else None, tools, rows, []


def _rows(session: Session, scope: Scope, plan_id: int) -> list[dict[str, Any]]:
    ledger = plans.ledger_of(session, scope, plan_id)
    return tables.structure_rows(ledger, areas.names(session, list(set(ledger["area_code"]))))


def _shown_plan(services: Services, address: Address) -> int:
    with services.store.reading() as session:
        plan = plan_of(structures.listing(session, auth.scope()), address)
    if plan is None:
        raise PreventUpdate
    return plan.id


def decided(services: Services, address: Address, ids: list[int], *, accepted: bool) -> str:
    """Accept or refuse lines of the plan shown, and say what went with them."""
    plan_id = _shown_plan(services, address)
    along = structures.set_accepted(services.store, plan_id, ids, accepted=accepted, scope=auth.scope())
    text = _("已采纳 {n} 项。", n=len(ids)) if accepted else _("已不采纳 {n} 项。", n=len(ids))
    if not along:
        return text
    names = "、".join(along[:_NAMED])
    if accepted:
        return text + _("所需的 {k} 项一并采纳：{names}。", k=len(along), names=names)
    return text + _("以它为上级或并入它的 {k} 项一并不采纳：{names}。", k=len(along), names=names)


def ended(services: Services, address: Address, *, publish: bool) -> str:
    """Publish the plan shown, or drop it, and say what that did."""
    plan_id = _shown_plan(services, address)
    if not publish:
        plans.drop(services.store, plan_id, auth.user_id(), scope=auth.scope())
        return _("组织架构方案 {n} 已放弃，组织架构没有改动。", n=plan_id)
    counts = plans.publish(services.store, plan_id, auth.user_id(), scope=auth.scope())
    return _(
        "组织架构方案 {n} 已发布：新增 {a} 个、调整 {b} 个、撤并 {c} 个党组织。",
        n=plan_id,
        a=counts.get("add", 0),
        b=counts.get("change", 0),
        c=counts.get("remove", 0),
    )
