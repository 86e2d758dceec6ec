from __future__ import annotations

import io
import os
import time

import pytest
from werkzeug.datastructures import FileStorage

from dashboard import uploads
from dashboard.auth import create_account
from dashboard.callbacks.imports import Form, wishes
from dashboard.uploads import Uploads
from models.enums import Datum, Role


def file(name, content=b"x"):
    return FileStorage(io.BytesIO(content), filename=name)


def sign_in(client, username, password):
    client.get("/sign-in")
    with client.session_transaction() as session:
        form = session["form"]
    client.post("/sign-in", data={"username": username, "password": password, "form": form})


@pytest.fixture
def folder(tmp_path):
    return Uploads(tmp_path / "uploads")


def test_an_upload_is_its_owners_only(folder):
    token = folder.save([file("小区（2024）.gpkg", b"abc")], owner=7)
    path = folder.path(token, 7)
    assert (path.name, path.read_bytes()) == ("小区（2024）.gpkg", b"abc")
    assert folder.path(token, 8) is None
    assert folder.path("../" + token, 7) is None
    assert folder.path(None, 7) is None
    folder.remove(token)
    assert folder.path(token, 7) is None


def test_a_name_leads_nowhere_else(folder):
    token = folder.save([file("../../etc/passwd.gpkg"), file("C:\\temp\\x.gpkg")], owner=1)
    assert sorted(one.name for one in (folder.folder / token).iterdir()) == [
        "passwd.gpkg",
        "upload.json",
        "x.gpkg",
    ]


def test_only_known_kinds_of_files_are_kept_and_a_shapefile_with_its_parts(folder):
    assert folder.save([file("x.exe")], owner=1) is None
    assert folder.save([file("x.dbf")], owner=1) is None
    token = folder.save([file("x.dbf"), file("x.shp"), file("x.shx"), file("x.exe")], owner=1)
    assert folder.path(token, 1).name == "x.shp"
    assert not (folder.folder / token / "x.exe").exists()


def test_uploads_are_gone_after_a_day(folder):
    token = folder.save([file("x.gpkg")], owner=1)
    yesterday = time.time() - uploads.KEPT_S - 60
    os.utime(folder.folder / token, (yesterday, yesterday))
    folder.save([file("y.gpkg")], owner=1)
    assert folder.path(token, 1) is None


@pytest.mark.parametrize(
    ("role", "status"), [(Role.PLANNER, 200), (Role.ADMINISTRATOR, 200), (Role.LEADER, 403)]
)
def test_planners_and_administrators_upload_others_do_not(services, serve, role, status):
    create_account(services.store, "someone", "某人", role, "", "secret-1234")
    server = serve(services)
    server.register_blueprint(uploads.routes(services))
    client = server.test_client()
    sign_in(client, "someone", "secret-1234")
    data = {"file": (io.BytesIO(b"x"), "x.gpkg")}
    answer = client.post("/upload", data=data, content_type="multipart/form-data")
    assert answer.status_code == status
    if status == 200:
        assert answer.json["location"].startswith("/import/?upload=")
        bad = client.post(
            "/upload", data={"file": (io.BytesIO(b"x"), "x.exe")}, content_type="multipart/form-data"
        )
        assert (bad.status_code, "gpkg" in bad.json["message"]) == (415, True)


def test_nobody_uploads_without_signing_in(services, serve):
    server = serve(services)
    server.register_blueprint(uploads.routes(services))
    data = {"file": (io.BytesIO(b"x"), "x.gpkg")}
    assert (
        server.test_client().post("/upload", data=data, content_type="multipart/form-data").status_code == 401
    )


def form(**changes):
    usual = dict.fromkeys(Form.__dataclass_fields__) | {"target": "compound", "switches": []}
    return Form(**usual | changes)


def test_the_form_becomes_options():
    options = form(
        datum="gcj02",
        where="fclass=residential",
        city_name="杭州市",
        city_code="330100",
        switches=["repair"],
        constant_field="pilot",
        constant_value="是",
    ).options({"名称": "name", "代码": ""})
    assert (options.datum, str(options.where), options.city.code) == (
        Datum.GCJ02,
        "fclass=residential",
        "330100",
    )
    assert (options.repair, options.complete, options.constants) == (True, False, {"pilot": "是"})
    assert options.mapping["name"] == "名称"
    assert options.mapping["code"] == ""


def test_without_a_mapping_the_headers_are_guessed():
    assert wishes("compound", {}) == {}
    assert form(city_name="只有名称").options({}).city is None
