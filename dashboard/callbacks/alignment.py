"""What 拉平对齐 shows: communities, a plan's tables, the map before and after, what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from dashboard import auth
from dashboard.align_address import Address
from dashboard.callbacks import alignment_decisions, alignment_jobs, alignment_structures
from dashboard.components import alignment_map as drawn
from dashboard.components import alignment_tables as tables
from dashboard.components import choices
from dashboard.components.alignment_detail import card
from dashboard.components.shell import theme
from dashboard.figures.alignment import cases
from dashboard.i18n import _
from dashboard.map import below_bar
from dashboard.map_sources import sources
from dashboard.pages import alignment as page
from dashboard.services import Services
from data import inspections
from data.queries import alignments, areas
from data.queries.alignments import AlignmentRef
from data.scope import Scope
from models.enums import OverlapCase, PlanStatus, RefusalReason

HIDDEN = {"display": "none"}
MOST_COMMUNITIES = 60
"""Findings of so many communities are listed together."""


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    alignment_jobs.register(app, services)
    alignment_decisions.register(app, services)
    alignment_structures.register(app, services)
    choices.follow_address(app, page.URL, (page.PLAN, page.AREA, page.TABS), page.REFRESH)
    _register_choices(app, services)
    _register_map(app, services)

    @app.callback(
        Output(page.COMMUNITIES, "rowData"),
        Input(page.REFRESH, "data"),
    )
    def list_communities(_refresh: int) -> list[dict[str, Any]]:
        _require()
        with services.store.reading() as session:
            return tables.community_rows(inspections.communities(session, auth.scope()))

    @app.callback(
        Output(choices.WANTED, "data"),
        Output(page.PLAN, "data"),
        Output(page.AREA, "data"),
        Output(page.PLAN_STATE, "children"),
        Output(page.PLAN_BAR, "style"),
        Output(page.COMPARE, "style"),
        Output(page.PUBLISH, "style"),
        Output(page.AGAIN, "style"),
        Output(page.DROP, "style"),
        Output(page.DECISIONS, "style"),
        Output(page.MOVES, "rowData"),
        Output(page.REFUSALS, "rowData"),
        Output(page.RELATIONS, "rowData"),
        Output(page.SUMMARY, "rowData"),
        Output(page.FIGURE, "figure"),
        *[Output(f"align-tab-{name}", "children") for name in page.TAB_LABELS],
        Output(page.MOVES, "selectedRows"),
        Input(page.URL, "search"),
        Input(page.REFRESH, "data"),
    )
    def show_plan(search: str, _refresh: int) -> tuple[Any, ...]:
        _require()
        return plan_shown(services, auth.scope(), Address.of(search))

    @app.callback(
        Output(page.FINDINGS, "rowData"),
        Output("align-tab-findings", "children", allow_duplicate=True),
        Input(page.URL, "search"),
        Input(page.REFRESH, "data"),
        Input(page.COMMUNITIES, "selectedRows"),
        prevent_initial_call="initial_duplicate",
    )
    def list_findings(search: str, _refresh: int, selected: Any) -> tuple[list[dict[str, Any]], str]:
        _require()
        address = Address.of(search)
        codes = [address.area] if address.area else [one["id"] for one in picked(selected)][:MOST_COMMUNITIES]
        with services.store.reading() as session:
            rows = found_rows(session, auth.scope(), codes)
        return rows, _counted("findings", len(rows))


def _require() -> None:
    if not auth.may_plan():
        raise PreventUpdate


def picked(selected: Any) -> list[dict[str, Any]]:
    """Return the rows that are ticked in a table, whatever the table calls them."""
    return selected if isinstance(selected, list) else []


def _counted(tab: str, count: int | None) -> str:
    label = _(page.TAB_LABELS[tab])
    return f"{label} {count}" if count else label


def found_rows(session: Session, scope: Scope, codes: list[str]) -> list[dict[str, Any]]:
    """Return the rows of the findings of communities."""
    found = inspections.findings(session, scope, codes)
    named = [code for text in found["codes"] for code in str(text).split(",")[:6]]
    names = alignments.names_of(session, named)
    return tables.finding_rows(found.drop(columns="geometry"), names, areas.names(session, codes))


@dataclass(frozen=True)
class PlanRows:
    """A plan's tables as rows."""

    moves: list[dict[str, Any]]
    refusals: list[dict[str, Any]]
    relations: list[dict[str, Any]]


def plan_rows(session: Session, scope: Scope, plan: AlignmentRef, area: str | None) -> PlanRows:
    """Return a plan's tables as rows, of one community where it is given."""
    found = [
        one(session, scope, plan.id) for one in (alignments.moves, alignments.refusals, alignments.relations)
    ]
    if area is not None:
        found = [one[one["area_code"] == area] for one in found]
    found = [one.head(tables.MOST_ROWS) for one in found]
    moved, refused, related = found
    named = [*moved["from_code"].dropna(), *moved["to_code"].dropna(), *refused["code"]]
    names = alignments.names_of(session, [*named, *related["compound_code"], *related["grid_code"]])
    places = areas.names(session, plan.wishes.communities)
    return PlanRows(
        tables.move_rows(moved, names, places, frozenset(plan.wishes.left_out)),
        tables.refusal_rows(refused, names, places),
        tables.relation_rows(related, names, places),
    )


def plan_shown(services: Services, scope: Scope, address: Address) -> tuple[Any, ...]:
    """Return what the page shows of the plan in its address."""
    with services.store.reading() as session:
        known = alignments.plans_of(session, scope)
        plan = next((one for one in known if one.id == address.plan), None)
        codes = list(plan.wishes.communities) if plan else []
        communities = inspections.communities(session, scope) if not plan else None
        plans = [{"value": str(one.id), "label": plan_label(one)} for one in known]
        names = areas.names(session, codes)
        inside = [{"value": code, "label": names.get(code, code)} for code in codes if code in scope]
        if communities is not None:
            inside = [
                {"value": code, "label": name}
                for code, name in zip(communities["code"], communities["name"], strict=True)
            ]
        rows = plan_rows(session, scope, plan, address.area) if plan else PlanRows([], [], [])
        sums = alignments.summary(session, scope, plan.id) if plan and not plan.restores else None
        counties = alignments.by_county(session, sums) if sums is not None and len(sums) else None
    draft = plan is not None and plan.status is PlanStatus.DRAFT
    counts = {"moves": len(rows.moves), "refusals": len(rows.refusals), "relations": len(rows.relations)}
    return (
        [str(plan.id) if plan else None, address.area, address.tab],
        plans,
        inside,
        plan_state(plan),
        *[{} if plan else HIDDEN] * 2,
        *[{} if draft else HIDDEN] * 4,
        rows.moves,
        rows.refusals,
        rows.relations,
        figures_rows(sums, counties),
        summary_figure(sums, counties),
        *[no_update if name == "findings" else _counted(name, counts.get(name)) for name in page.TAB_LABELS],
        [],
    )


def plan_label(plan: AlignmentRef) -> str:
    """Return a plan as one line of a list."""
    when = plan.created_at.astimezone().strftime("%m-%d %H:%M")
    return f"{plan.id} · {plan.title} · {_(plan.status.label)} · {when}"


def plan_state(plan: AlignmentRef | None) -> str:
    """Return who made a plan and when, and who decided it."""
    if plan is None:
        return ""
    made = plan.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    text = _("{who} {when} 起草", who=plan.created_by or "—", when=made)
    if plan.decided_at is not None:
        when = plan.decided_at.astimezone().strftime("%Y-%m-%d %H:%M")
        text += f"；{plan.decided_by or '—'} {when} {_(plan.status.label)}"
    return text


def figures_rows(sums: Any, counties: Any) -> list[dict[str, Any]]:
    """Return the figures by county, where there are several, and by community."""
    if sums is None or not len(sums):
        return []
    above = tables.summary_rows(counties) if counties is not None and len(counties) > 1 else []
    return above + tables.summary_rows(sums)


def summary_figure(sums: Any, counties: Any) -> Any:
    """Return the figure of the plan, by county where there are several, else by community."""
    if sums is None or not len(sums):
        return {"data": [], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}
    table = counties if counties is not None and len(counties) > 1 else sums.head(30)
    return cases(
        table,
        {one.value: _(one.label) for one in OverlapCase},
        {one.value: _(one.label) for one in RefusalReason},
        (_("各种情形的小区占比"), _("未能拉平的图形数")),
        theme(),
    )


def _register_choices(app: Dash, services: Services) -> None:
    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Input(page.PLAN, "value"),
        Input(page.AREA, "value"),
        Input(page.TABS, "value"),
        Input(page.COMMUNITIES, "cellClicked"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def go(plan: str | None, area: str | None, tab: str, cell: dict[str, Any] | None, search: str) -> str:
        address = Address.of(search)
        asked = ctx.triggered_id
        if asked == page.PLAN:
            new = address.but(plan=int(plan) if plan else None)
            if plan and new.plan != address.plan:
                with services.store.reading() as session:
                    found = alignments.plans_of(session, auth.scope(), int(plan))
                inside = found[0].wishes.communities if found else ()
                new = new.but(area=new.area if new.area in inside else next(iter(inside), None))
        elif asked == page.AREA:
            new = address.but(area=area)
        elif asked == page.TABS:
            new = address.but(tab=tab)
        else:
            if not cell or not cell.get("rowId"):
                raise PreventUpdate
            new = address.but(area=cell["rowId"])
            with services.store.reading() as session:
                found = alignments.plans_of(session, auth.scope(), new.plan) if new.plan else []
            if found and new.area not in found[0].wishes.communities:
                new = new.but(plan=None, tab="findings")
        if new == address:
            raise PreventUpdate
        return new.search()

    @app.callback(
        Output(page.CHOSEN, "data"),
        Input(page.FINDINGS, "cellClicked"),
        Input(page.MOVES, "cellClicked"),
        Input(page.REFUSALS, "cellClicked"),
        Input(page.RELATIONS, "cellClicked"),
        Input(page.MAP, "clicked"),
        Input(page.CLOSE, "n_clicks"),
        Input(page.AREA, "value"),
        Input(page.PLAN, "value"),
        prevent_initial_call=True,
    )
    def choose(*_inputs: Any) -> Any:
        return chosen(ctx.triggered_id, ctx.triggered[0]["value"])

    app.clientside_callback(
        ClientsideFunction("pingqiAlign", "filter"),
        Output(page.QUICK, "error"),
        Input(page.QUICK, "value"),
        prevent_initial_call=True,
    )


def chosen(asked: str, value: Any) -> dict[str, Any] | None:
    """Return what a click chose."""
    kinds = {
        page.FINDINGS: "finding",
        page.MOVES: "move",
        page.REFUSALS: "refusal",
        page.RELATIONS: "relation",
    }
    if asked in kinds:
        if not value or not value.get("rowId"):
            raise PreventUpdate
        return {"kind": kinds[asked], "id": int(value["rowId"])}
    if asked == page.MAP and value and value.get("layer") in {"compound", "grid", "micro_grid"}:
        return {"kind": value["layer"], "id": int(value["id"])}
    return None


def _register_map(app: Dash, services: Services) -> None:
    @app.callback(
        Output(page.SIDES, "data"),
        Output(page.MAP, "visible"),
        Input(page.URL, "search"),
        Input(page.REFRESH, "data"),
        Input(page.LAYERS, "value"),
    )
    def outline_sources(search: str, _refresh: int, layers: list[str]) -> tuple[Any, list[str]]:
        _require()
        address = Address.of(search)
        if ctx.triggered_id == page.LAYERS:
            return no_update, drawn.visible(layers)
        revisions = services.store.table_revisions()
        stamp = ".".join(str(revisions.get(name, 0)) for name in ("change", "compound", "grid", "micro_grid"))
        base = sources(services, auth.scope())
        return drawn.sides(base, address.plan, address.area, stamp), drawn.visible(layers)

    @app.callback(
        Output(page.MAP, "overlays"),
        Output(page.MAP, "view"),
        Output(page.DETAIL, "children"),
        Output("align-detail-box", "style"),
        Output(page.LEGEND, "children"),
        Input(page.CHOSEN, "data"),
        Input(page.URL, "search"),
        Input(page.REFRESH, "data"),
        Input(page.LAYERS, "value"),
        State(page.MAP, "view"),
    )
    def on_map(
        chosen: dict[str, Any] | None, search: str, _refresh: int, layers: list[str], view: Any
    ) -> tuple[Any, ...]:
        _require()
        return map_shown(services, auth.scope(), Address.of(search), chosen, layers, (view or {}).get("key"))

    app.clientside_callback(
        ClientsideFunction("pingqiAlign", "side"),
        Output(page.MAP, "sources"),
        Input(page.SIDES, "data"),
        Input(page.SIDE, "value"),
    )
    app.clientside_callback(
        ClientsideFunction("pingqiAlign", "blink"),
        Output(page.SIDE, "value"),
        Output(page.TICK, "disabled"),
        Output(page.BLINKING, "data"),
        Output(page.BLINK, "variant"),
        Input(page.BLINK, "n_clicks"),
        Input(page.TICK, "n_intervals"),
        State(page.SIDE, "value"),
        State(page.BLINKING, "data"),
        prevent_initial_call=True,
    )


def map_shown(
    services: Services,
    scope: Scope,
    address: Address,
    chosen: dict[str, Any] | None,
    layers: list[str],
    seen: str | None,
) -> tuple[Any, ...]:
    """Return overlays, view, detail card, its style and the legend.

    Parameters
    ----------
    seen
        Key of the present view: the map stays where only a choice ends.
    """
    with services.store.reading() as session:
        plan = next(iter(alignments.plans_of(session, scope, address.plan)), None) if address.plan else None
        detail = card(session, scope, plan, chosen) if chosen else None
        mode = "findings" if plan is None or address.tab == "findings" else "pieces"
        overlays: list[dict[str, Any]] = []
        if address.area and mode == "findings":
            overlays += drawn.overlay("draft", inspections.findings(session, scope, [address.area]).geometry)
        elif address.area and plan:
            pieces: gpd.GeoDataFrame = alignments.pieces(session, scope, plan.id, address.area)
            mode = "feature" if detail and detail.code else mode
            overlays += drawn.piece_overlays(pieces, layers, detail.code if detail else None)
        if detail:
            overlays += drawn.overlay("selected", [detail.geometry]) + drawn.overlay(
                "related", detail.related
            )
        if detail is None:
            key = f"area:{address.area}"
            bounds = areas.bounds(session, scope, address.area) if address.area else _whole(session, scope)
        else:
            key = f"area:{address.area}:{chosen}"
            bounds = drawn.bounds_of([detail.geometry]) if detail.zoom else None
    stays = bounds is None or (detail is None and (seen or "").startswith(key) and address.area is not None)
    view = (
        no_update
        if stays
        else {"key": key, "bounds": list(bounds), "padding": below_bar(44), "max_zoom": 18.5}
    )
    return overlays, view, detail.children if detail else None, {} if detail else HIDDEN, drawn.legend(mode)


def _whole(session: Session, scope: Scope) -> Any:
    top = areas.top(session, scope)
    return areas.bounds(session, scope, top.code) if top else None
