"""Plain HTTP: health, archives, names, points, language, theme, headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard import auth
from dashboard.services import Services
from data.scope import Scope
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles
from models import Account
from models.enums import Role
from tests import town

Serve = Callable[[Services], Flask]
Client = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    home = tmp_path_factory.mktemp("drawn")
    store = town.fill(Store.open(f"sqlite:///{home / 'city.gpkg'}"))
    tiles = Tiles(store, home / "tiles")
    with ThreadPoolExecutor(2) as executor:
        tiles.build(executor=executor)
    for number, scope in enumerate(("", town.EAST, town.WEST, town.SPRING, town.NORTH_GATE)):
        auth.create_account(store, scope or "all", str(number), Role.WORKER, scope, "x")
    yield Services(store, tiles, Settings(home=home, host="10.0.0.8"))
    store.close()


@pytest.fixture
def client(drawn: Services, serve: Serve) -> Client:
    flask = serve(drawn)

    def signed_in(scope: str) -> FlaskClient:
        client = flask.test_client()
        with drawn.store.reading() as db:
            identity = db.scalars(select(Account.id).where(Account.username == (scope or "all"))).one()
        with client.session_transaction() as session:
            session["_user_id"] = str(identity)
        return client

    return signed_in


def test_health_tells_version_and_revision_to_anybody(drawn: Services, serve: Serve) -> None:
    answer = serve(drawn).test_client().get("/healthz")
    assert answer.json == {"status": "ok", "version": "1.2.3", "revision": drawn.store.revision()}


@pytest.mark.parametrize("path", ["/healthz", "/sign-in", "/", "/nowhere"])
def test_every_answer_forbids_other_hosts(client: Client, path: str) -> None:
    answer = client("").get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert not any("http" in source or "*" in source for source in policy.values())
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/tiles/compound-420102-00.pmtiles", "/names/compound/420102/1.json", "/points/1.geojson"]
)
def test_nothing_is_told_to_who_is_not_signed_in(drawn: Services, serve: Serve, path: str) -> None:
    answer = serve(drawn).test_client().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?")


def _archive(drawn: Services, layer: str, county: str) -> str:
    (found,) = (one for one in drawn.tiles.archives(Scope()) if (one.layer, one.county) == (layer, county))
    return f"/tiles/{found.file_name}"


def _status(client: FlaskClient, path: str) -> int:
    with client.get(path) as answer:
        return answer.status_code


@pytest.mark.parametrize("layer", ["compound", "grid", "building", "compound_label"])
def test_an_archive_is_served_to_its_county_only(drawn: Services, client: Client, layer: str) -> None:
    path = _archive(drawn, layer, town.EAST[:6])
    for scope, status in (
        ("", 200),
        (town.EAST, 200),
        (town.SPRING, 200),
        (town.WEST, 404),
        (town.NORTH_GATE, 404),
    ):
        assert _status(client(scope), path) == status


def test_the_city_is_served_to_all(drawn: Services, client: Client) -> None:
    path = _archive(drawn, "county", "city")
    assert {_status(client(scope), path) for scope in ("", town.EAST, town.NORTH_GATE)} == {200}


def test_an_archive_is_read_in_ranges_and_kept_by_this_browser_for_ever(
    drawn: Services, client: Client
) -> None:
    path, part = _archive(drawn, "compound", town.EAST[:6]), {"Range": "bytes=0-6"}
    with client("").get(path, headers=part) as answer:
        assert answer.status_code == 206
        assert answer.data == b"PMTiles"
        assert {"immutable", "private", "max-age=31536000"} <= set(
            answer.headers["Cache-Control"].split(", ")
        )
        assert answer.headers["ETag"]


@pytest.mark.parametrize(
    "name", ["index.json", "..%2Fcity.gpkg", "..%2Fsecret.key", "compound-city-0.pmtiles", "x"]
)
def test_no_other_file_is_served(client: Client, name: str) -> None:
    assert client("").get(f"/tiles/{name}").status_code == 404


def test_names_are_those_of_the_scope(client: Client) -> None:
    east = {
        "ids": list(range(1, 9)),
        "names": [
            *["春晓苑", "桃园小区", "百分%家园"],
            *["桂花里", "铁路_宿舍", "无名院"],
            "南湖新村",
            "南湖花园",
        ],
    }
    assert client("").get("/names/compound/420102/1.json").json == east
    assert client(town.EAST).get("/names/compound/420102/1.json").json == east
    assert client(town.EAST).get("/names/compound/city/1.json").json == east
    own = {"ids": [1, 2, 3], "names": ["春晓苑", "桃园小区", "百分%家园"]}
    for county in ("420102", "city"):
        assert client(town.SPRING).get(f"/names/compound/{county}/1.json").json == own


def test_names_of_another_county_are_not_told(client: Client) -> None:
    for scope in (town.WEST, town.NORTH_GATE):
        for layer in ("compound", "grid", "micro_grid", "building", "community"):
            assert client(scope).get(f"/names/{layer}/420102/1.json").status_code == 404
    assert client(town.NORTH_GATE).get("/names/county/city/1.json").json == {"ids": [], "names": []}


@pytest.mark.parametrize(
    "path",
    [
        "water/city",
        "road/city",
        "label/420102",
        "palace/420102",
        "compound/abc",
        "compound/４２０１０２",
        "compound/4",
    ],
)
def test_what_has_no_names_is_not_found(client: Client, path: str) -> None:
    assert client("").get(f"/names/{path}/1.json").status_code == 404


def test_points_are_those_of_the_scope(client: Client) -> None:
    def told(scope: str) -> list[str]:
        answer = client(scope).get("/points/1.geojson")
        assert answer.json
        return [one["properties"]["name"] for one in answer.json["features"]]

    assert len(told("")) == 6
    assert told(town.WEST) == ["西门食堂", "西门党群服务站"]
    assert told(town.NORTH_GATE) == []


@pytest.mark.parametrize(
    ("path", "cookie"),
    [
        ("/language/en", "pingqi_language=en"),
        ("/language/zh", "pingqi_language=zh"),
        ("/theme/dark", "pingqi_theme=dark"),
    ],
)
def test_a_choice_is_remembered_and_leads_back(client: Client, path: str, cookie: str) -> None:
    answer = client("").get(path, headers={"Referer": "http://localhost/wall/?area=420102000000"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/wall/?area=420102000000")
    assert answer.headers["Set-Cookie"].startswith(cookie)
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "referrer",
    [
        None,
        "",
        "http://evil.example/x",
        "http://localhost.evil.example/",
        "http://localhost//evil.example/",
        "http://localhost/\\evil.example/",
        "http://localhost@evil.example/",
        "//evil.example/x",
        "javascript:alert(1)",
    ],
)
def test_no_choice_leads_to_another_host(client: Client, referrer: str | None) -> None:
    headers = {} if referrer is None else {"Referer": referrer}
    assert client("").get("/language/en", headers=headers).headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/language/fr", "/language/", "/theme/pink", "/theme/"])
def test_what_cannot_be_chosen_is_not_found(client: Client, path: str) -> None:
    assert client("").get(path).status_code == 404


def test_the_language_can_be_chosen_before_signing_in(drawn: Services, serve: Serve) -> None:
    client = serve(drawn).test_client()
    assert 'lang="zh-CN"' in client.get("/sign-in").text
    client.get("/language/en")
    assert 'lang="en"' in client.get("/sign-in").text
