"""Which unit each record of a cube lies in: by the boundaries of today or of its own day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import select

from data.cubes import Cube, Record, cube
from data.errors import DataError
from data.scope import Scope
from data.store import Store
from data.units import Level, cell_households, retired, units
from geo import hexagons
from models import Area
from models.areas import SIGNIFICANT

CELL_M2 = {7: 5_161_293.36, 8: 737_327.60, 9: 105_332.51, 10: 15_047.50}
"""Mean area of an H3 cell by resolution (the library's own table)."""
_SHORT = 3
_DEGREE_M = 111_320.0


def placed(
    store: Store,
    scope: Scope,
    records: Cube,
    span: slice,
    level: Level,
    *,
    then: bool = False,
    resolution: int = 8,
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Return the scope's units and, for each record of the span, the position of its unit (-1: in none)."""
    if level is Level.CELL:
        return _in_cells(store, scope, records, span, resolution)
    frame = units(store, scope, level)
    if level.area_level is not None:
        digits = SIGNIFICANT[level.area_level]
        prefixes = [_prefix(code, digits) for code in records.area_codes]
        place = pd.Index(frame["code"].astype(str).str[:digits]).get_indexer(pd.Index(prefixes))
        at = place[records.area[span]]
    else:
        ids = frame["id"].to_numpy(dtype=np.int64)
        place = np.full(max(int(ids.max(initial=0)), int(records.holder[level.value].max(initial=0))) + 1, -1)
        place[ids] = np.arange(len(ids))
        at = place[records.holder[level.value][span]]
        if then and level.value in records.former:
            frame, at = _as_then(store, scope, records, span, level, frame, at)
    return frame.copy(), at.astype(np.int64)


def _prefix(code: str, digits: int) -> str:
    """Return the digits that place a code in an area of so many digits; none where it is a larger area's."""
    smaller = min((d for d in SIGNIFICANT.values() if not code[d:].strip("0")), default=len(code))
    return code[:digits] if smaller >= digits else ""


def _as_then(
    store: Store,
    scope: Scope,
    records: Cube,
    span: slice,
    level: Level,
    frame: pd.DataFrame,
    at: npt.NDArray[np.int64],
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Put records where they lay on their day; features that are not in force any more come at the end."""
    position, codes = records.former[level.value]
    here = (position >= span.start) & (position < span.stop)
    wanted = [code for code, one in zip(codes, here, strict=True) if one]
    known = pd.Index(frame["code"])
    gone = sorted({code for code in wanted if code is not None and code not in known and code in scope})
    if gone:
        names = retired(store, scope, level)
        more = pd.DataFrame({"id": 0, "code": gone, "name": [names.get(code, code) for code in gone]})
        more["area_code"] = more["code"].str[:12]
        frame = pd.concat([frame, more], ignore_index=True)
    at = at.copy()
    at[position[here] - span.start] = pd.Index(frame["code"]).get_indexer(pd.Index(wanted, dtype=object))
    return frame, at


def cells_with(
    store: Store, scope: Scope, kinds: Sequence[Record], resolution: int
) -> npt.NDArray[np.uint64]:
    """Return the H3 cells in which records of these tables lie, rising."""
    _checked(resolution)
    found = [_cells_of(cube(store, scope, kind), resolution).cell for kind in kinds]
    return np.unique(np.concatenate(found))


def _in_cells(
    store: Store, scope: Scope, records: Cube, span: slice, resolution: int
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    _checked(resolution)
    found = _cells_of(records, resolution)
    areas = _area_names(store, scope, store.table_revisions().get("area", 0))
    codes = [f"{int(one):x}" for one in found.cell]
    names = [
        f"{areas.get(area, area)} {code.rstrip('f')[-_SHORT:]}"
        for area, code in zip(records.area_codes[found.area], codes, strict=True)
    ]
    homes = cell_households(store, scope, resolution).reindex(found.cell).to_numpy(dtype=float)
    frame = pd.DataFrame(
        {
            "id": found.cell.astype(np.int64),
            "code": pd.Series(codes, dtype="str"),  # texts also where there is no cell
            "name": pd.Series(names, dtype="str"),
            "households": homes,
        }
    )
    return frame.assign(area_m2=CELL_M2[resolution], x=found.x, y=found.y), found.seat[span]


def _checked(resolution: int) -> None:
    if resolution not in CELL_M2:
        raise DataError(f"六边形的级别应为 {min(CELL_M2)}—{max(CELL_M2)}，现为 {resolution}。")


@dataclass(frozen=True)
class _Cells:
    """The cells of a cube: each once, rising.

    Attributes
    ----------
    area
        Position of the area code that most of its records bear.
    x, y
        Its middle in metres, on a plane of its own: good for who is near whom.
    seat
        Of each record the position of its cell; -1 where it has none.
    """

    cell: npt.NDArray[np.uint64]
    area: npt.NDArray[np.int64]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    seat: npt.NDArray[np.int64]


@lru_cache(maxsize=12)
def _cells_of(records: Cube, resolution: int) -> _Cells:
    found, at = np.unique(hexagons.parents(records.cell, resolution), return_inverse=True)
    if len(found) and found[0] == 0:
        found, at = found[1:], at - 1
    inside = at >= 0
    pairs, count = np.unique(at[inside] * len(records.area_codes) + records.area[inside], return_counts=True)
    of_cell, area = np.divmod(pairs, max(len(records.area_codes), 1))
    order = np.lexsort((count, of_cell))
    most = area[order][np.searchsorted(of_cell[order], np.arange(len(found)), "right") - 1]
    middle = hexagons.centres(found)
    y = middle[:, 1] * _DEGREE_M
    x = middle[:, 0] * _DEGREE_M * np.cos(np.radians(middle[:, 1].mean() if len(found) else 0.0))
    return _Cells(found, most.astype(np.int64), x, y, at.astype(np.int64))


@lru_cache(maxsize=12)
def _area_names(store: Store, scope: Scope, _revision: int) -> dict[str, str]:
    with store.reading() as session:
        rows = session.execute(select(Area.code, Area.name).where(scope.where(Area.code))).all()
    return {row[0]: row[1] for row in rows}
