"""A version of micro-grids brought back: what there was, its boundaries, and where each building was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import select

from data import drawing_publishing, drawings, versions
from data.errors import DataError
from data.scope import Scope
from data.store import Store
from geo import editing
from geo.draft import Draft
from geo.edits import Change
from models import Building, Entrance, MicroGrid
from tests import lake as lake_houses
from tests.town import LAKE, SPRING

CITY = Scope()


@pytest.fixture
def lake(store: Store) -> Store:
    return lake_houses.fill(store)


def state(store: Store, area: str = LAKE) -> dict[str, Any]:
    """Return micro-grids in force with their figures and outlines, and where buildings and entrances are."""
    with store.reading() as session:
        grids = session.scalars(
            select(MicroGrid).where(MicroGrid.area_code == area, MicroGrid.valid_to.is_(None))
        ).all()
        return {
            "grids": {
                one.code: (one.households, one.grid_id, shapely.normalize(one.geometry).wkb) for one in grids
            },
            "buildings": dict(
                session.execute(
                    select(Building.id, MicroGrid.code)
                    .join(MicroGrid, MicroGrid.id == Building.micro_grid_id, isouter=True)
                    .where(Building.area_code == area)
                ).all()
            ),
            "entrances": dict(
                session.execute(
                    select(Entrance.id, MicroGrid.code)
                    .join(MicroGrid, MicroGrid.id == Entrance.micro_grid_id, isouter=True)
                    .where(Entrance.area_code == area)
                ).all()
            ),
        }


def published(store: Store, folder: Path, *works: Any) -> int:
    """Open what is in force (or propose), do edits, publish; return the plan."""
    plan = lake_houses.begun(store, folder, proposing=not works, anew=True)
    version = lake_houses.sheet_of(store, plan).version
    for work in works:
        sheet = lake_houses.sheet_of(store, plan)
        version = drawings.do(
            store, CITY, plan, version, lambda draft, sheet=sheet, work=work: work(draft, sheet)
        ).version
    drawing_publishing.publish(store, CITY, plan, version)
    return plan


def inhabited(draft: Draft) -> list[str]:
    return sorted(one for one, figures in draft.figures.items() if figures.buildings > 2)


def moved(draft: Draft, _sheet: Any) -> Change:
    lived = set(inhabited(draft))
    cell, to = next(
        (cell, draft.owner[other])
        for cell in np.flatnonzero(draft.fabric.households == 12).tolist()
        for other in sorted(draft.fabric.near[cell])
        if draft.owner[other] in lived and draft.owner[other] != draft.owner[cell]
    )
    return editing.move(draft, np.array([cell]), to)


def split(draft: Draft, _sheet: Any) -> Change:
    return editing.split_into(draft, inhabited(draft)[0], 2)


def entrances_joined(draft: Draft, _sheet: Any) -> Change:
    return editing.merge(draft, sorted(set(draft.owner[draft.fabric.building == "6"])))


def test_a_version_comes_back_with_its_buildings_entrances_and_households(
    lake: Store, tmp_path: Path
) -> None:
    first = published(lake, tmp_path / "job")
    was = state(lake)
    second = published(lake, tmp_path / "job", moved, split, entrances_joined)
    then = state(lake)
    assert then["buildings"] != was["buildings"]
    assert then["entrances"] != was["entrances"]
    assert was["buildings"][6] is None  # its entrances are in two
    assert then["buildings"][6] is not None
    assert set(then["grids"]) != set(was["grids"])
    versions.restore(lake, 1, [LAKE], first, scope=CITY)
    assert state(lake) == was
    versions.restore(lake, 1, [LAKE], second, scope=CITY)
    assert state(lake) == then
    with lake.reading() as session:
        shapes = session.scalars(
            select(MicroGrid.geometry).where(MicroGrid.area_code == LAKE, MicroGrid.valid_to.is_(None))
        ).all()
    assert shapely.coverage_is_valid(np.array([*shapes, None], dtype=object)[:-1])


def test_before_the_first_version_no_building_is_in_a_micro_grid(lake: Store, tmp_path: Path) -> None:
    published(lake, tmp_path / "job")
    versions.restore(lake, 1, [LAKE], None, scope=CITY)
    now = state(lake)
    assert now["grids"] == {}
    assert set(now["buildings"].values()) | set(now["entrances"].values()) == {None}
    with pytest.raises(DataError, match="无需恢复"):
        versions.restore(lake, 1, [LAKE], None, scope=CITY)


def test_a_version_in_between_is_neither_the_one_before_nor_after(lake: Store, tmp_path: Path) -> None:
    published(lake, tmp_path / "job")
    middle = published(lake, tmp_path / "job", split)
    was = state(lake)
    published(lake, tmp_path / "job", moved, split)
    versions.restore(lake, 1, [LAKE], middle, scope=CITY)
    assert state(lake) == was


def test_other_communities_keep_theirs(lake: Store, tmp_path: Path) -> None:
    first = published(lake, tmp_path / "job")
    lake_plan = lake_houses.begun(lake, tmp_path / "job", communities=[SPRING])
    drawing_publishing.publish(lake, CITY, lake_plan, 1)
    spring = state(lake, SPRING)
    published(lake, tmp_path / "job", moved)
    versions.restore(lake, 1, [LAKE], first, scope=CITY)
    assert state(lake, SPRING) == spring
