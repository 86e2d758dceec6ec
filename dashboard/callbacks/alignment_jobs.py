"""What 拉平对齐 computes: a check or an alignment as a job, its progress, its end."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.align_address import Address
from dashboard.callbacks.import_plans import build_in_background
from dashboard.callbacks.jobs import jobs_of, progress_text, said, watched
from dashboard.components.alignment_tables import LAYERS, nobody
from dashboard.i18n import _, number
from dashboard.pages import alignment as page
from dashboard.services import Services
from data import alignments, inspections
from data.alignment_wishes import Wishes
from data.errors import DataError
from data.jobs import CANCELLED, DONE, FAILED
from data.jobs import State as JobState
from data.queries.alignments import names_of
from models.enums import RefusalReason

MANY_NARROW = 0.1
"""A share of the roads from which a tolerance is worth a warning."""


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""
    jobs = jobs_of(services)
    watched(app, jobs, page, (page.URL, "search"), lambda search: Address.of(search).job)

    @app.callback(
        Output(page.PICKED, "children"),
        Output(page.CHECK, "disabled"),
        Output(page.RUN, "disabled"),
        Input(page.COMMUNITIES, "selectedRows"),
        Input(page.COMMUNITIES, "rowData"),
    )
    def count(selected: Any, rows: list[dict[str, Any]] | None) -> tuple[str, bool, bool]:
        some = len(_codes(selected))
        text = _("共 {n} 个，已选 {k} 个", n=number(len(rows or [])), k=number(some))
        return text, not some, not some

    @app.callback(
        Output(page.COMMUNITIES, "selectedRows"),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.PICK, "n_clicks"),
        State(page.COMMUNITIES, "rowData"),
        prevent_initial_call=True,
    )
    def pick(clicks: int | None, rows: list[dict[str, Any]] | None) -> tuple[Any, Any]:
        if not clicks:
            raise PreventUpdate
        bad = [row["id"] for row in rows or [] if row["findings"]]
        if not bad:
            return no_update, said(_("还没有检查出问题的社区；请勾选社区后点“检查所选”。"), good=False)
        return {"ids": bad}, None

    @app.callback(
        Output(page.WARNING, "children"), Input(page.TOLERANCE, "value"), Input(page.REFRESH, "data")
    )
    def warn(tolerance: float | str | None, _refresh: int) -> Any:
        if not auth.may_plan():
            raise PreventUpdate
        if not _is_number(tolerance):
            return html.P(_("请填写容差。"), className="align-warning")
        with services.store.reading() as session:
            narrow, total = alignments.narrow_roads(session, auth.scope(), float(tolerance or 0))
        return warning(narrow, total, float(tolerance or 0))

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.CHECK, "n_clicks"),
        Input(page.RUN, "n_clicks"),
        State(page.COMMUNITIES, "selectedRows"),
        State(page.TOLERANCE, "value"),
        State(page.LEAD, "value"),
        State(page.WIDE, "value"),
        State(page.FROZEN, "value"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def start(
        check: int | None,
        run: int | None,
        selected: Any,
        tolerance: float | str | None,
        lead: str,
        wide: str,
        frozen: list[str] | None,
        search: str,
    ) -> tuple[Any, Any]:
        if not (check or run):
            raise PreventUpdate
        auth.only_planners()
        codes = _codes(selected)
        if not codes or not _is_number(tolerance):
            return no_update, said(_("请先勾选社区并填写容差。"), good=False)
        if ctx.triggered_id == page.CHECK:
            job = start_check(services, codes, float(tolerance or 0))
        else:
            wishes = Wishes(float(tolerance or 0), lead, wide, tuple(frozen or ()), tuple(sorted(codes)))
            job = start_alignment(services, wishes, title_of(selected))
        return Address.of(search).but(job=job).search(), None

    @app.callback(
        Output(page.JOB_TEXT, "children"),
        Output(page.JOB_BAR, "value"),
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.REFRESH, "data", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.POLL, "n_intervals"),
        State(page.URL, "search"),
        State(page.REFRESH, "data"),
        prevent_initial_call=True,
    )
    def poll(_n: int, search: str, refresh: int) -> tuple[Any, ...]:
        address = Address.of(search)
        if address.job is None:
            raise PreventUpdate
        state = jobs.state(address.job, auth.user_id())
        if state is None or state.is_over:
            new, message = ended(services, address, state)
            return "", 0, new.search(), refresh + 1, message
        return progress_text(state), round(100 * state.share), no_update, no_update, no_update


def _codes(selected: Any) -> list[str]:
    return [one["id"] for one in selected] if isinstance(selected, list) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value > 0


def title_of(selected: list[dict[str, Any]]) -> str:
    """Return the title of an alignment of communities."""
    first = selected[0]["name"]
    return f"拉平{first}" if len(selected) == 1 else f"拉平{first}等 {len(selected)} 个社区"


def warning(narrow: int, total: int, tolerance: float) -> Any:
    """Warn where the tolerance exceeds half of many roads' width: it stands for drawing noise only."""
    if not total or narrow / total < MANY_NARROW:
        return None
    text = _(
        "{total} 条道路中有 {n} 条窄于 {w} 米，容差超过了它们的半宽：路两侧的边界可能被并到一起。",
        total=number(total),
        n=number(narrow),
        w=number(2 * tolerance, 0 if float(2 * tolerance).is_integer() else 1),
    )
    return html.P(text, className="align-warning")


def start_check(services: Services, codes: list[str], tolerance: float) -> str:
    """Start to check communities, and return the job."""
    arguments = {"communities": sorted(codes), "tolerance": tolerance}
    return _start(services, inspections.inspect, _("检查 {n} 个社区", n=len(codes)), **arguments)


def start_alignment(services: Services, wishes: Wishes, title: str) -> str:
    """Start to level communities, and return the job."""
    arguments = {"wishes": wishes, "plan_title": title, "account_id": auth.user_id()}
    return _start(services, alignments.solve, _("拉平 {n} 个社区", n=len(wishes.communities)), **arguments)


def start_again(services: Services, plan_id: int, communities: list[str], **decisions: Any) -> str:
    """Start to compute communities of a draft anew, and return the job."""
    title = _("重新计算 {n} 个社区", n=len(communities))
    arguments = {"plan_id": plan_id, "communities": communities, **decisions}
    return _start(services, alignments.solve_again, title, **arguments)


def _start(services: Services, work: Any, title: str, **arguments: Any) -> str:
    prefix = auth.scope().prefix
    return jobs_of(services).start(
        services.store, work, title, auth.user_id(), scope_prefix=prefix, **arguments
    )


def ended(services: Services, address: Address, state: JobState | None) -> tuple[Address, Any]:
    """Return where the page goes when a job is over, and what it says."""
    free = address.but(job=None)
    if state is None:
        return free, said(_("没有找到该任务，可能已过期；请重新开始。"), good=False)
    if state.status in {FAILED, CANCELLED}:
        return free, said(_(state.message), good=state.status == CANCELLED)
    if state.status != DONE:
        raise DataError(f"任务状态 {state.status} 未知。")
    result = state.result
    if "plan" not in result:
        text = _(
            "检查了 {n} 个社区，发现 {k} 处问题。", n=result["communities"], k=number(result["findings"])
        )
        return free.but(tab="findings"), said(text, good=True)
    new = free.but(plan=result["plan"])
    if address.plan != result["plan"]:
        new = new.but(tab="moves", area=first_area(services, result["plan"], address.area))
    if "gone" in result:
        return new, together(services, result)
    text = _(
        "已拉平 {n} 个社区，生成草稿方案 {plan}。请核对变更后发布。",
        n=result["communities"],
        plan=result["plan"],
    )
    if result["failures"]:
        text += _("{n} 个社区没有算成，保持原样。", n=result["failures"])
    return new, said(text, good=not result["failures"])


def first_area(services: Services, plan_id: int, wished: str | None) -> str | None:
    """Return the community of a plan that is looked at first."""
    from data.queries.alignments import plans_of  # noqa: PLC0415

    with services.store.reading() as session:
        found = plans_of(session, auth.scope(), plan_id)
    inside = found[0].wishes.communities if found else ()
    return wished if wished in inside else next(iter(inside), None)


def together(services: Services, result: dict[str, Any]) -> Any:
    """Say what a decision took with it: changes that had to go together, and what can't be levelled now."""
    gone, refused = result["gone"], result["refused"]
    if not gone and not refused:
        return said(_("已按您的决定重新计算，其余图形仍然严丝合缝。"), good=True)
    codes = [code for _layer, *ends in gone for code in ends if code] + [code for _a, code, _b in refused]
    with services.store.reading() as session:
        names = names_of(session, codes)
    parts = []
    if gone:
        pairs = [
            _(LAYERS[layer]) + " " + " → ".join(names.get(one, one) if one else nobody(layer) for one in ends)
            for layer, *ends in gone[:4]
        ]
        parts.append(
            _("有 {n} 处变更与它相连，须一起取舍，已一并取消：{what}。", n=len(gone), what="；".join(pairs))
        )
    if refused:
        some = "、".join(
            f"{names.get(code, code)}（{_(RefusalReason(reason).label)}）"
            for _layer, code, reason in refused[:4]
        )
        parts.append(_("这样一来有 {n} 个图形不能拉平：{what}。", n=len(refused), what=some))
    return said("".join(parts), good=not refused)


def tiles_follow(services: Services) -> None:
    """Let the map's archives follow a publication."""
    build_in_background(services.tiles)
