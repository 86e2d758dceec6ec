"""Proposals as an edit: within the band and the holder, locked ones kept, codes new, undone exactly."""

from __future__ import annotations

import numpy as np
import pytest

from geo.draft import Draft, EditRefused
from geo.edits import MicroGrid
from geo.fabric import Fabric
from geo.partition import Band
from geo.redistricting import redistricted
from tests.hamlet import town

TOWN = town()
FABRIC = Fabric.of(TOWN.cells)
COUNT = len(FABRIC.polygon)
COMMUNITY = "420106001001"
GRIDS = np.where(FABRIC.place[:, 0] < np.median(FABRIC.place[:, 0]), COMMUNITY + "001", COMMUNITY + "002")
GRIDS = GRIDS.astype(object)


@pytest.fixture
def bare():
    return Draft(FABRIC, np.full(COUNT, None, dtype=object), {}, Band(30, 50))


def test_all_cells_of_a_bare_community_are_grouped_within_the_band(bare: Draft) -> None:
    bare.do(redistricted(bare, np.arange(COUNT), np.full(COUNT, None, dtype=object)))
    totals = bare.totals()
    lived = [one.households for one in bare.figures.values() if one.households > 0]
    assert totals.unassigned_cells == 0
    assert totals.disconnected == ()
    assert all(30 <= load <= 50 for load in lived)
    assert sum(lived) == FABRIC.households.sum()


def test_no_micro_grid_lies_in_two_holders(bare: Draft) -> None:
    bare.do(redistricted(bare, np.arange(COUNT), GRIDS))
    for one in bare.grids:
        assert len(set(GRIDS[bare.cells(one)])) == 1


def test_the_same_draft_gives_the_same_proposal_and_undo_takes_it_back(bare: Draft) -> None:
    change = redistricted(bare, np.arange(COUNT), GRIDS)
    assert change == redistricted(bare, np.arange(COUNT), GRIDS)
    bare.do(change)
    bare.undo()
    assert bare.grids == {}
    assert all(one is None for one in bare.owner)


def test_what_is_locked_stays_and_what_is_in_the_band_keeps_its_code(bare: Draft) -> None:
    bare.do(redistricted(bare, np.arange(COUNT), GRIDS))
    locked = min(bare.grids)
    before = bare.owner.copy()
    bare.lock([locked])
    with pytest.raises(EditRefused, match="nothing changes"):
        redistricted(bare, np.arange(COUNT), GRIDS)
    change = redistricted(bare, np.arange(COUNT), GRIDS, keep=False, seed=5)
    assert locked not in change.touched()
    bare.do(change)
    assert (bare.owner == locked).tolist() == (before == locked).tolist()
    bare.lock()
    with pytest.raises(EditRefused, match="locked"):
        redistricted(bare, np.arange(COUNT), GRIDS, keep=False)


def test_a_part_is_grouped_alone_and_codes_are_never_given_again(bare: Draft) -> None:
    bare.do(redistricted(bare, np.arange(COUNT), GRIDS))
    once = {one.code for one in bare.grids.values()}
    part = np.flatnonzero(FABRIC.compound == FABRIC.compound[FABRIC.households > 0][0])
    bare.do(redistricted(bare, part, GRIDS, keep=False, seed=3))
    moved = {cell for cell, _before, _after in bare.done[-1].moves}
    assert moved <= set(part.tolist())
    fresh = {one.code for _old, one in bare.done[-1].grids if one is not None}
    assert fresh
    assert not fresh & once


def test_new_codes_follow_those_of_their_grid(bare: Draft) -> None:
    old = MicroGrid(COMMUNITY + "00207", COMMUNITY + "00207")
    draft = Draft(FABRIC, bare.owner, {}, Band(30, 50), frozenset({old.code}))
    draft.do(redistricted(draft, np.arange(COUNT), GRIDS))
    codes = sorted(one.code for one in draft.grids.values() if one.code.startswith(COMMUNITY + "002"))
    assert codes[0] == COMMUNITY + "00208"
    assert all(len(code) == len(old.code) for code in codes)
