"""What an alignment's plan says, read back: moves, refusals, relations, outlines before and after, sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from data.alignment_wishes import Wishes
from data.bulk import frame_of, geo_frame_of, table_of
from data.plans import LAYERS
from data.scope import Scope
from models import (
    Account,
    Area,
    Base,
    BoundaryVersion,
    Change,
    Compound,
    Finding,
    Move,
    Plan,
    Refusal,
    Relation,
)
from models.areas import CODE_LENGTH, SIGNIFICANT
from models.enums import AreaLevel, OverlapCase, PlanKind, PlanStatus, RefusalReason

BEFORE, AFTER = "before", "after"
_KINDS: dict[str, type[Base]] = {
    "finding": Finding,
    "move": Move,
    "refusal": Refusal,
    "relation": Relation,
    **LAYERS,
}
_COUNTY = SIGNIFICANT[AreaLevel.COUNTY]


@dataclass(frozen=True)
class AlignmentRef:
    """A plan of an alignment, with who and when."""

    id: int
    title: str
    status: PlanStatus
    area_code: str
    wishes: Wishes
    created_at: datetime
    created_by: str | None
    decided_at: datetime | None
    decided_by: str | None
    restores: bool


def plans_of(session: Session, scope: Scope, plan_id: int | None = None) -> list[AlignmentRef]:
    """Return the alignments of a scope, the newest first; only one of them where its id is given."""
    maker, decider = aliased(Account), aliased(Account)
    query = (
        select(Plan, maker.display_name, decider.display_name)
        .join(maker, maker.id == Plan.created_by, isouter=True)
        .join(decider, decider.id == Plan.decided_by, isouter=True)
        .where(Plan.kind == PlanKind.ALIGNMENT, scope.where(Plan.area_code))
        .order_by(Plan.id.desc())
    )
    if plan_id is not None:
        query = query.where(Plan.id == plan_id)
    return [
        AlignmentRef(
            plan.id,
            plan.title,
            plan.status,
            plan.area_code,
            Wishes.of(plan.choices),
            plan.created_at,
            made_by,
            plan.decided_at,
            decided_by,
            restores=plan.choices is None,
        )
        for plan, made_by, decided_by in session.execute(query)
    ]


def _rows(
    session: Session, scope: Scope, model: type[Base], plan_id: int, names: Sequence[str]
) -> pd.DataFrame:
    table = table_of(model)
    where = (table.columns["plan_id"] == plan_id, scope.where(table.columns["area_code"]))
    query = select(*[table.columns[name] for name in names]).where(*where)
    frame = frame_of(session, query.order_by(table.columns["area_code"], table.columns["id"]))
    texts = frame.select_dtypes(exclude="number").columns
    frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), None)
    return frame


def moves(session: Session, scope: Scope, plan_id: int) -> pd.DataFrame:
    """Return the pieces that move, without geometry: columns of ``move``."""
    names = ["id", "area_code", "layer", "from_code", "to_code", "area_m2", "households", "displacement_m"]
    return _rows(session, scope, Move, plan_id, [*names, "reason", "accepted"])


def refusals(session: Session, scope: Scope, plan_id: int) -> pd.DataFrame:
    """Return what was not levelled, without geometry: columns of ``refusal``."""
    names = ["id", "area_code", "layer", "code", "step", "reason", "needed_m", "detail"]
    return _rows(session, scope, Refusal, plan_id, names)


def relations(session: Session, scope: Scope, plan_id: int) -> pd.DataFrame:
    """Return which compound and grid meet and how: columns of ``relation``."""
    names = ["id", "area_code", "compound_code", "grid_code", "overlap_case", "share_of_compound"]
    return _rows(session, scope, Relation, plan_id, [*names, "share_of_grid", "households", "structure"])


def names_of(session: Session, codes: Sequence[str]) -> dict[str, str]:
    """Return the names of features of all layers by code; the code itself where there is none."""
    wanted = set(codes)
    found: dict[str, str] = {}
    for model in LAYERS.values():
        table = table_of(model)
        query = select(table.columns["code"], table.columns["name"])
        some = list(wanted) if len(wanted) <= 5000 else []  # noqa: PLR2004  (parameters of one statement)
        if some:
            query = query.where(table.columns["code"].in_(some))
        found |= {code: name or code for code, name in session.execute(query) if code in wanted}
    return found


def pieces(session: Session, scope: Scope, plan_id: int, area_code: str) -> gpd.GeoDataFrame:
    """Return the pieces that move in a community, EPSG:4490."""
    names = ["id", "layer", "from_code", "to_code", "reason", "accepted"]
    where = (Move.plan_id == plan_id, Move.area_code == area_code, scope.where(Move.area_code))
    return geo_frame_of(session, Move, names, *where)


def row_of(session: Session, scope: Scope, kind: str, row_id: int) -> Any:
    """Return a row by its id, None where the scope does not hold it.

    Parameters
    ----------
    kind
        ``finding``, ``move``, ``refusal``, ``relation``, or a layer: ``compound``, ``grid``, ``micro_grid``.
    """
    row: Any = session.get(_KINDS[kind], row_id)
    return None if row is None or row.area_code not in scope else row


def feature_id(session: Session, layer: str, code: str) -> int | None:
    """Return the id of a feature of a layer, None where no feature has that code."""
    columns = table_of(LAYERS[layer]).columns
    found: int | None = session.scalar(select(columns["id"]).where(columns["code"] == code))
    return found


def relations_of(session: Session, scope: Scope, plan_id: int, code: str) -> list[Relation]:
    """Return the relations of one compound or grid."""
    mine = or_(Relation.compound_code == code, Relation.grid_code == code)
    where = (Relation.plan_id == plan_id, mine, scope.where(Relation.area_code))
    return list(session.scalars(select(Relation).where(*where).order_by(Relation.id)))


def refusals_of(session: Session, scope: Scope, plan_id: int, layer: str, code: str) -> list[Refusal]:
    """Return why one feature was not levelled."""
    where = (Refusal.plan_id == plan_id, Refusal.layer == layer, Refusal.code == code)
    return list(session.scalars(select(Refusal).where(*where, scope.where(Refusal.area_code))))


def outlines(
    session: Session, scope: Scope, plan_id: int | None, area_code: str, side: str
) -> gpd.GeoDataFrame:
    """Return the outlines of a community before or after a plan.

    Parameters
    ----------
    plan_id
        None: as they are in force.
    side
        ``before`` or ``after``.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490: ``layer``, ``id``, ``code``, ``name``.
    """
    frames = [_in_force(session, scope, layer, area_code) for layer in LAYERS]
    frame = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=frames[0].crs)
    plan = session.get(Plan, plan_id) if plan_id is not None else None
    if plan is None or plan.area_code not in scope:
        return frame
    published = plan.status is PlanStatus.PUBLISHED
    model, mine = (BoundaryVersion, BoundaryVersion.plan_id) if side == BEFORE else (Change, Change.plan_id)
    if side == BEFORE and not published:
        return frame
    names = ["layer", "code"]
    table = table_of(model)
    rows = geo_frame_of(
        session,
        model,
        names,
        mine == plan_id,
        table.columns["area_code"] == area_code,
        scope.where(table.columns["area_code"]),
        table.columns["geometry"].is_not(None),
    )
    place = pd.MultiIndex.from_frame(frame[["layer", "code"]]).get_indexer(
        pd.MultiIndex.from_frame(rows[["layer", "code"]])
    )
    shapes = np.asarray(frame.geometry.values, dtype=object).copy()
    shapes[place[place >= 0]] = np.asarray(rows.geometry.values, dtype=object)[place >= 0]
    return frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))


def _in_force(session: Session, scope: Scope, layer: str, area_code: str) -> gpd.GeoDataFrame:
    model = LAYERS[layer]
    table = table_of(model)
    where = [table.columns["area_code"] == area_code, scope.where(table.columns["area_code"])]
    if "valid_to" in table.columns:
        where.append(table.columns["valid_to"].is_(None))
    frame = geo_frame_of(session, model, ["id", "code", "name"], *where)
    frame["layer"] = layer
    return frame


# --- sums ---


def summary(session: Session, scope: Scope, plan_id: int) -> pd.DataFrame:
    """Return a plan's figures by community.

    Returns
    -------
    pandas.DataFrame
        ``area_code``, ``name``, ``county`` (code), ``compounds``, ``levelled`` (compounds that no refusal
        names and whose case is decided), a column of compounds for each `OverlapCase`, ``households`` (in
        pieces that move between grids), ``moves``, and a column of refused features for each `RefusalReason`.
    """
    related = relations(session, scope, plan_id)
    refused = refusals(session, scope, plan_id)
    moved = moves(session, scope, plan_id)
    plan = session.get(Plan, plan_id)
    if plan is None or plan.area_code not in scope:
        return pd.DataFrame()
    codes = [code for code in Wishes.of(plan.choices).communities if code in scope]
    table = pd.DataFrame({"area_code": codes}).set_index("area_code")
    areas = dict(session.execute(select(Area.code, Area.name).where(Area.code.in_(codes))).all())
    table["name"] = [areas.get(code, code) for code in codes]
    table["county"] = [code[:_COUNTY].ljust(CODE_LENGTH, "0") for code in codes]
    count = (
        select(Compound.area_code, func.count())
        .where(scope.where(Compound.area_code), Compound.area_code.in_(codes))
        .group_by(Compound.area_code)
    )
    counted = dict(session.execute(count).all())
    table["compounds"] = [int(counted.get(code, 0)) for code in codes]
    per_compound = related.drop_duplicates("compound_code").copy()
    per_compound["overlap_case"] = per_compound["overlap_case"].astype(str)
    bad = set(refused.loc[refused["layer"] == "compound", "code"])
    good = per_compound[
        (per_compound["overlap_case"] != OverlapCase.REVIEW.value) & ~per_compound["compound_code"].isin(bad)
    ]
    table["levelled"] = good.groupby("area_code").size()
    for case in OverlapCase:
        table[case.value] = (
            per_compound[per_compound["overlap_case"] == case.value].groupby("area_code").size()
        )
    standing = moved[moved["accepted"].astype(bool)]
    between = standing[
        (standing["layer"] == "grid") & standing["from_code"].notna() & standing["to_code"].notna()
    ]
    table["households"] = between.groupby("area_code")["households"].sum()
    table["moves"] = standing.groupby("area_code").size()
    for reason in RefusalReason:
        table[reason.value] = (
            refused[refused["reason"].astype(str) == reason.value].groupby("area_code").size()
        )
    numbers = table.columns.difference(["name", "county"])
    table[numbers] = table[numbers].fillna(0).round().astype(int)
    return table.reset_index()


def by_county(session: Session, table: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of `summary` by county, named."""
    numbers = [one for one in table.columns if one not in {"area_code", "name", "county"}]
    result = table.groupby("county", as_index=False)[numbers].sum()
    named = select(Area.code, Area.name).where(Area.code.in_(result["county"].tolist()))
    names = dict(session.execute(named).all())
    result.insert(1, "name", [names.get(code, code) for code in result["county"]])
    return result.rename(columns={"county": "area_code"})
