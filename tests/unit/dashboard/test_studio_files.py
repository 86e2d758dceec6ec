"""微网格工作台: files handed out by its buttons and taken back."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest

from dashboard import auth
from dashboard.callbacks import studio_files
from dashboard.services import Services
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
