"""What pages that start jobs share: a bar with the progress, a button that cancels, a word at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from dash import Dash, Input, Output, State, ctx, html

from dashboard import auth
from dashboard.i18n import _, number
from dashboard.services import Services
from data.jobs import RUNNING, Jobs
from data.jobs import State as JobState

HIDDEN = {"display": "none"}
LONG_S = 90


class Page(Protocol):
    """The ids that a page gives to the interval that asks, the bar's box, and the button that cancels."""

    POLL: str
    JOB: str
    CANCEL: str


def jobs_of(services: Services) -> Jobs:
    """Return the jobs of this installation."""
    return Jobs(services.settings.home / "jobs")


def said(text: str, *, good: bool) -> html.P:
    """Return a message to the planner."""
    return html.P(text, className="import-verdict good" if good else "import-verdict bad")


def watched(
    app: Dash, jobs: Jobs, page: Page, where: tuple[str, str], job_of: Callable[[Any], str | None]
) -> None:
    """Show the bar and ask on while a job runs, and let it be cancelled.

    Parameters
    ----------
    where
        Component and property that hold the job's id.
    job_of
        Reads it there; None where no job runs.
    """

    @app.callback(Output(page.POLL, "disabled"), Output(page.JOB, "style"), Input(*where))
    def watch(held: Any) -> tuple[bool, dict[str, str]]:
        running = job_of(held) is not None
        return not running, {} if running else HIDDEN

    @app.callback(
        Output(page.CANCEL, "loading"),
        Input(page.CANCEL, "n_clicks"),
        Input(page.POLL, "disabled"),
        State(*where),
        prevent_initial_call=True,
    )
    def cancel(clicks: int | None, _disabled: bool, held: Any) -> bool:  # noqa: FBT001
        if ctx.triggered_id != page.CANCEL or not clicks:
            return False
        jobs.cancel(job_of(held), auth.user_id())
        return True


def progress_text(state: JobState) -> str:
    """Say how far a job is and how long it will take."""
    if state.status != RUNNING:
        return _("{title}：正在启动……", title=state.title)
    text = f"{state.title}：{100 * state.share:.0f}%"
    if state.left_s is None:
        return text
    if state.left_s >= LONG_S:
        return text + _("，约剩 {n} 分钟", n=number(round(state.left_s / 60)))
    return text + _("，约剩 {n} 秒", n=number(max(1, round(state.left_s))))
