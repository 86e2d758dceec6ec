"""Whatever is done to a drawing in the store, over reloads: seamless, nothing cut, locks hold, undo exact."""

from __future__ import annotations

import shutil
from functools import partial

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from data import drawings
from data.drawing_ground import read_ground
from data.drawing_publishing import publish
from data.errors import ConflictError
from data.scope import Scope
from data.store import Store
from geo import editing
from geo.draft import Draft, EditRefused
from geo.redistricting import redistricted
from models import Drawing
from tests import lake
from tests.town import LAKE

CITY = Scope()
FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
KINDS = [
    "move",
    "merge",
    "take",
    "line",
    "parts",
    "rename",
    "recode",
    "again",
    "site",
    "enclose",
    "lock",
    "unlock",
    "undo",
    "redo",
    "reload",
    "late",
]
place = st.tuples(st.floats(0, 1), st.floats(0, 1))
step = st.tuples(st.sampled_from(KINDS), st.integers(0, 500), st.integers(0, 500), place, place)


@pytest.fixture(scope="module")
def drawn(_templates, tmp_path_factory):
    """Give a drawing of micro-grids in force, its footprints, and how it was stored."""
    folder = tmp_path_factory.mktemp("drawn")
    shutil.copy(_templates["empty"], folder / "city.gpkg")
    store = Store.open(f"sqlite:///{folder / 'city.gpkg'}")
    lake.fill(store)
    publish(store, CITY, lake.begun(store, folder / "job"), 1)
    plan = lake.begun(store, folder / "job", proposing=False)
    with store.reading() as session:
        text = session.scalar(select(Drawing.state).where(Drawing.plan_id == plan))
        houses = read_ground(session, CITY, [LAKE]).buildings
    yield store, plan, text, houses
    store.close()


def state(draft):
    return (
        draft.owner.tolist(),
        draft.grids.copy(),
        draft.figures.copy(),
        draft.sited.copy(),
        draft.compound.tolist(),
    )


def work_of(sheet, kind, a, b, ends):
    """Return what a step does to the draft."""
    draft = sheet.draft
    ids = sorted(draft.grids)
    one, other = ids[a % len(ids)], ids[b % len(ids)]
    low, high = draft.fabric.place.min(axis=0) - 20, draft.fabric.place.max(axis=0) + 20
    corners = np.sort(low + np.array(ends) * (high - low), axis=0)
    operations = {
        "move": lambda d: editing.move(d, np.array([a % len(d.owner)]), other),
        "merge": lambda d: editing.merge(d, [one, other]),
        "take": lambda d: editing.take(d, shapely.box(*corners.ravel()).buffer(1), one),
        "line": lambda d: editing.split_by_line(
            d, one, shapely.linestrings([corners[0], corners[1] + (0.5, 0.3)])
        ),
        "parts": lambda d: editing.split_into(d, one, 2 + b % 3),
        "rename": lambda d: editing.rename(d, one, f"第{b}组"),
        "recode": lambda d: editing.recode(d, one, f"{LAKE}{900 + b % 99}"),
        "again": lambda d: redistricted(d, np.arange(len(d.owner)), sheet.cells.grid, keep=b % 2 == 0),
        "enclose": lambda d: editing.enclose(d, d.cells(one), [None, *d.fabric.compounds][b % 3]),
        "site": lambda d: editing.site(d, str(a % 3), (114.0, 30.0), (114.0 + b % 4 / 100, 30.0)),
    }
    if kind in operations:
        return lambda d: d.do(operations[kind](d))
    plain = {"lock": partial(Draft.lock, ids=[one]), "unlock": partial(Draft.unlock, ids=[one])}
    return plain.get(kind) or {"undo": Draft.undo, "redo": Draft.redo}[kind]


def checked(sheet, houses):
    """Assert that micro-grids are a coverage of the same land, and that no house is in two."""
    draft = sheet.draft
    shapes = np.array([*(draft.polygon(one) for one in draft.grids), None], dtype=object)[:-1]
    assert shapely.coverage_is_valid(shapes)
    land = shapely.area(draft.fabric.polygon[draft.owner != None]).sum()  # noqa: E711
    assert shapely.area(shapes).sum() == pytest.approx(land)
    named = dict(zip(draft.grids, shapes, strict=True))
    for row in houses.itertuples(index=False):
        cells = np.flatnonzero(draft.fabric.building == row.id)
        if len(cells) == 1 and draft.owner[cells[0]] is not None:
            outside = row.geometry.difference(named[draft.owner[cells[0]]]).area
            assert outside < 1e-6 * row.geometry.area
    for one in draft.grids:
        assert draft.figures[one] == draft._figures(one)
    fabric = draft.fabric
    for one in range(len(fabric.compounds)):
        mine, first = (np.flatnonzero(some == one) for some in (draft.compound, fabric.compound))
        assert 1 <= len(fabric.parts(mine)) <= len(fabric.parts(first))


@given(st.lists(step, min_size=2, max_size=10))
@FEW
def test_any_sequence_in_the_store_keeps_what_is_promised(drawn, steps):
    store, plan, text, houses = drawn
    with store.writing("drawing") as session:
        session.execute(update(Drawing).where(Drawing.plan_id == plan).values(version=1, state=text))
    drawings._cache.clear()
    sheet = drawings.load(store, CITY, plan)
    start = state(sheet.draft)
    for kind, a, b, *ends in steps:
        before, held = state(sheet.draft), sheet.draft.locked.copy()
        if kind == "reload":
            drawings._cache.clear()
            sheet = drawings.load(store, CITY, plan)
            assert state(sheet.draft) == before
            assert sheet.draft.locked == held
            continue
        if kind == "late":
            with pytest.raises(ConflictError):
                drawings.edit(store, CITY, plan, sheet.version - 1, Draft.lock)
            assert state(drawings.load(store, CITY, plan).draft) == before
            continue
        version = sheet.version
        try:
            sheet = drawings.edit(store, CITY, plan, version, work_of(sheet, kind, a, b, ends))
            assert sheet.version == version + 1
        except EditRefused:
            sheet = drawings.load(store, CITY, plan)
            assert sheet.version == version
            assert state(sheet.draft) == before
        for one in held & sheet.draft.locked:
            assert sheet.draft.grids[one] == before[1][one]
            assert [n for n, owner in enumerate(before[0]) if owner == one] == sheet.draft.cells(one).tolist()
        checked(sheet, houses)
    drawings._cache.clear()
    again = drawings.load(store, CITY, plan)
    assert state(again.draft) == state(sheet.draft)
    sheet = drawings.edit(store, CITY, plan, again.version, Draft.unlock)
    while sheet.draft.done:
        sheet = drawings.edit(store, CITY, plan, sheet.version, Draft.undo)
    assert state(sheet.draft) == start
