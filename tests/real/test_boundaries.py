"""Boundaries that others drew: census blocks against precincts, and one layer that overlaps itself."""

from __future__ import annotations

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
SHARED_M2 = 0.5


def boundaries(file, column=None):
    frame = gpd.read_file(file).to_crs(UTM_13_NORTH)
    ids = frame[column] if column else np.arange(len(frame))
    return gpd.GeoDataFrame({"id": ids}, geometry=shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)


@pytest.fixture(scope="module")
def denver(real_data):
    """Give the quarter where most blocks are split; the whole city is in docs/benchmarks.md."""
    blocks = boundaries(real_data / "DenverCo_blocks.zip", "GEOID20")
    precincts = boundaries(real_data / "DenverCo_precincts2016_orig.zip")
    at = shapely.get_coordinates(shapely.point_on_surface(precincts.geometry.to_numpy()))
    east, north = (at > np.median(at, axis=0)).T
    quarter = precincts[east & ~north].reset_index(drop=True)
    land = shapely.union_all(quarter.geometry.to_numpy())
    shapely.prepare(land)
    of_quarter = shapely.intersects(land, shapely.point_on_surface(blocks.geometry.to_numpy()))
    blocks = blocks[of_quarter].reset_index(drop=True)
    return City(frames_around(blocks, quarter, tolerance=TOLERANCE_M), blocks, quarter)


@pytest.fixture(scope="module")
def precincts_of_gilpin(real_data):
    drawn = boundaries(real_data / "CO_bad_gap_region.zip")
    none = drawn.iloc[:0]
    return City(frames_around(drawn, tolerance=TOLERANCE_M), none, drawn)


def split_blocks(blocks, precincts):
    """Return which blocks two precincts share, and which of those no precinct has to itself."""
    b, p = precincts.sindex.query(blocks.geometry, predicate="intersects")
    block, precinct = blocks.geometry.to_numpy(), precincts.geometry.to_numpy()
    shared = shapely.area(shapely.intersection(block[b], precinct[p])) > SHARED_M2
    beside = shared & (np.bincount(p[shared], minlength=len(precinct))[p] > 1)
    split, cut = (np.bincount(b[some], minlength=len(block)) for some in (shared, beside))
    return set(blocks["id"][split > 1]), set(blocks["id"][(split > 1) & (cut > 0)])


def test_denver_blocks_nest_in_precincts_but_for_those_refused(denver):
    drawn, _cut = split_blocks(denver.compounds, denver.grids)
    result = align(*denver, choices=Choices(TOLERANCE_M, wide="longest-border"))
    assert_guarantees(denver, result, TOLERANCE_M)
    assert not {"wide_gap", "wide_overlap"} & set(result.refusals["reason"])
    assert check(*denver.after(result))["kind"].tolist().count("gap") == 0
    refused = refused_ids(result)
    split, cut = split_blocks(result.compounds, result.grids)
    assert cut <= refused["compound"], "split in silence"
    assert len(drawn) == 20
    assert len(split) <= 3
    moved = shapely.hausdorff_distance(
        shapely.boundary(denver.compounds.geometry), shapely.boundary(result.compounds.geometry)
    )
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
