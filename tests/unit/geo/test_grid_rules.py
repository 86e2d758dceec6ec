from __future__ import annotations

import pytest
import shapely

from geo.grid_rules import RULES, Standing, broken_rules, verified
from geo.partition import Band
from tests.drawn import box, layer, placed
from tests.hamlet import BUILDINGS, COMMUNITY, COMPOUNDS, LANE, STREET, lines, town

STANDING = Standing(Band(30, 50))


def grids(shapes, codes, households=40.0, **more):
    return layer(shapes, code=codes, households=households, community_id="420106001001", **more)


def broken(frame, **more):
    standing = more.pop("standing", STANDING)
    found = broken_rules(frame, layer(COMMUNITY), standing, **more)
    assert (found["severity"] == found["rule"].map(RULES)).all()
    return dict.fromkeys(found["rule"])


HALVES = {"a": box(0, 0, 200, 200), "b": box(200, 0, 400, 200)}
CODES = ["420106001001001", "420106001001002"]


def test_a_proposal_breaks_no_error():
    proposal = town()
    found = broken_rules(
        proposal.micro_grids,
        layer(COMMUNITY),
        STANDING,
        buildings=layer(BUILDINGS),
        compounds=layer(COMPOUNDS),
        lines=lines(STREET, LANE),
    )
    assert found[found["severity"] == "error"].empty
    assert set(found["rule"]) <= {"load"}
    assert (found["value"] == 0).all()


@pytest.mark.parametrize(
    ("shapes", "codes", "rule"),
    [
        ({"a": box(0, 0, 200, 200), "b": box(201, 0, 400, 200)}, CODES, "seamless"),
        ({"a": box(0, 0, 202, 200), "b": box(200, 0, 400, 200)}, CODES, "no_overlap"),
        ({"a": box(0, 0, 200, 200), "b": box(200, 0, 405, 200)}, CODES, "one_community"),
        ({"a": box(0, 0, 50, 200) | box(60, 0, 200, 200), "b": box(200, 0, 400, 200)}, CODES, "one_piece"),
        (HALVES, ["", CODES[1]], "code_given"),
        (HALVES, [CODES[0]] * 2, "code_unique"),
        (HALVES, [CODES[0], "420106001002002"], "code_of_community"),
    ],
)
def test_each_rule_is_found(shapes, codes, rule):
    assert rule in broken(grids(shapes, codes))


def test_level_halves_break_nothing():
    assert broken(grids(HALVES, CODES)) == {}


def test_load_names_the_households():
    found = broken_rules(grids(HALVES, CODES, [40.0, 51.0]), layer(COMMUNITY), STANDING)
    assert found[["rule", "feature_id", "value"]].to_numpy().tolist() == [["load", "b", 51.0]]


def test_cut_atoms_compounds_grids_and_streets():
    frame = grids(HALVES, CODES)
    assert list(broken(frame, buildings=layer({"h": box(190, 10, 210, 20)}))) == ["atom_whole"]
    assert list(broken(frame, compounds=layer({"x": box(0, 0, 90, 200), "y": box(90, 0, 200, 200)}))) == [
        "one_compound"
    ]
    assert list(broken(frame, grids=layer({"x": box(0, 0, 90, 200), "y": box(90, 0, 400, 200)}))) == [
        "nested"
    ]
    across = placed(shapely.LineString([(-5, 90), (205, 90)]))
    assert list(broken(frame, lines=lines(across, STREET))) == ["natural_edges"]
    assert broken(frame, lines=lines(LANE)) == {}  # a dead end parts nothing


def test_records_and_history():
    more = {
        "responsible_body": ["甲", None],
        "valid_from": ["2026-01-01", None],
        "valid_to": ["2025-01-01", None],
    }
    assert list(broken(grids(HALVES, CODES, **more))) == ["dates_in_order", "responsible", "start_date"]
    standing = Standing(Band(30, 50), used_codes={CODES[0]}, moved={"a": (1.0, 100.0), "b": (3.0, 100.0)})
    found = broken_rules(grids(HALVES, CODES), layer(COMMUNITY), standing)
    assert found[["rule", "feature_id"]].to_numpy().tolist() == [["code_never_reused", "a"], ["stable", "b"]]


def test_verified_measures_gaps():
    told = verified(grids({"a": box(0, 0, 200, 200), "b": box(201, 0, 400, 200)}, CODES), layer(COMMUNITY))
    assert told == {"valid": True, "gap_m2": 200.0, "outside_m2": 0.0, "several_parts": 0}
