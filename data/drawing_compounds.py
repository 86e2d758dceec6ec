"""Boundaries of compounds in a draft: which are tried, what they hold then, the lines of the ledger.

Cells join or leave a compound in the draft's history as any other edit. Publishing draws its boundary along
the cells near those that moved and leaves it as it is elsewhere; a dropped draft leaves it alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.drawing_ground import Ground
from data.drawings import Sheet
from data.errors import DataError
from data.ledger import compare
from data.scope import Scope
from geo.enclosure import reshaped
from geo.layers import dissolved
from models import Compound


@dataclass(frozen=True)
class Tried:
    """A compound whose boundary a draft tries, before and after: by its cells.

    Attributes
    ----------
    code
        By which the store knows it.
    outline, moved
        All cells that it has afterwards, and those that join or leave; in metres.
    """

    code: str
    households: tuple[float, float]
    buildings: tuple[int, int]
    area_m2: tuple[float, float]
    outline: shapely.Geometry
    moved: shapely.Geometry


def tried(sheet: Sheet) -> list[Tried]:
    """Return the compounds whose boundary a draft tries, by code."""
    draft, fabric = sheet.draft, sheet.draft.fabric
    moved = draft.compound != fabric.compound
    concerned = sorted({*draft.compound[moved].tolist(), *fabric.compound[moved].tolist()} - {-1})
    result = []
    for one in concerned:
        sides = [np.flatnonzero(some == one) for some in (fabric.compound, draft.compound)]
        loads, lands = (
            tuple(float(values[side].sum()) for side in sides)
            for values in (fabric.households, fabric.area_m2)
        )
        had, has = (len(set(fabric.building[side].tolist()) - {None}) for side in sides)
        shapes = (fabric.outline(some) for some in (sides[1], np.setxor1d(sides[0], sides[1])))
        result.append(Tried(fabric.compounds[one], _two(loads), (had, has), _two(lands), *shapes))
    return sorted(result, key=lambda one: one.code)


def _two(values: tuple[float, ...]) -> tuple[float, float]:
    before, after = values
    return before, after


def names(session: Session, sheet: Sheet) -> dict[str, str]:
    """Return what the compounds with cells are called, by code; the code where one has no name."""
    codes = sheet.draft.fabric.compounds
    query = select(Compound.code, Compound.name).where(Compound.code.in_(codes))
    known = {row.code: row.name for row in session.execute(query)}
    return {code: known.get(code) or code for code in sorted(codes)}


def holders(sheet: Sheet, holder: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Return grids or compounds as the cells make them up: drawn slivers are noise."""
    ids = [one for one in dict.fromkeys(holder.tolist()) if one is not None]
    number = {one: n for n, one in enumerate(ids)}
    label = np.array([number.get(one, -1) for one in holder.tolist()], dtype=np.int64)
    inside = label >= 0
    shapes = dissolved(sheet.draft.fabric.polygon[inside], label[inside], len(ids))
    return gpd.GeoDataFrame({"id": ids}, geometry=shapes, crs=sheet.cells.frame.crs)


def lines(session: Session, scope: Scope, sheet: Sheet, ground: Ground) -> pd.DataFrame:
    """Return the lines of a ledger (``change`` without ``plan_id``) that put the tried boundaries into force.

    Parameters
    ----------
    ground
        What there is in the community; its plane knows the stored vertices.

    Raises
    ------
    DataError
        Where a compound would fall apart: its stored boundary runs too far from the cells.
    """
    some = tried(sheet)
    if not some:
        return pd.DataFrame()
    codes = [one.code for one in some]
    query = select(Compound.code, Compound.households).where(Compound.code.in_(codes))
    known = {row.code: row.households for row in session.execute(query)}
    stored = ground.compounds.set_index("id")
    shapes = []
    for one in some:
        was = stored.geometry[one.code]
        shapes.append(reshaped(was, one.moved, one.outline))
        if shapely.get_num_geometries(shapes[-1]) > shapely.get_num_geometries(was):
            name = stored["name"][one.code] or one.code
            raise DataError(
                f"小区“{name}”的边界与楼栋地块相差太远，这样改会断成几块；请先在“拉平对齐”里拉平本社区，再重新打开。"
            )
    rows = pd.DataFrame(
        {
            "code": codes,
            "area_code": sheet.area_code,
            "households": [_households(one, known.get(one.code)) for one in some],
            "geometry": ground.plane.degrees(np.array(shapes, dtype=object)),
        }
    )
    found, _same = compare(session, Compound, rows, ["households"], complete=False, scope=scope, exact=True)
    return pd.DataFrame(found)


def _households(one: Tried, stored: int | None) -> int | None:
    """Return what a register's count becomes: it follows the dwellings that come and go."""
    before, after = one.households
    return None if stored is None else max(round(stored + after - before), 0)
