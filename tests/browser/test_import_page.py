"""数据导入 in a real Chromium: a file with one broken row, its good rows imported, published, on the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
from sqlalchemy import func, select

from dashboard.callbacks import import_jobs
from data.store import Store
from models import Account, Claim, Compound, Setting
from models.enums import Role
from tests import town
from tests.browser.screens import Desk, Site
from tests.files import write_geojson

NEW = town.box(1300, 600, 200, 200)
"""On open land of 桂花社区."""


@pytest.fixture
def town_site(tmp_path: Path) -> Iterator[Site]:
    """Give the town with a planner who is signed in without asking."""
    store = town.fill(Store.open(f"sqlite:///{tmp_path / 'city.gpkg'}"))
    planner = {"username": "demo", "display_name": "演示规划员", "role": Role.PLANNER, "scope": ""}
    with store.writing() as session:
        session.add(Setting(key="demo", value="1"))
        session.add(Account(**planner, created_at=datetime.now(UTC)))
    site = Site(store, tmp_path)
    yield site
    site.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [
        {"小区名称": "新桥花园", "类型": "居住型", "户数": 320, "geometry": NEW},
        {"小区名称": "新桥北里", "类型": "老旧型", "户数": "许多", "geometry": town.box(1600, 600, 150, 150)},
        {"小区名称": "新桥南里", "类型": "过渡型", "户数": 90, "geometry": town.box(1600, 800, 150, 150)},
    ]
    return write_geojson(tmp_path / "新小区.geojson", rows)


def test_the_good_rows_of_a_file_reach_the_map(
    town_site: Site, sit_down: Callable[[Site], Desk], file: Path
) -> None:
    desk = sit_down(town_site)
    desk.page.goto(f"{town_site.url}/import/")
    desk.until("() => document.querySelector('#import-drop')")
    with desk.page.expect_file_chooser() as chooser:
        desk.page.click("#import-drop")
    chooser.value.set_files(file)
    desk.until("() => document.querySelector('#import-problems .ag-row')")
    desk.still()
    rows = [row for row in desk.prop("import-problems", "rowData") if row["level"] == "错误"]
    assert [(row["row"], row["column"]) for row in rows] == [(2, "户数")]
    assert "许多" in rows[0]["message"]
    assert desk.ask("() => document.querySelector('#import-confirm').disabled")

    desk.page.click("text=只导入没有错误的行")
    desk.until("() => document.querySelector('#import-confirm').disabled === false")
    desk.page.click("#import-confirm")
    desk.until_text("#import-message", "已生成草稿方案")
    desk.until("() => document.querySelectorAll('#import-ledger .ag-row').length === 2")
    assert town_site.rows(select(Compound.name).where(Compound.name.startswith("新桥"))) == []

    desk.page.click("#import-publish")
    desk.until_text("#import-plan-message", "已发布")
    desk.still()
    new = town_site.one(select(Compound.id).where(Compound.name == "新桥花园"))
    stored = town_site.rows(
        select(Compound.name).where(Compound.name.startswith("新桥")).order_by(Compound.id)
    )
    assert stored == ["新桥花园", "新桥南里"]

    while town_site.tiles.missing():
        desk.page.wait_for_timeout(50)
    desk.page.goto(f"{town_site.url}/?layers=&area={town.OSMANTHUS}")
    desk.painted()
    middle = shapely.centroid(NEW)
    desk.click_map(middle.x, middle.y)
    desk.until_url(chosen=f"compound:{new}")
    desk.until_text("#city-detail", "新桥花园")
    assert "320 户" in desk.text("#city-detail")


def test_a_large_file_shows_how_far_it_is_can_be_cancelled_and_is_stored(
    town_site: Site,
    sit_down: Callable[[Site], Desk],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = town_site.one(select(func.count()).select_from(Claim))
    desk = sit_down(town_site)
    large = claims(tmp_path / "认领很多.csv", 500_000)
    assert large.stat().st_size > import_jobs.LARGE_BYTES
    _upload(desk, town_site, large)
    desk.until("() => document.querySelector('#import-job').style.display !== 'none'")
    desk.until_text("#import-job-text", "检查 认领很多.csv")
    desk.page.click("#import-cancel")
    desk.until_text("#import-result", "已取消，没有任何改动")
    desk.until("() => document.querySelector('#import-job').style.display === 'none'")
    desk.still()
    assert desk.ask("() => document.querySelector('#import-confirm').disabled")

    monkeypatch.setattr(import_jobs, "LARGE_BYTES", 1)
    _upload(desk, town_site, claims(tmp_path / "认领.csv", 300))
    desk.page.click("#import-target")
    desk.page.click("[role=option]:visible >> text='认领记录'")
    desk.until("() => document.querySelector('#import-confirm').disabled === false")
    desk.until_text("#import-result", "可以导入 300 行")
    desk.page.click("#import-confirm")
    desk.until_text("#import-message", "已导入 300 行")
    desk.still()
    assert town_site.one(select(func.count()).select_from(Claim)) == before + 300


def claims(path: Path, count: int) -> Path:
    lines = ["认领编号,认领主体,服务项目,项目来源,认领日期,社区编码"]
    lines += [f"R{n:07},驻区单位,打扫楼道,自选,2022-05-01,{town.SPRING}" for n in range(count)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _upload(desk: Desk, site: Site, file: Path) -> None:
    desk.page.goto(f"{site.url}/import/")
    desk.until("() => document.querySelector('#import-drop')")
    with desk.page.expect_file_chooser() as chooser:
        desk.page.click("#import-drop")
    chooser.value.set_files(file)
    desk.until("() => document.querySelector('#import-settings, .import-settings')")
