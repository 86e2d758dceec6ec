"""全市一张图 in a real Chromium, on the small demo city."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import func, select

from dashboard.auth import create_account
from data.demo import DemoCity
from data.store import Store
from models import (
    Area,
    AssistPoint,
    Building,
    Canteen,
    Claim,
    Compound,
    Grid,
    MicroGrid,
    Organisation,
    Rating,
    Station,
)
from models.enums import OrganisationLevel, Role
from tests import town
from tests.browser.screens import Desk, Site

HITS = """() => {
  const list = document.getElementById(document.querySelector("#city-search").getAttribute("aria-controls"));
  return [...(list?.querySelectorAll("[role=option]") ?? [])].map((option) => option.innerText);
}"""
TREE_PATH = """() => {
  const node = document.querySelector("#city-tree .mantine-Tree-label[data-selected]")?.closest("li");
  const path = [];
  for (let at = node; at; at = at.parentElement.closest("li")) path.unshift(at.dataset.value);
  return path;
}"""
TREE_SHOWS_IT = """() => {
  const label = document.querySelector("#city-tree .mantine-Tree-label[data-selected]");
  const { left, top, height } = label.getBoundingClientRect();
  return label.contains(document.elementFromPoint(left + 30, top + height / 2));
}"""
CHROME = """() => {
  const texts = new Set([document.title]);
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest("script, style")) continue;
    for (const node of element.childNodes) if (node.nodeType === 3) texts.add(node.textContent.trim());
    for (const name of ["title", "placeholder", "aria-label", "alt"])
      texts.add(element.getAttribute(name) ?? "");
  }
  return [...texts];
}"""
"""Every text that a page shows, says or has ready beside the pointer."""


@pytest.fixture(scope="module")
def community(demo_site: Site) -> Any:
    """Give the code, name and geometry of the community with the most compounds."""
    code = demo_site.one(
        select(Compound.area_code).group_by(Compound.area_code).order_by(func.count().desc()).limit(1)
    )
    return demo_site.one(select(Area.code, Area.name, Area.geometry).where(Area.code == code))


def decoded(values: dict[str, Any]) -> dict[int, int]:
    """Return the code of each feature that has a value on the map."""
    codes: dict[int, int] = {}
    for group in values["groups"]:
        ids = np.cumsum(np.frombuffer(base64.b64decode(group["ids"]), "<i4"))
        codes |= dict(zip(ids.tolist(), base64.b64decode(group["codes"]), strict=True))
    return codes


def selected(desk: Desk) -> Any:
    """Return the geometry that is outlined as chosen."""
    (shown,) = (one for one in desk.prop("city-map", "overlays") if one["role"] == "selected")
    return shapely.geometry.shape(shown["geojson"]["geometry"])


def tree_label(key: str) -> str:
    return f"#city-tree .mantine-Tree-label[data-value='{key}']"


# The first view


def test_the_first_view_shows_the_figures_and_writes_with_the_shipped_font(
    desk: Desk, demo_site: Site
) -> None:
    desk.open()
    cards = dict(zip(desk.texts(".kpi-label"), desk.texts(".kpi"), strict=True))
    compounds = demo_site.one(select(func.count()).select_from(Compound))
    served = demo_site.one(select(func.count()).where(Compound.property_service))
    known = demo_site.one(select(func.count()).where(Compound.property_service.is_not(None)))
    assert f"{compounds}" in cards["小区"]
    assert f"{100 * served / known:.1f}%" in cards["物业服务覆盖"]
    assert f"{served}/{known} 小区" in cards["物业服务覆盖"]
    assert desk.text("#city-as-of").startswith("数据截至 2026年10月")
    assert desk.page.url == f"{demo_site.url}/"  # the controls write nothing into it by themselves
    fonts = fonts_of(desk, ".kpi-label", ".tree-name", ".legend-row", "h2")
    assert fonts
    assert all(family.startswith("Noto Sans SC") and shipped for family, shipped in fonts), fonts


def fonts_of(desk: Desk, *selectors: str) -> set[tuple[str, bool]]:
    """Return the fonts that Chromium itself says it drew texts with, and whether the page brought them."""
    tool = desk.page.context.new_cdp_session(desk.page)
    tool.send("DOM.enable")
    tool.send("CSS.enable")
    root = tool.send("DOM.getDocument")["root"]["nodeId"]
    fonts = set()
    for selector in selectors:
        node = tool.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        used = tool.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        fonts |= {(font["familyName"], font["isCustomFont"]) for font in used}
    tool.detach()
    return fonts


def test_a_second_view_comes_from_the_cache(desk: Desk, demo_site: Site) -> None:
    desk.open()
    before = demo_site.sent_bytes
    desk.open()
    assert demo_site.sent_bytes - before <= 100_000


# Tree and map in step


def test_a_node_that_is_chosen_is_shown_and_fitted(desk: Desk, demo_site: Site, community: Any) -> None:
    code, _name, _geometry = community
    seat, name, compound = demo_site.rows(
        select(Organisation.id, Organisation.name, Compound.geometry)
        .join(Compound, Organisation.compound_id == Compound.id)
        .where(Compound.area_code == code)
        .order_by(Organisation.id)
    )[0]
    above = demo_site.one(select(Organisation.parent_id).where(Organisation.id == seat))
    desk.open("/?layers=")
    for key in (f"area:{code[:6]}000000", f"area:{code[:9]}000", *opened_above(demo_site, above)):
        desk.until("one => document.querySelector(one)", tree_label(key))
        desk.page.click(f"{tree_label(key)} .tree-arrow")
    label = tree_label(f"organisation:{seat}")
    desk.until("one => document.querySelector(one)", label)
    assert desk.query() == {"layers": ""}  # unfolding chooses nothing
    desk.page.click(f"{label} .tree-name")
    desk.until_url(chosen=f"organisation:{seat}")
    desk.until_fitted(compound.bounds)
    assert selected(desk).equals(compound)
    assert name in desk.text("#city-detail")


def opened_above(site: Site, organisation: int | None) -> list[str]:
    """Return the keys of an organisation and those above it, from the top."""
    keys: list[str] = []
    while organisation is not None:
        keys.insert(0, f"organisation:{organisation}")
        organisation = site.one(select(Organisation.parent_id).where(Organisation.id == organisation))
    return keys


def test_a_click_on_the_map_opens_the_tree_there(desk: Desk, demo_site: Site, community: Any) -> None:
    code, name, geometry = community
    built = shapely.union_all(demo_site.rows(select(Compound.geometry)))
    ground = shapely.get_point(shapely.maximum_inscribed_circle(shapely.difference(geometry, built)), 0)
    above = [f"area:{code[:4]}00000000", f"area:{code[:6]}000000", f"area:{code[:9]}000"]
    head = demo_site.one(
        select(Organisation.id).join(Area, Organisation.area_id == Area.id).where(Area.code == code)
    )
    desk.open("/?layers=")
    looked = desk.looks_at()
    desk.click_map(ground.x, ground.y)
    desk.until_url(area=code)
    desk.until(f"path => ({TREE_PATH})().join() === path.join()", [*above, f"organisation:{head}"])
    desk.still()
    assert desk.query() == {"area": code, "layers": ""}  # what the tree then shows is not chosen by it
    assert desk.looks_at() == looked  # the reader is looking at it already

    desk.page.click(f"#city-crumbs .crumb >> text='{name}'")
    desk.until_fitted(geometry.bounds)
    looked = desk.looks_at()
    compound, inside, place = next(
        (key, outline, place)
        for key, outline in demo_site.rows(
            select(Compound.id, Compound.geometry).where(
                Compound.area_code == code, Compound.id.in_(select(Organisation.compound_id))
            )
        )
        if desk.is_free((place := shapely.point_on_surface(outline)).x, place.y)
    )
    seat = demo_site.one(select(Organisation.id).where(Organisation.compound_id == compound))
    seats = opened_above(demo_site, seat)

    desk.click_map(place.x, place.y)
    desk.until_url(chosen=f"compound:{compound}", area=code)
    desk.until(f"path => ({TREE_PATH})().join() === path.join()", [*above, *seats])
    desk.until(TREE_SHOWS_IT)
    desk.still()
    assert selected(desk).equals(inside)
    assert desk.looks_at() == looked


def test_the_tree_is_usable_by_keyboard(desk: Desk, demo_site: Site, community: Any) -> None:
    code, _name, geometry = community
    head, name = demo_site.one(
        select(Organisation.id, Organisation.name)
        .join(Area, Organisation.area_id == Area.id)
        .where(Area.code == code)
    )
    desk.open("/?layers=")
    assert desk.ask("() => document.querySelector('#city-tree [role=treeitem]').tabIndex") == 0
    desk.page.focus("#city-tree [role=treeitem]")
    focused = "value => document.activeElement.dataset.value === value"
    press = desk.page.keyboard.press
    for key in (f"area:{code[:6]}000000", f"area:{code[:9]}000"):
        desk.press_until("ArrowDown", focused, key)
        press("ArrowRight")
    desk.press_until("ArrowDown", focused, f"organisation:{head}")
    press("Enter")
    desk.until_url(chosen=f"organisation:{head}")
    desk.until_fitted(geometry.bounds)
    assert desk.ask(focused, f"organisation:{head}")
    assert name in desk.text("#city-detail")


# Drilling, the URL


def test_drilling_down_and_back_keeps_the_state(desk: Desk, demo_site: Site, community: Any) -> None:
    code, name, geometry = community
    county, subdistrict = f"{code[:6]}000000", f"{code[:9]}000"
    desk.open("/?kinds=aged,work_unit&layers=")
    for step in (county, subdistrict, code):
        place = demo_site.one(select(Area.name).where(Area.code == step))
        desk.page.click(f".breakdown-name >> text='{place}'")
        desk.until_url(area=step, kinds="aged,work_unit", layers="")
        desk.until_text("#city-crumbs", place)
        desk.still()
        assert desk.query()["area"] == step  # the rows that came with it press themselves on nobody
    desk.until_fitted(geometry.bounds)
    of_community = demo_site.one(select(func.count()).where(Compound.area_code == code))
    desk.until("n => document.querySelector('.kpi-value').innerText === n", str(of_community))
    shown = {key for key, kind in decoded(desk.prop("city-map", "values")).items() if kind != 255}
    aged = select(Compound.id).where(Compound.area_code == code, Compound.kind.in_(["aged", "work_unit"]))
    assert shown == set(demo_site.rows(aged))

    desk.page.reload()
    desk.painted()
    assert desk.query() == {"area": code, "kinds": "aged,work_unit", "layers": ""}
    assert name in desk.text("#city-crumbs")
    desk.until_fitted(geometry.bounds)
    assert (
        desk.ask(
            "() => document.querySelectorAll('#city-kinds input:checked, .layer-panel input:checked').length"
        )
        == 2
    )

    desk.page.go_back()
    desk.until_url(area=subdistrict, kinds="aged,work_unit")
    outline = demo_site.one(select(Area.geometry).where(Area.code == subdistrict))
    desk.until_fitted(outline.bounds)
    desk.until("name => !document.querySelector('#city-crumbs').innerText.includes(name)", name)

    desk.page.click("#city-crumbs .crumb >> nth=0")
    desk.until_url(area=None, kinds="aged,work_unit", layers="")


def test_choosing_again_brings_the_map_back(desk: Desk, community: Any) -> None:
    code, name, geometry = community
    desk.open(f"/?area={code}&layers=")
    desk.until_fitted(geometry.bounds)
    fitted = desk.looks_at()
    desk.page.click(".maplibregl-ctrl-zoom-in")
    desk.until(
        "west => window.dash_component_api.getLayout('city-map').props.view_state.bounds[0] > west + 1e-4",
        fitted[0],
    )
    desk.page.click(f"#city-crumbs .crumb >> text='{name}'")
    desk.until_fitted(geometry.bounds)
    assert desk.looks_at() == pytest.approx(fitted, abs=1e-5)


# Search


def test_a_place_is_found_by_name_code_and_initials(desk: Desk, demo_site: Site, community: Any) -> None:
    code, name, geometry = community
    initials = demo_site.one(select(Area.initials).where(Area.code == code))
    hit = f"{name}（社区）"
    desk.open("/?layers=")
    for words in (name, code, initials):
        desk.page.click("#city-search")
        desk.page.keyboard.type(words)
        desk.until(f"hit => ({HITS})().includes(hit)", hit)
        desk.still()
        desk.choose(hit, area=code)
        desk.until_url(area=code)
        desk.until_fitted(geometry.bounds)
        desk.until("() => document.querySelector('#city-search').value === ''")
        desk.page.click("#city-crumbs .crumb >> nth=0")
        desk.until_url(area=None)
        desk.still()


def test_enter_takes_the_marked_hit_though_other_hits_came_in(desk: Desk, community: Any) -> None:
    code, name, _geometry = community
    desk.open("/?layers=")
    desk.page.click("#city-search")
    desk.page.keyboard.type(name)
    desk.until(f"hit => ({HITS})().includes(hit)", f"{name}（社区）")
    desk.still()
    desk.mark(f"{name}（社区）")
    groups = desk.prop("city-search", "data")
    more = {"group": "微网格", "items": [{"value": "micro_grid:0", "label": "后到"}]}
    desk.ask("data => dash_clientside.set_props('city-search', {data})", [more, *groups])
    desk.until(f"() => ({HITS})().includes('后到')")
    desk.page.keyboard.press("Enter")
    desk.until_url(area=code)


# Overlays


def geometry_sent(site: Site) -> list[str]:
    """Return what was sent since `sent_paths` was emptied, but values, scripts and fonts."""
    return [path for path in site.sent_paths if path.startswith(("/tiles/", "/points/", "/names/"))]


def test_satisfaction_hatches_what_is_too_few_and_does_not_rank_it(desk: Desk, demo_site: Site) -> None:
    counts = dict(demo_site.rows(select(Rating.compound_id, func.count()).group_by(Rating.compound_id)))
    compounds = set(demo_site.rows(select(Compound.id)))
    few = {one for one in compounds if counts.get(one, 0) < 10}
    assert few
    assert few < compounds
    desk.open()
    painted = int(desk.ask("() => document.querySelector('.pingqi-map').dataset.painted"))
    del demo_site.sent_paths[:]
    desk.page.click("#city-show label >> text='群众满意率'")
    desk.until_url(show="satisfaction")
    desk.painted(painted + 1)
    assert geometry_sent(demo_site) == []

    values = desk.prop("city-map", "values")
    codes = decoded(values)
    assert {one for one, code in codes.items() if code in values["hatched"]} == few
    desk.until("() => document.querySelector('.ranking-table .ag-row')")
    rows = desk.prop("city-ranking-table", "rowData")
    assert {row["key"] for row in rows} == {f"compound:{one}" for one in compounds - few}
    assert all(row["n"] >= 10 and re.fullmatch(r"\d+—\d+", row["interval"]) for row in rows)
    lows = [int(row["interval"].partition("—")[0]) for row in rows]
    assert lows == sorted(lows, reverse=True)
    legend = desk.text("#city-legend")
    assert f"评价不足 10 条，不排名\n{len(few)}" in legend
    assert desk.ask("() => Boolean(document.querySelector('#city-legend .swatch.hatched'))")
    desk.until_text(".ranking-panel", f"{len(few)} 个评价过少，不排名")
    desk.until(
        "names => [...document.querySelectorAll('.ranking-table .ag-header-cell-text')]"
        ".map((one) => one.innerText).join() === names",
        "名次,小区,%,95% 区间,评价数",
    )

    desk.page.click(".ranking-table .ag-row[row-index='1'] [col-id=name]")
    desk.until_url(chosen=rows[1]["key"], show="satisfaction")
    desk.until_text("#city-detail", rows[1]["name"])
    chosen = int(rows[1]["key"].partition(":")[2])
    desk.until_fitted(demo_site.one(select(Compound.geometry).where(Compound.id == chosen)).bounds)


def test_claims_are_counted_per_household_and_per_area_in_a_window(desk: Desk, demo_site: Site) -> None:
    desk.open("/?show=claims_per_1000&unit=community")
    whole = demo_site.one(select(func.count()).select_from(Claim))
    assert f"认领 {whole:,} 件" in desk.text("#city-legend")
    desk.until("() => document.querySelector('.ranking-table .ag-row')")
    best = desk.prop("city-ranking-table", "rowData")[0]
    code = best["key"].removeprefix("area:")
    claims = demo_site.one(select(func.count()).where(Claim.area_code == code))
    households = demo_site.one(select(Area.households).where(Area.code == code)) or demo_site.one(
        select(func.sum(Compound.households)).where(Compound.area_code == code)
    )
    assert (best["n"], best["value"]) == (claims, pytest.approx(1000 * claims / households, abs=0.06))

    del demo_site.sent_paths[:]
    desk.page.click("#city-show label >> text='认领密度（每平方公里）'")
    desk.until_url(show="claims_per_km2", unit="community")
    desk.until_text("#city-legend", "认领密度（每平方公里） · 社区")
    desk.still()
    assert geometry_sent(demo_site) == []

    desk.page.click("#city-window")
    for _year in range(2):
        desk.page.click("[data-dates-dropdown] button[data-direction=next]:not([disabled])")
    for month in ("8月", "9月"):
        desk.page.click(f"[data-dates-dropdown] table button:not([disabled]) >> text='{month}'")
    desk.until_url(start="2026-08-01", end="2026-09-30", unit="community")
    inside = demo_site.one(
        select(func.count()).where(Claim.claimed_on.between(date(2026, 8, 1), date(2026, 9, 30)))
    )
    desk.until_text("#city-legend", f"2026.08.01—2026.09.30 · 认领 {inside:,} 件")


def test_a_window_in_the_url_is_not_rounded_by_its_control(desk: Desk) -> None:
    search = "/?show=satisfaction&start=2026-03-10&end=2026-05-20"
    desk.open(search)
    assert desk.page.url.endswith(search)
    assert "2026.03.10—2026.05.20" in desk.text("#city-legend")


# Details


def test_every_kind_has_its_card(desk: Desk, demo_site: Site) -> None:
    desk.open("/?layers=")
    for model in (Compound, Grid, MicroGrid, Building, Station, AssistPoint, Canteen):
        name = func.coalesce(model.name, MicroGrid.code) if model is MicroGrid else model.name
        key, title, geometry = demo_site.rows(
            select(model.id, name, model.geometry).where(name.is_not(None)).order_by(model.id).limit(1)
        )[0]
        _card(desk, f"{model.__tablename__}:{key}", title)
        assert selected(desk).equals(geometry)
        desk.until_fitted(geometry.bounds)
    for level in OrganisationLevel:
        key, name = demo_site.rows(
            select(Organisation.id, Organisation.name).where(Organisation.level == level).limit(1)
        )[0]
        _card(desk, f"organisation:{key}", name)
        assert level.label in desk.text(".detail-facts")
        assert not selected(desk).is_empty
    desk.page.click("#city-detail .close")
    desk.until_url(chosen=None)
    desk.until("() => !document.querySelector('#city-detail').innerText")


def _card(desk: Desk, key: str, name: str) -> None:
    desk.go(f"?layers=&chosen={key}")
    desk.until("name => document.querySelector('.detail-title')?.innerText === name", name)
    desk.still()
    assert desk.query() == {"layers": "", "chosen": key}


# Language and theme


def test_each_language_is_whole(desk: Desk, small_city: DemoCity) -> None:
    views = [
        "",
        "?show=satisfaction",
        "?show=claims_per_1000&unit=community",
        *(f"?layers=&chosen={kind}:1" for kind in ("compound", "grid", "building", "station")),
        "?layers=&chosen=organisation:12",
    ]
    names = written(small_city) | {"演示规划员", "中文"}
    by_length = sorted(names, key=len, reverse=True)
    desk.open("/?layers=")
    desk.page.click("a.switch >> text=English")
    for language, strange in (
        ("en", r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"),
        ("zh-CN", r"[A-Za-z]{2}"),
    ):
        desk.until("code => document.documentElement.lang === code", language)
        desk.painted()
        assert desk.query() == {"layers": ""}
        left, told = set(), set()
        for view in views:
            desk.go(view)
            desk.until("search => location.search === search", view)
            desk.still()
            for text in set(desk.ask(CHROME)) - names - told:
                told.add(text)
                rest = text
                for name in by_length if re.search(strange, text) else ():
                    rest = rest.replace(name, "")
                if re.search(strange, rest):
                    left.add(rest)
        assert left - {"English"} == set()
        desk.go("?layers=")
        desk.until_url(layers="")
        desk.page.click("a.switch[lang]")


def written(city: DemoCity) -> set[str]:
    """Return every text that the records hold: names of places and bodies stay in Chinese."""
    texts: set[str] = set()
    for frame in city.tables.values():
        for column in frame.columns.intersection(["name", "responsible_body", "duties", "property_firm"]):
            texts |= set(frame[column].dropna())
    return texts


def test_the_theme_changes_map_page_and_charts_and_is_kept(desk: Desk) -> None:
    desk.open("/?show=satisfaction")
    for name in ("dark", "light"):
        desk.page.click("a.switch[href^='/theme/']")
        desk.until("name => document.querySelector('.pingqi-map')?.dataset.theme === name", name)
        desk.painted()
        assert desk.query() == {"show": "satisfaction"}
        assert desk.ask("name => Boolean(document.querySelector(`.page-${name}`))", name)
        ground = desk.ask("() => getComputedStyle(document.querySelector('.panel')).backgroundColor")
        assert (max(map(int, re.findall(r"\d+", ground))) < 80) == (name == "dark")


# Accounts


@pytest.fixture
def town_site(tmp_path: Path) -> Iterator[Site]:
    store = town.fill(Store.open(f"sqlite:///{tmp_path / 'city.gpkg'}"))
    create_account(store, "chunfeng", "春风社区", Role.COMMITTEE, town.SPRING, "a long password")
    site = Site(store, tmp_path)
    yield site
    site.close()


def test_an_account_sees_its_own_area_only(town_site: Site, sit_down: Callable[[Site], Desk]) -> None:
    desk = sit_down(town_site)
    own, other = (
        next(a for a in town_site.tiles._read().values() if a[0].startswith(f"compound-{code}"))
        for code in ("420102", "420103")
    )
    fetch = desk.page.request.get
    desk.page.goto(f"{town_site.url}/?show=satisfaction&area={town.WEST}&chosen=compound:10")
    assert "/sign-in?next=" in desk.page.url
    assert "/sign-in" in fetch(f"{town_site.url}/tiles/{own[0]}").url
    desk.page.fill("[name=username]", "chunfeng")
    desk.page.fill("[name=password]", "a long password")
    desk.page.click("button[type=submit], form button")
    desk.painted()
    assert desk.query()["show"] == "satisfaction"

    assert desk.text("#city-crumbs") == "春风社区"
    assert desk.text("#city-detail") == ""
    assert "西" not in desk.text(".side-left") + desk.text(".side-right")
    assert desk.texts(".tree-name")[0] == "春风社区党委"
    assert set(decoded(desk.prop("city-map", "values"))) == {1, 2, 3}
    counties = {one["id"].partition(":")[2] for one in desk.prop("city-map", "sources")}
    assert counties == {"city", "420102", "all"}
    assert fetch(f"{town_site.url}/tiles/{own[0]}").status == 200
    assert fetch(f"{town_site.url}/tiles/{other[0]}").status == 404
    assert fetch(f"{town_site.url}/names/compound/420103/1.json").status == 404
    assert fetch(f"{town_site.url}/names/compound/420102/1.json").json()["ids"] == [1, 2, 3]
    points = next(one["url"] for one in desk.prop("city-map", "sources") if one["id"] == "point:all")
    shown = fetch(town_site.url + points).json()["features"]
    assert {one["properties"]["layer"] for one in shown} == {"station", "assist_point"}
    assert len(shown) == 4

    desk.page.click("#city-search")
    desk.page.keyboard.type("春晓苑")
    desk.until(f"() => ({HITS})().length")
    hits = desk.ask(HITS)
    assert hits[0] == "春晓苑 · 春风社区"
    assert all(hit.endswith(" · 春风社区") for hit in hits)
    assert len([hit for hit in hits if hit.startswith("春晓苑党支部")]) == 1
    desk.page.click("header form button")
    desk.until("() => location.pathname === '/sign-in'")
    desk.page.goto(f"{town_site.url}/import/")
    assert "/sign-in" in desk.page.url
