"""The frame of every page: brand, pages, language, theme, who is signed in."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html
from flask import has_request_context, request
from flask_login import current_user

from dashboard.i18n import LANGUAGES, _, language
from dashboard.map import PingqiMap
from dashboard.theme import COOKIE, FONT, LIGHT, THEMES, Theme

PAGES = (
    ("/", "全市一张图"),
    ("/coverage/", "全市覆盖"),
    ("/overlays/", "叠加分析"),
    ("/reach/", "步行覆盖"),
    ("/align/", "拉平对齐"),
    ("/grids/", "微网格工作台"),
    ("/import/", "数据导入"),
    ("/wall/", "大屏"),
)


def theme() -> Theme:
    """Return the theme that the reader chose; desks are light unless told otherwise."""
    chosen = request.cookies.get(COOKIE, "") if has_request_context() else ""
    return THEMES.get(chosen, LIGHT)


def page(children: list[Any], colours: Theme) -> dmc.MantineProvider:
    """Return a whole page in a theme."""
    return dmc.MantineProvider(
        html.Div(children, className=f"page page-{colours.name}", style=_variables(colours)),
        forceColorScheme=colours.name,
        theme={"fontFamily": FONT, "primaryColor": "blue", "defaultRadius": "sm"},
    )


def header(active: str, middle: list[Any] | None = None) -> html.Header:
    """Return the bar at the top.

    Parameters
    ----------
    active
        Path of the page that is open.
    middle
        What the page itself puts there.
    """
    other = next(code for code in LANGUAGES if code != language())
    other_theme = next(name for name in THEMES if name != theme().name)
    pages = [
        html.A(
            _(label),
            href=path,
            className="nav active" if path == active else "nav",
            **{"aria-current": "page"} if path == active else {},
        )
        for path, label in PAGES
    ]
    return html.Header(
        [
            html.A(_("平齐"), href="/", className="brand"),
            html.Nav(pages),
            html.Div(middle or [], className="header-middle"),
            html.A(
                _("深色") if other_theme == "dark" else _("浅色"),
                href=f"/theme/{other_theme}",
                className="switch",
            ),
            html.A(LANGUAGES[other], href=f"/language/{other}", className="switch", lang=other),
            html.Span(current_user.name, className="who") if current_user.is_authenticated else None,
            html.Form(html.Button(_("退出"), className="switch"), action="/sign-out", method="POST")
            if current_user.is_authenticated and current_user.has_password
            else None,
        ],
        className="header",
    )


def city_map(map_id: str, sources: list[dict[str, Any]], colours: Theme, **more: Any) -> PingqiMap:
    """Return a desk's map."""
    return PingqiMap(
        id=map_id,
        sources=sources,
        theme=colours.name,
        lang=language(),
        attribution=_("审图要求以本地主管部门为准"),
        className="city-map",
        style={"height": "100%", "width": "100%"},
        **more,
    )


def _variables(colours: Theme) -> dict[str, str]:
    """Hand the colours to the style sheet."""
    return {
        "--page": colours.page,
        "--panel": colours.panel,
        "--line": colours.line,
        "--text": colours.text,
        "--faint": colours.faint,
        "--accent": colours.accent,
        "--too-few": colours.too_few,
    }
