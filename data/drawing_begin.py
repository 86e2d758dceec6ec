"""Where micro-grids begin to be drawn: cells out of the store and the first proposal, as a job."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import drawings
from data.drawing_ground import Ground, read_ground
from data.drawings import Cells
from data.errors import DataError
from data.jobs import Report, StoppedError
from data.scope import Scope
from data.store import Store
from geo.draft import Draft, EditRefused
from geo.edits import MicroGrid
from geo.fabric import Fabric
from geo.partition import Band
from geo.proposal import Proposal, ProposalCancelled, propose
from geo.redistricting import redistricted
from models import Area, Drawing, Plan
from models import MicroGrid as Stored
from models.enums import AreaLevel, PlanKind, PlanStatus

POOL_FROM = 8
"""Fewer communities are done sooner than the processes of a pool have started."""


def begin(
    store: Store,
    report: Report,
    *,
    scope_prefix: str,
    account_id: int | None,
    communities: Sequence[str],
    band: tuple[float, float],
    proposing: bool,
    anew: bool = False,
) -> dict[str, Any]:
    """Start drawings of communities: the work of a job.

    Parameters
    ----------
    communities
        Codes; those with a draft already are left out. Empty stands for all of the scope.
    proposing
        Whether micro-grids are proposed at once; where there are none in force they always are.
    anew
        Whether a draft is made also where there is one.

    Returns
    -------
    dict
        ``plan`` (the first), ``plans``, ``skipped`` (communities that had a draft), ``failures``.
    """
    scope = Scope(scope_prefix)
    report.part(0.0, 0.05)
    with store.reading() as session:
        revision = store.revision()
        codes = list(communities) or _all(session, scope)
        busy = set() if anew else _drawn(session, scope)
        wanted = [code for code in codes if code not in busy]
        if not wanted:
            raise DataError("所选社区都已有草稿；请打开草稿，在其中重新划分。")
        ground = read_ground(session, scope, wanted)
        used = _used(session, wanted)
    report.stop_if_cancelled()
    proposal = _cells(ground, report.part(0.05, 0.75))
    report.part(0.75, 0.98)
    made: list[dict[str, Any]] = []
    for n, (code, name) in enumerate(zip(ground.communities["id"], ground.communities["name"], strict=True)):
        if code in proposal.failures:
            continue
        made.append(_begun(ground, proposal, code, name, Band(*band), used, proposing=proposing))
        report.progress((n + 1) / len(ground.communities))
        report.stop_if_cancelled()
    with store.writing("plan", "drawing") as session:
        plans = [drawings.add(session, account_id=account_id, revision=revision, **one) for one in made]
    return {
        "plan": plans[0] if plans else None,
        "plans": plans,
        "communities": len(plans),
        "skipped": len(codes) - len(wanted),
        "failures": {str(code): why for code, why in proposal.failures.items()},
    }


def _all(session: Session, scope: Scope) -> list[str]:
    return list(
        session.scalars(select(Area.code).where(Area.level == AreaLevel.COMMUNITY, scope.where(Area.code)))
    )


def _drawn(session: Session, scope: Scope) -> set[str]:
    query = select(Drawing.area_code).join(Plan, Plan.id == Drawing.plan_id)
    return set(session.scalars(query.where(Plan.status == PlanStatus.DRAFT, scope.where(Drawing.area_code))))


def _used(session: Session, codes: Sequence[str]) -> dict[str, list[str]]:
    """Return every code that micro-grids of communities ever had."""
    found: dict[str, list[str]] = {code: [] for code in codes}
    rows = session.execute(select(Stored.area_code, Stored.code).where(Stored.area_code.in_(list(codes))))
    for area, code in rows:
        found[area].append(code)
    return found


def _cells(ground: Ground, report: Report) -> Proposal:
    if ground.buildings.empty:
        raise DataError("所选社区没有楼栋，无法划分微网格；请先在数据导入中导入楼栋。")
    entrances = ground.entrances if len(ground.entrances) else None
    try:
        with _pool(len(ground.communities)) as executor:
            return propose(
                ground.communities,
                ground.buildings,
                ground.compounds,
                ground.lines,
                entrances,
                executor=executor,
                progress=report.progress,
                cancelled=report.cancelled,
            )
    except ProposalCancelled as error:
        raise StoppedError("已取消，没有任何改动。") from error


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


def _begun(
    ground: Ground,
    proposal: Proposal,
    code: str,
    name: str,
    band: Band,
    used: dict[str, list[str]],
    *,
    proposing: bool,
) -> dict[str, Any]:
    """Return what a drawing of one community begins with."""
    frame = proposal.cells[proposal.cells["community_id"] == code].reset_index(drop=True)
    place = shapely.points(frame[["x", "y"]].to_numpy())
    existing = ground.existing[ground.existing["area_code"] == code]
    start = _around(existing, place)
    cells = Cells(
        gpd.GeoDataFrame(frame, crs=proposal.cells.crs),
        _around(ground.grids[ground.grids["area_code"] == code], place),
        start,
        *_described(ground, proposal, frame["building_id"]),
    )
    there = existing[existing["id"].isin(set(start[start != None]))]  # noqa: E711
    grids = {
        one: MicroGrid(one, one, given or "") for one, given in zip(there["id"], there["name"], strict=True)
    }
    draft = Draft(Fabric.of(cells.frame), start.copy(), dict(grids), band, frozenset(used[code]))
    title = f"绘制{name}的微网格"
    loose = np.flatnonzero(start == None)  # noqa: E711
    chosen = np.arange(len(start)) if proposing or not grids else loose
    if len(chosen):
        with suppress(EditRefused):  # what is there is what would be proposed
            draft.do(redistricted(draft, chosen, cells.grid))
    if proposing or not grids:
        title = f"划分{name}的微网格"
    body = {
        one: str(text)
        for one, text in zip(existing["id"], existing["responsible_body"], strict=True)
        if text is not None and text == text  # noqa: PLR0124  (NaN)
    }
    return {
        "kind": PlanKind.PROPOSAL if proposing or not grids else PlanKind.DRAWING,
        "title": title,
        "area_code": code,
        "cells": cells,
        "draft": draft,
        "start": grids,
        "responsible": body,
    }


def _around(polygons: gpd.GeoDataFrame, place: NDArray[Any]) -> NDArray[np.object_]:
    """Return the id of the polygon around each point, the first of several; None for none."""
    result = np.full(len(place), None, dtype=object)
    k, n = shapely.STRtree(np.asarray(polygons.geometry.values, dtype=object)).query(
        place, predicate="intersects"
    )
    result[k[::-1]] = polygons["id"].to_numpy(dtype=object)[n[::-1]]
    return result


def _described(
    ground: Ground, proposal: Proposal, building: Any
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return what the building of each cell is called, and whether its households are estimated."""
    ids = ground.buildings["id"].tolist()
    named = [
        next((str(one) for one in pair if one is not None and one == one), "")  # noqa: PLR0124  (NaN)
        for pair in zip(ground.buildings["name"], ground.buildings["code"], strict=True)
    ]
    label = dict(zip(ids, named, strict=True))
    guessed = dict(zip(ids, proposal.buildings["estimated"].tolist(), strict=True))
    texts = [None if one is None or one != one else str(one) for one in building]  # noqa: PLR0124
    return (
        np.array([label.get(one, "") if one else "" for one in texts], dtype=object),
        np.array([bool(guessed.get(one)) if one else False for one in texts], dtype=bool),
    )
