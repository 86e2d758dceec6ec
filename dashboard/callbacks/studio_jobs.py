"""What 微网格工作台 computes: drawings of a community or of all, as a job with progress and cancel."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.callbacks.alignment_jobs import tiles_follow
from dashboard.callbacks.jobs import jobs_of, progress_text, said, watched
from dashboard.callbacks.studio_files import all_published
from dashboard.i18n import _, number
from dashboard.pages import studio as page
from dashboard.services import Services
from dashboard.studio_address import Address
from data.drawing_begin import begin
from data.jobs import CANCELLED, FAILED
from data.jobs import State as JobState


def register(app: Dash, services: Services) -> None:
    """Register the callbacks."""
    jobs = jobs_of(services)
    watched(app, jobs, page, (page.URL, "search"), lambda search: Address.of(search).job)

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.OPEN, "n_clicks"),
        Input(page.PROPOSE_NEW, "n_clicks"),
        Input(page.PROPOSE_CITY, "n_clicks"),
        State(page.LEAST, "value"),
        State(page.MOST, "value"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def start(
        one: int | None, new: int | None, city: int | None, least: Any, most: Any, search: str
    ) -> tuple[Any, Any]:
        if not (one or new or city):
            raise PreventUpdate
        auth.only_planners()
        address, asked = Address.of(search), ctx.triggered_id
        if not _is_band(least, most):
            return no_update, said(_("请填写户数范围：最少不大于最多。"), good=False)
        if asked != page.PROPOSE_CITY and not address.area:
            return no_update, said(_("请先选一个社区。"), good=False)
        codes = [] if asked == page.PROPOSE_CITY else [str(address.area)]
        proposing = asked != page.OPEN
        return address.but(job=started(services, codes, (least, most), proposing=proposing)).search(), None

    @app.callback(
        Output(page.JOB_TEXT, "children"),
        Output(page.JOB_BAR, "value"),
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Input(page.POLL, "n_intervals"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def poll(_n: int, search: str) -> tuple[Any, ...]:
        address = Address.of(search)
        if address.job is None:
            raise PreventUpdate
        state = jobs.state(address.job, auth.user_id())
        if state is None or state.is_over:
            new, message = ended(address, state)
            if state is not None and state.result.get("published"):
                tiles_follow(services)
            return "", 0, new.search(), message
        return progress_text(state), round(100 * state.share), no_update, no_update


def _is_band(least: Any, most: Any) -> bool:
    return isinstance(least, int | float) and isinstance(most, int | float) and 0 < least <= most


def started(services: Services, codes: list[str], band: tuple[float, float], *, proposing: bool) -> str:
    """Start drawings of communities, of all where no code is given, and return the job."""
    title = _("划分全部社区") if not codes else _("划分微网格") if proposing else _("打开社区")
    return jobs_of(services).start(
        services.store,
        begin,
        title,
        auth.user_id(),
        scope_prefix=auth.scope().prefix,
        account_id=auth.user_id(),
        communities=codes,
        band=band,
        proposing=proposing,
        anew=bool(codes),
    )


def ended(address: Address, state: JobState | None) -> tuple[Address, Any]:
    """Return where the page goes when a job is over, and what it says."""
    free = address.but(job=None)
    if state is None:
        return free, said(_("没有找到该任务，可能已过期；请重新开始。"), good=False)
    if state.status in {FAILED, CANCELLED}:
        return free, said(_(state.message), good=state.status == CANCELLED)
    result = state.result
    if "published" in result:
        return free, all_published(result)
    if result["communities"] == 1 and result["plan"]:
        return free.but(plan=result["plan"]), said(_("草稿已建好，每一步修改都会自动保存。"), good=True)
    text = _("已为 {n} 个社区建好草稿。", n=number(result["communities"]))
    if result["skipped"]:
        text += _("{n} 个社区原来就有草稿，没有改动。", n=number(result["skipped"]))
    failures = result["failures"]
    if failures:
        text += _("{n} 个社区没有算成：{why}", n=len(failures), why=next(iter(failures.values())))
    return free, said(text, good=not failures)
