"""Micro-grids grouped into grids, each a union of whole micro-grids."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import GeoError
from geo.grids import group
from geo.partition import Band
from tests.drawn import METRIC_EPSG, box, placed
from tests.hamlet import town

BAND = Band(100, 200)
TOWN = town().micro_grids


@pytest.fixture(scope="module")
def board():
    """Give 12 by 6 squares of 40 households in two communities."""
    places = [(i, j) for j in range(6) for i in range(12)]
    return gpd.GeoDataFrame(
        {
            "id": [f"m{i}.{j}" for i, j in places],
            "community_id": ["420106001001" if i < 6 else "420106001002" for i, _ in places],
            "households": 40.0,
        },
        geometry=[box(50 * i, 50 * j, 50 * i + 50, 50 * j + 50) for i, j in places],
        crs=METRIC_EPSG,
        index=[f"row {n}" for n in range(len(places))],
    )


def test_grids_are_unions_of_micro_grids_within_the_band(board):
    found = group(board)
    assert found.grids["households"].between(300, 500).all()
    assert (found.grids["reason"] == "").all()
    assert found.grid_id.index.equals(board.index)
    assert found.grids["micro_grids"].sum() == len(board)
    assert shapely.coverage_is_valid(found.grids.geometry.values)
    for row in found.grids.itertuples():
        inside = board[found.grid_id.to_numpy() == row.id]
        assert set(inside["community_id"]) == {row.community_id}
        assert shapely.equals(row.geometry, shapely.union_all(inside.geometry.values))
        assert row.geometry.geom_type == "Polygon"
        assert row.households == inside["households"].sum()


def test_codes_are_the_communitys_with_a_serial_and_go_on_after_those_in_use(board):
    first = group(board).grids
    assert (first["code"].str[:12] == first["community_id"]).all()
    assert min(first["code"].str[12:]) == "001"
    assert not first["code"].duplicated().any()
    old = gpd.GeoDataFrame(
        {"id": ["old"], "code": ["420106001001007"]}, geometry=[box(0, 0, 100, 200)], crs=METRIC_EPSG
    )
    kept = group(board, old).grids.set_index("id")
    assert kept["code"]["old"] == "420106001001007"
    assert max(kept["code"][kept["community_id"] == "420106001001"]) > "420106001001007"


def test_existing_grids_stay_where_they_can(board):
    first = group(board, seed=1)
    again = group(board, first.grids, seed=2)
    assert again.moved == 0
    assert set(again.grids["id"]) == set(first.grids["id"])
    grown = board.assign(households=np.where(board["id"] == "m0.0", 90.0, 40.0))
    assert group(grown, first.grids).moved <= 0.1 * grown["households"].sum()


def test_a_road_is_an_end_of_grids(board):
    road = gpd.GeoDataFrame(geometry=[placed(shapely.LineString([(-5, 100), (605, 100)]))], crs=METRIC_EPSG)
    found = group(board, lines=road, band=Band(400, 480)).grids
    assert not shapely.crosses(found.geometry.values, road.geometry.iloc[0]).any()


def test_the_towns_own_micro_grids_nest():
    found = group(TOWN, band=BAND)
    lived = found.grids[found.grids["households"] > 0]
    assert lived["households"].between(*BAND).mean() > 0.8
    assert set(found.grid_id) == set(found.grids["id"])


def test_what_can_not_be_grouped_says_so(board):
    with pytest.raises(GeoError, match="no micro-grid"):
        group(board.iloc[:0])
    with pytest.raises(GeoError, match="overlap"):
        group(board.set_geometry(board.geometry.buffer(1)))
    alone = group(board.iloc[:2])
    assert alone.grids["reason"].tolist() == ["island"]
