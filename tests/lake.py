"""南湖社区 of the town with two dozen houses, drawn into micro-grids."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from data import drawings
from data.bulk import insert_frame, restart_sequences
from data.drawing_begin import begin
from data.jobs import Report
from data.scope import Scope
from data.store import Store
from models import Account, Building
from models.enums import Role
from tests import town
from tests.town import LAKE

HOMES = 24


def fill(store: Store) -> Store:
    """Put the town into a store, 24 buildings of 12 households in the lake's first grid, and a planner.

    In its second grid stands building 6, with two entrances of 200 households.
    """
    town.fill(store)
    rows = [
        (100 + n, f"L{n}", f"{n}号楼", LAKE, 12, town.box(2110 + 30 * (n % 6), 110 + 45 * (n // 6), 15, 12))
        for n in range(HOMES)
    ]
    frame = pd.DataFrame(rows, columns=["id", "code", "name", "area_code", "households", "geometry"])
    with store.writing("building") as session:
        insert_frame(session, Building, frame)
        restart_sequences(session, [Building])
        who = {"username": "p", "display_name": "规划员甲", "role": Role.PLANNER, "scope": ""}
        session.add(Account(id=1, **who, created_at=datetime.now(UTC)))
    return store


def begun(store: Store, folder: Path, **more: Any) -> int:
    """Draw the lake's micro-grids and return the plan."""
    folder.mkdir(exist_ok=True)
    wishes = {"scope_prefix": "", "account_id": 1, "communities": [LAKE], "band": (30, 50), "proposing": True}
    return int(begin(store, Report(folder, "试"), **wishes | more)["plan"])


def sheet_of(store: Store, plan: int) -> drawings.Sheet:
    """Return a drawing as it is now."""
    return drawings.load(store, Scope(), plan)
