"""Large files on the import page: read, checked and stored as jobs, with progress and cancel."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.callbacks.jobs import jobs_of, progress_text, said, watched
from dashboard.i18n import _
from dashboard.pages import imports as page
from dashboard.services import Services
from data.errors import DataError
from data.imports import working
from data.imports.options import Options
from data.imports.outcome import Preview, Report
from data.imports.plain import outcome_of
from data.jobs import CANCELLED, DONE

LARGE_BYTES = 8 * 2**20
"""From this size on a file is worked on by a job; a smaller one takes a few seconds."""
CHECK: Literal["check"] = "check"
STORE: Literal["store"] = "store"


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the bar and its button."""
    jobs = jobs_of(services)
    watched(app, jobs, page, (page.TASK, "data"), lambda task: (task or {}).get("id"))

    @app.callback(
        Output(page.JOB_TEXT, "children"),
        Output(page.JOB_BAR, "value"),
        Output(page.TASK, "data", allow_duplicate=True),
        Output(page.CHECKED, "data"),
        Output(page.STORED, "data"),
        Input(page.POLL, "n_intervals"),
        State(page.TASK, "data"),
        prevent_initial_call=True,
    )
    def poll(_n: int, task: dict[str, Any] | None) -> tuple[Any, ...]:
        if not task:
            raise PreventUpdate
        state = jobs.state(task["id"], auth.user_id())
        if state is None or state.is_over:
            checked = task if task["kind"] == CHECK else no_update
            return "", 0, None, checked, task if task["kind"] == STORE else no_update
        return progress_text(state), round(100 * state.share), no_update, no_update, no_update


def is_large(path: Path) -> bool:
    """Tell whether a file is worked on by a job."""
    return path.stat().st_size >= LARGE_BYTES


def started(
    services: Services, path: Path, kind: str, target: str, options: Options, form: list[Any]
) -> dict[str, Any]:
    """Start to check or to store a file, and return what the page keeps of the job, its settings too."""
    more = {"account_id": auth.user_id()} if kind == STORE else {}
    title = _("检查 {file}", file=path.name) if kind == CHECK else _("导入 {file}", file=path.name)
    job = jobs_of(services).start(
        services.store,
        working.check if kind == CHECK else working.store_file,
        title,
        auth.user_id(),
        path=path,
        target=target,
        options=options,
        scope_prefix=auth.scope().prefix,
        **more,
    )
    return {"id": job, "kind": kind, "form": form, "upload": path.parent.name}


def outcome(services: Services, task: dict[str, Any]) -> Preview | Report:
    """Return what a job that is over found or did.

    Raises
    ------
    DataError
        Where it was cancelled, failed or is not known any more.
    """
    state = jobs_of(services).state(task["id"], auth.user_id())
    if state is None:
        raise DataError(_("没有找到该任务，可能已过期；请重新开始。"))
    if state.status != DONE:
        raise DataError(_(state.message))
    return outcome_of(state.result)


def was_cancelled(services: Services, task: dict[str, Any]) -> bool:
    """Tell whether the planner cancelled a job."""
    state = jobs_of(services).state(task["id"], auth.user_id())
    return state is not None and state.status == CANCELLED


def runs(services: Services, task: dict[str, Any] | None, kind: str) -> bool:
    """Tell whether a job of a kind is not over yet."""
    if not task or task["kind"] != kind:
        return False
    state = jobs_of(services).state(task["id"], auth.user_id())
    return state is not None and not state.is_over


def let_go(services: Services, task: dict[str, Any] | None) -> None:
    """Ask a job to stop whose result nobody waits for any more."""
    if task:
        jobs_of(services).cancel(task["id"], auth.user_id())


def stopped(services: Services, task: dict[str, Any], error: DataError) -> Any:
    """Return what the page says where a job did not come to its end."""
    return said(str(error), good=was_cancelled(services, task))
