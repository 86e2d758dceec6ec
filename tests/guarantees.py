"""What an alignment promises, measured on its result alone (not by the engine's own checks)."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.align import Alignment, Choices, align
from geo.coverage import check

ROUNDING_M2 = 1e-3
ROUNDING_M = 0.02
LEDGER_M2 = 0.1
"""The ledger leaves out pieces under 0.01 m²."""
STEPS = {"repaired", "as_drawn"}
REASONS = {
    "wide_overlap",
    "wide_gap",
    "not_nested",
    "over_community",
    "displacement",
    "atom",
    "not_levelled",
    "coverage",
    "failed",
}


class City(NamedTuple):
    """What an alignment is given."""

    communities: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    micro_grids: gpd.GeoDataFrame | None = None
    buildings: gpd.GeoDataFrame | None = None

    def shuffled(self, seed: int) -> City:
        """Return the same city with its rows in another order."""
        frames = [None if one is None else one.sample(frac=1, random_state=seed) for one in self]
        return City(*frames)

    def after(self, result: Alignment) -> City:
        """Return the city that an alignment makes of this one."""
        return City(self.communities, result.compounds, result.grids, result.micro_grids, self.buildings)


def levelled(city: City, **choices: Any) -> Alignment:
    """Align a city, and assert all that is promised of the result."""
    chosen = Choices(**choices)
    result = align(*city, choices=chosen)
    assert_guarantees(city, result, chosen.tolerance)
    return result


def assert_guarantees(city: City, result: Alignment, tolerance: float) -> None:
    """Assert every guarantee, outside refused features."""
    assert not result.failures, result.failures
    refused = refused_ids(result)
    assert set(result.refusals["step"]) <= STEPS
    assert set(result.refusals["reason"]) <= REASONS
    after = city.after(result)
    for name, drawn, fresh in _layers(city, after):
        free = ~fresh["id"].isin(refused[name]).to_numpy()
        _assert_same_rows(drawn, fresh, free)
        _assert_coverage(name, fresh, free)
        _assert_ledger(name, drawn, fresh, result.changes)
        _assert_displacement(name, drawn, fresh, free, result.changes, tolerance)
    _assert_findings(city, after, refused)
    if not len(result.refusals):
        unshared = unshared_vertices(result.compounds, result.grids)
        assert unshared == 0, f"{unshared} vertices that the other layer lacks"


def refused_ids(result: Alignment) -> dict[str, set[Any]]:
    """Return the ids of refused features by layer."""
    refusals = result.refusals
    return {
        name: set(refusals["feature_id"][refusals["layer"] == name])
        for name in ("compound", "grid", "micro_grid")
    }


def _layers(city: City, after: City) -> list[tuple[str, gpd.GeoDataFrame, gpd.GeoDataFrame]]:
    named = [("compound", city.compounds, after.compounds), ("grid", city.grids, after.grids)]
    return (
        named if city.micro_grids is None else [*named, ("micro_grid", city.micro_grids, after.micro_grids)]
    )


def _assert_same_rows(drawn: gpd.GeoDataFrame, fresh: gpd.GeoDataFrame, free: np.ndarray) -> None:
    pd.testing.assert_frame_equal(
        pd.DataFrame(drawn.drop(columns="geometry")), pd.DataFrame(fresh.drop(columns="geometry"))
    )
    assert fresh.crs == drawn.crs
    assert not (fresh.geometry.is_empty | fresh.geometry.isna()).any(), "a polygon was lost"
    old, new = _array(drawn)[free], _array(fresh)[free]
    assert (shapely.get_num_geometries(new) <= shapely.get_num_geometries(old)).all(), "a polygon was split"


def _assert_coverage(name: str, fresh: gpd.GeoDataFrame, free: np.ndarray) -> None:
    polygons = _array(fresh)[free]
    assert shapely.is_valid(polygons).all(), f"{name}: {shapely.is_valid_reason(polygons)}"
    assert shapely.coverage_is_valid(polygons), (name, shapely.coverage_invalid_edges(polygons))


def _assert_displacement(
    name: str,
    drawn: gpd.GeoDataFrame,
    fresh: gpd.GeoDataFrame,
    free: np.ndarray,
    changes: gpd.GeoDataFrame,
    tolerance: float,
) -> None:
    wide = changes[(changes["layer"] == name) & (changes["reason"] == "wide")]
    free = free & ~fresh["id"].isin({*wide["from_id"], *wide["to_id"]}).to_numpy()
    old, new = shapely.boundary(_array(drawn)[free]), shapely.boundary(_array(fresh)[free])
    moved = pd.Series(shapely.hausdorff_distance(old, new), fresh["id"][free].to_numpy())
    assert (moved <= tolerance + ROUNDING_M).all(), f"{name} moved too far: {moved.nlargest(3).to_dict()}"


def _assert_ledger(
    name: str, drawn: gpd.GeoDataFrame, fresh: gpd.GeoDataFrame, changes: gpd.GeoDataFrame
) -> None:
    """Replay the ledger: what was drawn, without what went, with what came, is the result."""
    mine = changes[changes["layer"] == name]
    assert not mine.duplicated(["from_id", "to_id", "community_id"]).any(), "a pair has two rows"
    assert mine["area_m2"].to_numpy() == _near(shapely.area(_array(mine)))
    for one, old, new in zip(drawn["id"], _array(drawn), _array(fresh), strict=True):
        # on a grid: GEOS 3.14 can lose thin parts where it overlays many at full precision
        went = shapely.union_all(_array(mine[mine["from_id"] == one]), grid_size=1e-7)
        came = shapely.union_all(_array(mine[mine["to_id"] == one]), grid_size=1e-7)
        replayed = shapely.union(shapely.difference(old, went), came)
        unexplained = shapely.area(shapely.symmetric_difference(replayed, new))
        assert unexplained < LEDGER_M2, f"{name} {one}: {unexplained} m² moved that the ledger does not tell"


def _near(values: np.ndarray) -> Any:
    import pytest  # noqa: PLC0415  (only where asserts fail to be exact)

    return pytest.approx(values, abs=1e-3)


def _assert_findings(city: City, after: City, refused: dict[str, set[Any]]) -> None:
    """Assert that the check finds nothing that is not refused; a building may stay cut that was."""
    ids = {name: {str(one) for one in of_layer} for name, of_layer in refused.items()}
    was_cut = _cut(check(*city))
    places = [_array(frame[frame["id"].isin(refused[name])]) for name, _, frame in _layers(city, after)]
    exempt = shapely.union_all(np.concatenate(places))
    findings = check(*after)
    left = []
    for row in findings.itertuples():
        named, main = set(row.ids.split(",")), row.ids.partition(",")[0]
        if row.kind in {"building_outside", "sliver"}:
            continue  # what was drawn so stays so
        if row.kind == "building_cut" and main in was_cut[row.layer]:
            continue
        if row.kind == "gap" and row.geometry.distance(exempt) < ROUNDING_M:
            continue
        if row.kind == "overlap" and not named <= ids.get(row.layer, set()):
            concerned = set()  # a free one must not overlap a refused one either
        elif row.kind == "nesting":
            concerned = set().union(*ids.values())
        else:
            concerned = ids.get(row.layer, set())
        if not named & concerned:
            left.append((row.kind, row.layer, row.ids, round(row.area_m2, 4)))
    assert not left, left


def _cut(findings: gpd.GeoDataFrame) -> dict[str, set[str]]:
    cut = findings[findings["kind"] == "building_cut"]
    return {
        name: {ids.partition(",")[0] for ids in cut["ids"][cut["layer"] == name]}
        for name in ("compound", "grid", "micro_grid")
    }


def unshared_vertices(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> int:
    """Return how many vertices of one layer lie on an edge of the other where that has no vertex."""
    if one.empty or other.empty:
        return 0
    own = shapely.points(np.unique(shapely.get_coordinates(_array(one)), axis=0))
    theirs = shapely.points(np.unique(shapely.get_coordinates(_array(other)), axis=0))
    shared = shapely.STRtree(theirs).query(own, predicate="dwithin", distance=1e-4)[0]
    loose = np.delete(own, shared)
    return len(shapely.STRtree(shapely.boundary(_array(other))).query(loose, "dwithin", distance=1e-4)[0])


def assert_stable(city: City, result: Alignment, **choices: Any) -> None:
    """Assert that nothing changes when the result is aligned again."""
    again = align(*city.after(result), choices=Choices(**choices))
    told = again.changes[["layer", "from_id", "to_id", "area_m2", "displacement_m"]]
    assert told.empty, told.nlargest(5, "area_m2").to_string()


def assert_same(one: Alignment, other: Alignment) -> None:
    """Assert that two results are the same, whatever the order of their rows."""
    for mine, theirs in ((one.compounds, other.compounds), (one.grids, other.grids)):
        ours = mine.set_index("id").geometry
        aligned = theirs.set_index("id").geometry.loc[ours.index]
        different = ~shapely.equals_exact(
            shapely.normalize(ours.to_numpy()), shapely.normalize(aligned.to_numpy()), 1e-6
        )
        assert not different.any(), f"differ: {ours.index[different].tolist()}"
    for table in ("changes", "refusals"):
        assert _rows(getattr(one, table)) == _rows(getattr(other, table))


def _rows(frame: gpd.GeoDataFrame) -> list[tuple[Any, ...]]:
    plain = frame.drop(columns=["geometry", "households"], errors="ignore").round(3)
    return sorted([tuple(map(str, row)) for row in plain.itertuples(index=False)])


def _array(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.asarray(frame.geometry.values, dtype=object)
