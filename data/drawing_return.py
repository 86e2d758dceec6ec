"""A drawing that was exported and edited in QGIS, brought back: what is different, what can't be taken.

The file tells how the draft stood when it was exported. What differs from that is what was edited in QGIS;
it is taken where the draft still stands so, and named where the draft has been changed otherwise meanwhile. A
changed ``building.micro_grid_id`` moves the building; a changed polygon gives each cell to the polygon that
holds most of it. So nothing that is drawn can cut a building or open a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np

from data import drawings
from data.drawing_ground import read_ground
from data.drawing_publishing import broken
from data.drawing_return_changes import Line, compared
from data.drawing_return_file import read
from data.drawings import Sheet
from data.errors import DataError
from data.scope import Scope
from data.store import Store
from geo.edits import Change
from models.enums import Difference


@dataclass(frozen=True)
class Returned:
    """What a file would do to a drawing.

    Attributes
    ----------
    change
        One step of the draft; None where there is nothing to take.
    lines
        Changes, then doubts.
    broken
        Errors by the rules that the drawing would have and does not have now, as `broken` returns them.
    """

    change: Change | None
    lines: tuple[Line, ...]
    broken: gpd.GeoDataFrame

    @property
    def changes(self) -> int:
        """How many lines would be taken."""
        return sum(isinstance(one.kind, Difference) for one in self.lines)


def returned(store: Store, scope: Scope, sheet: Sheet, path: Path) -> Returned:
    """Compare a file with the drawing that it was exported from; nothing is stored.

    Raises
    ------
    DataError
        Where the file can't be read or was exported from another draft.
    """
    edited = read(sheet, path)
    with store.reading() as session:
        ground = read_ground(session, scope, [sheet.area_code])
    change, lines = compared(sheet, edited, ground)
    if change is None:
        return Returned(None, lines, broken(store, scope, sheet).iloc[:0])
    before, after = (broken(store, scope, one) for one in (sheet, drawings.tried(sheet, change)))
    known = set(zip(before["rule"], before["feature_id"], strict=True))
    fresh = [(rule, one) not in known for rule, one in zip(after["rule"], after["feature_id"], strict=True)]
    return Returned(change, lines, after[np.array(fresh, dtype=bool) & (after["severity"] == "error")])


def take(store: Store, scope: Scope, plan_id: int, version: int, path: Path) -> tuple[Sheet, Returned]:
    """Take what a file changes as one step of the draft, which undo takes back.

    Raises
    ------
    ConflictError
        Where somebody edited the draft meanwhile.
    DataError
        As :func:`returned`, and where nothing can be taken.
    """
    sheet = drawings.load(store, scope, plan_id)
    if sheet.version != version:
        raise drawings.conflict(plan_id)
    found = returned(store, scope, sheet, path)
    change = found.change
    if change is None:
        raise DataError("文件里没有可以采纳的改动；请核对列出的各条。")
    return drawings.edit(store, scope, plan_id, version, lambda draft: draft.do(change)), found
