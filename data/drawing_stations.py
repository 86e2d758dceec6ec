"""Service stations in a draft: which there are, where each is tried, what it would stand in.

A move is kept in the draft's history as any other edit. Publishing writes a line of the plan's ledger for
each station that stands elsewhere, and moves it in the same transaction; a dropped draft leaves it alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data import station_moves
from data.drawings import Sheet
from data.errors import DataError
from data.scope import Scope
from data.station_moves import Place, named_around, overtaken, place_of
from geo.draft import Draft
from geo.editing import site
from geo.edits import Change
from models import Compound, Grid, Station
from models.areas import CODE_LENGTH, SIGNIFICANT
from models.enums import StationTier


@dataclass(frozen=True)
class StationRef:
    """A station as a draft has it.

    Attributes
    ----------
    stands
        Longitude and latitude in the store; None where it is there no more.
    place
        The same in the draft.
    overtaken
        Whether it was moved or deleted in the store after it was moved in the draft.
    """

    id: str
    name: str
    tier: StationTier | None
    stands: Place | None
    place: Place
    overtaken: bool

    @property
    def moved(self) -> bool:
        """Whether the draft has it elsewhere."""
        return self.place != self.stands


def stations(session: Session, scope: Scope, sheet: Sheet) -> list[StationRef]:
    """Return the stations of a draft's community, by name.

    They are its own, and those of larger areas that stand in it. A station that the draft moved and that is
    gone since is among them, so that it can be put back.
    """
    stored = {one.id: one for one in _stored(session, scope, sheet)}
    found = []
    for row in stored.values():
        stands = place_of(row.geometry)
        tried = sheet.draft.sited.get(str(row.id))
        place = tried.stands if tried else stands
        found.append(
            StationRef(str(row.id), row.name, row.tier, stands, place, bool(tried and tried.stood != stands))
        )
    found += [
        StationRef(one.station, f"阵地 {one.station}", None, None, one.stands, overtaken=True)
        for one in sheet.draft.sited.values()
        if int(one.station) not in stored
    ]
    return sorted(found, key=lambda one: (one.name, one.id))


def _stored(session: Session, scope: Scope, sheet: Sheet) -> list[Station]:
    around = [sheet.area_code[:digits].ljust(CODE_LENGTH, "0") for digits in SIGNIFICANT.values()]
    tried = [int(one) for one in sheet.draft.sited]
    mine = or_(Station.area_code.in_(around), Station.id.in_(tried))
    rows = session.scalars(select(Station).where(mine, scope.where(Station.area_code)))
    frame = sheet.degrees(shapely.box(*shapely.total_bounds(sheet.draft.fabric.polygon)))

    def stands_here(row: Station) -> bool:
        near = shapely.intersects(frame, row.geometry)
        return bool(near) and cell_at(sheet, place_of(row.geometry)) is not None

    return [row for row in rows if row.area_code == sheet.area_code or row.id in tried or stands_here(row)]


def cell_at(sheet: Sheet, place: Place) -> int | None:
    """Return the cell that holds a place; None outside the community."""
    point = sheet.metres(shapely.points(*place))
    inside = np.flatnonzero(shapely.intersects_xy(sheet.draft.fabric.polygon, point.x, point.y))
    return int(inside[0]) if len(inside) else None


def moved(session: Session, scope: Scope, sheet: Sheet, station: str, place: Place | None) -> Change:
    """Return the edit that puts a station at a place of the community, back where None is given.

    Raises
    ------
    DataError
        Where the scope holds no such station in the community, or the place lies outside of it.
    EditRefused
        Where it stands there already.
    """
    ref = next((one for one in stations(session, scope, sheet) if one.id == station), None)
    if ref is None:
        raise DataError(f"“{sheet.area_name}”没有编号为 {station} 的阵地；请重新选择。")
    if place is None:
        tried = sheet.draft.sited.get(station)
        return site(sheet.draft, station, ref.place, tried.stood if tried else ref.place)
    if ref.stands is None:
        raise DataError(f"“{ref.name}”已被删除，不能再挪；请放回原处。")
    if cell_at(sheet, place) is None:
        raise DataError(f"这里在“{sheet.area_name}”之外；草稿只能在本社区内挪阵地，请放在社区界内。")
    return site(sheet.draft, station, ref.stands, place)


# --- where it is ---


@dataclass(frozen=True)
class Where:
    """What a place lies in: codes and names; None for none. The micro-grid is the draft's."""

    micro_grid: str | None
    compound: str | None
    grid: str | None


def where(session: Session, sheet: Sheet, draft: Draft, place: Place) -> Where:
    """Return what a place would stand in, micro-grids as a draft on the sheet's cells has them."""
    cell = cell_at(sheet, place)
    owner = None if cell is None else draft.owner[cell]
    names = [named_around(session, model, sheet.area_code, place) for model in (Compound, Grid)]
    return Where(draft.grids[owner].code if owner in draft.grids else None, names[0], names[1])


def lines(session: Session, scope: Scope, sheet: Sheet) -> pd.DataFrame:
    """Return the lines of a ledger that put the draft's stations into force; empty where none is moved.

    Raises
    ------
    ConflictError
        Where a station was moved or deleted since the draft moved it.
    """
    refs = [one for one in stations(session, scope, sheet) if one.id in sheet.draft.sited]
    late = [one for one in refs if one.overtaken]
    if late:
        raise overtaken(sheet.plan_id, [one.name for one in late])
    return station_moves.moves(
        session,
        sheet.area_code,
        [(one.id, one.stands, one.place) for one in refs if one.stands is not None],
    )
