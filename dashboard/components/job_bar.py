"""The bar of long work: how far it is, how long it will take, and a button that cancels."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from dashboard.i18n import _


def job_bar(job: str, text: str, bar: str, cancel: str) -> html.Section:
    """Return the bar, hidden until a job runs.

    Parameters
    ----------
    job, text, bar, cancel
        Ids of the whole, of the words, of the bar and of the button; see `dashboard.callbacks.jobs`.
    """
    return html.Section(
        [
            html.Div(
                [
                    html.Span(id=text, role="status"),
                    dmc.Button(_("取消"), id=cancel, size="compact-xs", variant="default"),
                ],
                className="job-bar-head",
            ),
            dmc.Progress(id=bar, value=0, size="md", **{"aria-label": _("进度")}),
        ],
        id=job,
        className="panel job-bar",
        style={"display": "none"},
    )
