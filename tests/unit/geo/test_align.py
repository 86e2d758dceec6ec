"""Drawn cases: communities of 200 × 100 m, tolerance 5 m; every result must also keep all guarantees."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

from geo import community as engine
from geo.align import Cancelled, Choices, align
from geo.errors import GeoError
from geo.refusals import Refusal
from tests.drawn import box, displacement, layer, placed, polygon, shape_of
from tests.guarantees import City, assert_same, assert_stable, levelled, refused_ids

COMMUNITY = layer({"C": box(0, 0, 200, 100)})
HALVES = {"g1": box(0, 0, 100, 100), "g2": box(100, 0, 200, 100)}


def edge_between(frame, one, other):
    """Return where the common boundary of two features runs in the drawing: west, south, east, north."""
    common = shapely.intersection(shape_of(frame, one).boundary, shape_of(frame, other).boundary)
    x0, y0, x1, y1 = common.bounds
    corner_x, corner_y = placed(shapely.Point(0, 0)).coords[0]
    return pytest.approx((x0 - corner_x, y0 - corner_y, x1 - corner_x, y1 - corner_y), abs=0.05)


def cases(result):
    return {(row.compound_id, row.grid_id): row.case for row in result.relations.itertuples()}


def reasons(result, name="grid"):
    of_layer = result.refusals[result.refusals["layer"] == name]
    return {row.feature_id: row.reason for row in of_layer.itertuples()}


# --- the three cases ---


def test_a_compound_over_three_grids_has_their_edges_meet_halfway():
    """One estate fills the community; its grids were drawn 2 m into each other and 1 m apart."""
    compounds = layer({"estate": box(0, 0, 200, 100)})
    grids = layer({"g1": box(0, 0, 71, 100), "g2": box(69, 0, 130, 100), "g3": box(131, 0, 200, 100)})
    result = levelled(City(COMMUNITY, compounds, grids))
    assert set(cases(result).values()) == {"compound_larger"}
    assert set(result.relations["structure"]) == {"compound_over_grids"}
    assert edge_between(result.grids, "g1", "g2") == (70, 0, 70, 100)
    assert edge_between(result.grids, "g2", "g3") == (130.5, 0, 130.5, 100)
    assert result.refusals.empty


def test_a_grid_over_two_compounds_takes_the_wall_that_its_edge_ran_beside():
    """The wall of `b` is at x = 97, the grids' edge 2 and 3 m outside it, the next compound far away."""
    compounds = layer({"a": box(10, 10, 40, 90), "b": box(55, 10, 97, 90), "c": box(140, 10, 190, 90)})
    grids = layer({"g1": box(0, 0, 99, 100), "g2": box(100, 0, 200, 100)})
    result = levelled(City(COMMUNITY, compounds, grids))
    assert cases(result) == {
        ("a", "g1"): "grid_larger",
        ("b", "g1"): "grid_larger",
        ("c", "g2"): "grid_larger",
    }
    assert displacement(compounds, result.compounds, "b") < 0.05
    wall = shapely.intersection(shape_of(result.grids, "g1").boundary, shape_of(compounds, "b").boundary)
    assert wall.length > 70


def test_a_comparable_pair_gets_one_outline():
    """The compound's wall and the grid's edge were drawn 3 m apart, all round."""
    compounds = layer({"estate": box(3, 3, 97, 97), "other": box(103, 3, 197, 97)})
    grids = layer(HALVES)
    result = levelled(City(COMMUNITY, compounds, grids))
    assert set(cases(result).values()) == {"comparable"}
    assert set(result.relations["structure"]) == {"joint_branch"}


# --- seams ---


def test_a_sliver_pair_is_divided_along_its_middle():
    """Two grids overlap by a strip from x = 99 to 101."""
    grids = layer({"g1": box(0, 0, 101, 100), "g2": box(99, 0, 200, 100)})
    result = levelled(City(COMMUNITY, layer(), grids))
    assert edge_between(result.grids, "g1", "g2") == (100, 0, 100, 100)
    moved = result.changes.set_index(["from_id", "to_id"])
    assert moved["area_m2"].to_dict() == {
        ("g1", "g2"): pytest.approx(100, abs=2),
        ("g2", "g1"): pytest.approx(100, abs=2),
    }
    assert moved["displacement_m"].max() == pytest.approx(1, abs=0.05)


def test_a_t_junction_drawn_apart_becomes_one_point_of_all_three():
    """g1 west; g2 and g3 east of it, one above the other; the corners lie 2 m apart."""
    grids = layer(
        {
            "g1": box(0, 0, 100, 100),
            "g2": polygon((101, 50), (200, 51), (200, 100), (101, 100)),
            "g3": polygon((99, 0), (200, 0), (200, 50), (99, 49)),
        }
    )
    result = levelled(City(COMMUNITY, layer(), grids))
    common = [
        {(round(x, 6), round(y, 6)) for x, y in shape.exterior.coords} for shape in result.grids.geometry
    ]
    assert len(set.intersection(*common)) == 1


def test_a_hole_is_filled_exactly_by_what_lies_in_it():
    """g2 lies in a hole of g1, drawn 1 m too small on each side."""
    ring = shapely.difference(box(0, 0, 200, 100), box(60, 30, 140, 70))
    grids = layer({"g1": ring, "g2": box(61, 31, 139, 69)})
    result = levelled(City(COMMUNITY, layer(), grids))
    hole = shapely.Polygon(shape_of(result.grids, "g1").interiors[0])
    assert hole.equals(shape_of(result.grids, "g2"))
    assert displacement(grids, result.grids, "g2") < 1.5


def test_an_island_compound_in_open_land_stays_to_the_last_digit():
    """A compound alone in the middle of its grid, 30 m from any edge."""
    compounds = layer({"island": polygon((40, 40), (60, 38), (62, 61), (39, 60))})
    result = levelled(City(COMMUNITY, compounds, layer(HALVES)))
    assert shape_of(result.compounds, "island").equals_exact(shape_of(compounds, "island"), 0)
    assert result.changes.empty


def test_the_middle_of_a_road_wider_than_the_tolerance_stays():
    """Compounds 20 m apart and the grids' edge between them: nothing is to move."""
    compounds = layer({"a": box(10, 10, 90, 90), "b": box(110, 10, 190, 90)})
    result = levelled(City(COMMUNITY, compounds, layer(HALVES)))
    assert result.changes.empty
    assert result.refusals.empty


def test_the_middle_of_a_narrow_road_stays_too():
    """Compounds 8 m apart, the edge 4 m from both: it belongs to neither wall."""
    compounds = layer({"a": box(10, 10, 96, 90), "b": box(104, 10, 190, 90)})
    result = levelled(City(COMMUNITY, compounds, layer(HALVES)))
    assert result.changes.empty


def test_two_compounds_and_three_grids_are_for_review_and_not_nested():
    """The middle grid holds half of each compound: no edge within the tolerance can nest it."""
    compounds = layer({"a": box(0, 0, 100, 100), "b": box(100, 0, 200, 100)})
    grids = layer({"g1": box(0, 0, 50, 100), "g2": box(50, 0, 150, 100), "g3": box(150, 0, 200, 100)})
    result = levelled(City(COMMUNITY, compounds, grids))
    assert set(cases(result).values()) == {"review"}
    assert set(result.relations["structure"]) == {""}
    assert "not_nested" in set(result.refusals["reason"])
    assert set(result.refusals["step"]) == {"repaired"}


# --- walls, atoms, the community's edge ---


def test_a_compound_without_a_wall_follows_the_grid_and_one_with_a_wall_leads():
    """Edge at x = 100, the compound's outline at 97."""
    for walled, edge in ((False, 100), (True, 97)):
        compounds = layer({"a": box(10, 0, 97, 100)}, walled=[walled])
        result = levelled(City(COMMUNITY, compounds, layer(HALVES)))
        assert edge_between(result.grids, "g1", "g2") == (edge, 0, edge, 100)
        common = shapely.intersection(
            shape_of(result.grids, "g1").boundary, shape_of(result.compounds, "a").boundary
        )
        assert common.intersects(box(edge - 0.1, 10, edge + 0.1, 90)), walled


@pytest.mark.parametrize(("lead", "edge"), [("grid", 100), ("compound", 97)])
def test_the_layer_that_leads_keeps_its_edge(lead, edge):
    """The compound ends at x = 97, the grids meet at 100."""
    compounds = layer({"a": box(0, 0, 97, 100)})
    result = levelled(City(COMMUNITY, compounds, layer(HALVES)), lead=lead)
    assert edge_between(result.grids, "g1", "g2") == (edge, 0, edge, 100)
    assert shape_of(result.compounds, "a").equals(box(0, 0, edge, 100))


def test_what_is_frozen_stays_to_the_last_digit():
    """Two grids overlap by 2 m; one is frozen, so the other gives way."""
    grids = layer({"g1": box(0, 0, 101, 100), "g2": box(99, 0, 200, 100)})
    result = levelled(City(COMMUNITY, layer(), grids), frozen=frozenset({("grid", "g1")}))
    assert shape_of(result.grids, "g1").equals(shape_of(grids, "g1"))
    assert shape_of(result.grids, "g2").equals(box(101, 0, 200, 100))


def test_a_building_astride_goes_whole_to_the_side_with_most_of_it():
    """Grids overlap from 98 to 102; a building reaches from 99 to 112: the edge bends round it."""
    grids = layer({"g1": box(0, 0, 102, 100), "g2": box(98, 0, 200, 100)})
    buildings = layer({"b": box(99, 40, 112, 55)}, households=[30])
    result = levelled(City(COMMUNITY, layer(), grids, None, buildings))
    assert shape_of(result.grids, "g2").covers(shape_of(buildings, "b"))


def test_a_building_that_both_inputs_cut_stays_cut():
    """The grids meet exactly at x = 100, through the middle of a building."""
    buildings = layer({"b": box(93, 40, 107, 55)})
    result = levelled(City(COMMUNITY, layer(), layer(HALVES), None, buildings))
    assert result.changes.empty


def test_the_ledger_counts_the_households_of_the_buildings_that_changed_hands():
    """A gap of 4 m holds a hut with 6 households; it has belonged to no grid."""
    grids = layer({"g1": box(0, 0, 98, 100), "g2": box(102, 0, 200, 100)})
    buildings = layer({"hut": box(98.2, 40, 99.8, 44), "far": box(20, 20, 40, 40)}, households=[6, 50])
    result = levelled(City(COMMUNITY, layer(), grids, None, buildings))
    gained = result.changes.set_index("to_id")["households"]
    assert (gained["g1"], gained["g2"]) == (6, 0)


def test_a_compound_a_little_over_the_edge_is_cut_back():
    """3 m of the compound lie beyond the community's east edge."""
    compounds = layer({"a": box(120, 10, 203, 90)})
    result = levelled(City(COMMUNITY, compounds, layer(HALVES)))
    assert shape_of(result.compounds, "a").equals(box(120, 10, 200, 90))
    (row,) = result.changes[result.changes["layer"] == "compound"].itertuples()
    assert (row.from_id, row.to_id, row.reason) == ("a", None, "cut_back")
    assert row.displacement_m == pytest.approx(3, abs=0.01)
    assert result.refusals.empty


def test_a_compound_far_over_the_edge_is_refused_and_stays():
    """30 m beyond."""
    communities = layer({"C": box(0, 0, 200, 100), "D": box(200, 0, 300, 100)})
    compounds = layer({"a": box(120, 10, 230, 90)})
    grids = layer(HALVES | {"g3": box(200, 0, 300, 100)})
    result = levelled(City(communities, compounds, grids))
    assert shape_of(result.compounds, "a").equals(shape_of(compounds, "a"))
    (row,) = result.refusals[result.refusals["layer"] == "compound"].itertuples()
    assert (row.feature_id, row.reason, row.community_id) == ("a", "over_community", "C")
    assert row.needed_m == pytest.approx(30, abs=0.5)


def test_neighbouring_communities_share_their_new_nodes():
    """Grids of two communities whose edges end on the common border at different places."""
    communities = layer({"C": box(0, 0, 100, 100), "D": box(100, 0, 200, 100)})
    grids = layer(
        {
            "c1": box(0, 0, 102, 51),
            "c2": box(0, 49, 99, 100),
            "d1": box(99, 0, 200, 31),
            "d2": box(101, 29, 200, 100),
        }
    )
    result = levelled(City(communities, layer(), grids))
    assert shapely.coverage_is_valid(result.grids.geometry.to_numpy())
    for community, members in (("C", ["c1", "c2"]), ("D", ["d1", "d2"])):
        union = shapely.union_all([shape_of(result.grids, one) for one in members])
        assert shapely.symmetric_difference(union, shape_of(communities, community)).area < 1e-6


# --- decisions ---


def test_a_block_that_two_grids_claim_is_refused_with_what_would_be_needed():
    """Both claim x = 80 to 120, forty metres; g3 next door is levelled all the same."""
    grids = layer({"g1": box(0, 0, 120, 100), "g2": box(80, 0, 161, 100), "g3": box(159, 0, 200, 100)})
    result = levelled(City(COMMUNITY, layer(), grids))
    assert reasons(result) == {"g1": "wide_overlap", "g2": "wide_overlap"}
    assert result.refusals["needed_m"].min() == pytest.approx(40, abs=1)
    assert all(place.intersects(box(85, 5, 115, 95)) for place in result.refusals.geometry)


def test_a_block_that_nobody_claims_is_refused():
    grids = layer({"g1": box(0, 0, 80, 100), "g2": box(120, 0, 200, 100)})
    result = levelled(City(COMMUNITY, layer(), grids))
    assert set(reasons(result).values()) == {"wide_gap"}


@pytest.mark.parametrize("claimed", [True, False])
def test_the_longest_border_decides_a_wide_dispute_and_the_ledger_says_so(claimed):
    """The block x = 80 to 120, y = 0 to 100 borders on all of g1's side, and on half of g2's."""
    block = box(80, 0, 120, 100)
    west, east, north = box(0, 0, 80, 100), box(120, 0, 200, 60), box(120, 60, 200, 100)
    grids = layer({"g1": shapely.union(west, block) if claimed else west,
                   "g2": shapely.union(east, block) if claimed else east, "g3": north})  # fmt: skip
    result = levelled(City(COMMUNITY, layer(), grids), wide="longest-border")
    assert result.refusals.empty
    decided = result.changes[result.changes["reason"] == "wide"]
    assert decided["to_id"].unique().tolist() == ["g1"]
    assert decided["area_m2"].sum() == pytest.approx(4000, rel=0.01)
    assert shape_of(result.grids, "g1").area == pytest.approx(12_000, rel=0.01)


def test_identical_duplicates_are_refused_and_neither_is_lost():
    grids = layer(HALVES | {"g3": HALVES["g2"]})
    for wide in ("refuse", "longest-border"):
        result = levelled(City(COMMUNITY, layer(), grids), wide=wide)
        assert {"g2", "g3"} <= refused_ids(result)["grid"]


# --- shapes ---


def test_multipolygons_keep_their_parts():
    """A compound of two yards across a lane, a grid of two parts, each drawn 1 m off."""
    yards = shapely.MultiPolygon([box(10, 10, 40, 90), box(50, 10, 79, 90)])
    parts = shapely.MultiPolygon([box(0, 0, 81, 100), box(151, 0, 200, 100)])
    compounds = layer({"yards": yards})
    grids = layer({"parts": parts, "middle": box(79, 0, 149, 100)})
    result = levelled(City(COMMUNITY, compounds, grids))
    assert shapely.get_num_geometries(shape_of(result.compounds, "yards")) == 2
    assert shapely.get_num_geometries(shape_of(result.grids, "parts")) == 2


def test_a_community_of_two_parts_is_a_frame():
    communities = layer({"C": shapely.MultiPolygon([box(0, 0, 90, 100), box(110, 0, 200, 100)])})
    grids = layer({"west": box(0, 0, 91, 101), "east": box(109, -1, 200, 100)})
    result = levelled(City(communities, layer(), grids))
    assert shape_of(result.grids, "west").equals(box(0, 0, 90, 100))
    assert shape_of(result.grids, "east").equals(box(110, 0, 200, 100))


def test_noise_of_a_nanometre_is_cleaned_without_a_change():
    shaken = {
        name: shapely.transform(shape, lambda xy, n=n: xy + 1e-9 * np.sin(xy * 1e3 + n))
        for n, (name, shape) in enumerate((HALVES | {"a": box(10, 10, 100, 90)}).items())
    }
    compounds = layer({"a": shaken.pop("a")})
    result = levelled(City(COMMUNITY, compounds, layer(shaken)))
    assert result.changes.empty
    assert result.refusals.empty


def test_long_thin_polygons_are_not_lost():
    """A compound 180 m long and 1.2 m wide between two others, overlapping both by 0.3 m; a grid of 3 m."""
    compounds = layer(
        {"south": box(10, 10, 190, 50.3), "lane": box(10, 50, 190, 51.2), "north": box(10, 50.9, 190, 90)}
    )
    grids = layer({"g1": box(0, 0, 200, 97.5), "strip": box(0, 97, 200, 100)})
    result = levelled(City(COMMUNITY, compounds, grids))
    assert shape_of(result.compounds, "lane").area > 60
    assert shape_of(result.grids, "strip").area > 400


def test_a_compound_whose_grid_hung_together_by_a_film_goes_to_the_next_grid_and_is_not_lost():
    """The film of 2 m along the south is noise; without it `g1` falls apart, and its east is left alone."""
    blocks = {"west": box(0, 0, 90, 100), "middle": box(90, 0, 140, 100), "east": box(140, 0, 200, 100)}
    g1 = shapely.union_all([blocks["west"], blocks["east"], box(90, 0, 140, 2)])
    compounds, grids = layer(blocks), layer({"g1": g1, "g2": blocks["middle"]})
    result = align(COMMUNITY, compounds, grids, choices=Choices(5.0))
    for name in blocks:
        assert displacement(compounds, result.compounds, name) < 0.2
    assert shape_of(result.grids, "g1").area == pytest.approx(9000, abs=1)
    assert shape_of(result.grids, "g2").area == pytest.approx(11000, abs=1)
    assert reasons(result) == {"g1": "displacement", "g2": "displacement"}
    assert reasons(result, "compound") == {}


def test_the_only_grid_of_a_community_becomes_the_community():
    """Drawn up to 3 m inside and outside."""
    grids = layer({"g": polygon((-2, 1), (198, -3), (203, 102), (1, 98))})
    result = levelled(City(COMMUNITY, layer(), grids))
    assert shape_of(result.grids, "g").equals(shape_of(COMMUNITY, "C"))


def test_empty_layers_are_no_trouble():
    result = levelled(City(COMMUNITY, layer(), layer(HALVES), None, layer()))
    assert result.changes.empty
    assert result.relations.empty
    assert align(COMMUNITY, layer(), layer(HALVES), layer(), layer()).micro_grids.empty
    nothing = align(COMMUNITY, layer(), layer())
    assert len(nothing.grids) == len(nothing.compounds) == 0
    alone = align(COMMUNITY, layer({"a": box(10, 10, 90, 90)}), layer())
    assert shape_of(alone.compounds, "a").equals(box(10, 10, 90, 90))


def test_micro_grids_follow_their_grid():
    """The grids overlap by 2 m about x = 100; the micro-grids were drawn to either's edge."""
    grids = layer({"g1": box(0, 0, 101, 100), "g2": box(99, 0, 200, 100)})
    micro_grids = layer(
        {
            "m1": box(0, 0, 50, 100),
            "m2": box(50, 0, 101, 100),
            "m3": box(99, 0, 150, 100),
            "m4": box(151, 0, 200, 100),
        }
    )
    result = levelled(City(COMMUNITY, layer(), grids, micro_grids))
    for grid, members in (("g1", ["m1", "m2"]), ("g2", ["m3", "m4"])):
        union = shapely.union_all([shape_of(result.micro_grids, one) for one in members])
        assert shapely.symmetric_difference(union, shape_of(result.grids, grid)).area < 1e-3


# --- the run ---

TANGLE = City(
    layer({"C": box(0, 0, 200, 100), "D": box(200, 0, 400, 100)}),
    layer(
        {
            "a": box(10, 10, 96, 92),
            "b": box(99, 12, 202, 90),
            "c": polygon((205, 5), (290, 8), (288, 93), (204, 90)),
            "d": box(287, 10, 390, 90),
        },
        walled=[True, False, None, True],
    ),
    layer(
        {
            "g1": box(-1, 0, 99, 101),
            "g2": box(98, 2, 197, 98),
            "g3": box(201, 0, 289, 100),
            "g4": box(290, -3, 400, 99),
        }
    ),
    None,
    layer({"x": box(95, 40, 101, 60), "y": box(280, 20, 291, 40)}, households=[5, 7]),
)


def test_a_tangle_is_levelled_and_a_second_time_nothing_changes():
    assert_stable(TANGLE, levelled(TANGLE))


def test_the_order_of_the_rows_does_not_matter():
    assert_same(align(*TANGLE), align(*TANGLE.shuffled(5)))


def test_an_executor_gives_the_same_result():
    with ThreadPoolExecutor(2) as executor:
        assert_same(align(*TANGLE), align(*TANGLE, executor=executor))


def test_the_caller_s_frames_are_not_changed():
    before = [frame.copy() for frame in TANGLE if frame is not None]
    align(*TANGLE)
    for frame, kept in zip((one for one in TANGLE if one is not None), before, strict=True):
        assert frame.equals(kept)


def test_unusable_input_is_named_all_together():
    compounds = layer({"bow": polygon((0, 0), (9, 9), (9, 0), (0, 9)), "none": None})
    grids = layer({"g1": HALVES["g1"], "g2": HALVES["g2"]})
    grids["id"] = "twice"
    with pytest.raises(GeoError, match=r"(?s)none.*bow.*twice"):
        align(COMMUNITY, compounds, grids)
    with pytest.raises(GeoError, match="metres"):
        align(COMMUNITY.to_crs(4490), layer().to_crs(4490), layer(HALVES).to_crs(4490))


def test_progress_rises_to_one_and_a_cancelled_run_raises():
    shares = []
    align(*TANGLE, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    with pytest.raises(Cancelled):
        align(*TANGLE, cancelled=lambda: True)


def test_what_only_a_second_pass_finds_in_dispute_is_told_and_nothing_twice(monkeypatch):
    """Of what a first pass left refused, `west` did not fit; the second finds it and `east` in dispute."""
    blocks = np.array([box(0, 0, 100, 100), box(100, 0, 200, 100)])
    none = np.zeros(0, dtype=object)
    flags = (np.zeros(2, dtype=bool), np.zeros(0, dtype=bool), np.zeros(0, dtype=bool))
    task = engine.Task(
        box(0, 0, 200, 100),
        (blocks, none, none),
        flags,
        ~flags[0],
        none,
        np.zeros(0),
        5.0,
        "neither",
        "refuse",
    )
    layers, decided = [blocks, none, none], [[], [], []]

    def refusal(feature, reason):
        return Refusal(0, feature, "repaired", reason, 1.0, blocks[feature])

    second = engine._Made(
        layers, [refusal(0, "wide_overlap"), refusal(1, "wide_overlap")], decided, moved=True
    )
    monkeypatch.setattr(engine, "_made", lambda *_: second)
    for reason in ("coverage", "wide_overlap"):
        first = engine._Made(layers, [refusal(0, reason)], decided, moved=True)
        told = [(one.feature, one.reason) for one in engine._again(task, first).refusals]
        assert told == [(0, "wide_overlap"), (1, "wide_overlap")]


def test_a_community_that_fails_is_reported_and_the_others_finish(monkeypatch):
    solve = engine.solve

    def fragile(task):
        if task.frame.equals(shape_of(TANGLE.communities, "D")):
            raise shapely.GEOSException("TopologyException")
        return solve(task)

    monkeypatch.setattr(engine, "solve", fragile)
    result = align(*TANGLE, choices=Choices())
    assert list(result.failures) == ["D"]
    assert "TopologyException" in result.failures["D"]
    assert refused_ids(result)["grid"] >= {"g3", "g4"}
    assert set(result.refusals["reason"][result.refusals["feature_id"] == "g3"]) == {"failed"}
    own = shape_of(TANGLE.communities, "D")
    assert shape_of(result.grids, "g3").equals(shape_of(TANGLE.grids, "g3").intersection(own))
    assert not shape_of(result.grids, "g1").equals(shape_of(TANGLE.grids, "g1"))
