"""全市覆盖 in a real Chromium: down to communities, another rate, another period, the figures as a file."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
from sqlalchemy import func, select

from models import Area, Compound
from models.enums import AreaLevel
from tests.browser.screens import Desk, Site

CELL = "#cover-table .ag-row[row-index='{row}'] [col-id={column}]"
PANELS = ".cover-charts .annotation-text"


def test_coverage_leads_down_to_communities_and_out_as_a_file(desk: Desk, demo_site: Site) -> None:
    counties = demo_site.one(select(func.count()).where(Area.level == AreaLevel.COUNTY))
    served = demo_site.one(select(func.count()).where(Compound.property_service))
    known = demo_site.one(select(func.count()).where(Compound.property_service.is_not(None)))
    desk.open("/coverage/?level=county")
    desk.until("() => document.querySelector('#cover-table .ag-row [col-id=property_cover]')")
    rows = desk.prop("cover-table", "rowData")
    assert len(rows) == counties
    total = desk.prop("cover-table", "dashGridOptions")["pinnedTopRowData"][0]
    assert total["property_cover_text"] == f"{100 * served / known:.1f}%"
    assert f"{known:,}" in total["property_cover_tip"]
    desk.until("one => document.querySelectorAll(one).length === 13", PANELS)

    desk.page.click(CELL.format(row=0, column="property_cover"))
    desk.until_url(show="property_cover")
    desk.until_text("#cover-legend", f"{known:,}")
    assert desk.prop("cover-map", "values")["layer"] == "county"

    desk.page.click(CELL.format(row=0, column="name"))
    desk.until_url(area=rows[0]["code"], show="property_cover")
    desk.until("() => document.querySelector('#cover-level input:checked')?.value === 'subdistrict'")
    desk.page.click("#cover-level label >> text='社区'")
    desk.until_url(level="community", area=rows[0]["code"])
    desk.until("() => document.querySelector('#cover-table .ag-header-cell-text')?.innerText === '社区'")
    desk.still()
    inside = demo_site.one(
        select(func.count()).where(
            Area.level == AreaLevel.COMMUNITY, Area.code.startswith(rows[0]["code"][:6])
        )
    )
    assert len(desk.prop("cover-table", "rowData")) == inside

    with desk.page.expect_download() as waiting:
        desk.page.click("#cover-excel")
    book = pd.read_excel(io.BytesIO(Path(waiting.value.path()).read_bytes()), sheet_name=None)
    assert [len(one) for one in book.values()] == [inside + 1, 13 * (inside + 1), inside]
    assert book["分子分母与日期"][["分子口径", "分母口径", "日期或时段"]].notna().all().all()

    desk.page.click("#cover-show")
    desk.page.click("[role=option] >> text='登记党员'")
    desk.until_url(show="members", level="community")
    desk.until_text("#cover-legend", "不足 10 人的不显示")
    hidden = {row["code"] for row in desk.prop("cover-table", "rowData") if row["members_hidden"]}
    assert hidden
    assert not any(row["members"] for row in desk.prop("cover-table", "rowData") if row["code"] in hidden)
    desk.page.go_back()
    desk.until_url(show="property_cover", level="community")
    desk.page.go_back()
    desk.until_url(level=None, area=rows[0]["code"])
    desk.page.click("#cover-crumbs .crumb >> nth=0")  # while the page still waits for its figures
    desk.until_url(area=None, show="property_cover")
    desk.still()


def test_a_period_of_one_s_own_is_compared_with_last_year(desk: Desk) -> None:
    desk.open("/coverage/")
    desk.until("() => document.querySelector('#cover-table .ag-row')")
    desk.still()
    desk.page.click("#cover-against")
    desk.page.click("[role=option]:visible >> text=上年同期")
    desk.until_url(against="year")
    desk.still()
    last, first = (desk.page.input_value(f"#cover-{one}") for one in ("last", "first"))
    assert last != first
    desk.page.click("#cover-first")
    desk.page.click(f"[role=option]:visible >> text='{last}'")
    desk.until("() => /^[0-9]{4}-[0-9]{2}$/.test(new URLSearchParams(location.search).get('period'))")
    year, month = desk.query()["period"].split("-")
    assert last == f"{year} 年 {int(month)} 月"
    desk.until_text("#cover-table .ag-header", f"较 {int(year) - 1}.{month}—{int(year) - 1}.{month} 的变化")
    desk.still()
    assert desk.query()["against"] == "year"
    desk.page.go_back()
    desk.until_url(period=None, against="year")
    desk.until("value => document.querySelector('#cover-first').value === value", first)
    desk.still()
