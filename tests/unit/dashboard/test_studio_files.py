"""微网格工作台: files handed out by its buttons and taken back."""

from __future__ import annotations

import base64
import io
import sqlite3
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest

from dashboard import auth
from dashboard.callbacks import studio_files, studio_jobs
from dashboard.components import studio_files as parts
from dashboard.services import Services
from dashboard.studio_address import Address
from data import drawing_files
from data.jobs import DONE
from data.jobs import State as JobState
from data.readers import Limits
from data.scope import Scope
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles
from tests import lake


@pytest.fixture
def services(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Give 南湖社区 with its houses, and a planner of the whole city who sits before it."""
    lake.fill(store)
    monkeypatch.setattr(auth, "scope", Scope)
    monkeypatch.setattr(auth, "user_id", lambda: 1)
    return Services(store, Tiles(store, tmp_path / "tiles"), Settings(home=tmp_path))


@pytest.fixture
def plan(services: Services, tmp_path: Path) -> int:
    return lake.begun(services.store, tmp_path / "job")


def test_a_shapefile_bears_the_community_the_plan_and_the_encoding_in_its_name(
    services: Services, plan: int
) -> None:
    with Flask("x").test_request_context():
        sent = studio_files.shapefiles(services, plan, "GBK")
        with pytest.raises(BadRequest):
            studio_files.shapefiles(services, plan, "latin-1")  # type: ignore[arg-type]
    assert sent["filename"] == f"南湖社区微网格{plan}_GBK.zip"
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(sent["content"]))) as archive:
        assert archive.read("building.cpg") == b"GBK"


def test_sheets_are_a_pdf_on_the_paper_that_was_chosen(services: Services, plan: int) -> None:
    with Flask("x").test_request_context():
        sent = studio_files.printed(services, plan, "a3")
        with pytest.raises(BadRequest):
            studio_files.printed(services, plan, "a0")  # type: ignore[arg-type]
    assert sent["filename"] == f"南湖社区微网格{plan}_A3.pdf"
    assert base64.b64decode(sent["content"]).startswith(b"%PDF-")


def brought_back(services: Services, plan: int, folder: Path) -> tuple[Path, str]:
    """Export a draft, put a building into another micro-grid as QGIS would, and give file and building."""
    path, sheet = folder / "back.gpkg", lake.sheet_of(services.store, plan)
    drawing_files.write_geopackage(services.store, Scope(), sheet, path)
    draft = sheet.draft
    cell = int((draft.fabric.households == 12).argmax())
    other = next(
        one for one in sorted(draft.grids) if one != draft.owner[cell] and draft.figures[one].buildings
    )
    with sqlite3.connect(path) as file:
        for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{trigger}"')
        file.execute(
            "UPDATE building SET micro_grid_id = ? WHERE id = ?", (other, draft.fabric.building[cell])
        )
    file.close()
    return path, str(draft.fabric.building[cell])


def test_a_file_brought_back_is_shown_first_and_taken_as_one_step(
    services: Services, plan: int, tmp_path: Path
) -> None:
    path, building = brought_back(services, plan, tmp_path)
    seen = {"plan": plan, "version": 1}
    text, rows, nothing = studio_files.reviewed(services, seen, path)
    assert not nothing
    assert text.children.startswith("可采纳 1 处改动")
    assert (rows[0]["kind"], len(rows[0]["after"])) == ("划入", 3)
    assert lake.sheet_of(services.store, plan).version == 1
    chosen = studio_files.place_of(rows[0], lake.LAKE)
    assert chosen["cells"] == rows[0]["cells"]
    assert chosen["view"]["bounds"]
    assert studio_files.taken(services, seen, path).startswith("已采纳 1 处改动，可以一步撤销")
    after = lake.sheet_of(services.store, plan)
    assert after.version == 2
    assert after.cells.label[rows[0]["cells"][0]] == rows[0]["what"]
    assert after.draft.fabric.building[rows[0]["cells"][0]] == building
    text, rows, nothing = studio_files.reviewed(services, {"plan": plan, "version": 2}, path)
    assert (rows, nothing) == ([], True)
    assert text.children == "与草稿没有不同。"


def test_a_file_for_no_draft_says_what_to_do(services: Services, plan: int, tmp_path: Path) -> None:
    path, _building = brought_back(services, plan, tmp_path)
    text, rows, nothing = studio_files.reviewed(services, None, path)
    assert (rows, nothing) == ([], True)
    assert "请先打开导出它的那份草稿" in text.children


def test_the_end_of_publishing_all_names_what_stays_a_draft_and_why() -> None:
    left = [[7, "南湖社区", "有 2 处违反必须遵守的规则，不能发布。"]]
    result = {"published": 3, "buildings": 40, "left": left, "stopped": 1}
    address, message = studio_jobs.ended(Address(job="0" * 16), JobState(status=DONE, result=result))
    assert address.job is None
    assert message.children[0] == "已发布 3 份草稿，40 栋楼换了微网格。按您的要求停下，1 份没有处理。"
    (item,) = message.children[1].children[1].children
    assert item.children == "南湖社区（方案 7）：有 2 处违反必须遵守的规则，不能发布。"
    fine = studio_files.all_published(result | {"left": [], "stopped": 0})
    assert fine.children == "已发布 3 份草稿，40 栋楼换了微网格。"


def test_the_box_asks_for_a_geopackage_and_puts_its_token_on_the_page() -> None:
    with Flask("x").test_request_context():
        box = parts._box().to_plotly_json()["props"]
    assert box["data-store"] == parts.TOKEN
    assert box["data-accept"] == ".gpkg"
    assert int(box["data-bytes"]) == Limits().file_bytes
