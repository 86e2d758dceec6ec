"""Micro-grids of North Bayreuth: buildings, roads and residential areas as OpenStreetMap has them."""

from __future__ import annotations

import gzip
import shutil

import numpy as np
import pyogrio
import pytest
import shapely

from geo.grid_rules import verified
from geo.proposal import propose

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def north(real_data, tmp_path_factory):
    plain = tmp_path_factory.mktemp("osm") / "north.osm"
    with gzip.open(real_data / "north-bayreuth.osm.gz") as packed, plain.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    areas = pyogrio.read_dataframe(plain, layer="multipolygons").to_crs(32632)
    roads = pyogrio.read_dataframe(plain, layer="lines").to_crs(32632)
    areas["id"] = [str(n) for n in range(len(areas))]
    buildings = areas[areas["building"].notna()].reset_index(drop=True)
    compounds = areas[areas["landuse"] == "residential"].reset_index(drop=True)
    roads = roads[roads["highway"].notna()].reset_index(drop=True)
    hull = shapely.box(*buildings.total_bounds)
    west, south, east, north = hull.bounds
    middle = (west + east) / 2
    frame = buildings.iloc[:2][["id"]].set_geometry(
        [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)], crs=32632
    )
    return {
        "communities": frame,
        "buildings": buildings[["id", "geometry"]],
        "compounds": compounds,
        "lines": roads,
    }


def test_4267_buildings_get_seamless_micro_grids_with_estimated_households(north):
    assert len(north["buildings"]) == 4267
    found = propose(**north)
    assert found.failures == {}
    assert found.buildings["estimated"].all()
    told = verified(found.micro_grids, north["communities"])
    assert told["valid"]
    assert (told["several_parts"], told["gap_m2"] < 1, told["outside_m2"] < 1) == (0, True, True)
    assert found.buildings["micro_grid_id"].notna().all()
    load = found.micro_grids["households"].to_numpy()
    lived = load > 0
    assert ((load >= 30) & (load <= 50))[lived].mean() > 0.8
    shape = np.asarray(north["buildings"].geometry.values)
    frames = north["communities"].geometry.to_numpy()
    astride = shapely.intersects(shape, shapely.boundary(frames[0]))
    tree = shapely.STRtree(np.asarray(found.micro_grids.geometry.values))
    b, m = tree.query(shape, predicate="intersects")
    share = shapely.area(shapely.intersection(shape[b], tree.geometries[m])) / shapely.area(shape[b])
    cut = np.unique(b[(share > 1e-3) & (share < 1 - 1e-3)])
    assert set(cut) <= set(np.flatnonzero(astride))
