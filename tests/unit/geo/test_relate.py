from __future__ import annotations

import numpy as np
import pytest

from geo.relate import relate
from tests.drawn import box, layer

COLUMNS = [
    "compound_id",
    "grid_id",
    "case",
    "share_of_compound",
    "share_of_grid",
    "households",
    "structure",
]


def cases(table):
    return {(row.compound_id, row.grid_id): (row.case, row.structure) for row in table.itertuples()}


def test_a_compound_that_holds_several_grids_is_larger():
    compounds = layer({"estate": box(0, 0, 200, 100)}, households=[900])
    grids = layer({"g1": box(0, 0, 50, 100), "g2": box(50, 0, 200, 100)})
    table = relate(compounds, grids)
    assert list(table.columns) == COLUMNS
    assert set(cases(table).values()) == {("compound_larger", "compound_over_grids")}
    assert table.set_index("grid_id")["share_of_compound"].to_dict() == pytest.approx(
        {"g1": 0.25, "g2": 0.75}
    )
    assert table["share_of_grid"].tolist() == pytest.approx([1, 1])
    assert table.set_index("grid_id")["households"].to_dict() == pytest.approx({"g1": 225, "g2": 675})


def test_a_grid_that_holds_several_compounds_is_larger():
    compounds = layer({"a": box(0, 0, 90, 100), "b": box(110, 0, 200, 100)})
    table = relate(compounds, layer({"g": box(0, 0, 200, 100)}))
    assert set(cases(table).values()) == {("grid_larger", "grid_over_compounds")}
    assert table["households"].isna().all()


def test_a_pair_that_hold_each_other_for_the_most_part_is_comparable():
    table = relate(layer({"a": box(0, 0, 100, 100)}), layer({"g": box(0, 0, 110, 100)}))
    assert cases(table) == {("a", "g"): ("comparable", "joint_branch")}


@pytest.mark.parametrize(
    ("width", "case"),
    [(130, "grid_larger"), (120, "comparable"), (90, "comparable"), (70, "compound_larger")],
)
def test_a_pair_alone_is_judged_by_both_shares(width, case):
    """The compound is 100 m wide, the grid `width`; comparable from a share of 0.8 both ways."""
    table = relate(layer({"a": box(0, 0, 100, 100)}), layer({"g": box(0, 0, width, 100)}))
    assert table["case"].tolist() == [case]


def test_two_compounds_and_three_grids_in_one_cluster_are_for_review():
    compounds = layer({"a": box(0, 0, 100, 100), "b": box(100, 0, 200, 100)})
    grids = layer({"g1": box(0, 0, 50, 100), "g2": box(50, 0, 150, 100), "g3": box(150, 0, 200, 100)})
    table = relate(compounds, grids)
    assert len(table) == 4
    assert set(cases(table).values()) == {("review", "")}


def test_a_cluster_for_review_does_not_touch_its_neighbours():
    compounds = layer({"a": box(0, 0, 100, 100), "b": box(100, 0, 200, 100), "c": box(300, 0, 400, 100)})
    grids = layer({"g1": box(0, 0, 50, 100), "g2": box(50, 0, 200, 100), "g3": box(290, 0, 410, 100)})
    assert cases(relate(compounds, grids))["c", "g3"] == ("comparable", "joint_branch")


def test_an_overlap_within_the_tolerance_is_drawing_noise():
    """The second grid reaches 4 m into the compound."""
    compounds = layer({"a": box(0, 0, 100, 100), "b": box(110, 0, 200, 100)})
    grids = layer({"g1": box(0, 0, 96, 100), "g2": box(96, 0, 200, 100)})
    assert set(cases(relate(compounds, grids, tolerance=5))) == {("a", "g1"), ("b", "g2")}
    assert ("a", "g2") in cases(relate(compounds, grids, tolerance=3))


def test_a_small_part_is_still_related_where_it_is_most_of_one():
    """A guardhouse of 4 × 4 m is narrower than the tolerance, and wholly in its grid."""
    table = relate(layer({"hut": box(50, 50, 54, 54)}), layer({"g": box(0, 0, 100, 100)}))
    assert cases(table) == {("hut", "g"): ("grid_larger", "grid_over_compounds")}


def test_what_touches_is_not_related():
    table = relate(layer({"a": box(0, 0, 100, 100)}), layer({"g": box(100, 0, 200, 100)}))
    assert table.empty
    assert list(table.columns) == COLUMNS
    assert relate(layer(), layer()).empty


def test_the_relations_do_not_depend_on_the_order_of_the_rows():
    rng = np.random.default_rng(1)
    shapes = {n: box(x, y, x + 60, y + 60) for n, (x, y) in enumerate(rng.uniform(0, 400, (30, 2)))}
    one, other = layer(shapes), layer(dict(reversed(shapes.items())))
    first, second = relate(one, one), relate(other, other)
    by = ["compound_id", "grid_id"]
    first, second = (table.sort_values(by).reset_index(drop=True) for table in (first, second))
    assert first.equals(second)


def test_a_compound_that_does_not_nest_leaves_the_others_their_case():
    """Two grids divide `middle`; `west` shares one of them with it, `east` and `far` the other."""
    compounds = layer(
        {
            "west": box(0, 0, 100, 100),
            "middle": box(100, 0, 190, 100),
            "east": box(190, 0, 300, 60),
            "far": box(190, 60, 300, 100),
        }
    )
    grids = layer({"w": box(0, 0, 160, 100), "e": box(160, 0, 300, 100)})
    assert {pair: case for pair, (case, _) in cases(relate(compounds, grids)).items()} == {
        ("west", "w"): "grid_larger",
        ("middle", "w"): "review",
        ("middle", "e"): "review",
        ("east", "e"): "grid_larger",
        ("far", "e"): "grid_larger",
    }
