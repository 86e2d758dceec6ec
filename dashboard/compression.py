"""Answers are compressed on their way out; scripts, which never change while the server runs, only once."""

from __future__ import annotations

from flask import Flask, Request, Response
from flask_compress import Compress

COMPONENTS, ASSETS = "/_dash-component-suites/", "/assets/"
MOST = 200
"""Scripts that are kept; the pages have some fifty, and an address may hold any version."""
TEXTS = ["text/html", "text/css", "text/javascript", "application/javascript", "application/json"]


class Compressed:
    """What has been compressed, by algorithm and address; an answer without an address is not kept."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key."""
        return self._kept.get(key)

    def set(self, key: str, content: bytes) -> None:
        """Keep a script; Flask-Compress writes ``algorithm;address``."""
        if not key.endswith(";") and len(self._kept) < MOST:
            self._kept[key] = content


def address(request: Request) -> str:
    """Return the address of a script of this server, empty for every other answer."""
    return request.path if COMPONENTS in request.path or ASSETS in request.path else ""


def install(flask: Flask) -> None:
    """Compress what a server answers. Archives of tiles and fonts are compressed already."""
    flask.config.update(
        COMPRESS_MIMETYPES=TEXTS,
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_LEVEL=6,
        COMPRESS_CACHE_BACKEND=Compressed,
        COMPRESS_CACHE_KEY=address,
    )
    Compress(flask)
    flask.after_request(_close_in_the_end)  # the last that is added runs first


def _close_in_the_end(response: Response) -> Response:
    """Close the file of an answer: Flask-Compress puts its own in its place and leaves it open."""
    file = response.response
    if hasattr(file, "close"):
        response.call_on_close(file.close)
    return response
