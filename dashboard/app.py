"""The Dash app: pages, callbacks, sign-in and routes on one Flask server."""

from __future__ import annotations

from importlib.metadata import version as installed_version

import dash_mantine_components as dmc
from dash import Dash, dcc, html
from flask import Flask
from flask_compress import Compress

from dashboard import auth, server
from dashboard.callbacks import city as city_callbacks
from dashboard.i18n import _, language
from dashboard.pages import city
from dashboard.services import Services

VERSION = installed_version("pingqi")

_INDEX = """<!DOCTYPE html>
<html lang="__LANG__">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


class _App(Dash):
    """Dash with the page's language in its first tag."""

    def interpolate_index(self, **kwargs: str) -> str:
        """Fill in the index page."""
        page = super().interpolate_index(**kwargs)
        return page.replace("__LANG__", "zh-CN" if language() == "zh" else "en", 1)


def create_app(services: Services) -> Dash:
    """Return the app on a store; several may live in one process."""
    flask = Flask("dashboard")
    auth.install(flask, services.store, services.settings)
    server.install(flask, services, VERSION)
    flask.config.update(
        COMPRESS_MIMETYPES=[
            "text/html",
            "text/css",
            "text/javascript",
            "application/javascript",
            "application/json",
        ],
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_LEVEL=6,
        MAX_CONTENT_LENGTH=700_000_000,
    )
    Compress(flask)
    app = _App(
        "dashboard",
        server=flask,
        title="平齐",
        update_title=None,
        index_string=_INDEX,
        suppress_callback_exceptions=True,
        assets_folder="assets",
        serve_locally=True,
    )
    app.layout = lambda: _layout(services)
    city_callbacks.register(app, services)
    return app


def _layout(services: Services) -> dmc.MantineProvider:
    return city.layout(services)
