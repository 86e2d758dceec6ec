"""叠加分析 in a real Chromium: another metric and unit, change, two values at once, time that plays."""

from __future__ import annotations

from tests.browser.screens import Desk


def test_metric_unit_change_pair_and_time(desk: Desk) -> None:
    desk.open("/overlays/")
    desk.until("() => document.querySelector('#over-table .ag-row')")
    assert desk.prop("over-map", "values")["layer"] == "community"
    breaks = desk.texts("#over-legend .legend-row span:nth-child(2)")

    desk.page.click("#over-play")
    desk.until("() => new URLSearchParams(location.search).get('period')")
    desk.page.click("#over-play")
    desk.until("() => document.querySelector('#over-play').innerText.includes('▶')")
    desk.still()
    assert set(desk.texts("#over-legend .legend-row span:nth-child(2)")[:4]) <= set(breaks)

    desk.page.click("#over-level")
    desk.page.click("[role=option] >> text='小区'")
    desk.until_url(level="compound")
    desk.until("() => window.dash_component_api.getLayout('over-map').props.values.layer === 'compound'")
    desk.page.click("#over-metric")
    desk.page.click("[role=option] >> text='诉求办结率'")
    desk.until_url(metric="resolution_rate", level="compound")
    desk.until_text("#over-legend", "诉求办结率")

    desk.page.click("#over-mode label >> text='较上期变化'")
    desk.until_url(mode="change")
    desk.until_text("#over-legend", "不能说有变化")
    desk.page.click("#over-mode label >> text='密度×满意率'")
    desk.until_url(mode="pair")
    desk.until("() => document.querySelectorAll('.over-cells > div').length === 9")
    desk.page.click("#over-table .ag-row[row-index='0'] [col-id=name]")
    desk.until("() => new URLSearchParams(location.search).get('chosen')")
    desk.still()
    assert "selected" in {one["role"] for one in desk.prop("over-map", "overlays")}
