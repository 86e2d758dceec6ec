"""Edits of the little town's micro-grids."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from geo.draft import Draft, EditRefused
from geo.editing import (
    enclose,
    merge,
    move,
    move_building,
    recode,
    rename,
    site,
    split_by_line,
    split_into,
    take,
)
from geo.edits import Change, MicroGrid, Siting
from geo.fabric import Fabric
from geo.partition import Band
from tests.drawn import box, placed
from tests.hamlet import BUILDINGS, town

TOWN = town()
FABRIC = Fabric.of(TOWN.cells)


@pytest.fixture
def draft():
    micro = TOWN.micro_grids
    grids = {one: MicroGrid(one, code) for one, code in zip(micro["id"], micro["code"], strict=True)}
    owner = TOWN.cells["micro_grid_id"].to_numpy(dtype=object).copy()
    return Draft(FABRIC, owner, grids, Band(30, 50), frozenset(grids))


def holder(draft, building):
    return draft.owner[FABRIC.cells_of(building)[0]]


def state(draft):
    return draft.owner.tolist(), dict(sorted(draft.grids.items())), dict(sorted(draft.figures.items()))


def neighbour(draft, one):
    inside = set(draft.cells(one).tolist())
    return next(draft.owner[o] for c in sorted(inside) for o in FABRIC.near[c] if o not in inside)


def test_figures_are_those_of_the_polygons(draft):
    for one, figures in draft.figures.items():
        polygon = draft.polygon(one)
        assert figures.area_m2 == pytest.approx(polygon.area)
        assert figures.compactness == pytest.approx(4 * np.pi * polygon.area / polygon.length**2)
        assert figures.parts == 1
    assert draft.totals().unassigned_cells == 0
    assert sum(figures.households for figures in draft.figures.values()) == 12 * 73


def test_a_building_moves_and_comes_back(draft):
    before = state(draft)
    source = holder(draft, "s0.0")
    target = neighbour(draft, source)
    changed = draft.do(move_building(draft, "s0.0", target))
    assert changed == {source, target}
    assert holder(draft, "s0.0") == target
    assert draft.figures[target].households == before[2][target].households + 12
    assert draft.undo() == changed
    assert state(draft) == before
    draft.redo()
    assert holder(draft, "s0.0") == target


def test_a_move_that_leaves_nothing_ends_the_micro_grid_and_undo_brings_it_back(draft):
    source = holder(draft, "s0.0")
    target = neighbour(draft, source)
    before = state(draft)
    draft.do(move(draft, draft.cells(source), target))
    assert source not in draft.grids
    draft.undo()
    assert state(draft) == before


def test_a_line_splits_and_the_larger_part_keeps_the_code(draft):
    one = draft.do(merge(draft, [holder(draft, "e0.0"), neighbour(draft, holder(draft, "e0.0"))]))
    whole = next(name for name in one if name in draft.grids)
    load = draft.figures[whole].households
    middle = np.median([x for x, _ in FABRIC.place[draft.cells(whole)]]) - 500_000 + 3
    draft.do(split_by_line(draft, whole, placed(shapely.LineString([(middle, -5), (middle, 205)]))))
    fresh = draft.done[-1].grids[0][1]
    assert fresh.code == "420106001001" + f"{max(int(c[12:]) for c in TOWN.micro_grids['code']) + 1:03d}"
    assert draft.figures[whole].households + draft.figures[fresh.id].households == load
    assert draft.figures[whole].households >= draft.figures[fresh.id].households


def test_a_line_beside_all_buildings_is_refused(draft):
    with pytest.raises(EditRefused) as refused:
        split_by_line(draft, holder(draft, "s0.0"), placed(shapely.LineString([(390, -5), (390, 205)])))
    assert refused.value.reason == "nothing"


def test_a_split_into_three_is_even_and_connected(draft):
    ids = [holder(draft, name) for name in ("e0.0", "e2.2", "e4.4")]
    every = sorted({holder(draft, name) for name in BUILDINGS if name[0] == "e"}, key=ids.count, reverse=True)
    draft.do(merge(draft, every))
    draft.do(split_into(draft, every[0], 3))
    loads = [draft.figures[one].households for one in {holder(draft, n) for n in BUILDINGS if n[0] == "e"}]
    assert len(loads) == 3
    assert max(loads) - min(loads) <= 24
    assert draft.totals().disconnected == ()


def test_a_polygon_takes_what_is_in_it_but_not_what_is_locked(draft):
    target = holder(draft, "s0.0")
    locked = holder(draft, "s5.3")
    draft.lock([locked])
    draft.do(take(draft, box(0, 0, 195, 100), target))
    assert {holder(draft, n) for n in BUILDINGS if n[:2] in {f"s{i}" for i in range(6)}} == {target, locked}


def test_merging_what_lies_apart_is_refused(draft):
    with pytest.raises(EditRefused) as refused:
        merge(draft, [holder(draft, "s0.0"), holder(draft, "e4.0")])
    assert refused.value.reason == "apart"


def test_a_lock_holds_against_edits_and_undo(draft):
    source = holder(draft, "s0.0")
    target = neighbour(draft, source)
    draft.do(move_building(draft, "s0.0", target))
    draft.lock([target])
    locked = draft.cells(target).tolist()
    for attempt in (
        draft.undo,
        lambda: move_building(draft, "s0.1", target),
        lambda: rename(draft, target, "甲"),
    ):
        with pytest.raises(EditRefused, match="locked") as refused:
            attempt()
        assert refused.value.reason == "locked"
        assert refused.value.ids == (target,)
    assert draft.cells(target).tolist() == locked
    draft.unlock()
    draft.undo()
    draft.lock()
    assert draft.locked == set(draft.grids)


def test_names_and_codes(draft):
    one, other = list(draft.grids)[:2]
    draft.do(rename(draft, one, "梧桐苑一组"))
    draft.do(recode(draft, one, "420106001001900"))
    assert (draft.grids[one].name, draft.grids[one].code) == ("梧桐苑一组", "420106001001900")
    for code, reason in ((draft.grids[other].code, "code_used"), ("甲", "code_form")):
        with pytest.raises(EditRefused) as refused:
            recode(draft, one, code)
        assert refused.value.reason == reason
    draft.undo()
    draft.undo()
    assert draft.grids[one].name == ""


def test_history_and_locks_survive_a_reload(draft):
    start = Draft(FABRIC, draft.owner.copy(), dict(draft.grids), draft.band, draft.used_codes)
    target = neighbour(draft, holder(draft, "s0.0"))
    draft.do(move_building(draft, "s0.0", target))
    draft.do(rename(draft, target, "乙"))
    draft.undo()
    draft.lock([target])
    again = start.resumed(json.loads(json.dumps(draft.data())))
    assert state(again) == state(draft)
    assert again.locked == {target}
    again.unlock()
    again.redo()
    assert again.grids[target].name == "乙"
    with pytest.raises(EditRefused, match="buildings have changed"):
        start.resumed({"fabric": "other"})


def test_unknown_things_are_refused(draft):
    with pytest.raises(EditRefused, match="no micro-grid x"):
        move(draft, np.array([0]), "x")
    one = holder(draft, "s0.0")
    with pytest.raises(EditRefused, match="already"):
        move_building(draft, "s0.0", one)
    with pytest.raises(EditRefused, match="can't make 99"):
        split_into(draft, one, 99)


def test_a_drawn_line_snaps_to_vertices_of_cells():
    vertex = shapely.get_coordinates(FABRIC.polygon[0])[0]
    line = shapely.LineString([vertex + 0.4, vertex + 500.0])
    snapped = shapely.get_coordinates(FABRIC.snapped(line, 1.0))
    assert snapped[0].tolist() == vertex.tolist()
    assert snapped[1].tolist() == (vertex + 500.0).tolist()


def test_a_station_is_tried_elsewhere_and_comes_back(draft):
    before = state(draft)
    draft.lock()
    here, there, third = (114.0, 30.0), (114.01, 30.0), (114.02, 30.1)
    draft.do(site(draft, "7", here, there))
    draft.do(site(draft, "7", here, third))
    assert draft.sited == {"7": Siting("7", here, third)}
    with pytest.raises(EditRefused, match="already"):
        site(draft, "7", here, third)
    again = Draft(FABRIC, draft.owner.copy(), dict(draft.grids), draft.band, draft.used_codes)
    again = again.resumed(json.loads(json.dumps(draft.data())))
    assert again.sited == draft.sited
    assert again.undo() == set()
    assert again.sited == {"7": Siting("7", here, there)}
    again.undo()
    assert again.sited == {}
    again.redo()
    again.do(site(again, "7", there, here))  # put back to where it was moved from
    assert again.sited == {}
    assert state(again) == before


def test_an_edit_of_cells_alone_is_stored_as_it_always_was(draft):
    one = next(iter(draft.grids))
    data = rename(draft, one, "新名").data()
    assert set(data) == {"kind", "moves", "grids"}
    assert Change.read(data) == rename(draft, one, "新名")


# --- boundaries of compounds ---


def test_a_building_joins_another_compound_and_micro_grids_stay_as_they_are(draft):
    before, compound = state(draft), draft.compound.copy()
    school = FABRIC.cells_of("school")
    fresh = Draft(FABRIC, draft.owner.copy(), dict(draft.grids), draft.band, draft.used_codes)
    assert draft.do(enclose(draft, school[:1], "east")) == set()
    assert state(draft) == before
    assert [draft.estate(cell) for cell in school.tolist()] == ["east"] * len(school)
    again = fresh.resumed(json.loads(json.dumps(draft.data())))
    assert (again.compound == draft.compound).all()
    draft.undo()
    assert (draft.compound == compound).all()
    draft.redo()
    draft.do(enclose(draft, school, None))
    assert (draft.compound == compound).all()


def part(*columns):
    """Return the land of the western compound about some columns of its buildings."""
    x = FABRIC.place[:, 0] - FABRIC.place[FABRIC.cells_of("s0.0")[0], 0]
    west = FABRIC.compound == FABRIC.compounds.index("west")
    return np.flatnonzero(west & np.any([np.abs(x - 30 * one) < 15 for one in columns], axis=0))


@pytest.mark.parametrize(
    ("cells", "to", "reason"),
    [
        (FABRIC.cells_of("s0.0"), "nowhere", "no_compound"),
        (FABRIC.cells_of("s0.0"), "west", "same_compound"),
        (FABRIC.cells_of("school"), None, "same_compound"),
        (np.flatnonzero(FABRIC.compound == FABRIC.compounds.index("east")), None, "compound_emptied"),
        (part(2, 3), None, "compound_apart"),
        (FABRIC.cells_of("s0.0"), "east", "compound_apart"),
    ],
)
def test_a_compound_neither_vanishes_nor_falls_apart(draft, cells, to, reason):
    before = draft.compound.copy()
    with pytest.raises(EditRefused) as refused:
        enclose(draft, cells, to)
    assert refused.value.reason == reason
    assert (draft.compound == before).all()
