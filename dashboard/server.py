"""Plain HTTP beside the Dash pages: health, map archives, names, points, language."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlparse

from flask import Blueprint, Flask, Response, abort, redirect, request, send_file
from werkzeug.wrappers import Response as BaseResponse

from dashboard import auth, i18n
from dashboard.services import Services
from dashboard.theme import COOKIE as THEME_COOKIE
from dashboard.theme import THEMES
from data.queries import names as names_query
from data.queries import points as points_query
from data.scope import Scope
from data.tiles import COUNTY_DIGITS, WHOLE_CITY, may_read

YEAR_S = 31_536_000
MONTH_S = 2_592_000
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; font-src 'self' data:;"
    " object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)
_COUNTY = re.compile(f"{WHOLE_CITY}|[0-9]{{{COUNTY_DIGITS}}}")


def install(server: Flask, services: Services, version: str) -> None:
    """Add the routes and the headers that every answer bears."""
    server.register_blueprint(_routes(services, version))
    server.register_blueprint(_choices())

    @server.after_request
    def secure(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        if "/assets/fonts/" in request.path:
            response.cache_control.max_age = MONTH_S
            response.cache_control.no_cache = None
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response


def _routes(services: Services, version: str) -> Blueprint:
    routes = Blueprint("pingqi", __name__)

    @routes.get("/healthz")
    def health() -> dict[str, Any]:
        return {"status": "ok", "version": version, "revision": services.store.revision()}

    @routes.get("/tiles/<file_name>")
    def tiles(file_name: str) -> Response:
        path = services.tiles.path(file_name, auth.scope())
        if path is None:
            abort(404)
        response = send_file(
            path, mimetype="application/octet-stream", conditional=True, etag=path.stem, max_age=YEAR_S
        )
        response.cache_control.immutable = True
        response.cache_control.private = True
        return response

    @routes.get("/names/<layer>/<county>/<int:revision>.json")
    def names(layer: str, county: str, revision: int) -> Response:  # noqa: ARG001  (the revision is the cache's key)
        inner = _within(auth.scope(), county)
        if layer not in names_query.LAYERS or inner is None:
            abort(404)
        with services.store.reading() as session:
            ids, found = names_query.names(session, inner, layer)
        return _for_ever({"ids": ids, "names": found})

    @routes.get("/points/<int:revision>.geojson")
    def points(revision: int) -> Response:  # noqa: ARG001
        with services.store.reading() as session:
            return _for_ever(points_query.points(session, auth.scope()))

    return routes


def _choices() -> Blueprint:
    """Return the routes that remember a reader's choices in the browser."""
    routes = Blueprint("choices", __name__)

    @routes.get("/language/<code>")
    def language(code: str) -> BaseResponse:
        if code not in i18n.LANGUAGES:
            abort(404)
        return _back_with_cookie(i18n.COOKIE, code)

    @routes.get("/theme/<name>")
    def theme(name: str) -> BaseResponse:
        if name not in THEMES:
            abort(404)
        return _back_with_cookie(THEME_COOKIE, name)

    return routes


def _within(scope: Scope, county: str) -> Scope | None:
    """Return the part of a scope that lies in the county of an archive, None where it may not be read."""
    if not _COUNTY.fullmatch(county) or not may_read(scope, county):
        return None
    return scope if county == WHOLE_CITY or scope.prefix.startswith(county) else Scope(county)


def _back_with_cookie(cookie: str, value: str) -> BaseResponse:
    """Remember a choice in the browser and go back to the page of this host that it was made on."""
    referrer = urlparse(request.referrer or "/")
    target = referrer.path + (f"?{referrer.query}" if referrer.query else "")
    response = redirect(auth.local(target) if referrer.netloc in {"", request.host} else "/")
    response.set_cookie(cookie, value, max_age=YEAR_S, samesite="Lax")
    return response


def _for_ever(content: dict[str, Any]) -> Response:
    """Answer JSON that never changes under its URL, for this user's browser only."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    response = Response(body, mimetype="application/json")
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.cache_control.max_age = YEAR_S
    response.cache_control.private = True
    response.cache_control.immutable = True
    return response
