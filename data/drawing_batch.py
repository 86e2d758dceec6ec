"""All drafts of micro-grids into force at once: each community for itself, what can't be stays a draft."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.drawing_publishing import publish
from data.errors import DataError
from data.jobs import Report
from data.scope import Scope
from data.store import Store
from geo.draft import EditRefused
from models import Area, Drawing, Plan
from models.enums import PlanStatus


class DraftRef(NamedTuple):
    """A draft that waits to be published."""

    plan_id: int
    title: str
    area_code: str
    area_name: str
    version: int


def waiting(session: Session, scope: Scope) -> list[DraftRef]:
    """Return the drafts of a scope by community."""
    rows = session.execute(
        select(Drawing.plan_id, Plan.title, Drawing.area_code, func.coalesce(Area.name, ""), Drawing.version)
        .join(Plan, Plan.id == Drawing.plan_id)
        .join(Area, Area.code == Drawing.area_code, isouter=True)
        .where(Plan.status == PlanStatus.DRAFT, scope.where(Drawing.area_code))
        .order_by(Drawing.area_code, Drawing.plan_id)
    )
    return [DraftRef(*row) for row in rows.all()]


def publish_all(store: Store, report: Report, *, scope_prefix: str, account_id: int | None) -> dict[str, Any]:
    """Publish all drafts of a scope, each in a transaction of its own: the work of a job.

    Those of a community that has several stay: which is meant, a planner decides. Cancelling leaves what is
    published in force and the rest as drafts.

    Returns
    -------
    dict
        ``published`` and ``buildings`` (counts), ``left`` (lists of plan, name of the community, why it stays
        a draft), ``stopped`` (drafts that were not reached).
    """
    scope = Scope(scope_prefix)
    with store.reading() as session:
        drafts = waiting(session, scope)
    if not drafts:
        raise DataError("管辖范围内没有微网格草稿。")
    several = Counter(one.area_code for one in drafts)
    left: list[list[Any]] = []
    published = buildings = reached = 0
    for one in drafts:
        if report.cancelled():
            break
        reached += 1
        why = ""
        if several[one.area_code] > 1:
            why = f"本社区有 {several[one.area_code]} 份草稿；请打开选定的一份发布，或放弃其余的。"
        else:
            try:
                buildings += publish(store, scope, one.plan_id, one.version, account_id).buildings
                published += 1
            except EditRefused:
                why = "楼栋数据已更新；请重新打开社区绘制。"
            except DataError as error:
                why = str(error)
        if why:
            left.append([one.plan_id, one.area_name or one.area_code, why])
        report.progress(reached / len(drafts))
    return {
        "published": published,
        "buildings": buildings,
        "left": left,
        "stopped": len(drafts) - reached,
    }
