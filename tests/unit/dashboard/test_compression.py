"""Scripts are compressed once, everything else each time."""

from __future__ import annotations

import gzip
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from flask import Flask, Response, send_file

from dashboard import compression

ROOM = "。" * 500


@pytest.fixture
def server() -> Flask:
    flask = Flask(__name__)
    compression.install(flask)
    turns = count()

    @flask.get("/<path:path>")
    def answer(path: str) -> tuple[str, dict[str, str]]:
        return f"{path} {next(turns)} {ROOM}", {"Content-Type": "text/javascript"}

    return flask


def asked(server: Flask, path: str) -> str:
    response = server.test_client().get(path, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    return gzip.decompress(response.data).decode().partition(" " + ROOM)[0]


@pytest.mark.parametrize(
    "path", ["_dash-component-suites/dash/a.js", "wall/_dash-component-suites/b.js", "assets/c.js"]
)
def test_a_script_is_compressed_once(server: Flask, path: str) -> None:
    assert asked(server, f"/{path}") == f"{path} 0"
    assert asked(server, f"/{path}?m=1") == f"{path} 0"


def test_the_file_of_an_answer_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(ROOM)
    opened: list[BinaryIO] = []
    flask = Flask(__name__)
    compression.install(flask)

    @flask.get("/assets/a.js")
    def script() -> Response:
        response = send_file(tmp_path / "a.js")
        opened.append(cast("Any", response.response).file)
        return response

    for encodings in ("gzip", "gzip, deflate, br, zstd"):
        flask.test_client().get("/assets/a.js", headers={"Accept-Encoding": encodings}).close()
    assert [file.closed for file in opened] == [True, True]


def test_an_answer_is_compressed_each_time(server: Flask) -> None:
    assert asked(server, "/_dash-update-component") != asked(server, "/_dash-update-component")


def test_what_is_kept_has_an_end(server: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MOST", 1)
    assert asked(server, "/assets/a.js") == asked(server, "/assets/a.js")
    assert asked(server, "/assets/b.js") != asked(server, "/assets/b.js")
