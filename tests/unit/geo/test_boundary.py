"""The boundary of two micro-grids dragged over a chessboard of cells, where every course can be counted."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest

from geo.boundary import drag, handles
from geo.draft import Draft, EditRefused
from geo.edits import MicroGrid
from geo.fabric import Fabric
from geo.partition import Band
from tests.drawn import CORNER, METRIC_EPSG, box

STEP, ACROSS, UP = 10, 6, 4


def board(owners, buildings=None):
    """Return a draft of 6 by 4 squares; each row of `owners` is one of the board, from the south."""
    places = [(i, j) for j in range(UP) for i in range(ACROSS)]
    frame = gpd.GeoDataFrame(
        {
            "community_id": "420106001001",
            "compound_id": None,
            "building_id": buildings or [f"b{i}.{j}" for i, j in places],
            "households": 10.0,
            "x": [CORNER[0] + STEP * (i + 0.5) for i, _ in places],
            "y": [CORNER[1] + STEP * (j + 0.5) for _, j in places],
            "block": 0,
        },
        geometry=[box(STEP * i, STEP * j, STEP * (i + 1), STEP * (j + 1)) for i, j in places],
        crs=METRIC_EPSG,
    )
    owner = np.array(list("".join(owners)), dtype=object)
    grids = {one: MicroGrid(one, one) for one in sorted(set(owner))}
    return Draft(Fabric.of(frame), owner, grids, Band(30, 50))


HALVES = ["AAABBB"] * UP


def at(draft, i, j):
    vertex, away = draft.fabric.lattice.nearest(CORNER[0] + STEP * i, CORNER[1] + STEP * j)
    assert away == 0
    return vertex


def rows(draft):
    return ["".join(draft.owner[ACROSS * j : ACROSS * (j + 1)]) for j in range(UP)]


def dragged(owners, start, end, **more):
    draft = board(owners, **more)
    draft.do(drag(draft, at(draft, *start), at(draft, *end)))
    return rows(draft)


def refusal(owners, start, end, lock=None, **more):
    draft = board(owners, **more)
    if lock:
        draft.lock([lock])
    with pytest.raises(EditRefused) as refused:
        drag(draft, at(draft, *start), at(draft, *end))
    return refused.value.reason


def test_handles_are_where_two_micro_grids_meet_and_no_third():
    draft = board(["AAABBB", "AAABBB", "CCCBBB", "CCCBBB"])
    assert set(handles(draft)) == {at(draft, *one) for one in ((3, 1), (3, 3), (1, 2), (2, 2))}


def test_the_cells_beside_the_vertex_change_hands_either_way():
    assert dragged(HALVES, (3, 2), (4, 2)) == ["AAABBB", "AAAABB", "AAAABB", "AAABBB"]
    assert dragged(HALVES, (3, 2), (2, 2)) == ["AAABBB", "AABBBB", "AABBBB", "AAABBB"]


def test_the_boundary_reaches_as_far_as_it_is_dragged():
    after = dragged(HALVES, (3, 2), (5, 2))
    assert sum(row.count("A") for row in after) == 12 + 3
    assert "A" in (after[1][4], after[2][4])


def test_the_end_of_a_boundary_is_led_along_the_outer_border():
    assert dragged(HALVES, (3, 1), (4, 0)) == ["AAAABB", "AAAABB", "AAABBB", "AAABBB"]


def test_what_lies_in_no_reach_is_refused_with_a_reason():
    assert refusal(HALVES, (2, 2), (4, 2)) == "no_boundary"
    assert refusal(HALVES, (3, 0), (4, 0)) == "no_boundary"
    assert refusal(HALVES, (3, 2), (3, 3)) == "out_of_reach"
    three = ["AABBCC"] * UP
    assert refusal(three, (2, 2), (5, 2)) == "out_of_reach"
    assert refusal(three, (2, 2), (4, 2)) == "parted"
    assert refusal(HALVES, (3, 2), (4, 2), lock="B") == "locked"


def test_a_micro_grid_is_not_taken_whole():
    owners = ["AAAAAA", "AAAABA", "AAAABA", "AAAAAA"]
    assert refusal(owners, (4, 2), (5, 2)) in {"swallowed", "out_of_reach"}
    assert refusal(["AAAAAA", "BBBBBB", "BBBBBB", "BBBBBB"], (3, 1), (3, 0)) != ""


def test_entrances_of_one_building_stay_together():
    names = [f"b{n}" for n in range(ACROSS * UP)]
    names[ACROSS + 4] = names[ACROSS + 3]
    assert refusal(HALVES, (3, 2), (4, 2), buildings=names) == "building_cut"
    parted = ["AAABBB", "AAAABB", "AAABBB", "AAABBB"]
    names[ACROSS * 2 + 3] = names[ACROSS + 4] = names[ACROSS + 3]
    assert dragged(parted, (4, 1), (5, 1), buildings=names) == ["AAAAAB", "AAAAAB", "AAABBB", "AAABBB"]


def test_a_drag_is_one_step_and_comes_back():
    draft = board(HALVES)
    figures = dict(draft.figures)
    draft.do(drag(draft, at(draft, 3, 2), at(draft, 4, 2)))
    assert [change.kind for change in draft.done] == ["drag"]
    assert draft.figures["A"].households == 140
    draft.undo()
    assert rows(draft) == HALVES
    assert draft.figures == figures
