"""The recommended structure in both homes: the three cases, decisions, conflicts, what is left alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from alembic import command
from sqlalchemy import delete, func, select, update

from data import inspections, plans, structures, versions
from data.bulk import insert_frame
from data.engine import alembic_config
from data.errors import ConflictError, DataError
from data.scope import Scope
from data.store import Store
from models import Account, Building, Change, Compound, Entrance, Grid, Organisation, Plan
from models.enums import OrganisationLevel, OrganisationRank, PlanKind, PlanStatus, Role
from tests import town

COMMITTEE, GARDEN, FIRST_GRID, SECOND_GRID = 3, 8, 5, 6
"""Ids in 南湖社区."""


@pytest.fixture
def here(store: Store) -> Store:
    town.fill(store)
    with store.writing("account") as session:
        who = {"username": "p", "display_name": "规划员甲", "role": Role.PLANNER, "scope": ""}
        session.add(Account(id=1, **who, created_at=datetime.now(UTC)))
    return store


def lake(
    store: Store,
    compounds: dict[int, Any],
    grids: dict[int, Any],
    organisations: list[tuple[Any, ...]] = (),
) -> Store:
    """Leave in 南湖社区 only these compounds and grids, and these organisations beside the committee."""
    columns = ["id", "name", "parent_id", "level", "rank", "compound_id", "grid_id", "member_count"]
    with store.writing("compound", "grid", "organisation", "building") as session:
        for model in (Building, Entrance):
            session.execute(update(model).where(model.area_code == town.LAKE).values(organisation_id=None))
        others = select(Organisation.id).where(
            Organisation.area_code == town.LAKE, Organisation.id != COMMITTEE
        )
        for one in session.scalars(others.order_by(Organisation.id.desc())).all():
            session.execute(delete(Organisation).where(Organisation.id == one))
        for model, shapes in ((Compound, compounds), (Grid, grids)):
            for key in session.scalars(select(model.id).where(model.area_code == town.LAKE)).all():
                shape = shapes.get(key, town.box(2980 - key, 990, 0.2, 0.2))
                session.execute(update(model).where(model.id == key).values(geometry=shape))
        if organisations:
            rows = pd.DataFrame(organisations, columns=columns).astype(object)
            insert_frame(session, Organisation, rows.assign(area_code=town.LAKE, initials=""))
    return store


def drafted(store: Store, scope: Scope = Scope()) -> pd.DataFrame:  # noqa: B008
    """Return the lines of a new draft for 南湖社区, by name."""
    made = structures.draft(store, 1, [town.LAKE], scope=scope)
    with store.reading() as session:
        ledger = plans.ledger_of(session, Scope(), made.id)
    return ledger.assign(plan_id=made.id).sort_values("id").reset_index(drop=True)


def tree(store: Store) -> dict[str, tuple[str | None, str, str]]:
    """Return the upper organisations of 南湖社区: name to parent's name, rank and level."""
    with store.reading() as session:
        found = session.scalars(
            select(Organisation).where(
                Organisation.area_code == town.LAKE, Organisation.level != OrganisationLevel.BUILDING
            )
        ).all()
        names = {one.id: one.name for one in found}
        return {one.name: (names.get(one.parent_id), one.rank.value, one.level.value) for one in found}


def publish(store: Store, lines: pd.DataFrame) -> dict[str, int]:
    return plans.publish(store, int(lines["plan_id"].iloc[0]), 1)


BRANCH = (20, "南湖花园党支部", COMMITTEE, "compound", "branch", GARDEN, None, 30)
WIDE = town.box(2400, 0, 600, 900)
HALVES = {FIRST_GRID: town.box(2400, 0, 300, 900), SECOND_GRID: town.box(2700, 0, 300, 900)}
LARGER = ({GARDEN: WIDE}, HALVES, [BRANCH])


def test_a_compound_larger_than_its_grids_gets_a_general_branch_over_theirs(here: Store) -> None:
    store = lake(here, *LARGER)
    lines = drafted(store)
    assert lines["name"].tolist() == ["南湖花园党总支", "南湖第一网格党支部", "南湖第二网格党支部"]
    assert lines["action"].tolist() == ["change", "add", "add"]
    assert lines["attributes"][0]["rank"] == ["branch", "general_branch"]
    assert json.loads(lines["reason"][0]) == {
        "case": "compound_larger",
        "compounds": "南湖花园",
        "grids": "南湖第一网格、南湖第二网格",
    }
    before, outdated = store.revision(), store.table_revisions()["building"]
    assert publish(store, lines) == {"change": 1, "add": 2}
    assert tree(store) == {
        "南湖社区党委": (None, "committee", "community"),
        "南湖花园党总支": ("南湖社区党委", "general_branch", "compound"),
        "南湖第一网格党支部": ("南湖花园党总支", "branch", "grid"),
        "南湖第二网格党支部": ("南湖花园党总支", "branch", "grid"),
    }
    assert store.revision() == before + 1
    assert store.table_revisions()["organisation"] == before + 1
    assert store.table_revisions()["building"] == outdated
    with pytest.raises(DataError, match="无需调整"):
        drafted(store)


def test_a_grid_larger_than_its_compounds_gets_a_general_branch_over_those_that_exist(here: Store) -> None:
    shapes = {7: town.box(2100, 100, 200, 200), GARDEN: town.box(2600, 100, 200, 200)}
    store = lake(here, shapes, {FIRST_GRID: town.box(2000, 0, 1000, 900)}, [BRANCH])
    lines = drafted(store)
    assert lines[["action", "name"]].to_numpy().tolist() == [
        ["add", "南湖第一网格党总支"],
        ["change", "南湖花园党支部"],
    ]
    publish(store, lines)
    assert tree(store) == {
        "南湖社区党委": (None, "committee", "community"),
        "南湖第一网格党总支": ("南湖社区党委", "general_branch", "grid"),
        "南湖花园党支部": ("南湖第一网格党总支", "branch", "compound"),
    }


def test_comparable_ones_get_one_joint_branch_that_takes_over_what_the_grids_led(here: Store) -> None:
    grid = (21, "南湖第一网格党支部", COMMITTEE, "grid", "branch", None, FIRST_GRID, 12)
    group = (22, "南湖花园一号楼党小组", 21, "building", "group", None, None, 5)
    store = lake(here, {GARDEN: WIDE}, {FIRST_GRID: WIDE}, [BRANCH, grid, group])
    with store.writing("building") as session:
        session.execute(update(Building).where(Building.id == 6).values(organisation_id=21))
    lines = drafted(store)
    assert lines[["action", "name"]].to_numpy().tolist() == [["remove", "南湖第一网格党支部"]]
    assert publish(store, lines) == {"remove": 1}
    with store.reading() as session:
        assert session.get(Organisation, 21) is None
        assert session.get_one(Organisation, 22).parent_id == 20
        assert session.get_one(Organisation, 20).member_count == 42
        assert session.get_one(Building, 6).organisation_id == 20


def test_a_grids_own_branch_is_seated_at_a_comparable_compound_without_one(here: Store) -> None:
    grid = (21, "南湖第一网格党总支", COMMITTEE, "grid", "general_branch", None, FIRST_GRID, 12)
    store = lake(here, {GARDEN: WIDE}, {FIRST_GRID: WIDE}, [grid])
    publish(store, drafted(store))
    assert tree(store)["南湖第一网格党支部"] == ("南湖社区党委", "branch", "compound")
    with store.reading() as session:
        node = session.get_one(Organisation, 21)
        assert (node.compound_id, node.grid_id, node.initials) == (GARDEN, None, "nhdywgdzb")


def test_pairs_for_review_and_clusters_without_organisation_are_left_alone(here: Store) -> None:
    shapes = {7: town.box(2100, 100, 300, 200), GARDEN: town.box(2450, 100, 300, 200)}
    grids = {FIRST_GRID: town.box(2000, 0, 600, 900), SECOND_GRID: town.box(2600, 0, 400, 900)}
    store = lake(here, shapes, grids, [BRANCH])
    with store.reading() as session:
        left = structures.recommended(session, Scope(), [town.LAKE])
    assert "20" not in set(left["code"])  # 南湖花园 lies in both grids
    empty = lake(here, {GARDEN: WIDE}, HALVES)
    assert structures.count(empty, Scope(), [town.LAKE]) == 0


def test_refusing_a_line_refuses_what_would_come_under_it(here: Store) -> None:
    store = lake(here, *LARGER)
    lines = drafted(store)
    plan_id, top, _first, second = int(lines["plan_id"][0]), *lines["id"].tolist()
    assert structures.set_accepted(store, plan_id, [top], accepted=False, scope=Scope()) == [
        "南湖第一网格党支部",
        "南湖第二网格党支部",
    ]
    with pytest.raises(DataError, match="没有采纳"):
        publish(store, lines)
    along = structures.set_accepted(store, plan_id, [second], accepted=True, scope=Scope())
    assert along == ["南湖花园党总支"]
    assert publish(store, lines) == {"change": 1, "add": 1}
    assert "南湖第一网格党支部" not in tree(store)


def test_a_line_without_what_it_needs_is_not_published(here: Store) -> None:
    store = lake(here, *LARGER)
    lines = drafted(store)
    plans.set_accepted(store, int(lines["plan_id"][0]), [int(lines["id"][0])], accepted=False, scope=Scope())
    with pytest.raises(DataError, match="南湖花园党总支”一起采纳"):
        publish(store, lines)
    assert "南湖第一网格党支部" not in tree(store)


def test_organisations_or_boundaries_changed_since_are_a_conflict_and_the_draft_stays(here: Store) -> None:
    store = lake(here, *LARGER)
    first, second = drafted(store), drafted(store)
    with store.writing("organisation") as session:
        session.execute(update(Organisation).where(Organisation.id == 20).values(name="花园党支部"))
    with pytest.raises(ConflictError, match="党组织已有变动"):
        publish(store, first)
    with store.writing("organisation") as session:
        session.execute(update(Organisation).where(Organisation.id == 20).values(name="南湖花园党支部"))
    publish(store, first)
    with pytest.raises(ConflictError, match="南湖社区"):
        publish(store, second)
    with store.reading() as session:
        assert session.get_one(Plan, int(second["plan_id"][0])).status is PlanStatus.DRAFT


def test_new_boundaries_are_a_conflict_too(here: Store) -> None:
    store = lake(here, *LARGER)
    lines = drafted(store)
    with store.writing("plan", "change") as session:
        shape = town.box(2400, 0, 600, 800)
        frame = pd.DataFrame({"code": [town.LAKE + "X02"], "area_code": [town.LAKE], "geometry": [shape]})
        other = plans.draft(
            session, title="改画", kind=PlanKind.DRAWING, layer="compound", frame=frame, columns=[],
            base_revision=10**6,
        )  # fmt: skip
    plans.publish(store, other.id, 1)
    assert tree(store)["南湖花园党支部"] == ("南湖社区党委", "branch", "compound")
    with pytest.raises(ConflictError, match="南湖社区"):
        publish(store, lines)


def test_it_is_seen_in_its_scope_only_and_is_no_version_of_boundaries(here: Store) -> None:
    store = lake(here, *LARGER)
    elsewhere = Scope(town.WEST[:6])
    with pytest.raises(DataError, match="无需调整"):
        drafted(store, elsewhere)
    lines = drafted(store)
    plan_id = int(lines["plan_id"][0])
    with pytest.raises(DataError):
        plans.publish(store, plan_id, 1, scope=elsewhere)
    with pytest.raises(DataError):
        structures.set_accepted(store, plan_id, lines["id"].tolist(), accepted=False, scope=elsewhere)
    with store.reading() as session:
        assert structures.listing(session, elsewhere) == []
        assert [one.id for one in structures.listing(session, Scope())] == [plan_id]
        checked = inspections.written(session)
    publish(store, lines)
    with store.reading() as session:
        assert [one.plan_id for one in versions.versions(session, Scope(), town.LAKE)] == [None]
        assert inspections.written(session) == checked


def test_a_draft_can_be_dropped(here: Store) -> None:
    store = lake(here, *LARGER)
    lines = drafted(store)
    plans.drop(store, int(lines["plan_id"][0]), 1)
    with pytest.raises(DataError, match="已放弃"):
        publish(store, lines)
    assert tree(store)["南湖花园党支部"][1] == OrganisationRank.BRANCH


def test_the_migration_keeps_plans_and_what_names_them(here: Store) -> None:
    store = lake(here, *LARGER)
    kept = int(drafted(store)["plan_id"][0])
    with store.writing("plan", "change") as session:
        session.execute(update(Plan).where(Plan.id == kept).values(kind=PlanKind.DRAWING, restores_id=kept))
    gone = int(drafted(store)["plan_id"][0])
    config = alembic_config(store.engine)
    command.downgrade(config, "0005")
    try:
        with store.reading() as session:
            assert session.scalars(select(Plan.id)).all() == [kept]
            assert session.scalar(select(func.count()).where(Change.plan_id == gone)) == 0
    finally:
        command.upgrade(config, "head")
    assert len(drafted(store)) == 3
    with store.reading() as session:
        assert session.scalar(select(func.count()).where(Change.plan_id == kept)) == 3
        assert session.get_one(Plan, kept).restores_id == kept
        if store.dialect == "sqlite":
            assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []
