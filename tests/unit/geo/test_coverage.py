from __future__ import annotations

import time

import numpy as np
import pytest
import shapely

from geo.coverage import KINDS, check
from geo.errors import GeoError
from tests.drawn import box, layer, placed, polygon

COMMUNITY = layer({"C": box(0, 0, 200, 100)})
WEST, EAST = box(10, 10, 90, 90), box(110, 10, 190, 90)
COMPOUNDS = layer({"west": WEST, "east": EAST})
GRIDS = layer({"g1": box(0, 0, 100, 100), "g2": box(100, 0, 200, 100)})


def found(findings, kind, layer_name=None):
    rows = findings[findings["kind"] == kind]
    return rows if layer_name is None else rows[rows["layer"] == layer_name]


def test_a_level_community_has_no_findings():
    findings = check(COMMUNITY, COMPOUNDS, GRIDS, GRIDS, layer({"b": box(20, 20, 40, 30)}))
    assert findings.empty
    assert findings.crs == COMMUNITY.crs
    assert list(findings.columns) == [
        "kind", "layer", "ids", "community_id", "area_m2", "length_m", "wide", "geometry",
    ]  # fmt: skip


def test_two_grids_that_overlap_by_a_strip_name_both_and_its_place():
    grids = layer({"g1": box(0, 0, 103, 100), "g2": box(100, 0, 200, 100)})
    (row,) = found(check(COMMUNITY, COMPOUNDS, grids), "overlap").itertuples()
    assert (row.layer, row.ids, row.community_id) == ("grid", "g1,g2", "C")
    assert row.area_m2 == pytest.approx(300)
    assert row.length_m == pytest.approx(103)
    assert row.geometry.equals(box(100, 0, 103, 100))
    assert not row.wide


def test_a_gap_between_grids_names_its_neighbours():
    grids = layer({"g1": box(0, 0, 92, 100), "g2": box(100, 0, 200, 100)})
    findings = check(COMMUNITY, COMPOUNDS, grids, tolerance=5)
    (row,) = found(findings, "gap").itertuples()
    assert (row.ids, row.area_m2, row.wide) == ("g1,g2", pytest.approx(800), True)
    assert not check(COMMUNITY, COMPOUNDS, grids, tolerance=10)["wide"].any()


def test_compounds_leave_roads_without_a_gap_but_micro_grids_do_not():
    micro_grids = layer({"m1": box(0, 0, 100, 100), "m2": box(100, 0, 200, 60)})
    findings = check(COMMUNITY, COMPOUNDS, GRIDS, micro_grids)
    assert found(findings, "gap", "compound").empty
    assert found(findings, "gap", "micro_grid")["area_m2"].tolist() == [pytest.approx(4000)]


def test_a_community_without_any_grid_is_one_gap():
    findings = check(COMMUNITY, COMPOUNDS, layer())
    assert found(findings, "gap")["area_m2"].tolist() == [20_000]
    assert found(findings, "gap")["ids"].tolist() == [""]


def test_rounding_is_neither_gap_nor_overlap():
    grids = layer({"g1": box(0, 0, 100 - 1e-9, 100), "g2": box(100 - 2e-9, 0, 200, 100 - 1e-6)})
    assert check(COMMUNITY, COMPOUNDS, grids).empty


def test_an_identical_duplicate_is_an_overlap_of_the_whole():
    grids = layer({"g1": box(0, 0, 100, 100), "g2": box(100, 0, 200, 100), "g3": box(100, 0, 200, 100)})
    overlaps = found(check(COMMUNITY, COMPOUNDS, grids), "overlap")
    assert overlaps[["ids", "area_m2"]].to_numpy().tolist() == [["g2,g3", 10_000.0]]


def test_an_overlap_is_found_where_one_polygon_holds_the_other():
    compounds = layer({"west": WEST, "yard": box(40, 40, 60, 60)})
    assert found(check(COMMUNITY, compounds, GRIDS), "overlap")["ids"].tolist() == ["west,yard"]


def test_an_id_given_twice_is_one_finding():
    compounds = layer({"west": WEST, "east": EAST})
    compounds["id"] = "same"
    (row,) = found(check(COMMUNITY, compounds, GRIDS), "duplicate_id").itertuples()
    assert (row.layer, row.ids, row.area_m2) == ("compound", "same", 12_800)


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        (None, 0),
        (shapely.Polygon(), 0),
        (placed(shapely.Point(1, 1)), 0),
        (placed(shapely.LineString([(0, 0), (9, 9)])), 0),
        (shapely.Polygon([(0, 0), (np.inf, 0), (1, 1)]), 0),
        (shapely.transform(WEST, lambda xy: np.where(np.arange(len(xy))[:, None] == 2, np.nan, xy)), 0),
        (polygon((10, 10), (90, 90), (90, 10), (10, 90)), 3200),
        (shapely.GeometryCollection([WEST, placed(shapely.Point(1, 1))]), 6400),
        (shapely.MultiPolygon([WEST, WEST]), 6400),
    ],
)
def test_what_is_wrong_with_a_feature_is_a_finding_and_no_error(shape, area):
    findings = check(COMMUNITY, layer({"bad": shape}), GRIDS, layer({"bad": shape}), layer({"bad": shape}))
    rows = found(findings, "invalid")
    assert rows["layer"].tolist() == ["building", "compound", "micro_grid"]
    assert rows["area_m2"].tolist() == pytest.approx([area] * 3)
    assert rows.geometry.isna().tolist() == [area == 0] * 3


def test_heights_do_not_matter():
    compounds = layer({"west": shapely.force_3d(WEST, 7.0), "east": EAST})
    assert check(COMMUNITY, compounds, GRIDS).empty


def test_slivers_are_narrow_or_small_parts():
    speck, strip = box(195, 50, 198, 53), box(10, 95, 90, 95.9)
    compounds = layer({"a": shapely.MultiPolygon([EAST, speck]), "b": strip, "c": WEST})
    slivers = found(check(COMMUNITY, compounds, GRIDS), "sliver")
    assert slivers["ids"].tolist() == ["a", "b"]
    assert slivers["area_m2"].tolist() == pytest.approx([9, 72])


def test_a_grid_over_two_communities_belongs_to_the_one_with_most_of_it():
    communities = layer({"C": box(0, 0, 200, 100), "D": box(200, 0, 300, 100)})
    grids = layer({"g1": box(0, 0, 220, 100), "g2": box(220, 0, 300, 100)})
    findings = check(communities, COMPOUNDS, grids)
    (row,) = found(findings, "two_communities").itertuples()
    assert (row.layer, row.ids, row.community_id, row.area_m2) == ("grid", "g1", "C", pytest.approx(2000))


def test_a_compound_over_the_edge_of_its_community_is_found_with_the_part_beyond():
    communities = layer({"C": box(0, 0, 200, 100), "D": box(200, 0, 300, 100)})
    compounds = layer({"over": box(150, 10, 204, 90), "out": box(280, 10, 303, 90)})
    grids = layer({"g1": box(0, 0, 200, 100), "g2": box(200, 0, 300, 100)})
    over = found(check(communities, compounds, grids), "over_community")
    assert over[["ids", "community_id"]].to_numpy().tolist() == [["out", "D"], ["over", "C"]]
    assert over["area_m2"].tolist() == pytest.approx([240, 320])


def test_a_grid_that_cuts_a_compound_and_meets_another_is_not_nested():
    """The edge runs 4 m inside the west compound's wall: g2 holds a strip of it and all of the east one."""
    grids = layer({"g1": box(0, 0, 86, 100), "g2": box(86, 0, 200, 100)})
    (row,) = found(check(COMMUNITY, COMPOUNDS, grids), "nesting").itertuples()
    assert (row.ids, row.area_m2) == ("g2,west", pytest.approx(4 * 80))


def test_a_grid_inside_one_compound_or_around_whole_ones_is_nested():
    inside = layer({"g1": box(0, 0, 50, 100), "g2": box(50, 0, 100, 100), "g3": box(100, 0, 200, 100)})
    assert found(check(COMMUNITY, COMPOUNDS, inside), "nesting").empty
    assert found(check(COMMUNITY, COMPOUNDS, layer({"g": box(0, 0, 200, 100)})), "nesting").empty


def test_a_micro_grid_in_two_grids_is_not_nested():
    micro_grids = layer({"m1": box(0, 0, 130, 100), "m2": box(130, 0, 200, 100)})
    (row,) = found(check(COMMUNITY, COMPOUNDS, GRIDS, micro_grids), "nesting").itertuples()
    assert (row.layer, row.ids, row.area_m2) == ("micro_grid", "m1,g1,g2", pytest.approx(3000))


def test_a_building_is_cut_by_the_area_of_its_smaller_part():
    """One astride the grid edge by 3 m of 20, one astride a wall with more outside, one whole, one free."""
    buildings = layer(
        {
            "grid edge": box(97, 40, 117, 50),
            "wall": box(105, 60, 112, 70),
            "shed": box(93, 5, 98, 9),
            "whole": box(20, 20, 40, 30),
        }
    )
    findings = check(COMMUNITY, COMPOUNDS, GRIDS, buildings=buildings)
    cut = found(findings, "building_cut")
    assert found(cut, "building_cut", "grid")[["ids", "area_m2"]].to_numpy().tolist() == [
        ["grid edge,g1,g2", pytest.approx(30)]
    ]
    assert found(cut, "building_cut", "compound")[["ids", "area_m2"]].to_numpy().tolist() == [
        ["grid edge,east", pytest.approx(70)],
        ["wall,east", pytest.approx(20)],
    ]


def test_buildings_in_no_grid_are_found():
    grids = layer({"g1": box(0, 0, 100, 100)})
    buildings = layer({"in": box(10, 10, 20, 20), "half": box(95, 50, 105, 60), "out": box(150, 10, 160, 20)})
    findings = check(COMMUNITY, COMPOUNDS, grids, buildings=buildings)
    assert found(findings, "building_outside")["ids"].tolist() == ["out"]


def test_findings_do_not_depend_on_the_order_of_the_rows():
    rng = np.random.default_rng(3)
    shapes = {n: box(x, y, x + 30, y + 25) for n, (x, y) in enumerate(rng.uniform(0, 150, (40, 2)))}
    one, other = layer(shapes), layer(dict(reversed(shapes.items())))
    first, second = check(COMMUNITY, one, one), check(COMMUNITY, other, other)
    assert len(first) > 100
    assert first.drop(columns="geometry").round(6).equals(second.drop(columns="geometry").round(6))
    assert shapely.area(first.symmetric_difference(second)).max() < 1e-6


def test_findings_come_by_kind_in_the_order_of_their_list():
    grids = layer({"g1": box(0, 0, 103, 100), "g2": box(100, 0, 190, 100), "g3": box(0, 0, 1, 1)})
    kinds = check(COMMUNITY, COMPOUNDS, grids)["kind"].drop_duplicates().tolist()
    assert kinds == [kind for kind in KINDS if kind in kinds]
    assert len(kinds) > 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.to_crs(4490), "degrees"),
        (lambda frame: frame.to_crs(4548), "project one of them"),
        (lambda frame: frame.set_crs(None, allow_override=True), "no coordinate system"),
        (lambda frame: frame.drop(columns="id"), "no column id"),
    ],
)
def test_layers_that_cannot_be_compared_are_an_error(change, words):
    with pytest.raises(GeoError, match=words):
        check(COMMUNITY, COMPOUNDS, change(GRIDS))


def test_a_district_is_checked_in_seconds():
    n = 40
    squares = {(i, j): box(50 * i, 50 * j, 50 * i + 52, 50 * j + 50) for i in range(n) for j in range(n)}
    grids = layer({f"{i}-{j}": square for (i, j), square in squares.items()})
    started = time.process_time()
    findings = check(layer({"C": box(0, 0, 50 * n, 50 * n)}), layer(), grids)
    assert len(found(findings, "overlap")) == n * (n - 1)
    assert time.process_time() - started < 5
