"""Plans: drafts of boundaries or organisations with a ledger of changes, published as a version or dropped.

A published boundary is never edited in place: publishing writes the former geometry to ``boundary_version``
with its dates and puts the new one in its layer, in one transaction. Whoever publishes second in an area gets
a `ConflictError` and keeps the draft.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import geopandas as gpd
import pandas as pd
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data import organising, siting, station_moves
from data.bulk import frame_of, geo_frame_of, insert_frame, table_of
from data.cities import today
from data.cubes import RECORDS
from data.errors import ConflictError, DataError
from data.ledger import compare
from data.publishing import apply
from data.scope import Scope
from data.store import REVISION, Store
from models import Area, Change, Compound, Grid, MicroGrid, Plan, Setting
from models.areas import SIGNIFICANT, prefix_of
from models.enums import AreaLevel, PlanKind, PlanStatus

LAYERS: Mapping[str, type[Compound | Grid | MicroGrid]] = {
    "compound": Compound,
    "grid": Grid,
    "micro_grid": MicroGrid,
}
"""The layers that change by plans only."""

UNCHANGED = "unchanged"
AREA_REVISION = "boundary_revision"


@dataclass(frozen=True)
class PlanRef:
    """A plan as a list shows it."""

    id: int
    title: str
    kind: PlanKind
    status: PlanStatus
    area_code: str
    created_at: datetime
    created_by: int | None
    decided_at: datetime | None
    counts: dict[str, int]
    """Lines of the ledger by action."""


@dataclass(frozen=True)
class Draft:
    """A draft just made; without an id where nothing changes."""

    id: int | None
    counts: dict[str, int]
    """Lines of the ledger by action, and how many features stay as they are."""


# --- drafts ---


def draft(
    session: Session,
    *,
    title: str,
    kind: PlanKind,
    layer: str,
    frame: pd.DataFrame,
    columns: list[str],
    base_revision: int,
    complete: bool = False,
    scope: Scope | None = None,
    account_id: int | None = None,
    source_id: int | None = None,
) -> Draft:
    """Make a draft of what `frame` would change in a layer, in the session's transaction.

    Parameters
    ----------
    frame, columns, complete
        As :func:`data.ledger.compare` takes them.
    base_revision
        Revision of the store that the frame was made from.
    """
    ledger, unchanged = compare(
        session, LAYERS[layer], frame, columns, complete=complete, scope=scope or Scope()
    )
    counts = counts_of(ledger)
    if ledger.empty:
        return Draft(None, {UNCHANGED: unchanged})
    plan = Plan(
        title=title,
        kind=kind,
        area_code=common_area(ledger["area_code"]),
        base_revision=base_revision,
        created_by=account_id,
        source_id=source_id,
    )
    add(session, plan, ledger)
    return Draft(plan.id, {**counts, UNCHANGED: unchanged})


def add(session: Session, plan: Plan, ledger: pd.DataFrame) -> None:
    """Add a draft with its ledger (``change`` without ``plan_id``) in the session's transaction."""
    plan.status = PlanStatus.DRAFT
    plan.created_at = datetime.now(UTC)
    session.add(plan)
    session.flush()
    insert_frame(session, Change, pd.DataFrame(ledger.assign(plan_id=plan.id)))


def counts_of(ledger: pd.DataFrame) -> dict[str, int]:
    """Return the lines of a ledger by action."""
    return {str(action): int(count) for action, count in ledger["action"].value_counts().items()}


def common_area(codes: Iterable[str]) -> str:
    """Return the code of the smallest area that holds all the areas with these codes."""
    prefixes = [prefix_of(code) for code in set(codes)]
    shared = min(prefixes, key=len)
    while not all(one.startswith(shared) for one in prefixes):
        shared = shared[:-1]
    digits = max((count for count in SIGNIFICANT.values() if count <= len(shared)), default=0)
    return shared[:digits].ljust(SIGNIFICANT[AreaLevel.COMMUNITY], "0")


def listing(session: Session, scope: Scope, status: PlanStatus | None = None) -> list[PlanRef]:
    """Return the plans of a scope, the newest first."""
    query = select(Plan).where(scope.where(Plan.area_code)).order_by(Plan.id.desc())
    if status is not None:
        query = query.where(Plan.status == status)
    counts: dict[int, dict[str, int]] = {}
    for plan_id, action, count in session.execute(
        select(Change.plan_id, Change.action, func.count()).group_by(Change.plan_id, Change.action)
    ):
        counts.setdefault(plan_id, {})[action.value] = count
    return [
        PlanRef(
            one.id,
            one.title,
            one.kind,
            one.status,
            one.area_code,
            one.created_at,
            one.created_by,
            one.decided_at,
            counts.get(one.id, {}),
        )
        for one in session.scalars(query)
    ]


def ledger_of(session: Session, scope: Scope, plan_id: int) -> pd.DataFrame:
    """Return the lines of a plan's ledger in the scope, by area and code, without geometries.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``area_code``, ``layer``, ``code``, ``name``, ``action``, ``attributes`` (column -> [former,
        new]), ``area_m2``, ``households``, ``displacement_m``, ``reason``, ``accepted``.
    """
    names = ["id", "area_code", "layer", "code", "action", "attributes", "area_m2", "households"]
    names += ["displacement_m", "reason", "accepted"]
    columns = [table_of(Change).columns[name] for name in names]
    query = select(*columns).where(Change.plan_id == plan_id, scope.where(Change.area_code))
    frame = frame_of(session, query.order_by(Change.area_code, Change.code))
    frame["attributes"] = [json.loads(one) if isinstance(one, str) else {} for one in frame["attributes"]]
    stored: dict[str, str | None] = {}
    for layer in [one for one in LAYERS if one in set(frame["layer"])]:  # organisations' lines state theirs
        model = LAYERS[layer]
        codes = frame.loc[frame["layer"] == layer, "code"].tolist()
        stored |= {
            code: name for code, name in session.execute(select(model.code, model.name)) if code in set(codes)
        }
    stored |= station_moves.names(session, frame.loc[frame["layer"] == station_moves.LAYER, "code"].tolist())
    stated = [new or old for old, new in (one.get("name", (None, None)) for one in frame["attributes"])]
    frame.insert(
        4, "name", [one or stored.get(code) for one, code in zip(stated, frame["code"], strict=True)]
    )
    return frame


def set_accepted(
    store: Store, plan_id: int, change_ids: Iterable[int], *, accepted: bool, scope: Scope
) -> None:
    """Accept or refuse lines of a draft."""
    with store.writing("change") as session:
        draft_of(session, plan_id, scope)
        condition = (
            Change.plan_id == plan_id,
            Change.id.in_(list(change_ids)),
            scope.where(Change.area_code),
        )
        session.execute(update(Change).where(*condition).values(accepted=accepted))


def drop(store: Store, plan_id: int, account_id: int | None = None, *, scope: Scope | None = None) -> None:
    """Give a draft up; its ledger is kept."""
    with store.writing("plan") as session:
        _decide(draft_of(session, plan_id, scope or Scope()), PlanStatus.DROPPED, account_id)


def draft_of(session: Session, plan_id: int, scope: Scope) -> Plan:
    """Return a draft, locked; raise a `DataError` where there is none, or it is decided already."""
    plan = session.get(Plan, plan_id, with_for_update=True)
    if plan is None or plan.area_code not in scope:
        raise DataError(f"没有编号为 {plan_id} 的方案。")
    if plan.status is not PlanStatus.DRAFT:
        raise DataError(f"方案 {plan_id}“{plan.title}”{plan.status.label}，不能再改。")
    return plan


def _decide(plan: Plan, status: PlanStatus, account_id: int | None) -> None:
    plan.status = status
    plan.decided_at = datetime.now(UTC)
    plan.decided_by = account_id


# --- publishing ---


def publish(
    store: Store,
    plan_id: int,
    account_id: int | None = None,
    *,
    scope: Scope | None = None,
    on: date | None = None,
    then: Callable[[Session], None] | None = None,
) -> dict[str, int]:
    """Put the accepted lines of a draft into force, in one transaction.

    Parameters
    ----------
    on
        First day of the new version, last of the former; today unless given.
    then
        What else is written in the same transaction, once the boundaries are in force.

    Returns
    -------
    dict
        Features changed, by action.

    Raises
    ------
    ConflictError
        Where the boundaries (or organisations) of an area concerned were published anew after the draft was
        made, or a feature of the ledger is not there any more; the draft stays.
    DataError
        Where there is no such draft, no line is accepted, or a feature to be removed is still in use.
    """
    scope, on = scope or Scope(), on or today()
    with store.reading() as session:
        layers = list(session.scalars(select(Change.layer).where(Change.plan_id == plan_id).distinct()))
        tables = _tables(session, plan_id, layers)
    with store.writing(*tables) as session:
        revision = _locked_revision(session) + 1
        plan = draft_of(session, plan_id, scope)
        changes = changes_of(session, plan_id)
        if changes.empty:
            raise DataError(f"方案 {plan_id}“{plan.title}”没有采纳任何一项；请先采纳，或放弃该方案。")
        outside = [code for code in changes["area_code"] if code not in scope]
        if outside:
            raise DataError(f"方案 {plan_id} 涉及您管辖范围以外的 {outside[0]}；请由上级发布。")
        check_conflict(session, plan, changes)
        for layer in [one for one in LAYERS if one in layers]:
            apply(session, LAYERS[layer], changes[changes["layer"] == layer], plan_id, on)
            siting.relink(session, LAYERS[layer])
        if organising.LAYER in layers:
            organising.apply(session, plan, changes)
        if station_moves.LAYER in layers:
            station_moves.apply(session, plan_id, changes[changes["layer"] == station_moves.LAYER])
        for layer, area in changes[["layer", "area_code"]].drop_duplicates().itertuples(index=False):
            session.merge(Setting(key=f"{AREA_REVISION}:{layer}:{area}", value=str(revision)))
        if then is not None:
            session.flush()
            then(session)
        _decide(plan, PlanStatus.PUBLISHED, account_id)
        return counts_of(changes)


def _tables(session: Session, plan_id: int, layers: list[str]) -> list[str]:
    """Return what publishing writes: the layers, their former versions, and what stands in them."""
    if organising.LAYER in layers:
        return ["plan", *organising.tables(session, plan_id)]
    bounded = [LAYERS[layer] for layer in layers if layer in LAYERS]
    users = [child.__tablename__ for model in bounded for child in siting.linked_to(model)]
    follow = ["boundary_version", *users, *RECORDS, "former_place"] if bounded else []
    return list(dict.fromkeys(["plan", *layers, *follow]))


def _locked_revision(session: Session) -> int:
    """Return the store's revision, and keep others from publishing meanwhile."""
    return int(session.scalar(select(Setting.value).where(Setting.key == REVISION).with_for_update()) or 0)


def changes_of(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    """Return the accepted lines of a plan with their geometries in EPSG:4490 (None where it stays)."""
    columns = ["id", "area_code", "layer", "code", "action", "attributes"]
    return geo_frame_of(session, Change, columns, Change.plan_id == plan_id, Change.accepted.is_(True))


def check_conflict(session: Session, plan: Plan, changes: pd.DataFrame) -> None:
    """Refuse a draft where an area of it was published anew after it was made.

    Parameters
    ----------
    changes
        ``layer`` and ``area_code`` of what it changes.
    """
    start = f"{AREA_REVISION}:"
    rows = session.execute(select(Setting.key, Setting.value).where(Setting.key.startswith(start)))
    newer = {key.removeprefix(start) for key, value in rows if int(value) > plan.base_revision}
    bounded = changes[changes["layer"] != station_moves.LAYER]  # of stations each line knows where it stood
    mine = set(bounded["layer"] + ":" + bounded["area_code"])
    if plan.kind is PlanKind.ALIGNMENT:  # its layers were solved together: a new boundary of any undoes it
        mine = {f"{layer}:{area}" for layer in LAYERS for area in set(changes["area_code"])}
    elif plan.kind is PlanKind.STRUCTURE:  # its cases were read from these boundaries
        mine |= {f"{layer}:{area}" for layer in ("compound", "grid") for area in set(changes["area_code"])}
    met = sorted(newer & mine)
    if met:
        area = met[0].partition(":")[2]
        name = session.scalar(select(Area.name).where(Area.code == area)) or area
        what = "边界或组织架构" if plan.kind is PlanKind.STRUCTURE else "边界"
        raise ConflictError(
            f"“{name}”等 {len(met)} 个区域的{what}在方案 {plan.id} 起草后已由他人发布新版本；"
            f"方案仍为草稿，没有丢失，请据最新{what}重新生成。"
        )
