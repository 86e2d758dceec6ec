"""A service station tried elsewhere in a draft, in both homes: kept, published, in conflict, brought back."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from sqlalchemy import delete, select, update

from data import drawing_publishing, drawing_stations, drawings, plans, versions
from data.errors import ConflictError, DataError
from data.scope import Scope
from data.store import Store
from geo.draft import Draft, EditRefused
from models import BoundaryVersion, Change, MicroGrid, Plan, Station
from models.enums import PlanStatus, StationTier
from tests import lake as lake_houses
from tests import town
from tests.town import LAKE, SOUTH_TOWN

CITY = Scope()
OWN, STREETS = 71, 72
YARD, GREEN = town.point(2200, 200), town.point(2050, 900)
"""In compound 7, 南湖新村; on open land."""


@pytest.fixture
def lake(store: Store) -> Store:
    lake_houses.fill(store)
    with store.writing("station") as session:
        rows = (
            (OWN, "南湖站", LAKE, 7, "community", YARD),
            (STREETS, "南镇中心", SOUTH_TOWN, None, "subdistrict", GREEN),
        )
        for id_, name, area, compound, tier, place in rows:
            tiers = StationTier(tier)
            session.add(
                Station(id=id_, name=name, area_code=area, compound_id=compound, tier=tiers, geometry=place)
            )
    return store


@pytest.fixture
def plan(lake: Store, tmp_path: Path) -> int:
    return lake_houses.begun(lake, tmp_path / "job")


def tried(lake: Store, plan: int, version: int, station: int, place: shapely.Point | None) -> drawings.Sheet:
    """Move a station in a draft, back where no place is given."""
    sheet = drawings.load(lake, CITY, plan)
    to = None if place is None else (place.x, place.y)
    with lake.reading() as session:
        change = drawing_stations.moved(session, CITY, sheet, str(station), to)
    return drawings.edit(lake, CITY, plan, version, lambda draft: draft.do(change))


def stored(lake: Store, station: int) -> Station:
    with lake.reading() as session:
        return session.get_one(Station, station)


def refs(lake: Store, plan: int) -> dict[str, drawing_stations.StationRef]:
    with lake.reading() as session:
        found = drawing_stations.stations(session, CITY, drawings.load(lake, CITY, plan))
    return {one.id: one for one in found}


def test_a_move_is_kept_over_reloads_and_undone_like_any_edit(lake: Store, plan: int) -> None:
    assert set(refs(lake, plan)) == {str(OWN), str(STREETS)}
    tried(lake, plan, 1, OWN, town.point(2300, 600))
    tried(lake, plan, 2, OWN, town.point(2500, 200))
    drawings._cache.clear()
    sheet = drawings.load(lake, CITY, plan)
    (site,) = sheet.draft.sited.values()
    assert site.stood == (YARD.x, YARD.y)
    assert site.stands == (town.point(2500, 200).x, town.point(2500, 200).y)
    assert refs(lake, plan)[str(OWN)].moved
    assert stored(lake, OWN).geometry.equals(YARD)
    drawings.edit(lake, CITY, plan, 3, Draft.undo)
    drawings.edit(lake, CITY, plan, 4, Draft.undo)
    drawings._cache.clear()
    assert drawings.load(lake, CITY, plan).draft.sited == {}
    again = drawings.edit(lake, CITY, plan, 5, Draft.redo)
    assert set(again.draft.sited) == {str(OWN)}
    back = tried(lake, plan, 6, OWN, None)
    assert back.draft.sited == {}
    with pytest.raises(EditRefused, match="already"):
        tried(lake, plan, 7, OWN, None)


def test_a_place_outside_the_community_is_refused(lake: Store, plan: int) -> None:
    with pytest.raises(DataError, match="在“南湖社区”之外"):
        tried(lake, plan, 1, OWN, town.point(1500, 500))
    with pytest.raises(DataError, match="没有编号为 1 的阵地"):
        tried(lake, plan, 1, 1, town.point(2500, 500))
    assert drawings.load(lake, CITY, plan).version == 1


def test_a_place_tells_what_it_lies_in(lake: Store, plan: int) -> None:
    sheet = drawings.load(lake, CITY, plan)
    with lake.reading() as session:
        here = drawing_stations.where(session, sheet, sheet.draft, (YARD.x, YARD.y))
        before = drawing_stations.where(session, sheet, sheet.began, (YARD.x, YARD.y))
    cell = drawing_stations.cell_at(sheet, (YARD.x, YARD.y))
    assert here.micro_grid == sheet.draft.grids[sheet.draft.owner[cell]].code
    assert here.compound == "南湖新村"
    assert before.micro_grid is None


def test_publishing_moves_it_with_what_it_stands_in_and_says_who(lake: Store, plan: int) -> None:
    tried(lake, plan, 1, OWN, GREEN)
    tried(lake, plan, 2, STREETS, town.point(2500, 200))
    done = drawing_publishing.publish(lake, CITY, plan, 3, account_id=1)
    assert done.stations == 2
    assert done.counts == {"add": len(drawings.load(lake, CITY, plan).draft.grids)}
    own, streets = stored(lake, OWN), stored(lake, STREETS)
    assert (own.geometry, own.compound_id, own.area_code) == (GREEN, None, LAKE)
    assert (streets.compound_id, streets.area_code) == (8, SOUTH_TOWN)
    with lake.reading() as session:
        ledger = plans.ledger_of(session, CITY, plan)
        version = versions.versions(session, CITY, LAKE)[0]
    line = ledger[ledger["layer"] == "station"].set_index("code").loc[str(OWN)]
    assert line["name"] == "南湖站"
    assert line["attributes"]["compound"] == ["南湖新村", None]
    assert line["displacement_m"] == pytest.approx((150**2 + 700**2) ** 0.5, abs=0.01)
    assert (version.plan_id, version.published_by) == (plan, "规划员甲")


def test_a_draft_that_only_moves_stations_leaves_micro_grids_alone(
    lake: Store, plan: int, tmp_path: Path
) -> None:
    drawing_publishing.publish(lake, CITY, plan, 1)
    second, third = (lake_houses.begun(lake, tmp_path / "job", proposing=False, anew=True) for _n in range(2))
    with lake.reading() as session:
        before = session.execute(select(MicroGrid.code, MicroGrid.plan_id)).all()
    tried(lake, second, 1, OWN, GREEN)
    done = drawing_publishing.publish(lake, CITY, second, 2, account_id=1)
    assert (done.counts, done.buildings, done.stations) == ({}, 0, 1)
    tried(lake, third, 1, STREETS, town.point(2500, 600))  # another station: no conflict
    assert drawing_publishing.publish(lake, CITY, third, 2).stations == 1
    with lake.reading() as session:
        assert session.execute(select(MicroGrid.code, MicroGrid.plan_id)).all() == before
        assert not session.scalars(select(BoundaryVersion.id).where(BoundaryVersion.plan_id == second)).all()


def test_a_station_moved_by_another_meanwhile_is_told_and_nothing_is_lost(
    lake: Store, plan: int, tmp_path: Path
) -> None:
    other = lake_houses.begun(lake, tmp_path / "job", anew=True)
    tried(lake, plan, 1, OWN, GREEN)
    with lake.writing("station") as session:
        session.execute(update(Station).where(Station.id == OWN).values(geometry=town.point(2400, 500)))
    with pytest.raises(ConflictError, match=f"“南湖站”等 1 处阵地.*方案 {plan} 仍为草稿"):
        drawing_publishing.publish(lake, CITY, plan, 2)
    assert refs(lake, plan)[str(OWN)].overtaken
    sheet = drawings.load(lake, CITY, plan)
    assert (sheet.status, set(sheet.draft.sited)) == (PlanStatus.DRAFT, {str(OWN)})
    with lake.reading() as session:
        assert not session.scalars(select(MicroGrid.id).where(MicroGrid.area_code == LAKE)).all()
    tried(lake, plan, 2, OWN, None)
    tried(lake, plan, 3, OWN, GREEN)
    assert drawing_publishing.publish(lake, CITY, plan, 4).stations == 1
    plans.drop(lake, other, 1)


def test_a_station_that_is_gone_can_be_put_back_only(lake: Store, plan: int) -> None:
    tried(lake, plan, 1, OWN, GREEN)
    with lake.writing("station") as session:
        session.execute(delete(Station).where(Station.id == OWN))
    with pytest.raises(ConflictError, match="移动或删除"):
        drawing_publishing.publish(lake, CITY, plan, 2)
    with pytest.raises(DataError, match="已被删除"):
        tried(lake, plan, 2, OWN, town.point(2500, 500))
    tried(lake, plan, 2, OWN, None)
    assert set(refs(lake, plan)) == {str(STREETS)}
    assert drawing_publishing.publish(lake, CITY, plan, 3).stations == 0


def test_a_ledger_that_is_older_than_the_station_is_not_put_into_force(lake: Store, plan: int) -> None:
    tried(lake, plan, 1, OWN, GREEN)
    with lake.reading() as session:
        sheet = drawings.load(lake, CITY, plan)
        lines = drawing_stations.lines(session, CITY, sheet)
    with lake.writing("station", "change") as session:
        drawing_publishing.insert_frame(session, Change, lines.assign(plan_id=plan))
        session.execute(update(Station).where(Station.id == OWN).values(geometry=town.point(2400, 500)))
    with pytest.raises(ConflictError, match="移动或删除"):
        plans.publish(lake, plan)
    assert stored(lake, OWN).geometry.equals(town.point(2400, 500))


def test_a_dropped_draft_leaves_it_and_a_former_version_brings_it_back(
    lake: Store, plan: int, tmp_path: Path
) -> None:
    other = lake_houses.begun(lake, tmp_path / "job", anew=True)
    tried(lake, other, 1, OWN, GREEN)
    plans.drop(lake, other, 1)
    assert stored(lake, OWN).geometry.equals(YARD)
    drawing_publishing.publish(lake, CITY, plan, 1)
    moving = lake_houses.begun(lake, tmp_path / "job", proposing=False, anew=True)
    tried(lake, moving, 1, OWN, GREEN)
    drawing_publishing.publish(lake, CITY, moving, 2, account_id=1)
    restored = versions.restore(lake, 1, [LAKE], plan, scope=CITY)
    own = stored(lake, OWN)
    assert (own.geometry, own.compound_id) == (YARD, 7)
    with lake.reading() as session:
        assert session.get_one(Plan, restored).status is PlanStatus.PUBLISHED
    with pytest.raises(DataError, match="与该版本相同"):
        versions.restore(lake, 1, [LAKE], plan, scope=CITY)
