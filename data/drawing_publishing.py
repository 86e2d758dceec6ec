"""Drawn micro-grids into force: the rules first, then polygons, and where each building belongs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from data import drawing_compounds, drawing_stations, drawings, plans
from data.bulk import insert_frame
from data.drawing_compounds import holders
from data.drawing_ground import Ground, read_ground
from data.drawings import Sheet
from data.errors import DataError
from data.ledger import compare
from data.scope import Scope
from data.store import Store
from geo.codes import SERIAL
from geo.grid_rules import Standing, broken_rules
from models import Building, Change, Compound, Drawing, Entrance, Grid, MicroGrid
from models.enums import GridRule, PlanStatus

COLUMNS = ("name", "households", "grid_id", "compound_id", "responsible_body")
"""What a ledger says of a micro-grid besides its boundary."""


@dataclass(frozen=True)
class Published:
    """What a publication came to: micro-grids by action, buildings in another one, what else moved."""

    counts: dict[str, int]
    buildings: int
    stations: int
    compounds: int


def micro_grids(sheet: Sheet) -> gpd.GeoDataFrame:
    """Return the micro-grids as drawn, in metres: ``id`` and what a table of them holds, by code."""
    draft = sheet.draft
    ids = sorted(draft.grids, key=lambda one: draft.grids[one].code)
    number = {one: n for n, one in enumerate(ids)}
    label = np.array([number.get(one, -1) for one in draft.owner.tolist()], dtype=np.int64)
    figures = [draft.figures[one] for one in ids]
    return gpd.GeoDataFrame(
        {
            "id": ids,
            "code": [draft.grids[one].code for one in ids],
            "name": [draft.grids[one].name or None for one in ids],
            "community_id": sheet.area_code,
            "grid": _most(sheet, sheet.cells.grid, label, len(ids)),
            "compound": _most(sheet, sheet.compounds(), label, len(ids)),
            "households": [round(one.households) for one in figures],
            "buildings": [one.buildings for one in figures],
            "compactness": [one.compactness for one in figures],
            "area_m2": [one.area_m2 for one in figures],
            "responsible_body": [sheet.responsible.get(one) for one in ids],
        },
        geometry=draft.polygons(ids),
        crs=sheet.cells.frame.crs,
    )


def _most(sheet: Sheet, holder: Any, label: NDArray[np.int64], count: int) -> NDArray[np.object_]:
    """Return the holder of most households of each micro-grid, of most land where nobody lives."""
    fabric = sheet.draft.fabric
    table = pd.DataFrame({"label": label, "holder": holder, "land": fabric.area_m2})
    table["load"] = fabric.households
    table = table[(table["label"] >= 0) & table["holder"].notna()]
    sums = table.groupby(["label", "holder"])[["load", "land"]].sum().reset_index()
    best = sums.sort_values(["load", "land"], ascending=False, kind="stable").drop_duplicates("label")
    result = np.full(count, None, dtype=object)
    result[best["label"].to_numpy()] = best["holder"].to_numpy(dtype=object)
    return result


# --- rules ---


def broken(store: Store, scope: Scope, sheet: Sheet) -> gpd.GeoDataFrame:
    """Return every place where the drawing breaks a rule, as `geo.grid_rules.broken_rules` does."""
    with store.reading() as session:
        ground = read_ground(session, scope, [sheet.area_code])
        retired = session.scalars(
            select(MicroGrid.code).where(
                MicroGrid.area_code == sheet.area_code, MicroGrid.valid_to.is_not(None)
            )
        )
        standing = Standing(sheet.draft.band, frozenset(retired), _serial(sheet), sheet.moved())
    return _broken(sheet, ground, standing)


def _serial(sheet: Sheet) -> int:
    """Return the digits after the community's code that most micro-grids have."""
    lengths = [len(one.code) - len(sheet.area_code) for one in sheet.draft.grids.values()]
    return max(set(lengths), key=lengths.count) if lengths else SERIAL


def _broken(sheet: Sheet, ground: Ground, standing: Standing) -> gpd.GeoDataFrame:
    frame = micro_grids(sheet)
    parted = ground.entrances["building_id"].value_counts()
    whole = ground.buildings[~ground.buildings["id"].isin(parted[parted > 1].index)]
    return broken_rules(
        frame,
        ground.communities,
        standing,
        buildings=whole,
        compounds=_some(holders(sheet, sheet.compounds())),
        lines=ground.streets(),
        grids=_some(holders(sheet, sheet.cells.grid)),
    )


def _some(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    return frame if len(frame) else None


# --- publishing ---


def publish(
    store: Store,
    scope: Scope,
    plan_id: int,
    version: int,
    account_id: int | None = None,
    *,
    on: date | None = None,
) -> Published:
    """Put a drawing into force: micro-grids, their buildings and entrances, compounds, stations; or nothing.

    Where only stations were moved, micro-grids are neither judged nor written.

    Raises
    ------
    ConflictError
        Where somebody else edited it, or published boundaries that it changes after it was begun, or moved a
        station that it moves.
    DataError
        Where it breaks a rule that may not be broken, changes nothing, or a compound would fall apart.
    """
    sheet = drawings.load(store, scope, plan_id)
    if sheet.status is not PlanStatus.DRAFT:
        raise DataError(f"方案 {plan_id}“{sheet.title}”{sheet.status.label}，不能再发布。")
    if sheet.version != version:
        raise drawings.conflict(plan_id)
    redrawn = not sheet.draft.sited or sheet.redrawn() or sheet.enclosed()
    if redrawn:
        _require_rules(store, scope, sheet)
    with store.writing("change") as session:
        plan = plans.draft_of(session, plan_id, scope)
        ledger = estates = pd.DataFrame()
        if redrawn:
            ground = read_ground(session, scope, [sheet.area_code])  # its plane knows the stored vertices
            ledger = _ledger(session, sheet, ground)
            if sheet.enclosed():  # a boundary that somebody else moved is no longer along the cells
                concerned = pd.DataFrame({"layer": ["compound"], "area_code": [sheet.area_code]})
                plans.check_conflict(session, plan, concerned)
            estates = drawing_compounds.lines(session, scope, sheet, ground)
        moves = drawing_stations.lines(session, scope, sheet)
        if ledger.empty and moves.empty and estates.empty:
            raise DataError("与现行微网格相同，没有需要发布的改动。")
        session.execute(delete(Change).where(Change.plan_id == plan_id))
        for lines in (estates, ledger, moves):
            insert_frame(session, Change, pd.DataFrame(lines.assign(plan_id=plan_id)))
    then = partial(_assign, sheet=sheet) if redrawn else partial(_require_version, sheet=sheet)
    plans.publish(store, plan_id, account_id, scope=scope, on=on, then=then)
    fabric = sheet.draft.fabric
    moved = fabric.building[sheet.draft.owner != sheet.cells.start]
    counts = plans.counts_of(ledger) if len(ledger) else {}
    return Published(counts, len(set(moved) - {None}), len(moves), len(estates))


def _require_rules(store: Store, scope: Scope, sheet: Sheet) -> None:
    found = broken(store, scope, sheet)
    errors = found[found["severity"] == "error"]
    if len(errors):
        first = errors.iloc[0]
        raise DataError(
            f"有 {len(errors)} 处违反必须遵守的规则，不能发布：{first['feature_id']} "
            f"{GridRule(first['rule']).label}；请按“检查”表逐条处理。"
        )


def _require_version(session: Session, *, sheet: Sheet) -> None:
    now = session.scalar(select(Drawing.version).where(Drawing.plan_id == sheet.plan_id).with_for_update())
    if now != sheet.version:
        raise drawings.conflict(sheet.plan_id)


def ledger(store: Store, scope: Scope, sheet: Sheet) -> pd.DataFrame:
    """Return what publishing would change, one line a micro-grid."""
    with store.reading() as session:
        return _ledger(session, sheet, read_ground(session, scope, [sheet.area_code]))


def _ledger(session: Session, sheet: Sheet, ground: Ground) -> pd.DataFrame:
    frame = micro_grids(sheet)
    shapes = ground.plane.degrees(np.asarray(frame.geometry.values, dtype=object))
    rows = pd.DataFrame(frame.drop(columns="geometry")).assign(
        geometry=shapes,
        area_code=sheet.area_code,
        grid_id=_rows(session, Grid, frame["grid"]),
        compound_id=_rows(session, Compound, frame["compound"]),
    )
    lines, _same = compare(
        session,
        MicroGrid,
        rows,
        list(COLUMNS),
        complete=True,
        scope=Scope.of_area(sheet.area_code),
        exact=True,
    )
    return pd.DataFrame(lines)


def _rows(session: Session, model: type[Grid | Compound], codes: pd.Series) -> pd.Series:
    query = select(model.code, model.id).where(model.code.in_(set(codes.dropna())))
    found = {row.code: row.id for row in session.execute(query)}
    return pd.Series([found.get(one) for one in codes], index=codes.index, dtype=object)


def _assign(session: Session, *, sheet: Sheet) -> None:
    """Say of each building and entrance which micro-grid it is in; empty where entrances differ."""
    _require_version(session, sheet=sheet)
    draft, fabric = sheet.draft, sheet.draft.fabric
    rows = dict(
        session.execute(
            select(MicroGrid.code, MicroGrid.id).where(MicroGrid.area_code == sheet.area_code)
        ).all()
    )
    at = {one: rows[grid.code] for one, grid in draft.grids.items()}
    of: dict[str, set[int | None]] = {}
    for building, owner in zip(fabric.building.tolist(), draft.owner.tolist(), strict=True):
        if building is not None:
            of.setdefault(building, set()).add(at.get(owner))
    before = dict(
        session.execute(
            select(Building.id, Building.micro_grid_id).where(Building.id.in_([int(one) for one in of]))
        ).all()
    )
    new = {int(one): next(iter(found)) if len(found) == 1 else None for one, found in of.items()}
    changed = [
        {"id": one, "micro_grid_id": row} for one, row in new.items() if one in before and before[one] != row
    ]
    if changed:
        session.execute(update(Building), changed)
    inside = _entrances(session, sheet, at)
    if inside:
        session.execute(update(Entrance), inside)


def _entrances(session: Session, sheet: Sheet, at: dict[str, int]) -> list[dict[str, Any]]:
    """Return the micro-grid of each entrance: that of the nearest cell of its building."""
    ground = read_ground(session, Scope(), [sheet.area_code])
    fabric = sheet.draft.fabric
    result = []
    cells: dict[str, list[int]] = {}
    for n, building in enumerate(fabric.building.tolist()):
        if building is not None:
            cells.setdefault(building, []).append(n)
    some = ground.entrances[ground.entrances["building_id"].isin(cells)]
    for row, building, point in zip(some["row"], some["building_id"], some.geometry, strict=True):
        mine = np.array(cells[building])
        nearest = mine[int(shapely.distance(fabric.polygon[mine], point).argmin())]
        result.append({"id": int(row), "micro_grid_id": at.get(sheet.draft.owner[nearest])})
    return result
