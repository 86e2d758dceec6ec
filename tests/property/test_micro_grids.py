"""Whatever is drawn and whatever is edited: seamless, nothing cut, undone exactly, locks hold."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.boundary import drag, handles
from geo.cells import Land, cells_of
from geo.draft import Draft, EditRefused
from geo.editing import MicroGrid, merge, move, rename, split_by_line, split_into, take
from geo.fabric import Fabric
from geo.partition import Band
from tests.drawn import box, placed
from tests.hamlet import BUILDINGS, COMMUNITY, town

FRAME = COMMUNITY["420106001001"]
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TOWN = town()
FABRIC = Fabric.of(TOWN.cells)


def array(shapes):
    return np.array([*shapes, None], dtype=object)[:-1]


spot = st.tuples(st.integers(-10, 400), st.integers(-10, 200))
slab = st.tuples(spot, st.integers(2, 60), st.integers(2, 40), st.integers(0, 90))
path = st.lists(spot, min_size=2, max_size=5, unique=True)
lot = st.tuples(spot, st.integers(30, 200), st.integers(30, 150))


def turned(one):
    (x, y), width, depth, angle = one
    return shapely.affinity.rotate(box(x, y, x + width, y + depth), angle)


@given(st.lists(slab, max_size=14), st.lists(lot, max_size=3), st.lists(path, max_size=4))
@FEW
def test_cells_are_seamless_and_cut_no_building(slabs, lots, paths):
    footprints = [turned(one) for one in slabs]
    compounds = [box(x, y, x + width, y + depth) for (x, y), width, depth in lots]
    lines = [placed(shapely.LineString(one)) for one in paths]
    found = cells_of(Land(FRAME, array(compounds), array(lines), array(footprints)))
    assert shapely.coverage_is_valid(found.polygon)
    assert shapely.is_valid(found.polygon).all()
    assert (shapely.get_type_id(found.polygon) == shapely.GeometryType.POLYGON).all()
    assert shapely.union_all(found.polygon).symmetric_difference(FRAME).area < 0.05
    for atom, cell in enumerate(found.of_atom.tolist()):
        inside = footprints[atom].intersection(FRAME).area
        if cell >= 0:
            assert found.polygon[cell].intersection(footprints[atom]).area > inside - 1e-3 * inside - 0.01
        else:
            assert inside < 1e-6


def fresh():
    micro = TOWN.micro_grids
    grids = {one: MicroGrid(one, code) for one, code in zip(micro["id"], micro["code"], strict=True)}
    owner = TOWN.cells["micro_grid_id"].to_numpy(dtype=object).copy()
    return Draft(FABRIC, owner, grids, Band(30, 50), frozenset(grids))


def state(draft):
    return draft.owner.tolist(), draft.grids.copy(), draft.figures.copy()


step = st.tuples(
    st.sampled_from(
        ["move", "merge", "take", "line", "parts", "drag", "rename", "lock", "unlock", "undo", "redo"]
    ),
    st.integers(0, 500),
    st.integers(0, 500),
    st.tuples(spot, spot),
)


def edit(draft, kind, a, b, ends):
    ids = sorted(draft.grids)
    one, other = ids[a % len(ids)], ids[b % len(ids)]
    west, east = sorted((ends[0][0], ends[1][0]))
    south, north = sorted((ends[0][1], ends[1][1]))
    if kind == "lock":
        draft.lock([one])
    elif kind == "unlock":
        draft.unlock([one])
    elif kind in ("undo", "redo"):
        getattr(draft, kind)()
    elif kind == "move":
        draft.do(move(draft, np.array([a % len(FABRIC.polygon)]), other))
    elif kind == "merge":
        draft.do(merge(draft, [one, other]))
    elif kind == "take":
        draft.do(take(draft, box(west, south, east + 1, north + 1), one))
    elif kind == "line":
        draft.do(
            split_by_line(draft, one, placed(shapely.LineString([ends[0], (ends[1][0] + 0.5, ends[1][1])])))
        )
    elif kind == "drag":
        draft.do(drag(draft, *dragged(draft, a, b)))
    elif kind == "parts":
        draft.do(split_into(draft, one, 2 + b % 3))
    else:
        draft.do(rename(draft, one, str(b)))


def dragged(draft, a, b):
    """Return one of the vertices that can be dragged, and another within 40 m."""
    found = handles(draft)
    start = int(found[a % len(found)]) if len(found) else 0
    vertex = FABRIC.lattice.vertex
    near = np.flatnonzero((np.abs(vertex - vertex[start]) < 40) & (vertex != vertex[start]))
    return start, int(near[b % len(near)])


@given(st.integers(0, 10**6), st.integers(0, 10**6))
@settings(parent=FEW, max_examples=60)
def test_a_dragged_boundary_touches_two_micro_grids_and_comes_back(a, b):
    draft, start = fresh(), state(fresh())
    vertex, to = dragged(draft, a, b)
    try:
        change = drag(draft, vertex, to)
    except EditRefused:
        assert state(draft) == start
        return
    touched = draft.do(change)
    assert len(touched) == 2
    lattice = FABRIC.lattice
    around = (lattice.start == to) | (lattice.end == to)
    there = {draft.owner[cell] for side in (lattice.one, lattice.other) for cell in side[around] if cell >= 0}
    assert change.moves[0][2] in there
    for one, figures in draft.figures.items():
        if one not in touched:
            assert figures == start[2][one]
        assert figures.parts <= start[2][one].parts
    assert shapely.coverage_is_valid(array([draft.polygon(one) for one in draft.grids]))
    draft.undo()
    assert state(draft) == start


@given(st.lists(step, min_size=1, max_size=25))
@FEW
def test_any_sequence_of_edits_keeps_what_is_promised(steps):
    draft, start = fresh(), state(fresh())
    for kind, a, b, ends in steps:
        held = {one: draft.cells(one).tolist() for one in draft.locked if one in draft.grids}
        before = state(draft)
        try:
            edit(draft, kind, a, b, ends)
        except EditRefused:
            assert state(draft) == before
        for one, cells in held.items():
            if one in draft.locked:
                assert draft.cells(one).tolist() == cells
    shapes = array([draft.polygon(one) for one in draft.grids])
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(FRAME.area, abs=0.01)
    again = fresh().resumed(json.loads(json.dumps(draft.data())))
    assert state(again) == state(draft)
    for one in draft.grids:
        assert draft.figures[one] == draft._figures(one)
    names = [name for name in BUILDINGS if len(set(draft.owner[FABRIC.cells_of(name)])) > 1]
    assert names == []
    draft.unlock()
    while draft.done:
        draft.undo()
    assert state(draft)[0] == start[0]
    assert state(draft)[1] == start[1]
