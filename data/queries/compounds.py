"""Compounds as a table for the map."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.bulk import frame_of
from data.queries.areas import AreaRef
from data.scope import Scope
from models import Area, Compound
from models.areas import SIGNIFICANT
from models.enums import AreaLevel


def kinds(session: Session, scope: Scope) -> pd.DataFrame:
    """Return id, area_code and kind (None where not classified) of the compounds in the scope, by id."""
    frame = frame_of(
        session,
        select(Compound.id, Compound.area_code, Compound.kind)
        .where(scope.where(Compound.area_code))
        .order_by(Compound.id),
    )
    frame["kind"] = frame["kind"].map(lambda kind: kind.value, na_action="ignore").astype(object)
    return frame


def by_child(session: Session, scope: Scope, area: AreaRef) -> pd.DataFrame:
    """Return how many compounds of each kind lie in each area directly below `area`; levels may be missing.

    Returns
    -------
    pandas.DataFrame
        Columns code, name, kind (None where not classified), n; children without compounds are left out.
    """
    levels = list(AreaLevel)
    found = session.scalars(select(Area.level).where(Area.parent_id == area.id).distinct())
    below = min(found, key=levels.index, default=area.level)
    digits = SIGNIFICANT[below]
    prefix = func.substr(Compound.area_code, 1, digits)
    counted = (
        select(prefix.label("prefix"), Compound.kind.label("kind"), func.count().label("n"))
        .where(scope.where(Compound.area_code))
        .group_by(prefix, Compound.kind)
        .subquery()
    )
    return frame_of(
        session,
        select(Area.code, Area.name, counted.c.kind, counted.c.n)
        .join(counted, func.substr(Area.code, 1, digits) == counted.c.prefix)
        .where(Area.level == below, scope.where(Area.code))
        .order_by(Area.code),
    )
