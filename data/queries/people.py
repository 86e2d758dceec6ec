"""Counts of people, for fixed areas and one fixed day only, with small ones hidden so that they stay hidden.

What is hidden is chosen for the whole city at once and never by who looks: two accounts can't put their views
together and work a count out. There is no other way here to ask for a count of people: no free shape, no
cell, no span of days, no former boundaries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.bulk import frame_of
from data.catalogue.entries import AS_OF
from data.scope import Scope
from geo.suppression import K, suppress
from models import Area, Organisation, Setting
from models.areas import prefix_of
from models.enums import AreaLevel

SMALLEST = "smallest_count"
"""Setting of the city: the smallest count of people to be shown, ten unless it says otherwise."""


@dataclass(frozen=True)
class Members:
    """Members registered, by area.

    Attributes
    ----------
    frame
        One row an area of the level in the scope, by code: id, code, name, members (NA where hidden),
        hidden, elsewhere (members known for the area and for none below it; NA where hidden).
    as_of
        The day of the figures.
    least
        The smallest count that is shown.
    recorded
        Whether the city records them at all; where it does not, all is hidden.
    """

    frame: pd.DataFrame
    as_of: date | None
    least: int
    recorded: bool


def members(session: Session, scope: Scope, level: AreaLevel) -> Members:
    """Return how many members are registered in each area of a level, as far as that may be told."""
    least = int(session.scalar(select(Setting.value).where(Setting.key == SMALLEST)) or K)
    areas = frame_of(session, select(Area.id, Area.code, Area.name, Area.level).order_by(Area.code))
    known = frame_of(
        session,
        select(Organisation.area_code, func.sum(Organisation.member_count).label("members"))
        .where(Organisation.member_count.is_not(None))
        .group_by(Organisation.area_code),
    )
    counts, parent = _tree(areas, known)
    found = suppress(counts, parent, least)
    shown = pd.array(counts, dtype="Int64")
    shown[found.hidden] = pd.NA
    elsewhere = pd.array(found.remainder[:, 0], dtype="Int64")
    elsewhere[found.remainder_hidden] = pd.NA
    frame = areas.assign(members=shown, hidden=found.hidden, elsewhere=elsewhere)
    mine = [one == level and code in scope for one, code in zip(frame["level"], frame["code"], strict=True)]
    as_of = session.scalar(select(Setting.value).where(Setting.key == AS_OF))
    return Members(
        frame[mine].drop(columns="level").reset_index(drop=True),
        date.fromisoformat(as_of) if as_of else None,
        least,
        len(known) > 0,
    )


def _tree(areas: pd.DataFrame, known: pd.DataFrame) -> tuple[Any, Any]:
    """Return the count of each area with all below it, and the position of the area above (-1: none)."""
    prefix = [prefix_of(code) for code in areas["code"]]
    place = {one: n for n, one in enumerate(prefix)}
    parent = np.full(len(areas), -1, dtype=np.int64)
    for n, one in enumerate(prefix):
        above = (place.get(one[:digits]) for digits in range(len(one) - 1, 0, -1))
        parent[n] = next((at for at in above if at is not None), -1)
    counts = np.zeros(len(areas), dtype=np.int64)
    for code, members_ in known.itertuples(index=False):
        own = prefix_of(code)
        at = next((place[own[:d]] for d in range(len(own), 0, -1) if own[:d] in place), -1)
        while at >= 0:
            counts[at] += int(members_)
            at = int(parent[at])
    return counts, parent
