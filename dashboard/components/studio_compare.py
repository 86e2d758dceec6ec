"""Two plans of one community beside each other: the second map, and a table of both plans' figures."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import html

from dashboard.components import studio as parts
from dashboard.i18n import _, number, percent
from data.drawings import Sheet
from geo.differences import Difference
from geo.partition import Band


def name(sheet: Sheet, *, in_force: bool) -> str:
    """Return what a plan is called."""
    return _("现行微网格") if in_force else f"{sheet.plan_id} · {sheet.title}"


def figures(sheet: Sheet, band: Band) -> list[str]:
    """Return the figures of a plan in the order of `table`'s rows."""
    draft = sheet.draft
    lived = [one for one in draft.figures.values() if one.households > 0]
    loads = [one.households for one in lived]
    inside = sum(band.holds(load) for load in loads)
    whole = draft.totals()
    return [
        number(len(lived)),
        f"{number(inside)}（{percent(100 * inside / max(len(lived), 1))}）",
        f"{number(min(loads, default=0))}–{number(max(loads, default=0))}",
        number(float(np.mean([one.compactness for one in lived])) if lived else 0, 2),
        number(len(whole.disconnected)),
        number(whole.unassigned_households),
        number(len(draft.sited)),
    ]


def table(sheet: Sheet, other: Sheet, found: Difference, *, in_force: bool) -> html.Div:
    """Return the figures of both plans, and how far they differ."""
    band = sheet.draft.band
    labels = [
        _("有住户的微网格"),
        _("{a}–{b} 户之内", a=number(band.least), b=number(band.most)),
        _("户数范围"),
        _("平均紧凑度"),
        _("不相连"),
        _("未划入的户数"),
        _("挪动的阵地"),
    ]
    rows = [
        html.Tr([html.Th(label, scope="row"), html.Td(left), html.Td(right)])
        for label, left, right in zip(labels, figures(sheet, band), figures(other, band), strict=True)
    ]
    head = html.Tr(
        [
            html.Th(_("指标")),
            html.Th(_("左：{name}", name=name(sheet, in_force=False))),
            html.Th(_("右：{name}", name=name(other, in_force=in_force))),
        ]
    )
    return html.Div(
        [
            html.Table([html.Thead(head), html.Tbody(rows)], className="studio-figures"),
            html.Div([*differing(sheet, found), *elsewhere(sheet, other)], className="studio-differing"),
        ],
        className="panel studio-comparison",
    )


def differing(sheet: Sheet, found: Difference) -> list[Any]:
    """Say how many households and buildings are in another micro-grid."""
    whole = float(sheet.draft.fabric.households.sum())
    share = percent(100 * found.households / max(whole, 1))
    lines: list[Any] = [
        html.Strong(_("两方案不同：{n} 户（{p}）", n=number(found.households), p=share)),
        html.P(_("{n} 栋楼不在同一个微网格，两图上以深色标出。", n=number(found.buildings))),
        html.P(_("按重合住户最多配对微网格，只换编号不算不同。"), className="hint"),
    ]
    if found.unmatched:
        lines.append(html.P(_("另有 {n} 栋楼只在一个方案里，没有比较。", n=number(found.unmatched))))
    return lines


def elsewhere(sheet: Sheet, other: Sheet) -> list[Any]:
    """Say how many service stations the plans have at different places."""
    places = [{one.station: one.stands for one in each.draft.sited.values()} for each in (sheet, other)]
    count = sum(places[0].get(one) != places[1].get(one) for one in set(places[0]) | set(places[1]))
    return [html.P(_("{n} 处服务阵地位置不同。", n=number(count)))] if count else []


def title(sheet: Sheet, *, in_force: bool) -> html.Div:
    """Return what stands on the second map."""
    text = name(sheet, in_force=in_force)
    return html.Div([html.Span(text), html.Span(_("只供对比")), parts_key()], className="studio-other-title")


def parts_key() -> html.Span:
    """Return what the dark colour means."""
    return html.Span(
        [
            html.Span(
                className="align-key fill",
                style={"background": parts.MAP_COLORS["service"], "opacity": 0.55},
            ),
            html.Span(_("两方案不同")),
        ],
        className="studio-other-key",
    )
