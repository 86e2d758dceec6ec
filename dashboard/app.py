"""One Flask server with sign-in and routes, and one Dash app for each page on it.

A page of its own app has its layout at hand when it starts, loads only its own callbacks, and can't disturb
another page's; they share the session, the language and the theme through cookies.
"""

from __future__ import annotations

from importlib.metadata import version as installed_version
from types import ModuleType

from dash import Dash, html
from flask import Flask, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from dashboard import auth, cell_layer, compression, outlines, server, studio_layers, uploads
from dashboard.callbacks import alignment as alignment_callbacks
from dashboard.callbacks import city as city_callbacks
from dashboard.callbacks import coverage as coverage_callbacks
from dashboard.callbacks import imports as imports_callbacks
from dashboard.callbacks import overlays as overlays_callbacks
from dashboard.callbacks import reach as reach_callbacks
from dashboard.callbacks import studio as studio_callbacks
from dashboard.callbacks import wall as wall_callbacks
from dashboard.i18n import _, language
from dashboard.pages import alignment, city, coverage, imports, overlays, reach, studio, wall
from dashboard.services import Services

VERSION = installed_version("pingqi")
LARGEST_UPLOAD = 700_000_000

PAGES: dict[str, tuple[ModuleType, ModuleType]] = {
    "/": (city, city_callbacks),
    "/coverage/": (coverage, coverage_callbacks),
    "/overlays/": (overlays, overlays_callbacks),
    "/reach/": (reach, reach_callbacks),
    "/align/": (alignment, alignment_callbacks),
    "/grids/": (studio, studio_callbacks),
    "/import/": (imports, imports_callbacks),
    "/wall/": (wall, wall_callbacks),
}
"""Path of each page: the module that lays it out and the one that moves it."""

_INDEX = """<!DOCTYPE html>
<html lang="__LANG__">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


class _Page(Dash):
    """Dash with the reader's language in its first tag and title."""

    def interpolate_index(self, **kwargs: str) -> str:
        """Fill in the index page."""
        kwargs["title"] = _("平齐 · 小区与网格一张图")
        page = super().interpolate_index(**kwargs)
        return page.replace("__LANG__", "zh-CN" if language() == "zh" else "en", 1)


def create_app(services: Services) -> Flask:
    """Return the server on a store; several may live in one process."""
    flask = Flask("dashboard", static_folder=None)
    flask.config["MAX_CONTENT_LENGTH"] = LARGEST_UPLOAD
    auth.install(flask, services.store, services.settings)
    server.install(flask, services, VERSION)
    flask.register_blueprint(uploads.routes(services))
    flask.register_blueprint(outlines.routes(services))
    flask.register_blueprint(cell_layer.routes(services))
    flask.register_blueprint(studio_layers.routes(services))
    compression.install(flask)
    for path, (page, callbacks) in sorted(PAGES.items(), reverse=True):
        _mount(flask, path, page, callbacks, services)
    return flask


def _mount(flask: Flask, path: str, page: ModuleType, callbacks: ModuleType, services: Services) -> None:
    app = _Page(
        "dashboard",
        server=flask,
        url_base_pathname=path,
        update_title=None,
        index_string=_INDEX,
        suppress_callback_exceptions=True,
        serve_locally=True,
    )
    # Dash asks for the layout once by itself, at a first request that may be nobody's.
    app.layout = lambda: page.layout(services) if current_user.is_authenticated else html.Div()
    callbacks.register(app, services)
    if path != "/":
        bare = path.rstrip("/")

        def add_slash() -> Response:
            query = request.query_string.decode()
            return redirect(f"{path}?{query}" if query else path)

        flask.add_url_rule(bare, f"bare{bare}", add_slash)
