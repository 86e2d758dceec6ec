"""拉平对齐 in a real Chromium: findings, levelled, one change refused, published, restored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select, update

from data import structures
from data.alignment_wishes import Wishes
from data.alignments import solve
from data.jobs import Report
from data.scope import Scope
from models import Account, Area, BoundaryVersion, Change, Finding, Move, Organisation, Plan
from models.enums import AreaLevel, OrganisationLevel, OrganisationRank, PlanStatus, Role
from tests.browser.screens import Desk, Site

JOB = "() => !new URLSearchParams(location.search).has('job')"


TICKED = """table => [...document.querySelectorAll(`#${table} .ag-center-cols-container .ag-row-selected`)]
    .map((one) => Number(one.getAttribute('row-index')))"""
AGREES = f"""table => ({TICKED})(table).length
    === (window.dash_component_api.getLayout(table)?.props?.selectedRows ?? []).length"""


def cell(table: str, row: int, column: str) -> str:
    return f"#{table} .ag-row[row-index='{row}'] .ag-cell[col-id='{column}']"


def tick(desk: Desk, table: str, row: int) -> None:
    desk.page.click(f"#{table} .ag-row[row-index='{row}'] .ag-selection-checkbox input")
    desk.until(AGREES, table)  # the table tells the page of a tick a moment after it shows it


def tick_only(desk: Desk, table: str, row: int) -> None:
    """Have one row ticked: rows that come anew may keep their tick or lose it."""
    for _time in range(8):
        desk.still()
        desk.until(AGREES, table)
        ticked = desk.ask(TICKED, table)
        if ticked == [row]:
            return
        tick(desk, table, next((one for one in ticked if one != row), row))
    raise AssertionError(f"{ticked} are ticked in {table}, not {row} alone")


def done(desk: Desk) -> str:
    """Wait until the job that was just started is over, and return what the page says."""
    desk.until("() => new URLSearchParams(location.search).has('job')")
    desk.until(JOB)
    desk.still()
    return desk.text("#align-message")


PROPS = "window.dash_component_api.getLayout"


def test_the_whole_round_of_a_planner(drawn_site: Site, sit_down: Callable[[Site], Desk]) -> None:
    site, desk = drawn_site, sit_down(drawn_site)
    desk.open("/align/")
    communities = site.one(select(func.count()).where(Area.level == AreaLevel.COMMUNITY))
    desk.until_text("#align-picked", f"共 {communities} 个")
    assert desk.ask("() => document.querySelector('#align-run').disabled")
    found = find(site, desk)
    plan = level(site, desk)
    compare(desk)
    refuse_one(site, desk)
    publish(site, desk, plan, found)
    restore(site, desk, found)


def find(site: Site, desk: Desk) -> int:
    """Check the first community: its findings are on the map and in the table, one of them close."""
    tick(desk, "align-communities", 0)
    desk.page.click("#align-check")
    assert "处问题" in done(desk)
    found: int = site.one(select(func.count()).select_from(Finding))
    assert found > 0
    desk.page.click(cell("align-communities", 0, "name"))
    desk.until("() => new URLSearchParams(location.search).has('area')")
    desk.still()
    desk.until_text("#align-tab-findings", str(found))
    desk.until("() => dash_component_api.getLayout('align-map').props.overlays?.[0]?.role === 'draft'")
    desk.page.click(cell("align-findings", 0, "names"))
    desk.until("() => document.querySelector('#align-detail')?.innerText.length > 4")
    desk.until(f"() => {PROPS}('align-map').props.view.key.includes('finding')")
    return found


def level(site: Site, desk: Desk) -> int:
    """Level it: a draft with its pieces and the outlines after it."""
    desk.page.click("#align-run")
    assert "草稿方案" in done(desk)
    plan = int(desk.query()["plan"])
    assert site.one(select(Plan.status).where(Plan.id == plan)) is PlanStatus.DRAFT
    rows = site.one(select(func.count()).where(Move.plan_id == plan))
    desk.until_text("#align-tab-moves", str(rows))
    after = [one["url"] for one in desk.prop("align-map", "sources") if one["url"].startswith("/outlines/")]
    assert len(after) == 3
    assert all("/after/" in url for url in after)
    return plan


def compare(desk: Desk) -> None:
    """Look at the outlines before, and blink."""
    desk.page.click("text=拉平前")
    desk.until(f"() => {PROPS}('align-map').props.sources.some((one) => one.url.includes('/before/'))")
    desk.page.keyboard.press("b")
    desk.until(f"() => {PROPS}('align-blinking').props.data")
    desk.page.keyboard.press("b")
    desk.until(f"() => !{PROPS}('align-blinking').props.data")
    desk.still()


def refuse_one(site: Site, desk: Desk) -> None:
    """Refuse a change; a reload in the middle of the job finds it again."""
    row = "#align-moves .ag-row[row-index='0']"
    refused = int(desk.ask("row => document.querySelector(row).getAttribute('row-id')", row))
    tick(desk, "align-moves", 0)
    desk.page.click("#align-refuse")
    desk.until("() => new URLSearchParams(location.search).has('job')")
    desk.page.reload()
    desk.until(JOB)
    desk.still()
    assert site.one(select(Move.accepted).where(Move.id == refused)) is False
    desk.until_text("#align-moves", "不采纳")


def publish(site: Site, desk: Desk, plan: int, found: int) -> None:
    """Publish: the former version is kept, the findings are fewer."""
    changed = site.one(select(func.count()).where(Change.plan_id == plan))
    desk.page.click("#align-publish")
    desk.until_text("#align-message", "已发布为新版本")
    desk.still()
    assert site.one(select(Plan.status).where(Plan.id == plan)) is PlanStatus.PUBLISHED
    assert site.one(select(func.count()).where(BoundaryVersion.plan_id == plan)) == changed
    assert site.one(select(func.count()).select_from(Finding)) < found / 2
    desk.until("() => document.querySelector('#align-publish').offsetParent === null")


def restore(site: Site, desk: Desk, found: int) -> None:
    """Bring the boundaries of the start back, as a version of their own."""
    desk.page.click("#align-tab-versions")
    desk.until("() => document.querySelectorAll('.align-version').length === 2")
    assert "演示规划员" in desk.text(".align-version")
    desk.page.click(".align-version:last-child button")
    desk.until_text("#align-message", "已恢复")
    desk.still()
    desk.until("() => document.querySelectorAll('.align-version').length === 3")
    assert site.one(select(func.count()).select_from(Finding)) == found


def test_a_second_publication_is_a_conflict_that_loses_nothing(
    drawn_site: Site, sit_down: Callable[[Site], Desk], tmp_path: Path
) -> None:
    site, desk = drawn_site, sit_down(drawn_site)
    code = site.one(select(Area.code).where(Area.level == AreaLevel.COMMUNITY).order_by(Area.code).limit(1))
    wishes = Wishes(communities=(code,))
    plans = [
        solve(
            site.store,
            Report(tmp_path, ""),
            scope_prefix="",
            account_id=None,
            wishes=wishes,
            plan_title=f"规划员{planner}",
        )["plan"]
        for planner in "甲乙"
    ]
    desk.open(f"/align/?plan={plans[1]}")
    desk.until("() => document.querySelector('#align-publish')?.offsetParent")
    desk.page.click("#align-publish")
    desk.until_text("#align-message", "已发布为新版本")
    desk.page.goto(f"{site.url}/align/?plan={plans[0]}")
    desk.until("() => document.querySelector('#align-publish')?.offsetParent")
    desk.page.click("#align-publish")
    desk.until_text("#align-message", "按最新边界重算")
    kept = site.one(select(func.count()).where(Move.plan_id == plans[0]))
    assert kept > 0
    assert site.one(select(Plan.status).where(Plan.id == plans[0])) is PlanStatus.DRAFT


def test_the_organisation_tree_follows_only_as_a_plan_of_its_own(
    drawn_site: Site, sit_down: Callable[[Site], Desk]
) -> None:
    site, desk = drawn_site, sit_down(drawn_site)
    with site.store.writing("organisation") as session:
        of_grids = (
            Organisation.level == OrganisationLevel.GRID,
            Organisation.rank == OrganisationRank.GENERAL_BRANCH,
        )
        for top in session.scalars(select(Organisation).where(*of_grids)).all():  # compounds led one by one
            below = update(Organisation).where(Organisation.parent_id == top.id)
            session.execute(below.values(parent_id=top.parent_id))
            session.delete(top)
        session.flush()
        codes = session.scalars(select(Area.code).where(Area.level == AreaLevel.COMMUNITY)).all()
        lines = structures.recommended(session, Scope(), codes)
    changed = lines["area_code"].iloc[0]
    desk.open(f"/align/?area={changed}&tab=relations")
    desk.until_text("#align-structure-state", "按现行边界")
    before = site.one(select(func.count()).select_from(Organisation))
    desk.page.click("#align-make-structure")
    desk.until_text("#align-message", "草稿方案")
    desk.still()
    plan = int(desk.query()["structure"])
    mine = lines[lines["area_code"] == changed]
    rows = "document.querySelectorAll('#align-structures .ag-center-cols-container .ag-row')"
    desk.until(f"() => {rows}.length === {len(mine)}")
    tick_only(desk, "align-structures", 0)
    desk.page.click("#align-refuse-lines")
    desk.until_text("#align-message", "一并不采纳")
    desk.still()
    tick_only(desk, "align-structures", 1)  # what comes under it
    desk.page.click("#align-accept-lines")
    desk.until_text("#align-message", "一并采纳")
    desk.still()
    assert site.one(select(func.count()).select_from(Organisation)) == before
    desk.page.click("#align-publish-structure")
    desk.until_text("#align-message", "已发布")
    desk.still()
    assert site.one(select(Plan.status).where(Plan.id == plan)) is PlanStatus.PUBLISHED
    assert site.one(select(func.count()).select_from(Organisation)) > before
    desk.until("() => document.querySelector('#align-publish-structure').offsetParent === null")


def test_who_may_not_plan_sees_no_tools(drawn_site: Site, sit_down: Callable[[Site], Desk]) -> None:
    with drawn_site.store.writing("account") as session:
        session.query(Account).filter_by(username="demo").update({"role": Role.LEADER})
    desk = sit_down(drawn_site)
    desk.page.goto(f"{drawn_site.url}/align/")
    desk.until("() => document.querySelector('.import-empty')")
    assert desk.ask("() => document.querySelector('#align-run')") is None
