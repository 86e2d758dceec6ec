"""All drafts published at once: each community for itself; what can't be stays a draft, with its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from data import drawings
from data.drawing_batch import publish_all, waiting
from data.errors import DataError
from data.jobs import Report
from data.scope import Scope
from data.store import Store
from geo import editing
from models import Building, MicroGrid, Plan
from models.enums import PlanStatus
from tests import lake as lake_houses
from tests.town import LAKE, OSMANTHUS, SPRING

CITY = Scope()


@pytest.fixture
def lake(store: Store) -> Store:
    return lake_houses.fill(store)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    folder = tmp_path / "all"
    folder.mkdir()
    return Report(folder, "试")


def drafts(lake: Store, tmp_path: Path, *codes: str) -> dict[str, int]:
    lake_houses.begun(lake, tmp_path / "job", communities=list(codes))
    with lake.reading() as session:
        return {one.area_code: one.plan_id for one in waiting(session, CITY)}


def statuses(lake: Store) -> dict[int, PlanStatus]:
    with lake.reading() as session:
        return dict(session.execute(select(Plan.id, Plan.status)).all())


def test_all_drafts_come_into_force_and_buildings_know_where_they_are(
    lake: Store, report: Report, tmp_path: Path
) -> None:
    plans = drafts(lake, tmp_path, LAKE, SPRING)
    told = publish_all(lake, report, scope_prefix="", account_id=1)
    assert (told["published"], told["left"], told["stopped"]) == (2, [], 0)
    assert set(statuses(lake).values()) == {PlanStatus.PUBLISHED}
    assert len(plans) == 2
    with lake.reading() as session:
        loose = session.scalars(
            select(Building.code).where(
                Building.area_code.in_([LAKE, SPRING]), Building.micro_grid_id.is_(None)
            )
        ).all()
    assert set(loose) <= {"B6"}  # its entrances are in two micro-grids
    with pytest.raises(DataError, match="没有微网格草稿"):
        publish_all(lake, report, scope_prefix="", account_id=1)


def test_rule_errors_conflicts_and_rivals_stay_drafts_with_their_reasons(
    lake: Store, report: Report, tmp_path: Path
) -> None:
    plans = drafts(lake, tmp_path, LAKE, SPRING, OSMANTHUS)
    sheet = drawings.load(lake, CITY, plans[LAKE])
    draft = sheet.draft
    lived = np.flatnonzero(draft.fabric.households > 0)
    far = int(lived[draft.fabric.place[lived, 0].argmax()])
    first = draft.owner[int(lived[draft.fabric.place[lived, 0].argmin()])]
    drawings.do(lake, CITY, plans[LAKE], 1, lambda draft: editing.move(draft, np.array([far]), first))
    lake_houses.begun(lake, tmp_path / "job", communities=[SPRING], anew=True)
    told = publish_all(lake, report, scope_prefix="", account_id=1)
    assert told["published"] == 1
    why = {(name, plan): text for plan, name, text in told["left"]}
    assert "违反必须遵守的规则" in why["南湖社区", plans[LAKE]]
    assert [text for (name, _plan), text in why.items() if name == "春风社区"] == [
        "本社区有 2 份草稿；请打开选定的一份发布，或放弃其余的。"
    ] * 2
    after = statuses(lake)
    assert after[plans[LAKE]] is PlanStatus.DRAFT
    assert after[plans[OSMANTHUS]] is PlanStatus.PUBLISHED


def test_only_drafts_of_the_scope_are_published_and_cancelling_keeps_the_rest(
    lake: Store, report: Report, tmp_path: Path
) -> None:
    plans = drafts(lake, tmp_path, LAKE, SPRING)
    outside = publish_all(lake, report, scope_prefix=SPRING[:9], account_id=1)
    assert outside["published"] == 1
    assert statuses(lake)[plans[LAKE]] is PlanStatus.DRAFT
    (report.folder / "cancel").touch()
    told = publish_all(lake, report, scope_prefix="", account_id=1)
    assert (told["published"], told["stopped"]) == (0, 1)
    assert statuses(lake)[plans[LAKE]] is PlanStatus.DRAFT
    with lake.reading() as session:
        assert not session.scalars(select(MicroGrid.id).where(MicroGrid.area_code == LAKE)).all()
