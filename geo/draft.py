"""A draft of micro-grids: which cell belongs to which, what was changed and can be undone, what is locked.

Polygons follow from the cells, so no edit cuts a building or opens a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from geo.edits import Change, MicroGrid, Siting
from geo.errors import GeoError
from geo.partition import NONE, Band

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geo.fabric import Fabric

    Positions = NDArray[np.int64]


class EditRefused(GeoError):  # noqa: N818  (an answer to the planner)
    """An edit that can't be done: ``reason`` for the page, ``ids`` of the micro-grids concerned."""

    def __init__(self, reason: str, message: str, ids: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.ids = tuple(ids)


class Figures(NamedTuple):
    """What a micro-grid comes to: ``parts`` is 1 where it is connected."""

    households: float
    buildings: int
    cells: int
    area_m2: float
    compactness: float
    parts: int
    in_band: bool


class Totals(NamedTuple):
    """What all micro-grids come to together; the range is that of micro-grids with households."""

    micro_grids: int
    in_band: int
    least: float
    most: float
    disconnected: tuple[str, ...]
    unassigned_cells: int
    unassigned_households: float


@dataclass
class Draft:
    """Micro-grids being edited, with their history and figures.

    Attributes
    ----------
    fabric
        The cells.
    owner
        (m,) id of the micro-grid of each cell, None for none.
    grids
        What there is, by id.
    band
        Households of a micro-grid.
    used_codes
        Codes that are not given again: published ones, of whatever lives no more too.
    locked
        Ids of micro-grids that stay as they are. Locks are no edits: undo neither sets nor opens one.
    done, undone
        History, oldest first, and what redo would do, next last.
    outlines
        Polygons that were asked for and have not changed since, by id.
    sited
        Stations that are tried elsewhere than they are in force, by id.
    compound
        (m,) in which of the fabric's compounds each cell is tried, -1 for open land; as in force where no
        boundary of a compound is tried.
    """

    fabric: Fabric
    owner: NDArray[np.object_]
    grids: dict[str, MicroGrid]
    band: Band
    used_codes: frozenset[str] = frozenset()
    locked: set[str] = field(default_factory=set)
    done: list[Change] = field(default_factory=list)
    undone: list[Change] = field(default_factory=list)
    figures: dict[str, Figures] = field(init=False)
    outlines: dict[str, shapely.Geometry] = field(init=False, default_factory=dict)
    sited: dict[str, Siting] = field(init=False, default_factory=dict)
    compound: Positions = field(init=False)

    def __post_init__(self) -> None:
        self.figures = {one: self._figures(one) for one in self.grids}
        self.compound = self.fabric.compound.copy()

    # --- history ---

    def do(self, change: Change) -> set[str]:
        """Apply an edit; return the ids whose polygon or figures are others now."""
        self._apply(change)
        self.done.append(change)
        self.undone.clear()
        return change.touched()

    def undo(self) -> set[str]:
        """Take the last edit back.

        Raises
        ------
        EditRefused
            If there is none, or it concerns what is locked.
        """
        if not self.done:
            raise EditRefused("nothing_to_undo", "There is no edit to undo.")
        change = self.done[-1].reversed()
        self.require_open(change.touched(), "undo")
        self._apply(change)
        self.undone.append(self.done.pop())
        return change.touched()

    def redo(self) -> set[str]:
        """Do again what was undone last.

        Raises
        ------
        EditRefused
            If there is nothing, or it concerns what is locked.
        """
        if not self.undone:
            raise EditRefused("nothing_to_redo", "There is no edit to redo.")
        change = self.undone[-1]
        self.require_open(change.touched(), "redo")
        self._apply(change)
        self.done.append(self.undone.pop())
        return change.touched()

    def lock(self, ids: Iterable[str] | None = None) -> None:
        """Lock some micro-grids, or all."""
        wanted = set(self.grids) if ids is None else set(ids)
        self.require_known(wanted)
        self.locked |= wanted

    def unlock(self, ids: Iterable[str] | None = None) -> None:
        """Unlock some micro-grids, or all."""
        self.locked -= self.locked.copy() if ids is None else set(ids)

    def _apply(self, change: Change) -> None:
        for cell, before, after in change.moves:
            if self.owner[cell] != before:
                raise EditRefused("stale", f"Cell {cell} is not in {before} any more; load the draft anew.")
            self.owner[cell] = after
        for old, new in change.grids:
            if old is not None:
                del self.grids[old.id]
                self.figures.pop(old.id, None)
            if new is not None:
                self.grids[new.id] = new
        self._sited(change)
        self._enclosed(change)
        for one in change.touched():
            self.outlines.pop(one, None)
            if one in self.grids:
                self.figures[one] = self._figures(one)

    def _sited(self, change: Change) -> None:
        for was, now in change.sites:
            if was is not None:
                del self.sited[was.station]
            if now is not None:
                self.sited[now.station] = now

    def _enclosed(self, change: Change) -> None:
        for cell, before, after in change.estates:
            if self.estate(cell) != before:
                raise EditRefused("stale", f"Cell {cell} is not in {before} any more; load the draft anew.")
            self.compound[cell] = NONE if after is None else self.fabric.compounds.index(after)

    def estate(self, cell: int) -> str | None:
        """Return the compound that a cell is tried in, None for open land."""
        number = int(self.compound[cell])
        return None if number == NONE else self.fabric.compounds[number]

    def data(self) -> dict[str, Any]:
        """Return history and locks as plain data for JSON; the state is rebuilt from the same start."""
        return {
            "fabric": self.fabric.key,
            "done": [change.data() for change in self.done],
            "undone": [change.data() for change in self.undone],
            "locked": sorted(self.locked),
        }

    def resumed(self, data: dict[str, Any]) -> Draft:
        """Return this draft, as it was before any edit, with a stored history.

        Raises
        ------
        EditRefused
            If the history belongs to other cells.
        """
        if data["fabric"] != self.fabric.key:
            raise EditRefused(
                "other_cells", "The buildings have changed since this draft was stored; start a new one."
            )
        fresh = Draft(self.fabric, self.owner.copy(), dict(self.grids), self.band, self.used_codes)
        for change in data["done"]:
            fresh.do(Change.read(change))
        fresh.undone = [Change.read(change) for change in data["undone"]]
        fresh.locked = set(data["locked"])
        return fresh

    # --- what there is ---

    def cells(self, one: str) -> Positions:
        """Return the cells of a micro-grid."""
        return np.flatnonzero(self.owner == one)

    def polygon(self, one: str) -> shapely.Geometry:
        """Return the polygon of a micro-grid, derived from its cells."""
        if one not in self.outlines:
            self.outlines[one] = self.fabric.outline(self.cells(one))
        return self.outlines[one]

    def polygons(self, ids: Sequence[str]) -> NDArray[np.object_]:
        """Return the polygons of micro-grids; those that no edit touched are made once."""
        number = {one: n for n, one in enumerate(ids)}
        label = np.array([number.get(one, -1) for one in self.owner.tolist()], dtype=np.int64)
        order = np.argsort(label, kind="stable")
        start = np.searchsorted(label[order], np.arange(len(ids) + 1))
        result = np.empty(len(ids), dtype=object)
        for n, one in enumerate(ids):
            if one not in self.outlines:
                self.outlines[one] = self.fabric.outline(order[start[n] : start[n + 1]])
            result[n] = self.outlines[one]
        return result

    def _figures(self, one: str) -> Figures:
        fabric, cells = self.fabric, self.cells(one)
        inside = set(cells.tolist())
        shared = sum(w for cell in inside for other, w in fabric.near[cell].items() if other in inside)
        area, perimeter = float(fabric.area_m2[cells].sum()), float(fabric.perimeter_m[cells].sum()) - shared
        load = float(fabric.households[cells].sum())
        buildings = len({name for name in fabric.building[cells] if name is not None})
        compactness = 4 * np.pi * area / perimeter**2 if perimeter > 0 else 0.0
        parts = len(fabric.parts(cells))
        return Figures(load, buildings, len(cells), area, compactness, parts, self.band.holds(load))

    def totals(self) -> Totals:
        """Return the figures of the whole."""
        lived = [one.households for one in self.figures.values() if one.households > 0]
        bare = self.owner == None  # noqa: E711  (an array of ids)
        return Totals(
            len(self.figures),
            sum(one.in_band for one in self.figures.values()),
            min(lived, default=0.0),
            max(lived, default=0.0),
            tuple(sorted(name for name, one in self.figures.items() if one.parts > 1)),
            int(bare.sum()),
            float(self.fabric.households[bare].sum()),
        )

    def require_open(self, ids: Iterable[str], what: str) -> None:
        """Raise where a micro-grid is locked."""
        shut = sorted(self.locked.intersection(ids))
        if shut:
            names = ", ".join(shut)
            raise EditRefused("locked", f"To {what} this would change {names}, locked; unlock first.", shut)

    def require_known(self, ids: Iterable[str]) -> None:
        """Raise where there is no such micro-grid."""
        unknown = sorted(one for one in ids if one not in self.grids)
        if unknown:
            raise EditRefused("unknown", f"There is no micro-grid {', '.join(unknown)}.", unknown)
