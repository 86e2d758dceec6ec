"""Boundaries that others drew: census blocks against precincts, and one layer that overlaps itself."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.align import Choices, align
from geo.coverage import check
from geo.frames import frames_around
from tests.guarantees import City, assert_guarantees, refused_ids

pytestmark = pytest.mark.real
UTM_13_NORTH = 26913
TOLERANCE_M = 10.0


def boundaries(file, column=None):
    frame = gpd.read_file(file).to_crs(UTM_13_NORTH)
    ids = frame[column] if column else np.arange(len(frame))
    return gpd.GeoDataFrame({"id": ids}, geometry=shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)


@pytest.fixture(scope="module")
def denver(real_data):
    blocks = boundaries(real_data / "DenverCo_blocks.zip", "GEOID20")
    precincts = boundaries(real_data / "DenverCo_precincts2016_orig.zip")
    return City(frames_around(blocks, precincts, tolerance=TOLERANCE_M), blocks, precincts)


@pytest.fixture(scope="module")
def precincts_of_gilpin(real_data):
    drawn = boundaries(real_data / "CO_bad_gap_region.zip")
    none = drawn.iloc[:0]
    return City(frames_around(drawn, tolerance=TOLERANCE_M), none, drawn)


def test_denver_blocks_nest_in_precincts_but_for_those_refused(denver):
    """91 blocks were split by precincts; 1.74 km² of blocks lay in none."""
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as executor:
        result = align(*denver, choices=Choices(TOLERANCE_M, wide="longest-border"), executor=executor)
    assert_guarantees(denver, result, TOLERANCE_M)
    assert not {"wide_gap", "wide_overlap"} & set(result.refusals["reason"])
    assert check(*denver.after(result))["kind"].tolist().count("gap") == 0
    refused = refused_ids(result)
    b, p = result.grids.sindex.query(result.compounds.geometry, predicate="intersects")
    blocks, precincts = result.compounds.geometry.to_numpy(), result.grids.geometry.to_numpy()
    shared = shapely.area(shapely.intersection(blocks[b], precincts[p])) > 0.5
    split = result.compounds["id"].reset_index(drop=True)[np.bincount(b[shared], minlength=len(blocks)) > 1]
    # a block with precincts of its own is no violation
    of_precinct = np.bincount(p[shared], minlength=len(precincts))
    beside = shared & (of_precinct[p] > 1)
    cut = np.bincount(b[beside], minlength=len(blocks)) > 0
    for block in split[cut[split.index]]:
        assert block in refused["compound"], f"{block} is split in silence"
    assert len(split) < 40
    moved = shapely.hausdorff_distance(shapely.boundary(denver.compounds.geometry), shapely.boundary(blocks))
    free = ~denver.compounds["id"].isin(refused["compound"])
    assert moved[free].max() <= TOLERANCE_M


def test_wide_disputes_of_one_layer_are_listed_or_decided(precincts_of_gilpin):
    """7.9 ha are claimed by two precincts."""
    before = check(*precincts_of_gilpin)
    assert before.loc[before["kind"] == "overlap", "area_m2"].sum() == pytest.approx(79_000, rel=0.02)
    listed = align(*precincts_of_gilpin, choices=Choices(TOLERANCE_M))
    assert_guarantees(precincts_of_gilpin, listed, TOLERANCE_M)
    assert set(listed.refusals["reason"]) == {"wide_overlap"}
    assert len(refused_ids(listed)["grid"]) == 4
    decided = align(*precincts_of_gilpin, choices=Choices(TOLERANCE_M, wide="longest-border"))
    assert_guarantees(precincts_of_gilpin, decided, TOLERANCE_M)
    assert decided.refusals.empty
    assert check(*precincts_of_gilpin.after(decided)).empty
