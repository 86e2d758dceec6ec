"""A former version of micro-grids: which there were, with what they held, and who is in which again.

Micro-grids partition a community by its buildings. So unlike compounds and grids they come back as a whole:
what was added since goes, what was removed comes back under its own code, and each building and entrance is
told where it is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.bulk import geo_frame_of
from data.ledger import compare
from data.metric import Plane
from data.publishing import REVIVED
from data.scope import Scope
from models import Building, Change, Entrance, MicroGrid
from models.enums import ChangeAction

HELD = ("households", "grid_id", "compound_id")
"""What follows from a micro-grid's boundary; its name and its body in charge stay as they are now."""
_PART = 0.01
"""Less of a footprint in a micro-grid is a matter of rounding."""


def micro_grids(
    session: Session, was: gpd.GeoDataFrame, after: Sequence[int], area_codes: Sequence[str]
) -> pd.DataFrame:
    """Return the lines of a ledger that bring the micro-grids of communities back to a version.

    Parameters
    ----------
    was
        As `data.versions.boundaries` gives them: outlines of that version that changed since.
    after
        Plans published since, the oldest first.
    """
    first, held = _since(session, after, area_codes)
    now = geo_frame_of(
        session,
        MicroGrid,
        ["code", "area_code"],
        MicroGrid.area_code.in_(list(area_codes)),
        MicroGrid.valid_to.is_(None),
    )
    back = was[(was["layer"] == "micro_grid") & ~was["code"].map(first).eq(ChangeAction.ADD.value)]
    added = now[now["code"].map(first).eq(ChangeAction.ADD.value)]
    kept = now[~now["code"].isin(set(added["code"]) | set(back["code"]))]
    lines = [pd.DataFrame()]
    for area in sorted(set(back["area_code"]) | set(added["area_code"])):
        some = [one[one["area_code"] == area] for one in (kept, back)]
        rows = pd.DataFrame(
            {
                "code": np.concatenate([one["code"].to_numpy(dtype=object) for one in some]),
                "area_code": area,
                "geometry": np.concatenate([np.asarray(one.geometry.values, dtype=object) for one in some]),
            }
        )
        for column in HELD:
            rows[column] = [held.get(code, {}).get(column) for code in rows["code"]]
        ledger, _same = compare(
            session, MicroGrid, rows, HELD, complete=True, scope=Scope.of_area(area), exact=True
        )
        lines.append(pd.DataFrame(ledger))
    found = pd.concat(lines, ignore_index=True)
    if found.empty:
        return found
    return found.assign(reason=found["action"].map({ChangeAction.ADD.value: REVIVED}))


def _since(
    session: Session, after: Sequence[int], area_codes: Sequence[str]
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Return what first happened to each micro-grid since a version, and what it held until then."""
    rows = session.execute(
        select(Change.plan_id, Change.code, Change.action, Change.attributes).where(
            Change.layer == "micro_grid",
            Change.area_code.in_(list(area_codes)),
            Change.plan_id.in_(list(after)),
            Change.accepted.is_(True),
        )
    ).all()
    rank = {one: n for n, one in enumerate(after)}
    first: dict[str, str] = {}
    held: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: rank[row.plan_id]):
        first.setdefault(row.code, row.action.value)
        for name, (former, _new) in json.loads(row.attributes or "{}").items():
            if name in HELD:
                held.setdefault(row.code, {}).setdefault(name, former)
    return first, held


def settle(session: Session, area_codes: Sequence[str]) -> None:
    """Say of each building and entrance of communities which micro-grid in force it is in.

    A building is in the one that holds its footprint. Where several do, each entrance is in the one that is
    nearest to it, and the building in none if these differ.
    """
    inside = list(area_codes)
    grids = geo_frame_of(
        session, MicroGrid, ["id"], MicroGrid.area_code.in_(inside), MicroGrid.valid_to.is_(None)
    )
    buildings = geo_frame_of(session, Building, ["id", "micro_grid_id"], Building.area_code.in_(inside))
    entrances = geo_frame_of(
        session, Entrance, ["id", "building_id", "micro_grid_id"], Entrance.area_code.in_(inside)
    )
    if buildings.empty:
        return
    plane = Plane.of(session, np.asarray(buildings.geometry.values, dtype=object))
    parts = _parts(plane, buildings, grids)
    at: dict[int, int | None] = {}
    of_building: dict[int, set[int | None]] = {}
    points = plane.metres(np.asarray(entrances.geometry.values, dtype=object))
    for row, building, point in zip(entrances["id"], entrances["building_id"], points, strict=True):
        pieces = parts.get(building, [])
        at[row] = min(pieces, key=lambda piece: shapely.distance(piece[1], point))[0] if pieces else None
        of_building.setdefault(building, set()).add(at[row])
    new: dict[int, int | None] = {}
    for building in buildings["id"]:
        pieces = parts.get(building, [])
        found = of_building.get(building, set())
        if len(pieces) > 1 and len(found) > 1:
            new[building] = None
        else:
            new[building] = max(pieces, key=lambda piece: shapely.area(piece[1]))[0] if pieces else None
    for model, frame, wanted in ((Building, buildings, new), (Entrance, entrances, at)):
        was = frame["micro_grid_id"].astype(object).where(frame["micro_grid_id"].notna(), None)
        changed = [
            {"id": int(row), "micro_grid_id": wanted[row]}
            for row, before in zip(frame["id"], was, strict=True)
            if before != wanted[row]
        ]
        if changed:
            session.execute(update(model), changed)


def _parts(
    plane: Plane, buildings: gpd.GeoDataFrame, grids: gpd.GeoDataFrame
) -> dict[int, list[tuple[int, shapely.Geometry]]]:
    """Return for each building the micro-grids that hold some of its footprint, and that part."""
    footprint = plane.metres(np.asarray(buildings.geometry.values, dtype=object))
    outline = plane.metres(np.asarray(grids.geometry.values, dtype=object))
    mine, theirs = shapely.STRtree(outline).query(footprint, predicate="intersects")
    piece = shapely.intersection(footprint[mine], outline[theirs])
    enough = shapely.area(piece) > _PART * shapely.area(footprint[mine])
    parts: dict[int, list[tuple[int, shapely.Geometry]]] = {}
    rows, ids = buildings["id"].tolist(), grids["id"].tolist()
    for n in np.flatnonzero(enough).tolist():
        parts.setdefault(rows[mine[n]], []).append((ids[theirs[n]], piece[n]))
    return parts
