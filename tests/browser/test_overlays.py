"""叠加分析 in a real Chromium: another metric and unit, change, two values at once, time that plays."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from dashboard.callbacks import overlays
from dashboard.callbacks.overlays import weights_of
from tests.browser.screens import Desk


def test_metric_unit_change_pair_and_time(desk: Desk) -> None:
    desk.open("/overlays/")
    desk.until("() => document.querySelector('#over-table .ag-row')")
    assert desk.prop("over-map", "values")["layer"] == "community"
    breaks = desk.texts("#over-legend .legend-row span:nth-child(2)")
    intervals = desk.texts("#over-table .ag-center-cols-container .ag-cell[col-id='interval']")
    assert intervals
    assert all(re.fullmatch(r"[0-9.]+—[0-9.]+", one) for one in intervals), intervals
    with desk.page.expect_download() as waiting:
        desk.page.click("#over-excel")
    book = pd.read_excel(io.BytesIO(Path(waiting.value.path()).read_bytes()), sheet_name=None)
    ranks = book["数据"]["名次"].dropna()
    assert len(ranks) == len(desk.prop("over-table", "rowData"))

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

    desk.page.click("#over-mode label >> text='两期对比'")
    desk.until_url(mode="change")
    desk.until_text("#over-legend", "不能说有变化")
    desk.page.click("#over-against")
    desk.page.click("[role=option]:visible >> nth=-1")  # the first of all years: not the period before
    desk.until("() => new URLSearchParams(location.search).get('against')")
    legends = []
    for side in ("对照期", "本期"):
        desk.page.click(f"#over-side label >> text='{side}'")
        desk.until_url(side={"对照期": "was", "本期": "now"}[side])
        desk.until_text("#over-legend", "两期分级相同")
        desk.still()
        legends.append(desk.texts("#over-legend .legend-row span:nth-child(2)")[:4])
    assert legends[0] == legends[1]
    desk.page.click("#over-mode label >> text='密度×满意率'")
    desk.until_url(mode="pair")
    desk.until("() => document.querySelectorAll('.over-cells > div').length === 9")
    desk.page.click("#over-table .ag-row[row-index='0'] [col-id=name]")
    desk.until("() => new URLSearchParams(location.search).get('chosen')")
    desk.still()
    assert "selected" in {one["role"] for one in desk.prop("over-map", "overlays")}


def test_cells_are_drawn_and_one_of_them_is_chosen(desk: Desk) -> None:
    desk.open("/overlays/?metric=claims_per_1000&level=cell&resolution=7")
    desk.until("() => document.querySelector('#over-table .ag-row')")
    desk.until("() => Number(document.querySelector('.pingqi-map').dataset.features) > 0")
    desk.still()
    assert any("/cells/all/claim/7.geojson" in url for url in desk.requests)
    drawn = desk.prop("over-map", "values")["groups"]
    assert [one["source"] for one in drawn] == [desk.prop("over-map", "sources")[-1]["id"]]
    box = desk.page.locator("#over-map canvas").bounding_box()
    desk.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.until("() => new URLSearchParams(location.search).get('chosen')")
    desk.still()
    assert "selected" in {one["role"] for one in desk.prop("over-map", "overlays")}
    assert desk.query()["chosen"] in {row["key"] for row in desk.prop("over-table", "rowData")}

    desk.page.click("#over-resolution")
    desk.page.click("[role=option] >> text='小（约 0.1 平方公里）'")
    desk.until_url(resolution="9", chosen=None)
    desk.until(
        "() => window.dash_component_api.getLayout('over-map').props.sources.at(-1).url.includes('/9.')"
    )
    desk.page.click("#over-level")
    desk.page.click("[role=option] >> text='社区'")
    desk.until_url(level=None)
    desk.until(
        "() => window.dash_component_api.getLayout('over-map').props.sources.every("
        "(one) => one.layer !== 'cell')"
    )
    desk.still()


def test_two_choices_made_while_the_first_is_answered_are_both_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open("/overlays/")
    desk.until("() => document.querySelector('#over-table .ag-row')")

    def slow(session: Session) -> Any:
        time.sleep(1)
        return weights_of(session)

    monkeypatch.setattr(overlays, "weights_of", slow)
    choose = "([id, value]) => dash_clientside.set_props(id, { value })"  # as fast as a keyboard
    desk.ask(choose, ["over-level", "compound"])
    desk.until_url(level="compound")
    desk.ask(choose, ["over-metric", "resolution_rate"])
    desk.until_url(level="compound", metric="resolution_rate")
    desk.still()
    assert desk.query()["metric"] == desk.prop("over-metric", "value") == "resolution_rate"
