"""Communities to draw micro-grids in, and who works there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from data.scope import Scope
from models import Area, Drawing, GridWorker, Plan
from models.enums import AreaLevel, GridWorkerRole, PlanStatus


@dataclass(frozen=True)
class CommunityRef:
    """A community, where it is, and how many drafts of micro-grids it has."""

    code: str
    name: str
    subdistrict: str | None
    drafts: int


def communities(session: Session, scope: Scope) -> list[CommunityRef]:
    """Return the communities of a scope by code."""
    above = aliased(Area)
    drafts = (
        select(Drawing.area_code, func.count().label("count"))
        .join(Plan, Plan.id == Drawing.plan_id)
        .where(Plan.status == PlanStatus.DRAFT)
        .group_by(Drawing.area_code)
        .subquery()
    )
    rows = session.execute(
        select(Area.code, Area.name, above.name, func.coalesce(drafts.c.count, 0))
        .join(above, above.id == Area.parent_id, isouter=True)
        .join(drafts, drafts.c.area_code == Area.code, isouter=True)
        .where(scope.where(Area.code), Area.level == AreaLevel.COMMUNITY)
        .order_by(Area.code)
    )
    return [CommunityRef(*row) for row in rows.all()]


def workers(session: Session, scope: Scope, area_code: str) -> int:
    """Return how many full-time grid workers a community has."""
    where = (scope.where(GridWorker.area_code), GridWorker.area_code == area_code)
    query = select(func.count()).where(*where, GridWorker.role == GridWorkerRole.FULL_TIME)
    return int(session.scalar(query) or 0)
