"""Versions of a community's boundaries: each publication makes one; any can be looked at and brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import geopandas as gpd
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import plans, restoring, station_moves
from data.bulk import geo_frame_of, table_of
from data.errors import DataError
from data.ledger import compare
from data.scope import Scope
from data.store import Store
from models import Account, BoundaryVersion, Change, Plan
from models.enums import ChangeAction, PlanKind, PlanStatus


@dataclass(frozen=True)
class Version:
    """A version of boundaries, as a list shows it.

    Attributes
    ----------
    plan_id
        The plan that made it; None for what was there before the first.
    features
        Boundaries that it changed here, and stations that it moved.
    current
        Whether it is in force.
    """

    plan_id: int | None
    title: str
    kind: PlanKind | None
    published_at: datetime | None
    published_by: str | None
    features: int
    current: bool


def versions(session: Session, scope: Scope, area_code: str) -> list[Version]:
    """Return the versions of a community, the newest first; the last is what was there at the start."""
    if area_code not in scope:
        return []
    rows = session.execute(
        select(Plan, Account.display_name, func.count(Change.id))
        .join(Change, Change.plan_id == Plan.id)
        .join(Account, Account.id == Plan.decided_by, isouter=True)
        .where(Plan.status == PlanStatus.PUBLISHED, Plan.kind != PlanKind.STRUCTURE)
        .where(Change.area_code == area_code, Change.accepted)
        .group_by(Plan.id, Account.display_name)
        .order_by(Plan.decided_at.desc(), Plan.id.desc())
    ).all()
    made = [
        Version(plan.id, plan.title, plan.kind, plan.decided_at, who, int(count), current=n == 0)
        for n, (plan, who, count) in enumerate(rows)
    ]
    return [*made, Version(None, "", None, None, None, 0, current=not made)]


def later(session: Session, plan_id: int | None) -> list[int]:
    """Return the published plans after a plan, the oldest first; all of them after None."""
    order = (Plan.decided_at, Plan.id)
    published = session.execute(
        select(Plan.id, Plan.decided_at).where(Plan.status == PlanStatus.PUBLISHED).order_by(*order)
    ).all()
    ids = [row.id for row in published]
    if plan_id is None:
        return ids
    if plan_id not in ids:
        raise DataError(f"没有编号为 {plan_id} 的已发布方案。")
    return ids[ids.index(plan_id) + 1 :]


def boundaries(
    session: Session, scope: Scope, area_codes: Sequence[str], plan_id: int | None
) -> gpd.GeoDataFrame:
    """Return the boundaries that changed since a version, as they were in it.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490: ``layer``, ``code``, ``area_code``; the geometry that the next plan took out of force.
    """
    after = later(session, plan_id)
    names = ["layer", "code", "area_code", "plan_id"]
    where = (BoundaryVersion.plan_id.in_(after), BoundaryVersion.area_code.in_(list(area_codes)))
    frame = geo_frame_of(session, BoundaryVersion, names, *where, scope.where(BoundaryVersion.area_code))
    rank = {one: n for n, one in enumerate(after)}
    frame = frame.iloc[frame["plan_id"].map(rank).argsort(kind="stable")]
    return frame.drop_duplicates(["layer", "code"]).drop(columns="plan_id").reset_index(drop=True)


def restore(
    store: Store, account_id: int | None, area_codes: Sequence[str], plan_id: int | None, *, scope: Scope
) -> int:
    """Publish the boundaries that a version had in communities, as a plan of its own.

    Of compounds and grids, what was added since stays, and what was removed since does not come back: a
    version is one of boundaries. Micro-grids come back as a whole, with where buildings and entrances are;
    stations that plans moved since, to where they stood.

    Returns
    -------
    int
        The plan that did it.

    Raises
    ------
    DataError
        Where nothing is different from that version, or an area lies outside the scope.
    """
    outside = [code for code in area_codes if code not in scope]
    if outside:
        raise DataError(f"{outside[0]} 不在您的管辖范围内。")
    with store.writing("plan", "change") as session:
        was = boundaries(session, scope, area_codes, plan_id)
        whole = restoring.micro_grids(session, was, later(session, plan_id), area_codes)
        drawn = [layer for layer in plans.LAYERS if layer != "micro_grid"]
        ledgers = [_back(session, layer, was[was["layer"] == layer], scope) for layer in drawn]
        ledgers += [whole, station_moves.back(session, later(session, plan_id), area_codes)]
        filled = [one for one in ledgers if len(one)]
        if not filled:
            raise DataError("当前边界与该版本相同，无需恢复。")
        of = session.get(Plan, plan_id) if plan_id is not None else None
        plan = Plan(
            title=f"恢复到“{of.title}”" if of else "恢复到最初的边界",
            kind=PlanKind.ALIGNMENT,
            area_code=plans.common_area(list(area_codes)),
            base_revision=store.revision(),
            created_by=account_id,
            restores_id=plan_id,
        )
        plans.add(session, plan, pd.concat(filled, ignore_index=True))
        made = plan.id
    then = partial(restoring.settle, area_codes=area_codes) if len(whole) else None
    plans.publish(store, made, account_id, scope=scope, then=then)
    return made


def _back(session: Session, layer: str, was: gpd.GeoDataFrame, scope: Scope) -> pd.DataFrame:
    model = plans.LAYERS[layer]
    table = table_of(model)
    there = set(
        session.scalars(select(table.columns["code"]).where(table.columns["code"].in_(was["code"].tolist())))
    )
    was = was[was["code"].isin(there)]
    if was.empty:
        return pd.DataFrame()
    rows = pd.DataFrame(was[["code", "area_code"]]).assign(geometry=was.geometry.to_numpy())
    ledger, _same = compare(session, model, rows, [], complete=False, scope=scope, exact=True)
    return pd.DataFrame(ledger[ledger["action"] == ChangeAction.CHANGE.value])
