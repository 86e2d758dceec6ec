"""微网格工作台 in a real Chromium: files handed out, one brought back from QGIS, all drafts published."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from data import drawings
from data.scope import Scope
from models import Building, Plan
from models.enums import PlanStatus
from tests.browser.screens import Desk, Site

PROPS = "window.dash_component_api.getLayout"


def shown(desk: Desk, version: int) -> drawings.Sheet:
    desk.until(f"() => ({PROPS}('studio-seen').props.data || {{}}).version === {version}")
    desk.still()
    return drawings.load(desk.site.store, Scope(), int(desk.query()["plan"]))


def fetched(desk: Desk, button: str, folder: Path) -> Path:
    """Click a button that hands out a file, and return it."""
    with desk.page.expect_download() as waiting:
        desk.page.click(button)
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def edited(path: Path, sheet: drawings.Sheet) -> int:
    """Put a building into a neighbouring micro-grid, as QGIS writes it, and return its cell."""
    draft = sheet.draft
    cell, other = next(
        (cell, draft.owner[beside])
        for cell in range(len(draft.owner))
        for beside in sorted(draft.fabric.near[cell])
        if draft.fabric.households[cell] > 0
        and draft.figures[draft.owner[cell]].buildings > 2
        and draft.owner[beside] not in {None, draft.owner[cell]}
    )
    file = sqlite3.connect(path)
    for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        file.execute(f'DROP TRIGGER "{trigger}"')
    file.execute("UPDATE building SET micro_grid_id = ? WHERE id = ?", (other, draft.fabric.building[cell]))
    file.commit()
    file.close()
    return cell


def test_files_go_out_come_back_and_all_drafts_are_published(
    drawn_site: Site, sit_down: Callable[[Site], Desk], tmp_path: Path
) -> None:
    site, desk = drawn_site, sit_down(drawn_site)
    areas = select(Building.area_code, func.count()).group_by(Building.area_code)
    area = site.rows(areas.order_by(func.count().desc()))[0][0]
    desk.open(f"/grids/?area={area}")
    desk.page.click("#studio-new")
    desk.until("() => new URLSearchParams(location.search).has('plan')")
    before = shown(desk, 1)
    assert fetched(desk, "#studio-shapefile", tmp_path).name.endswith("_UTF-8.zip")
    desk.page.click("#studio-paper >> text=A3")
    assert fetched(desk, "#studio-print", tmp_path).read_bytes().startswith(b"%PDF-")
    path = fetched(desk, "#studio-gpkg", tmp_path)
    cell = edited(path, before)
    with desk.page.expect_file_chooser() as chooser:
        desk.page.click("#studio-return-box")
    chooser.value.set_files(path)
    desk.until_text("#studio-return-summary", "可采纳")
    row = "#studio-return-table .ag-row[row-id='0'] .ag-cell[col-id='kind']"
    desk.page.click(row)
    desk.until(f"() => {PROPS}('studio-chosen').props.data.cells.includes({cell})")
    desk.page.click("#studio-return-take")
    desk.until_text("#studio-message", "已采纳")
    after = shown(desk, 2)
    assert after.draft.owner[cell] != before.draft.owner[cell]
    assert desk.ask("() => document.querySelector('#studio-tab-return').style.display") == "none"
    desk.page.keyboard.press("z")
    assert shown(desk, 3).draft.owner.tolist() == before.draft.owner.tolist()
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.click("#studio-publish-all")
    desk.until_text("#studio-message", "已发布 1 份草稿")
    assert site.one(select(Plan.status).where(Plan.id == before.plan_id)) is PlanStatus.PUBLISHED
