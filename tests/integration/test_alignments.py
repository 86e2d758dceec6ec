"""Alignments in both homes: a draft with its ledger, decisions, publication, versions, conflict, scope."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from sqlalchemy import func, select

from data import alignment_export, alignment_layers, alignments, inspections, plans, versions
from data.alignment_wishes import Gift, Wishes
from data.errors import ConflictError, DataError
from data.jobs import Report
from data.queries import alignments as queries
from data.scope import Scope
from data.store import Store
from models import Account, Change, Finding, Grid, Move, Refusal
from models.enums import MoveReason, OverlapCase, RefusalReason, Role, Structure
from tests import engine, town
from tests.engine import COMPOUNDS, FIRST, SECOND

WISHES = Wishes(communities=(town.SPRING, town.OSMANTHUS))


@pytest.fixture
def town_here(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(alignments, "align", engine.align)
    town.fill(store)
    with store.writing() as session:
        who = {"username": "p", "display_name": "规划员甲", "role": Role.PLANNER, "scope": ""}
        session.add(Account(id=1, **who, created_at=datetime.now(UTC)))
    return store


@pytest.fixture
def report(tmp_path: Path) -> Report:
    folder = tmp_path / "job"
    folder.mkdir()
    return Report(folder, "试")


def solved(store, report, wishes=WISHES, prefix=""):
    made = alignments.solve(
        store, report, scope_prefix=prefix, account_id=1, wishes=wishes, plan_title="拉平春风"
    )
    return made["plan"]


def again(store, report, plan_id, **decisions):
    return alignments.solve_again(
        store, report, scope_prefix="", plan_id=plan_id, communities=[town.SPRING], **decisions
    )


def only(store, model, **where):
    with store.reading() as session:
        return session.scalars(select(model).filter_by(**where)).all()


def east_edge(store, code):
    with store.reading() as session:
        shape = session.scalar(select(Grid.geometry).where(Grid.code == code))
    return shape.bounds[2]


def test_layers_come_out_in_metres_by_code(town_here: Store):
    layers = alignment_layers.read_layers(town_here, Scope(), [town.SPRING])
    assert layers.compounds["id"].tolist() == list(COMPOUNDS)
    assert layers.grids.area.round(2).tolist() == [350_000, 650_000]
    assert layers.communities["id"].tolist() == [town.SPRING]
    assert layers.buildings is not None
    assert layers.buildings["households"].sum() == 800
    with pytest.raises(DataError, match="没有选中"):
        alignment_layers.read_layers(town_here, Scope(town.WEST[:6]), [town.SPRING])


def test_an_alignment_becomes_a_draft_with_its_pieces_refusals_and_relations(town_here: Store, report):
    plan_id = solved(town_here, report)
    changes = only(town_here, Change, plan_id=plan_id)
    assert {(one.layer, one.code) for one in changes} == {("grid", FIRST), ("grid", SECOND)}
    assert [round(one.displacement_m, 2) for one in changes] == [3.0, 3.0]
    (move,) = only(town_here, Move, plan_id=plan_id)
    assert (move.from_code, move.to_code, move.reason, move.households) == (
        FIRST,
        SECOND,
        MoveReason.LEVELLED,
        12,
    )
    assert move.area_m2 == pytest.approx(3000, rel=1e-6)
    (refusal,) = only(town_here, Refusal, plan_id=plan_id)
    assert (refusal.code, refusal.reason, refusal.needed_m) == (COMPOUNDS[2], RefusalReason.DISPLACEMENT, 9.5)
    with town_here.reading() as session:
        related = queries.relations(session, Scope(), plan_id)
        (plan,) = queries.plans_of(session, Scope())
    assert related["overlap_case"].tolist() == [OverlapCase.GRID_LARGER, OverlapCase.REVIEW]
    assert related["structure"].tolist() == [Structure.GRID_OVER_COMPOUNDS, None]
    assert (plan.created_by, plan.wishes.communities) == ("规划员甲", WISHES.communities)


def test_a_plan_is_seen_in_its_scope_only(town_here: Store, report):
    plan_id = solved(town_here, report)
    elsewhere = Scope(town.WEST[:6])
    with town_here.reading() as session:
        assert queries.plans_of(session, elsewhere) == []
        assert queries.moves(session, elsewhere, plan_id).empty
        assert queries.summary(session, elsewhere, plan_id).empty
        assert queries.outlines(session, elsewhere, plan_id, town.SPRING, queries.AFTER).empty
        assert versions.versions(session, elsewhere, town.SPRING) == []
    with pytest.raises(DataError):
        alignments.leave_out(town_here, plan_id, [town.SPRING], scope=elsewhere, out=True)


def test_outlines_before_and_after_a_draft_and_after_its_publication(town_here: Store, report):
    plan_id = solved(town_here, report)

    def edge(side):
        with town_here.reading() as session:
            lines = queries.outlines(session, Scope(), plan_id, town.SPRING, side)
        return lines[lines["code"] == FIRST].geometry.iloc[0].bounds[2]

    before, after = edge(queries.BEFORE), edge(queries.AFTER)
    assert after < before
    plans.publish(town_here, plan_id, 1)
    assert (edge(queries.BEFORE), edge(queries.AFTER)) == (before, after)


def test_refusing_a_change_freezes_its_outlines_and_can_be_taken_back(town_here: Store, report):
    plan_id = solved(town_here, report)
    (move,) = only(town_here, Move, plan_id=plan_id)
    told = again(town_here, report, plan_id, refuse=[move.id])
    assert (told["gone"], told["refused"]) == ([], [])
    (refused,) = only(town_here, Move, plan_id=plan_id)
    assert (refused.id, refused.accepted) == (move.id, False)
    assert only(town_here, Change, plan_id=plan_id) == []
    again(town_here, report, plan_id, accept=[move.id])
    (fresh,) = only(town_here, Move, plan_id=plan_id)
    assert fresh.accepted
    assert len(only(town_here, Change, plan_id=plan_id)) == 2


def test_a_disputed_piece_goes_to_whom_the_planner_gives_it(town_here: Store, report):
    plan_id = solved(town_here, report)
    piece = town.box(330, 400, 20, 50)
    again(town_here, report, plan_id, give=Gift("grid", SECOND, piece.wkb_hex))
    (gift,) = only(town_here, Move, plan_id=plan_id, reason=MoveReason.DECIDED)
    assert (gift.from_code, gift.to_code) == (FIRST, SECOND)
    assert gift.area_m2 == pytest.approx(1000, rel=1e-6)
    assert gift.displacement_m == pytest.approx(20, abs=0.5)
    again(town_here, report, plan_id, take_back=[gift.id])
    assert only(town_here, Move, plan_id=plan_id, reason=MoveReason.DECIDED) == []


def test_a_community_can_be_left_out_as_a_whole(town_here: Store, report):
    plan_id = solved(town_here, report)
    alignments.leave_out(town_here, plan_id, [town.SPRING], scope=Scope(), out=True)
    with pytest.raises(DataError, match="没有采纳"):
        plans.publish(town_here, plan_id, 1)
    alignments.leave_out(town_here, plan_id, [town.SPRING], scope=Scope(), out=False)
    assert plans.publish(town_here, plan_id, 1) == {"change": 2}


def test_versions_follow_each_other_and_any_comes_back_exactly(town_here: Store, report):
    start = east_edge(town_here, FIRST)
    first = solved(town_here, report)
    plans.publish(town_here, first, 1)
    moved = east_edge(town_here, FIRST)
    plans.publish(town_here, solved(town_here, report), 1)
    assert east_edge(town_here, FIRST) < moved < start
    versions.restore(town_here, 1, [town.SPRING], first, scope=Scope())
    assert east_edge(town_here, FIRST) == moved
    versions.restore(town_here, 1, [town.SPRING], None, scope=Scope())
    assert east_edge(town_here, FIRST) == start
    with town_here.reading() as session:
        known = versions.versions(session, Scope(), town.SPRING)
    assert [one.current for one in known] == [True, False, False, False, False]
    assert [one.published_by for one in known[:-1]] == ["规划员甲"] * 4
    assert known[0].title == "恢复到最初的边界"
    with pytest.raises(DataError, match="无需恢复"):
        versions.restore(town_here, 1, [town.SPRING], None, scope=Scope())


def test_the_second_planner_gets_a_conflict_loses_nothing_and_can_compute_anew(town_here: Store, report):
    mine, theirs = solved(town_here, report), solved(town_here, report)
    plans.publish(town_here, theirs, 1)
    with pytest.raises(ConflictError, match="春风社区"):
        plans.publish(town_here, mine, 1)
    assert len(only(town_here, Move, plan_id=mine)) == 1
    alignments.solve_again(
        town_here, report, scope_prefix="", plan_id=mine, communities=list(WISHES.communities)
    )
    assert plans.publish(town_here, mine, 1) == {"change": 2}


def test_any_layer_of_a_community_published_since_is_a_conflict(town_here: Store, report):
    mine = solved(town_here, report)
    with town_here.writing("plan", "change") as session:
        frame = pd.DataFrame(
            {"code": [COMPOUNDS[0]], "area_code": [town.SPRING], "geometry": [town.box(103, 100, 200, 200)]}
        )
        kind = plans.PlanKind.DRAWING
        other = plans.draft(
            session, title="改画", kind=kind, layer="compound", frame=frame, columns=[], base_revision=10**6
        )
    plans.publish(town_here, other.id, 1)
    with pytest.raises(ConflictError):
        plans.publish(town_here, mine, 1)


def found(layers, **_more):
    shapes = [shapely.box(*layers.communities.total_bounds)]
    rows = {"kind": ["gap"], "layer": ["grid"], "ids": [FIRST], "community_id": [town.SPRING]}
    rows |= {"area_m2": [12.5], "length_m": [3.0], "geometry": shapes}
    return gpd.GeoDataFrame(rows, crs=layers.communities.crs)


def test_findings_are_kept_until_boundaries_change(town_here: Store, report):
    layers = alignment_layers.read_layers(town_here, Scope(), WISHES.communities)
    inspections.keep(town_here, layers, found(layers), 5.0)
    with town_here.reading() as session:
        table = inspections.communities(session, Scope()).set_index("code")
        assert table.loc[town.SPRING, ["finding_count", "outdated"]].tolist() == [1, False]
        assert table.loc[town.OSMANTHUS, "finding_count"] == 0
        assert pd.isna(table.loc[town.LAKE, "finding_count"])
        assert inspections.communities(session, Scope(town.WEST[:6]))["code"].tolist() == [
            town.WEST_GATE,
            town.NORTH_GATE,
        ]
        before = inspections.written(session)
    plans.publish(town_here, solved(town_here, report), 1)
    with town_here.writing("inspection") as session:
        inspections.still_valid(session, before, [town.SPRING])
    with town_here.reading() as session:
        table = inspections.communities(session, Scope()).set_index("code")
    assert table.loc[[town.SPRING, town.OSMANTHUS], "outdated"].tolist() == [True, False]
    inspections.keep(town_here, layers, found(layers).iloc[:0], 5.0)
    with town_here.reading() as session:
        assert session.scalar(select(func.count()).select_from(Finding)) == 0


def test_the_figures_add_up_by_community_and_county(town_here: Store, report):
    plan_id = solved(town_here, report)
    with town_here.reading() as session:
        table = queries.summary(session, Scope(), plan_id)
        counties = queries.by_county(session, table)
    spring = table.set_index("area_code").loc[town.SPRING]
    assert (spring["compounds"], spring["levelled"], spring["review"], spring["displacement"]) == (3, 1, 1, 1)
    assert (spring["moves"], spring["households"]) == (1, 12)
    assert counties["name"].tolist() == ["江东区"]
    assert counties["compounds"].tolist() == [table["compounds"].sum()]


def test_a_plan_goes_out_as_layers_and_as_a_workbook(town_here: Store, report, tmp_path: Path):
    plan_id = solved(town_here, report)
    with town_here.reading() as session:
        alignment_export.write_geopackage(session, Scope(), plan_id, tmp_path / "plan.gpkg")
        alignment_export.write_workbook(session, Scope(), plan_id, tmp_path / "plan.xlsx")
    names = {name for name, _kind in pyogrio.list_layers(tmp_path / "plan.gpkg")}
    assert names == {"compound", "grid", "micro_grid", "change", "refusal", "relation"}
    grids = pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="grid").set_index("code")
    assert grids.loc[FIRST].geometry.bounds[2] < east_edge(town_here, FIRST)
    ledger = pd.read_excel(tmp_path / "plan.xlsx", sheet_name="变更")
    assert ledger[["图层", "原因"]].iloc[0].tolist() == ["网格", "拉平"]
    assert ledger["面积（平方米）"].iloc[0] == pytest.approx(3000, abs=0.01)


def test_a_tolerance_wider_than_half_a_road_is_counted(town_here: Store):
    with town_here.reading() as session:
        assert alignments.narrow_roads(session, Scope(), 5.0) == (0, 1)
        assert alignments.narrow_roads(session, Scope(), 25.0) == (1, 1)
