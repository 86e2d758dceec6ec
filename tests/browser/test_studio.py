"""微网格工作台 in a real Chromium: proposed, moved, split by a line, locked, merged, undone, published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import shapely
from sqlalchemy import func, select

from data import drawing_compounds, drawings
from data.scope import Scope
from geo.boundary import drag, handles
from geo.differences import difference
from geo.draft import EditRefused
from geo.editing import enclose
from models import Building, Compound, MicroGrid, Plan, Station
from models.enums import PlanStatus, StationTier
from tests.browser.screens import Desk, Site

PROPS = "window.dash_component_api.getLayout"


def sheet_of(desk: Desk) -> drawings.Sheet:
    return drawings.load(desk.site.store, Scope(), int(desk.query()["plan"]))


def shown(desk: Desk, version: int) -> None:
    """Wait until the page shows a version of the draft."""
    desk.until(f"() => ({PROPS}('studio-seen').props.data || {{}}).version === {version}")
    desk.still()


def row(desk: Desk, code: str) -> None:
    """Click a micro-grid in the list: it is in hand, and the map goes there."""
    desk.ask(
        "code => { const api = dash_ag_grid.getApi('studio-table');"
        " api.ensureNodeVisible(api.getRowNode(code)); }",
        code,
    )
    desk.page.click(f"#studio-table .ag-row[row-id='{code}'] .ag-cell[col-id='code']")
    desk.until(f"() => {PROPS}('studio-chosen').props.data.one === '{code}'")
    desk.still()
    desk.page.wait_for_timeout(1500)


def pixel(desk: Desk, lng: float, lat: float) -> tuple[float, float]:
    """Return where a place is on the screen, from the view that the map told last."""
    west, south, east, north = desk.prop("studio-map", "view_state")["bounds"]
    box = desk.page.locator("#studio-map canvas").bounding_box()

    def mercator(degrees: float) -> float:
        return float(np.log(np.tan(np.pi / 4 + np.radians(degrees) / 2)))

    across = (lng - west) / (east - west)
    down = (mercator(north) - mercator(lat)) / (mercator(north) - mercator(south))
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def at(desk: Desk, sheet: drawings.Sheet, x: float, y: float) -> tuple[float, float]:
    point = sheet.degrees(shapely.points(x, y))
    return pixel(desk, point.x, point.y)


def test_the_whole_round_of_a_planner(drawn_site: Site, sit_down: Callable[[Site], Desk]) -> None:
    site, desk = drawn_site, sit_down(drawn_site)
    proposed(site, desk)
    sheet = sheet_of(desk)
    assert len(desk.prop("studio-table", "rowData")) == len(sheet.draft.grids)
    cell, one, other = border(sheet)
    version = move(desk, cell, one, other)
    version = split(desk, other, version)
    version = lock(desk, other, version)
    version = merge(desk, one, version)
    publish(site, desk, version)


def proposed(site: Site, desk: Desk) -> None:
    """Open the fullest community and let it be divided."""
    area, _count = site.rows(
        select(Building.area_code, func.count()).group_by(Building.area_code).order_by(func.count().desc())
    )[0]
    closed = "() => document.querySelector('#studio-publish').matches(':disabled')"
    desk.open(f"/grids/?area={area}")
    desk.until(closed)
    desk.page.click("#studio-new")
    desk.until("() => new URLSearchParams(location.search).has('plan')")
    shown(desk, 1)
    assert not desk.ask(closed)


def test_a_boundary_is_dragged_and_two_plans_stand_side_by_side(
    drawn_site: Site, sit_down: Callable[[Site], Desk]
) -> None:
    desk = sit_down(drawn_site)
    proposed(drawn_site, desk)
    before = sheet_of(desk)
    start, end = some_drag(desk, before)
    desk.page.keyboard.press("6")
    desk.until(f"() => {PROPS}('studio-map').props.draw === 'vertex'")
    desk.still()
    desk.page.mouse.move(*at(desk, before, *start))
    desk.until("() => document.querySelector('.pingqi-map-drag-dots').getAttribute('d')")
    desk.page.mouse.down()
    desk.page.mouse.move(*at(desk, before, *np.mean([start, end], axis=0)), steps=3)
    desk.page.mouse.move(*at(desk, before, *end), steps=3)
    desk.page.mouse.up()
    shown(desk, 2)
    after = sheet_of(desk)
    assert after.draft.done[-1].kind == "drag"
    band_typed_meanwhile(desk)
    beside(desk, before, after)


def some_drag(desk: Desk, sheet: drawings.Sheet) -> tuple[Any, Any]:
    """Look at a micro-grid; return a vertex of its boundary and one to which it can be dragged, both free."""
    lattice = sheet.draft.fabric.lattice
    on_map = "([x, y]) => document.elementFromPoint(x, y)?.tagName === 'CANVAS'"
    for one, vertex, end in drags(sheet):
        row(desk, one)
        spots = [(z.real, z.imag) for z in lattice.vertex[[vertex, end]]]
        if all(desk.ask(on_map, at(desk, sheet, *spot)) for spot in spots):
            return spots[0], spots[1]
    raise AssertionError("no boundary can be dragged")


def drags(sheet: drawings.Sheet) -> Iterator[tuple[str, int, int]]:
    """Yield a drag, and the micro-grid that gives, of several pairs of well inhabited ones of one grid."""
    draft, lattice, seen = sheet.draft, sheet.draft.fabric.lattice, set()
    for vertex in handles(draft).tolist():
        around = (lattice.start == vertex) | (lattice.end == vertex)
        cells = np.unique(np.concatenate([lattice.one[around], lattice.other[around]]))
        pair = frozenset(draft.owner[cells])
        few = min(draft.figures[one].buildings for one in pair) < 3
        if pair in seen or few or len(set(sheet.cells.grid[cells])) > 1:
            continue
        seen.add(pair)
        away = np.abs(lattice.vertex - lattice.vertex[vertex])
        for end in np.argsort(away)[1:60].tolist():
            try:
                change = drag(draft, vertex, end)
            except EditRefused:
                continue
            if away[end] > 10:
                yield str(change.moves[0][1]), vertex, end
                break


def band_typed_meanwhile(desk: Desk) -> None:
    """Type a band while the page is being renewed, as after an edit: it stays."""
    usual = desk.prop("studio-least", "value")
    desk.ask(
        "() => { const { data } = window.dash_component_api.getLayout('studio-refresh').props;"
        " window.dash_clientside.set_props('studio-refresh', { data: data + 1 }); }"
    )
    desk.page.wait_for_timeout(30)
    desk.ask("() => window.dash_clientside.set_props('studio-least', { value: 27 })")
    desk.still()
    assert desk.prop("studio-least", "value") == 27
    desk.ask("value => window.dash_clientside.set_props('studio-least', { value })", usual)


def beside(desk: Desk, before: drawings.Sheet, after: drawings.Sheet) -> None:
    """Compare with what is in force: two maps in step, and a table that says how many households differ.

    It is chosen while the choices are being renewed, as after an edit, and stays chosen.
    """
    desk.ask(
        "value => {"
        " const { data } = window.dash_component_api.getLayout('studio-seen').props;"
        " window.dash_clientside.set_props('studio-seen', { data: { ...data } });"
        " window.dash_clientside.set_props('studio-compare', { value }); }",
        "now",
    )
    desk.until_url(**{"with": "now"})
    desk.until("() => document.querySelector('#studio-other-map')?.dataset.painted")
    desk.still()
    assert desk.prop("studio-compare", "value") == "now"
    found = difference(after.draft, after.in_force().draft)
    assert f"{round(found.households):,} 户" in desk.text(".studio-differing")
    assert found.households > 0
    desk.page.keyboard.press("1")
    row(desk, next(iter(after.draft.grids)))
    views = [desk.prop(name, "view_state") for name in ("studio-map", "studio-other-map")]
    assert views[0]["center"] == views[1]["center"]
    assert views[0]["zoom"] == views[1]["zoom"]
    desk.page.keyboard.press("z")
    shown(desk, 3)
    assert sheet_of(desk).draft.owner.tolist() == before.draft.owner.tolist()


def border(sheet: drawings.Sheet) -> tuple[int, str, str]:
    """Return a cell with a building, its micro-grid, and one beside it in the same grid, both of several."""
    draft, grid = sheet.draft, sheet.cells.grid
    several = {name for name, figures in draft.figures.items() if figures.buildings > 3}
    return next(
        (cell, draft.owner[cell], draft.owner[other])
        for cell in range(len(draft.owner))
        for other in sorted(draft.fabric.near[cell])
        if draft.fabric.households[cell] > 0
        and draft.owner[cell] != draft.owner[other]
        and {draft.owner[cell], draft.owner[other]} <= several
        and grid[cell] == grid[other]
    )


def move(desk: Desk, cell: int, one: str, other: str) -> int:
    """Click a building on the map, choose the neighbour, press M; undo and redo it by key."""
    row(desk, one)
    sheet = sheet_of(desk)
    desk.page.mouse.click(*at(desk, sheet, *sheet.draft.fabric.place[cell]))
    desk.until(f"() => {PROPS}('studio-chosen').props.data.cells.length === 1")
    assert desk.prop("studio-chosen", "data")["cells"] == [cell]
    desk.still()
    targets = [option["value"] for option in desk.prop("studio-target", "data")]
    assert other in targets[:6]
    desk.ask("value => window.dash_clientside.set_props('studio-target', { value })", other)
    desk.page.keyboard.press("m")
    shown(desk, 2)
    assert sheet_of(desk).draft.owner[cell] == other
    desk.page.keyboard.press("Control+z")
    shown(desk, 3)
    assert sheet_of(desk).draft.owner.tolist() == sheet.draft.owner.tolist()
    desk.page.keyboard.press("y")
    shown(desk, 4)
    assert sheet_of(desk).draft.owner[cell] == other
    return 4


def split(desk: Desk, one: str, version: int) -> int:
    """Draw a line across a micro-grid with the mouse: there are two, and no building is cut."""
    row(desk, one)
    before = sheet_of(desk)
    low, high = before.draft.polygon(one).bounds[:2], before.draft.polygon(one).bounds[2:]
    places = before.draft.fabric.place[before.draft.cells(one)]
    axis = int(np.argmax(np.ptp(places, axis=0)))
    middle = float(np.median(places[:, axis])) + 0.5
    start, end = [low[0] - 15, low[1] - 15], [high[0] + 15, high[1] + 15]
    start[axis] = end[axis] = middle
    desk.page.keyboard.press("4")
    desk.until(f"() => {PROPS}('studio-map').props.draw === 'line'")
    desk.page.mouse.click(*at(desk, before, *start))
    desk.page.mouse.move(*at(desk, before, *np.mean([start, end], axis=0)))
    desk.page.mouse.click(*at(desk, before, *end))
    desk.page.keyboard.press("Enter")
    shown(desk, version + 1)
    after = sheet_of(desk)
    assert len(after.draft.grids) == len(before.draft.grids) + 1
    assert after.draft.done[-1].kind == "split"
    desk.page.keyboard.press("1")
    return version + 1


def lock(desk: Desk, one: str, version: int) -> int:
    """Lock it: undo is refused and says why; unlocked, undo joins both parts again."""
    row(desk, one)
    desk.page.keyboard.press("l")
    shown(desk, version + 1)
    desk.page.keyboard.press("z")
    desk.until_text("#studio-message", "已锁定，请先解锁")
    assert sheet_of(desk).version == version + 1
    desk.page.keyboard.press("u")
    shown(desk, version + 2)
    desk.page.keyboard.press("z")
    shown(desk, version + 3)
    assert sheet_of(desk).draft.undone[-1].kind == "split"
    return version + 3


def merge(desk: Desk, one: str, version: int) -> int:
    """Drag a box over buildings of neighbours and merge them; undo it: as it was."""
    row(desk, one)
    sheet = sheet_of(desk)
    west, south, east, north = sheet.draft.polygon(one).bounds
    desk.page.keyboard.press("2")
    desk.until(f"() => {PROPS}('studio-map').props.draw === 'box'")
    start, end = at(desk, sheet, west - 2, south - 2), at(desk, sheet, east + 25, north + 25)
    desk.page.mouse.move(*start)
    desk.page.mouse.down()
    desk.page.mouse.move(*end, steps=5)
    desk.page.mouse.up()
    desk.until(f"() => {PROPS}('studio-chosen').props.data.cells.length > 3")
    desk.still()
    desk.page.keyboard.press("g")
    shown(desk, version + 1)
    assert len(sheet_of(desk).draft.grids) < len(sheet.draft.grids)
    desk.page.keyboard.press("z")
    shown(desk, version + 2)
    assert sheet_of(desk).draft.owner.tolist() == sheet.draft.owner.tolist()
    desk.page.keyboard.press("1")
    return version + 2


def publish(site: Site, desk: Desk, version: int) -> None:
    """Reload: history is there. The sheet of keys opens. Publish: the store has what was drawn."""
    desk.page.reload()
    shown(desk, version)
    assert not desk.ask("() => document.querySelector('#studio-undo').disabled")
    desk.page.keyboard.press("?")
    desk.until("() => document.querySelector('.studio-keys')")
    desk.page.keyboard.press("Escape")
    sheet = sheet_of(desk)
    desk.page.click("#studio-check")
    desk.until_text("#studio-message", "没有错误")
    desk.page.click("#studio-publish")
    desk.until_text("#studio-message", "已发布为新版本")
    assert site.one(select(Plan.status).where(Plan.id == sheet.plan_id)) is PlanStatus.PUBLISHED
    desk.until("() => document.querySelector('#studio-publish').disabled")
    codes = site.rows(
        select(MicroGrid.code).where(MicroGrid.area_code == sheet.area_code, MicroGrid.valid_to.is_(None))
    )
    assert sorted(codes) == sorted(grid.code for grid in sheet.draft.grids.values())


def estate_tried(desk: Desk, version: int) -> None:
    """Try a compound without one of its buildings, see what it comes to, and take it back."""
    sheet = sheet_of(desk)
    cells = leaving(sheet)
    code = sheet.draft.estate(cells[0])
    name = desk.site.one(select(Compound.name).where(Compound.code == code))
    desk.ask(
        "cells => dash_clientside.set_props('studio-chosen', {data: {cells, one: null, view: null}})", cells
    )
    desk.page.click("#studio-estate")
    desk.page.click("div[role=option]:visible:has-text('小区外')")
    desk.page.click("#studio-enclose")
    shown(desk, version + 1)
    desk.until_text("#studio-compounds-table", name)
    (tried,) = drawing_compounds.tried(sheet_of(desk))
    assert tried.code == code
    assert tried.buildings[0] - tried.buildings[1] == 1
    outline = sheet.degrees(tried.outline.boundary)
    drawn = [shapely.geometry.shape(f["geometry"]) for f in drafts(desk)]
    assert any(one.equals_exact(outline, 1e-7) for one in drawn)
    desk.page.click("#studio-undo")
    shown(desk, version + 2)
    assert not sheet_of(desk).enclosed()
    desk.until("() => document.querySelector('#studio-compounds').style.display === 'none'")


def drafts(desk: Desk) -> list[Any]:
    """Return what the map outlines as tried."""
    overlays = [one for one in desk.prop("studio-map", "overlays") or [] if one["role"] == "draft"]
    return [feature for one in overlays for feature in one["geojson"]["features"]]


def leaving(sheet: drawings.Sheet) -> list[int]:
    """Return the cells of a building that its compound can do without."""
    for name in sorted(set(sheet.draft.fabric.building.tolist()) - {None}):
        cells = sheet.draft.fabric.cells_of(name)
        try:
            enclose(sheet.draft, cells, None)
        except EditRefused:
            continue
        return [int(one) for one in cells]
    raise AssertionError("no building can leave its compound")


def test_a_station_is_moved_by_mouse_and_stands_there_once_published(
    drawn_site: Site, sit_down: Callable[[Site], Desk]
) -> None:
    site, desk = drawn_site, sit_down(drawn_site)
    area = site.rows(select(Station.area_code).where(Station.tier == StationTier.MICRO).order_by(Station.id))[
        0
    ]
    station, name, stood = site.rows(
        select(Station.id, Station.name, Station.geometry)
        .where(Station.area_code == area, Station.tier == StationTier.MICRO)
        .order_by(Station.id)
    )[0]
    desk.open(f"/grids/?area={area}")
    desk.page.click("#studio-open")
    desk.until("() => new URLSearchParams(location.search).has('plan')")
    desk.until(f"() => ({PROPS}('studio-seen').props.data || {{}}).version >= 1")
    desk.still()
    before = sheet_of(desk)
    desk.page.keyboard.press("7")
    desk.page.click("#studio-station")
    desk.page.click(f"div[role=option]:has-text('{name}')")
    desk.until("() => document.querySelector('.pingqi-map-handle')")
    desk.until_text("#studio-station-card", "微网格")
    desk.page.wait_for_timeout(1500)
    handle = desk.page.locator(".pingqi-map-handle").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    desk.page.mouse.move(x, y)
    desk.page.mouse.down()
    desk.page.mouse.move(x + 30, y + 20, steps=4)
    desk.page.mouse.up()
    shown(desk, before.version + 1)
    (tried,) = sheet_of(desk).draft.sited.values()
    assert tried.station == str(station)
    assert tried.stood == (stood.x, stood.y)
    desk.until_text("#studio-station-card", "草稿挪动 1 处")
    assert site.one(select(Station.geometry).where(Station.id == station)).equals(stood)
    desk.page.keyboard.press("z")
    shown(desk, before.version + 2)
    assert not sheet_of(desk).draft.sited
    desk.page.keyboard.press("y")
    shown(desk, before.version + 3)
    desk.page.focus(".pingqi-map-handle")
    for key in ("Enter", "ArrowRight", "ArrowRight", "ArrowRight"):  # three steps on the screen, one edit
        desk.page.keyboard.press(key)
    shown(desk, before.version + 4)
    (again,) = sheet_of(desk).draft.sited.values()
    assert again.stands[0] > tried.stands[0]
    assert again.stood == tried.stood
    desk.page.reload()
    shown(desk, before.version + 4)
    assert sheet_of(desk).version == before.version + 4
    estate_tried(desk, before.version + 4)
    desk.page.click("#studio-publish")
    desk.until_text("#studio-message", "挪动阵地 1 处")
    there = site.one(select(Station.geometry).where(Station.id == station))
    assert (there.x, there.y) == again.stands
