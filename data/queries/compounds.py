"""Compounds as a table for the map."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.bulk import frame_of
from data.scope import Scope
from models import Compound


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
