"""The card of what was chosen: a finding, a piece, a refusal, a compound or grid with its relations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import dash_mantine_components as dmc
from dash import html
from sqlalchemy.orm import Session

from dashboard.components import alignment_tables as tables
from dashboard.i18n import _, number, percent
from data.alignments import claimants
from data.plans import LAYERS
from data.queries import alignments
from data.queries.alignments import AFTER, AlignmentRef
from data.scope import Scope
from models.enums import OverlapCase, PlanStatus, RefusalReason

DECIDABLE = {RefusalReason.WIDE_OVERLAP, RefusalReason.WIDE_GAP}
GIVE = "align-give"


@dataclass(frozen=True)
class Card:
    """What the card says, and what the map shows of it.

    Attributes
    ----------
    code
        Code of the feature that gains and loses land; None where that is not one.
    zoom
        Whether the map goes there: not where it was clicked on the map.
    """

    children: list[Any]
    geometry: Any = None
    related: list[Any] = field(default_factory=list)
    code: str | None = None
    zoom: bool = True


def card(session: Session, scope: Scope, plan: AlignmentRef | None, chosen: dict[str, Any]) -> Card | None:
    """Return the card of what was chosen, None where the scope does not hold it."""
    kind, row_id = chosen["kind"], int(chosen["id"])
    if kind in LAYERS:
        return _feature(session, scope, plan, kind, row_id)
    if kind == "relation":
        return _relation(session, scope, plan, row_id)
    row = alignments.row_of(session, scope, kind, row_id)
    if row is None:
        return None
    make = {"finding": _finding, "move": _move, "refusal": _refusal}[kind]
    return make(session, scope, plan, row)


def _facts(*pairs: tuple[str, Any]) -> html.Dl:
    items = [part for name, value in pairs if value for part in (html.Dt(name), html.Dd(value))]
    return html.Dl(items, className="detail-facts")


def _title(kind: str, name: str) -> html.Div:
    return html.Div(
        [html.Span(kind, className="detail-kind"), html.Span(name, className="detail-title")],
        className="align-detail-title",
    )


def _metres(value: float | None, digits: int = 2) -> str:
    return _("{n} 米", n=number(value, digits)) if value is not None else ""


def _finding(session: Session, _scope: Scope, _plan: AlignmentRef | None, row: Any) -> Card:
    codes = [code for code in row.codes.split(",") if code]
    names = alignments.names_of(session, codes)
    shown = "、".join(names.get(code, code) for code in codes[:8])
    return Card(
        [
            _title(_(tables.LAYERS[row.layer]), _(row.kind.label)),
            _facts(
                (_("涉及"), shown),
                (_("面积"), _("{n} 平方米", n=number(row.area_m2, 2)) if row.area_m2 is not None else ""),
                (_("长度"), _metres(row.length_m, 1)),
            ),
        ],
        row.geometry,
    )


def _move(session: Session, _scope: Scope, _plan: AlignmentRef | None, row: Any) -> Card:
    names = alignments.names_of(session, [code for code in (row.from_code, row.to_code) if code])
    nobody = tables.nobody(row.layer)
    return Card(
        [
            _title(_(tables.LAYERS[row.layer]), _(row.reason.label)),
            _facts(
                (_("原属"), names.get(row.from_code or "", nobody)),
                (_("现属"), names.get(row.to_code or "", nobody)),
                (_("面积"), _("{n} 平方米", n=number(row.area_m2, 1))),
                (_("户数"), number(row.households) if row.households else ""),
                (_("最大位移"), _metres(row.displacement_m)),
                (_("状态"), _("采纳") if row.accepted else _("不采纳")),
            ),
        ],
        row.geometry,
    )


def _refusal(session: Session, scope: Scope, plan: AlignmentRef | None, row: Any) -> Card:
    names = alignments.names_of(session, [row.code])
    children = [
        _title(_(tables.LAYERS[row.layer]), names.get(row.code, row.code)),
        html.P(tables.said(tables.WHY, row.reason, row.needed_m), className="align-why"),
        _facts(
            (_("处理"), _(row.step.label)),
            (_("需要什么"), tables.said(tables.REMEDY, row.reason, row.needed_m)),
            (_("出错信息"), row.detail),
        ),
    ]
    draft = plan is not None and plan.status is PlanStatus.DRAFT
    if draft and row.reason in DECIDABLE:
        sides = claimants(session, scope, row)
        buttons = [
            dmc.Button(
                _("给 {name}", name=name),
                id={"type": GIVE, "refusal": row.id, "to": code},
                size="xs",
                variant="default",
            )
            for code, name in sides
        ]
        children += [
            html.Div(_("这块地归："), className="detail-section"),
            html.Div(buttons, className="align-gifts"),
        ]
    return Card(children, row.geometry)


def _relation(session: Session, scope: Scope, plan: AlignmentRef | None, row_id: int) -> Card | None:
    row = alignments.row_of(session, scope, "relation", row_id)
    feature = alignments.feature_id(session, "compound", row.compound_code) if row else None
    found = _feature(session, scope, plan, "compound", feature) if feature else None
    return Card(found.children, found.geometry, found.related, found.code) if found else None


def _feature(
    session: Session, scope: Scope, plan: AlignmentRef | None, layer: str, feature_id: int
) -> Card | None:
    record = alignments.row_of(session, scope, layer, feature_id)
    if record is None:
        return None
    children = [_title(_(tables.LAYERS[layer]), record.name or record.code)]
    if plan is None:
        return Card(children, record.geometry, [], record.code, zoom=False)
    rows = alignments.relations_of(session, scope, plan.id, record.code)
    children += _relations(session, layer, rows)
    children += _reasons(session, scope, plan, layer, record.code)
    lines = alignments.outlines(session, scope, plan.id, record.area_code, AFTER)
    own = lines[(lines["layer"] == layer) & (lines["code"] == record.code)].geometry.tolist()
    others = [one.grid_code if layer == "compound" else one.compound_code for one in rows]
    related = lines[lines["code"].isin(others) & (lines["layer"] != layer)].geometry.tolist()
    return Card(children, own[0] if own else record.geometry, related, record.code, zoom=False)


def _relations(session: Session, layer: str, rows: list[Any]) -> list[Any]:
    if not rows:
        return []
    others = [one.grid_code if layer == "compound" else one.compound_code for one in rows]
    names = alignments.names_of(session, others)
    case, structure = OverlapCase(rows[0].overlap_case), rows[0].structure
    kind = _("所在网格") if layer == "compound" else _("所含小区")
    lines = [
        html.Div(
            [
                html.Span(names.get(code, code)),
                html.Span(
                    _(
                        "占小区 {c}，占网格 {g}",
                        c=percent(100 * one.share_of_compound),
                        g=percent(100 * one.share_of_grid),
                    ),
                    className="detail-distance",
                ),
            ],
            className="detail-near",
        )
        for code, one in list(zip(others, rows, strict=True))[:8]
    ]
    return [
        _facts(
            (_("情形"), _(case.label)), (_("建议架构"), _(structure.label) if structure else _("由人工判定"))
        ),
        html.Div(kind, className="detail-section"),
        *lines,
    ]


def _reasons(session: Session, scope: Scope, plan: AlignmentRef, layer: str, code: str) -> list[Any]:
    rows = alignments.refusals_of(session, scope, plan.id, layer, code)
    said = [html.P(tables.said(tables.WHY, one.reason, one.needed_m), className="align-why") for one in rows]
    return [html.Div(_("未能拉平"), className="detail-section"), *said] if said else []
