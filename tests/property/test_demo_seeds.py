"""Whatever the seed, the demo city is one partition that cuts no building."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from data.demo import build


@pytest.mark.parametrize("seed", [1, 404, 31_337])
@pytest.mark.parametrize("tiled", [False, True])
def test_any_seed_gives_a_partition_without_cut_buildings(seed: int, tiled: bool):  # noqa: FBT001
    tables = build("small", seed, tiled=tiled).tables
    reference = tables["reference_boundary"]
    compound = reference[reference["layer"] == "compound"].geometry.to_numpy()
    micro, building = tables["micro_grid"].geometry.to_numpy(), tables["building"]
    for layer in (micro, compound, reference[reference["layer"] == "grid"].geometry.to_numpy()):
        assert shapely.coverage_is_valid(layer)
    owner = building["micro_grid_id"].to_numpy().astype(int) - 1
    assert shapely.contains_properly(micro[owner], building.geometry.to_numpy()).all()
    assert (tables["compound"]["households"] > 0).all()
    if tiled:
        land = tables["area"][tables["area"]["level"] == "city"].geometry.to_numpy()
        assert shapely.area(compound).sum() > 0.6 * shapely.area(land).sum()
    assert np.isin(["river"], tables["water"]["water_class"]).all()
