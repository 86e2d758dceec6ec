"""步行覆盖 in a real Chromium: another walk, a click that asks what if, the best sites."""

from __future__ import annotations

from data.queries import coverage
from data.queries.coverage import Walk
from data.scope import Scope
from tests.browser.screens import Desk, Site


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_a_click_asks_what_a_station_there_would_reach(desk: Desk, demo_site: Site) -> None:
    desk.open("/reach/")
    walk = Walk(minutes=5.0)
    desk.page.click("#reach-minutes label >> text='5 分钟'")
    desk.until_url(minutes="5")
    gaps = coverage.uncovered(demo_site.store, Scope(), walk)
    desk.until_text("#reach-gaps-note", f"{len(gaps)} 个小区")
    desk.still()
    rows = desk.prop("reach-areas", "rowData")
    frame = coverage.coverage(demo_site.store, Scope(), walk, coverage.AreaLevel.COUNTY)
    assert [row["key"] for row in rows] == frame["code"].unique().tolist()

    box = desk.page.locator("#reach-map canvas").bounding_box()
    desk.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.until("() => document.querySelectorAll('#reach-what-if .kpi-value').length === 2")
    lon, lat = (float(one) for one in desk.query()["at"].split(","))
    found = coverage.what_if(demo_site.store, Scope(), walk, lon, lat)
    shown = desk.texts("#reach-what-if .kpi-value")
    assert [number(one) for one in shown] == [found.new_dwellings, found.new_compounds]
    assert f"{found.dwellings:,} 户" in desk.text("#reach-what-if")
    handle = desk.prop("reach-map", "handle")
    assert (handle["lng"], handle["lat"]) == (lon, lat)

    desk.page.mouse.click(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2 + 30)
    desk.until("before => new URLSearchParams(location.search).get('at') !== before", desk.query()["at"])
    desk.page.click("#reach-what-if .close")
    desk.until_url(at=None, minutes="5")

    desk.page.click("#reach-find")
    best = coverage.best_sites(demo_site.store, Scope(), walk, 5)
    desk.until("() => document.querySelector('#reach-sites .ag-row')")
    sites = desk.prop("reach-sites", "rowData")
    assert [row["new_dwellings"] for row in sites] == best["new_dwellings"].tolist()
    desk.page.click("#reach-sites .ag-row[row-index='0'] [col-id=name]")
    desk.until_text("#reach-what-if", f"{sites[0]['new_dwellings']:,}")
    desk.still()


def test_a_dragged_place_is_answered_on_its_way_and_kept_where_it_is_let_go(
    desk: Desk, demo_site: Site
) -> None:
    desk.open("/reach/?minutes=5")
    box = desk.page.locator("#reach-map canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.page.mouse.click(x, y)
    desk.until("() => document.querySelector('.pingqi-map-handle')")
    desk.still()
    before = desk.query()["at"]
    answers = "() => window.__answers.length"
    desk.ask(
        "() => { window.__answers = []; new MutationObserver(() => window.__answers.push("
        "document.querySelector('#reach-what-if-figures').innerText)).observe("
        "document.querySelector('#reach-what-if-figures'), {childList: true, subtree: true}); }"
    )
    handle = desk.page.locator(".pingqi-map-handle").bounding_box()
    desk.page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    desk.page.mouse.down()
    for step in range(1, 13):
        desk.page.mouse.move(x + 12 * step, y + 7 * step)
        desk.page.wait_for_timeout(100)
    desk.until(answers)
    assert desk.query()["at"] == before  # answered, and still in hand
    desk.page.mouse.up()
    desk.until("before => new URLSearchParams(location.search).get('at') !== before", before)
    desk.still()
    lon, lat = (float(one) for one in desk.query()["at"].split(","))
    found = coverage.what_if(demo_site.store, Scope(), Walk(minutes=5.0), lon, lat)
    shown = desk.texts("#reach-what-if .kpi-value")
    assert [number(one) for one in shown] == [found.new_dwellings, found.new_compounds]
    there = desk.page.locator(".pingqi-map-handle").bounding_box()
    assert abs(there["x"] + there["width"] / 2 - (x + 144)) < 2
    assert abs(there["y"] + there["height"] / 2 - (y + 84)) < 2

    desk.page.focus(".pingqi-map-handle")
    desk.page.keyboard.press("ArrowRight")
    desk.until("before => Number(new URLSearchParams(location.search).get('at').split(',')[0]) > before", lon)
    desk.still()
