"""Signing in, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from dashboard import auth
from dashboard.services import Services
from data.cities import write_demo
from data.errors import DataError
from data.settings import Settings
from models import Account
from models.enums import Role
from tests import town

Serve = Callable[[Services], Flask]
PASSWORD = "correct horse"  # noqa: S105


@pytest.fixture
def client(services: Services, serve: Serve) -> FlaskClient:
    auth.create_account(services.store, "wang", "王", Role.COMMITTEE, town.EAST_STREET, PASSWORD)
    return serve(services).test_client()


def _sign_in(
    client: FlaskClient, password: str, username: str = "wang", url: str = "/sign-in"
) -> TestResponse:
    form = re.search(r'name="form" value="(\w+)"', client.get(url).text)
    assert form
    return client.post(url, data={"form": form[1], "username": username, "password": password})


def test_who_is_not_signed_in_is_sent_to_sign_in_and_then_back(client: FlaskClient) -> None:
    answer = client.get("/?area=420102001000&kinds=aged,none")
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert where.startswith("/sign-in?next=/")
    back = _sign_in(client, PASSWORD, url=where)
    assert back.headers["Location"] == "/?area=420102001000&kinds=aged,none"
    assert client.get("/").text == "the page"


def test_a_callback_without_sign_in_is_refused_not_redirected(client: FlaskClient) -> None:
    assert client.post("/_dash-update-component", json={}).status_code == 401
    assert client.post("/").status_code == 401


@pytest.mark.parametrize(
    ("username", "password"),
    [("wang", "wrong"), ("wang", ""), ("nobody", PASSWORD), ("", ""), ("WANG", PASSWORD), ("demo", "")],
)
def test_a_wrong_name_or_password_does_not_sign_in(client: FlaskClient, username: str, password: str) -> None:
    answer = _sign_in(client, password, username)
    assert answer.status_code == 200
    assert "用户名或密码不对" in answer.text
    assert client.get("/").status_code == 302


def test_five_failures_make_a_name_wait_five_minutes(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(auth.time, "monotonic", lambda: now)
    for _ in range(5):
        assert "用户名或密码不对" in _sign_in(client, "wrong").text
    assert "尝试次数过多" in _sign_in(client, PASSWORD).text
    assert "用户名或密码不对" in _sign_in(client, "wrong", "li").text  # another name need not wait
    now += auth.WITHIN_S + 1
    assert _sign_in(client, PASSWORD).status_code == 302


def test_a_success_forgets_the_failures(client: FlaskClient) -> None:
    for _ in range(3):
        for _ in range(4):
            _sign_in(client, "wrong")
        assert _sign_in(client, PASSWORD).status_code == 302
        client.post("/sign-out")


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/x",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "",
        "//[",
    ],
)
def test_signing_in_leads_to_this_host_only(client: FlaskClient, target: str) -> None:
    form = re.search(r'value="(\w{32})"', client.get("/sign-in").text)
    assert form
    answer = client.post(
        "/sign-in",
        query_string={"next": target},
        data={"form": form[1], "username": "wang", "password": PASSWORD},
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.parametrize("form", [None, "", "0" * 32, "页面"])
def test_a_form_that_this_server_did_not_give_out_signs_nobody_in(
    client: FlaskClient, form: str | None
) -> None:
    data = {"username": "wang", "password": PASSWORD} | ({} if form is None else {"form": form})
    answer = client.post("/sign-in", data=data)  # with no form asked for before
    assert answer.status_code == 200
    assert "页面已过期" in answer.text
    client.get("/sign-in")
    assert "页面已过期" in client.post("/sign-in", data=data).text
    assert client.get("/").status_code == 302


def test_signing_out_ends_it(client: FlaskClient) -> None:
    _sign_in(client, PASSWORD)
    assert client.get("/sign-out").status_code == 405  # no link and no picture signs anybody out
    assert client.post("/sign-out").status_code == 302
    assert client.get("/").status_code == 302


def test_an_account_that_is_closed_is_out_at_once(client: FlaskClient, services: Services) -> None:
    _sign_in(client, PASSWORD)
    with services.store.writing("account") as session:
        session.execute(text("UPDATE account SET active = false"))
    assert client.get("/").status_code == 302
    assert "用户名或密码不对" in _sign_in(client, PASSWORD).text


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = _sign_in(client, PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_password_is_kept_as_an_argon2_hash_only(client: FlaskClient, services: Services) -> None:
    assert client is not None
    with services.store.reading() as session:
        account = session.scalars(select(Account).where(Account.username == "wang")).one()
    assert account.password_hash is not None
    assert account.password_hash.startswith("$argon2id$")
    assert PASSWORD not in account.password_hash


@pytest.mark.parametrize(
    ("given", "kept"), [("", ""), ("4201", "4201"), (town.EAST, town.EAST[:6]), (town.SPRING, town.SPRING)]
)
def test_an_account_sees_what_its_code_or_prefix_says(services: Services, given: str, kept: str) -> None:
    auth.create_account(services.store, "li", "李", Role.WORKER, given, PASSWORD)
    with services.store.reading() as session:
        assert session.scalars(select(Account.scope)).one() == kept


@pytest.mark.parametrize("scope", ["东街", "42x", "4201020010011"])
def test_a_scope_that_is_no_code_is_named(services: Services, scope: str) -> None:
    with pytest.raises(DataError, match=scope):
        auth.create_account(services.store, "li", "李", Role.WORKER, scope, PASSWORD)


def test_a_name_is_given_once(client: FlaskClient, services: Services) -> None:
    assert client is not None
    with pytest.raises(DataError, match="wang"):
        auth.create_account(services.store, "wang", "汪", Role.WORKER, "", PASSWORD)


@pytest.fixture
def demo(services: Services) -> Services:
    class City:
        tables = town.tables()
        settings = town.SETTINGS

    write_demo(services.store, City())  # type: ignore[arg-type]
    return services


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1", 200), ("localhost", 200), ("::1", 200), ("10.0.0.8", 302), ("::", 302)]
)
def test_the_demo_signs_itself_in_on_loopback_only(
    demo: Services, serve: Serve, host: str, status: int
) -> None:
    services = replace(demo, settings=Settings(home=demo.settings.home, host=host))
    assert serve(services).test_client().get("/").status_code == status


def test_a_real_store_on_loopback_asks_for_a_password(services: Services, serve: Serve) -> None:
    local = replace(services, settings=Settings(home=services.settings.home))
    assert serve(local).test_client().get("/").status_code == 302


def test_the_demo_planner_has_no_password_to_guess(demo: Services, serve: Serve) -> None:
    client = serve(demo).test_client()
    for password in ("", "demo", "None"):
        assert "用户名或密码不对" in _sign_in(client, password, "demo").text


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = auth.secret_key(tmp_path / "new")
    assert len(key) == 32
    assert auth.secret_key(tmp_path / "new") == key
    assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o077 == 0
