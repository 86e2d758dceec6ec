"""Signing in: accounts of the store, argon2 hashes, and the scope of who asks."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict, deque
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from dashboard.i18n import _, language
from data.errors import DataError
from data.scope import Scope
from data.settings import Settings
from data.store import Store
from models import Account
from models.areas import CODE_LENGTH
from models.enums import Role

TRIES, WITHIN_S = 5, 300
"""So many failed sign-ins of a name within so many seconds, then it has to wait."""
MOST_NAMES = 10_000
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}
PLANNERS = frozenset({Role.ADMINISTRATOR, Role.PLANNER})
OPEN_PATHS = ("/healthz", "/sign-in", "/assets/", "/language/")

_hasher = PasswordHasher()
_no_account = _hasher.hash(secrets.token_hex(8))
_failures: dict[str, deque[float]] = defaultdict(deque)


class User(UserMixin):  # type: ignore[misc]
    """Who is signed in, as Flask-Login wants it."""

    def __init__(self, account: Account) -> None:
        self.id = account.id
        self.name = account.display_name
        self.role = Role(account.role)
        self.scope = Scope(account.scope)
        self.has_password = account.password_hash is not None


def secret_key(home: Path) -> bytes:
    """Return the installation's own key, made when it is first needed and readable by its owner only."""
    path = home / "secret.key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


def scope() -> Scope:
    """Return what the current user may see; nobody signed in is an error, not the whole city."""
    if not current_user.is_authenticated:
        abort(401)
    result: Scope = current_user.scope
    return result


def user_id() -> int | None:
    """Return the id of the account that is signed in."""
    return int(current_user.id) if current_user.is_authenticated else None


def may_plan() -> bool:
    """Tell whether who is signed in may import and change boundaries: planners and administrators."""
    return bool(current_user.is_authenticated and current_user.role in PLANNERS)


def only_planners() -> None:
    """Refuse, with 403, who may not plan."""
    if not may_plan():
        abort(403)


def check_password(store: Store, username: str, password: str) -> Account | None:
    """Return the account that a name and a password belong to, None where they don't fit."""
    with store.reading() as db:
        account = db.scalar(select(Account).where(Account.username == username, Account.active))
    try:
        # A name that is not known costs the same time as one that is.
        _hasher.verify(account.password_hash if account and account.password_hash else _no_account, password)
    except VerificationError:
        return None
    return account


def create_account(store: Store, username: str, name: str, role: Role, prefix: str, password: str) -> None:
    """Add an account; the password is kept as an argon2 hash only.

    Parameters
    ----------
    prefix
        What it may see: a 12-digit area code, or the leading digits of one; empty for the whole city.

    Raises
    ------
    DataError
        If the name is taken or the prefix is none.
    """
    try:
        visible = Scope.of_area(prefix) if len(prefix) == CODE_LENGTH else Scope(prefix)
    except ValueError as error:
        raise DataError(f"范围 {prefix!r} 不是区划代码；请填 12 位代码或其开头几位，留空为全市。") from error
    with store.writing("account") as db:
        if db.scalar(select(Account.id).where(Account.username == username)) is not None:
            raise DataError(f"账号 {username} 已经存在；请换一个用户名。")
        db.add(
            Account(
                username=username,
                display_name=name,
                role=role,
                scope=visible.prefix,
                password_hash=_hasher.hash(password),
                created_at=datetime.now(UTC),
            )
        )


def install(server: Flask, store: Store, settings: Settings) -> None:
    """Add sign-in to the server: every page but a few needs it."""
    server.secret_key = secret_key(settings.home)
    server.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
    manager = LoginManager(server)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(identity: str) -> User | None:
        with store.reading() as db:
            account = db.get(Account, int(identity))
        return User(account) if account and account.active else None

    @server.before_request
    def gate() -> BaseResponse | None:
        if request.path.startswith(OPEN_PATHS) or current_user.is_authenticated:
            return None
        if settings.is_local and _asked_locally() and _is_demo(store):
            login_user(User(_demo_account(store)))
            return None
        if "/_dash" in request.path or request.method != "GET":
            return Response(_("登录已失效，请重新登录。"), 401)
        return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'))}")

    server.register_blueprint(_pages(store))


def _asked_locally() -> bool:
    """Tell whether the browser asked this machine by its own name: another name may point here, too."""
    return urlsplit(f"//{request.host}").hostname in LOCAL_HOSTS


def _is_demo(store: Store) -> bool:
    return store.setting("demo") == "1"


def _demo_account(store: Store) -> Account:
    with store.reading() as db:
        return db.scalars(select(Account).where(Account.username == "demo")).one()


def _pages(store: Store) -> Blueprint:
    pages = Blueprint("auth", __name__)

    @pages.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> str | BaseResponse:
        message = ""
        if request.method == "POST":
            expected, given = session.pop("form", ""), request.form.get("form", "")
            if not expected or not secrets.compare_digest(expected.encode(), given.encode()):
                message = _("页面已过期，请再试一次。")
            else:
                username = request.form.get("username", "")
                message = _sign_in(store, username, request.form.get("password", ""))
                if not message:
                    return redirect(local(request.args.get("next", "/")))
        # Another tab, or the browser's own search for an icon, comes here too and must not spoil this form.
        session["form"] = session.get("form") or secrets.token_hex(16)
        return render_template(
            "sign_in.html", message=message, form=session["form"], _=_, language=language()
        )

    @pages.route("/sign-out", methods=["POST"])
    def sign_out() -> BaseResponse:
        logout_user()
        return redirect("/sign-in")

    return pages


def _sign_in(store: Store, username: str, password: str) -> str:
    """Sign in and return an empty string, or what to tell."""
    if len(_failures) > MOST_NAMES:  # somebody invents names
        _failures.clear()
    failures, now = _failures[username], time.monotonic()
    while failures and now - failures[0] > WITHIN_S:
        failures.popleft()
    if len(failures) >= TRIES:
        return _("尝试次数过多，请 5 分钟后再试。")
    account = check_password(store, username, password)
    if account is None:
        failures.append(now)
        return _("用户名或密码不对。")
    failures.clear()
    session.clear()
    login_user(User(account))
    return ""


def local(target: str) -> str:
    """Return a target on this host only; to browsers a backslash is a slash, and a tab is nothing."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_local else "/"
