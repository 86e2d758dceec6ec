"""Levelling on the store: communities out of it in metres, the engine's result into it as a plan.

A plan of an alignment holds three tables beside its ledger of features: the pieces that move, which a planner
accepts or refuses one by one, the relations, and what was refused. Deciding otherwise means computing the
communities concerned anew; nothing is ever patched.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from data import plans
from data.alignment_layers import Layers, read_layers
from data.alignment_wishes import Gift, Wishes, asked, with_gifts
from data.bulk import geo_frame_of, insert_frame, table_of
from data.jobs import Report, StoppedError
from data.ledger import compare
from data.metric import Plane
from data.scope import Scope
from data.store import Store
from geo.align import Alignment, Cancelled, Choices, align
from models import (
    Base,
    Change,
    Move,
    Plan,
    Refusal,
    Relation,
    Road,
)
from models.enums import ChangeAction, PlanKind

POOL_FROM = 12
"""Fewer communities are solved sooner than the processes of a pool have started."""


def solve(
    store: Store,
    report: Report,
    *,
    scope_prefix: str,
    account_id: int | None,
    wishes: Wishes,
    plan_title: str,
) -> dict[str, Any]:
    """Level communities and draft the plan: the work of a job; ``{"plan": id, …}``."""
    scope = Scope(scope_prefix)
    report.part(0.0, 0.05)
    layers = read_layers(store, scope, wishes.communities)
    report.stop_if_cancelled()
    alignment, decided = _computed(layers, wishes, frozenset(), report.part(0.05, 0.92))
    report.part(0.92, 1.0)
    plan_id = draft_alignment(
        store, account_id, alignment, layers, wishes, plan_title, decided=decided, scope=scope
    )
    return {"plan": plan_id, "communities": len(layers.communities), "failures": len(alignment.failures)}


def solve_again(
    store: Store,
    report: Report,
    *,
    scope_prefix: str,
    plan_id: int,
    communities: Sequence[str],
    refuse: Sequence[int] = (),
    accept: Sequence[int] = (),
    give: Gift | None = None,
    take_back: Sequence[int] = (),
) -> dict[str, Any]:
    """Decide changes of a draft and compute its communities anew: the work of a job.

    Parameters
    ----------
    communities
        Those that are computed; the draft's others stay as they are.
    refuse, accept
        Ids of moves to refuse, or to allow again.
    give
        A disputed piece to one side.
    take_back
        Ids of moves that were such a gift, and are none any more.

    Returns
    -------
    dict
        ``plan``; ``gone``: (layer, from, to) that went with what was refused; ``refused``: [layer, code,
        reason] that can't be levelled any more.
    """
    scope = Scope(scope_prefix)
    report.part(0.0, 0.05)
    with store.reading() as session:
        plan = plans.draft_of(session, plan_id, scope)
        wishes = Wishes.of(plan.choices)
        before = _standing(session, plan_id, communities)
        moves = _moves(session, plan_id, communities)
    declined = ~moves["accepted"].to_numpy(dtype=bool)
    declined = (declined | moves["id"].isin(refuse).to_numpy()) & ~moves["id"].isin(accept).to_numpy()
    wishes = asked(wishes, give, moves[moves["id"].isin(take_back)])
    layers = read_layers(store, scope, communities)
    report.stop_if_cancelled()
    held = moves[declined & ~moves["id"].isin(take_back).to_numpy()]
    frozen = {(layer, code) for layer, *ends in _ends(held) for code in ends if code is not None}
    alignment, decided = _computed(layers, wishes, frozenset(frozen), report.part(0.05, 0.92))
    report.part(0.92, 1.0)
    with store.writing("plan", "change", "move", "refusal", "relation") as session:
        plan = plans.draft_of(session, plan_id, scope)
        _forget(session, plan_id, communities, kept=held["id"].tolist())
        session.execute(update(Move).where(Move.id.in_(held["id"].tolist())).values(accepted=False))
        plan.choices = wishes.text()
        if set(communities) >= set(wishes.communities):
            plan.base_revision = layers.revision
        _write(session, plan_id, alignment, layers, decided, scope, left_out=wishes.left_out)
        after = _standing(session, plan_id, communities)
    told = _together(before, after, _ends(moves[moves["id"].isin(refuse)]))
    return {"plan": plan_id, "communities": len(communities), "failures": len(alignment.failures), **told}


def _moves(session: Session, plan_id: int, communities: Sequence[str]) -> gpd.GeoDataFrame:
    names = ["id", "area_code", "layer", "from_code", "to_code", "reason", "accepted"]
    return geo_frame_of(session, Move, names, Move.plan_id == plan_id, Move.area_code.in_(communities))


def _ends(moves: pd.DataFrame) -> list[tuple[str, str | None, str | None]]:
    ends = moves[["layer", "from_code", "to_code"]].astype(object)
    return [(str(layer), start or None, end or None) for layer, start, end in ends.itertuples(index=False)]


_Standing = tuple[set[tuple[str, str | None, str | None]], set[tuple[str, str, str]]]


def _standing(session: Session, plan_id: int, communities: Sequence[str]) -> _Standing:
    """Return which moves stand and what is refused, so that two results can be compared."""
    mine = (Move.plan_id == plan_id, Move.area_code.in_(communities), Move.accepted)
    moves = session.execute(select(Move.layer, Move.from_code, Move.to_code).where(*mine))
    where = (Refusal.plan_id == plan_id, Refusal.area_code.in_(communities))
    refused = session.execute(select(Refusal.layer, Refusal.code, Refusal.reason).where(*where))
    return {(a, b, c) for a, b, c in moves}, {(a, b, str(c)) for a, b, c in refused}


def _together(before: _Standing, after: _Standing, asked: list[Any]) -> dict[str, Any]:
    """Tell what else changed with a decision: what went with it, and what can't be levelled now."""
    gone = sorted(before[0] - after[0] - set(asked), key=str) if asked else []
    return {
        "gone": [list(one) for one in gone],
        "refused": [list(one) for one in sorted(after[1] - before[1])],
    }


def _computed(
    layers: Layers, wishes: Wishes, frozen: frozenset[tuple[str, str]], report: Report
) -> tuple[Alignment, gpd.GeoDataFrame]:
    """Return the engine's result, and the moves that the planner's own decisions are."""
    drawn, decided = with_gifts(layers, wishes.gifts)
    kinds = drawn.compounds["id"][drawn.compounds["kind"].isin(wishes.frozen_kinds)]
    choices = Choices(
        tolerance=wishes.tolerance,
        lead=cast("Literal['neither', 'compound', 'grid']", wishes.lead),
        wide=cast("Literal['refuse', 'longest-border']", wishes.wide),
        frozen=frozen | {("compound", code) for code in kinds},
    )
    try:
        with _pool(len(drawn.communities)) as executor:
            alignment = align(
                drawn.communities,
                drawn.compounds,
                drawn.grids,
                drawn.micro_grids,
                drawn.buildings,
                choices=choices,
                executor=executor,
                progress=report.progress,
                cancelled=report.cancelled,
            )
    except Cancelled as error:
        raise StoppedError("已取消，没有任何改动。") from error
    return alignment, decided


@contextmanager
def _pool(communities: int) -> Iterator[Executor | None]:
    if communities < POOL_FROM:
        yield None
        return
    pool = ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


# --- into the store ---


def draft_alignment(
    store: Store,
    account_id: int | None,
    alignment: Alignment,
    layers: Layers,
    wishes: Wishes,
    title: str,
    *,
    decided: gpd.GeoDataFrame | None = None,
    scope: Scope | None = None,
) -> int:
    """Keep an alignment as a draft: its ledger, the pieces that move, relations, refusals.

    Returns
    -------
    int
        Id of the plan; there is one also where nothing changes, for its refusals and relations.
    """
    codes = sorted(layers.communities["id"])
    with store.writing("plan", "change", "move", "refusal", "relation") as session:
        plan = Plan(
            title=title,
            kind=PlanKind.ALIGNMENT,
            area_code=plans.common_area(codes),
            base_revision=layers.revision,
            created_by=account_id,
            choices=replace(wishes, communities=tuple(codes)).text(),
        )
        plans.add(session, plan, pd.DataFrame())
        _write(session, plan.id, alignment, layers, decided, scope or Scope(), left_out=())
        return plan.id


def _forget(session: Session, plan_id: int, communities: Sequence[str], kept: list[int]) -> None:
    """Delete what a draft says of communities that were computed anew."""
    for model in (Change, Move, Refusal, Relation):
        table = table_of(model)
        where = [table.columns["plan_id"] == plan_id, table.columns["area_code"].in_(communities)]
        if model is Move:
            where.append(Move.id.not_in(kept))
        session.execute(delete(model).where(*where))


def _write(
    session: Session,
    plan_id: int,
    alignment: Alignment,
    layers: Layers,
    decided: gpd.GeoDataFrame | None,
    scope: Scope,
    *,
    left_out: Sequence[str],
) -> None:
    _write_ledger(session, plan_id, alignment, layers, scope, left_out)
    changes = alignment.changes if decided is None else pd.concat([decided, alignment.changes])
    _insert(session, Move, plan_id, _renamed(changes, from_id="from_code", to_id="to_code"), layers.plane)
    refusals = _renamed(alignment.refusals, feature_id="code")
    refusals["detail"] = [
        alignment.failures.get(code) if reason == "failed" else None
        for code, reason in zip(refusals["area_code"], refusals["reason"], strict=True)
    ]
    _insert(session, Refusal, plan_id, refusals, layers.plane)
    relations = alignment.relations.rename(
        columns={"compound_id": "compound_code", "grid_id": "grid_code", "case": "overlap_case"}
    )
    home = dict(zip(layers.compounds["id"], layers.compounds["area_code"], strict=True))
    relations = relations.assign(
        area_code=relations["compound_code"].map(home),
        structure=relations["structure"].astype(object).where(relations["structure"] != "", None),
    )
    insert_frame(session, Relation, relations.assign(plan_id=plan_id))


def _renamed(frame: gpd.GeoDataFrame, **names: str) -> gpd.GeoDataFrame:
    return frame.rename(columns={"community_id": "area_code", **names})


def _insert(session: Session, model: type[Base], plan_id: int, frame: gpd.GeoDataFrame, plane: Plane) -> None:
    shapes = plane.degrees(np.asarray(frame.geometry.values, dtype=object))
    rows = pd.DataFrame(frame.drop(columns="geometry")).assign(geometry=shapes, plan_id=plan_id)
    insert_frame(session, model, rows)


def _write_ledger(
    session: Session,
    plan_id: int,
    alignment: Alignment,
    layers: Layers,
    scope: Scope,
    left_out: Sequence[str],
) -> None:
    """Write what becomes of each feature, as :mod:`data.plans` publishes it."""
    results = {"compound": alignment.compounds, "grid": alignment.grids, "micro_grid": alignment.micro_grids}
    for layer, frame in results.items():
        if frame is None or frame.empty:
            continue
        rows = pd.DataFrame(
            {
                "code": frame["id"].to_numpy(),
                "area_code": frame["area_code"].to_numpy(),
                "geometry": layers.plane.degrees(np.asarray(frame.geometry.values, dtype=object)),
            }
        )
        ledger, _same = compare(
            session, plans.LAYERS[layer], rows, [], complete=False, scope=scope, exact=True
        )
        ledger = ledger[ledger["action"] == ChangeAction.CHANGE.value]
        ledger["accepted"] = ~ledger["area_code"].isin(left_out)
        insert_frame(session, Change, pd.DataFrame(ledger.assign(plan_id=plan_id)))


def leave_out(store: Store, plan_id: int, communities: Sequence[str], *, scope: Scope, out: bool) -> None:
    """Refuse all that a draft changes in communities, or accept it again."""
    with store.writing("plan", "change") as session:
        plan = plans.draft_of(session, plan_id, scope)
        wishes = Wishes.of(plan.choices)
        left = set(wishes.left_out) | set(communities) if out else set(wishes.left_out) - set(communities)
        plan.choices = replace(wishes, left_out=tuple(sorted(left))).text()
        where = (Change.plan_id == plan_id, Change.area_code.in_(communities), scope.where(Change.area_code))
        session.execute(update(Change).where(*where).values(accepted=not out))


def claimants(session: Session, scope: Scope, refusal: Refusal) -> list[tuple[str, str]]:
    """Return code and name of the features that a wide dispute is between."""
    mine = (
        Refusal.plan_id == refusal.plan_id,
        Refusal.area_code == refusal.area_code,
        Refusal.layer == refusal.layer,
        Refusal.reason == refusal.reason,
    )
    rows = geo_frame_of(session, Refusal, ["code"], *mine, scope.where(Refusal.area_code))
    here = shapely.equals(np.asarray(rows.geometry.values, dtype=object), refusal.geometry)
    codes = list(dict.fromkeys(rows["code"][here]))
    table = table_of(plans.LAYERS[refusal.layer])
    query = select(table.columns["code"], table.columns["name"]).where(table.columns["code"].in_(codes))
    names = {code: name for code, name in session.execute(query) if name}
    return [(code, names.get(code, code)) for code in codes]


def narrow_roads(session: Session, scope: Scope, tolerance: float) -> tuple[int, int]:
    """Return how many roads are narrower than twice the tolerance, and of how many the width is known."""
    known = (scope.where(Road.area_code), Road.width_m.is_not(None))
    total = session.scalar(select(func.count()).select_from(Road).where(*known)) or 0
    narrow = session.scalar(
        select(func.count()).select_from(Road).where(*known, Road.width_m < 2 * tolerance)
    )
    return int(narrow or 0), int(total)
