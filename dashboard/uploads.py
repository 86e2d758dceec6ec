"""Files under review before an import: streamed to disk, seen by their owner only, gone after a day."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, request
from werkzeug.datastructures import FileStorage

from dashboard import auth
from dashboard.i18n import _
from dashboard.services import Services
from data.readers import ACCEPTED

PAGE = "/import/"
KEPT_S = 24 * 3600
COMPANIONS = (".dbf", ".shx", ".prj", ".cpg", ".qpj")
"""Parts of a Shapefile that come beside the .shp."""
_TOKEN = re.compile(r"[0-9a-f]{32}")
_MOST_FILES = 8
_UNSAFE = re.compile(r"[^\w.\-()（）\[\] ]+")


@dataclass(frozen=True)
class Uploads:
    """The folder of files under review, one folder in it for each upload."""

    folder: Path

    def save(self, files: list[FileStorage], owner: int | None) -> str | None:
        """Keep the files of one upload and return its token; None where none of them can be imported."""
        named = [(_safe(one.filename or ""), one) for one in files[:_MOST_FILES]]
        named = [(name, one) for name, one in named if name.lower().endswith((*ACCEPTED, *COMPANIONS))]
        if not any(name.lower().endswith(ACCEPTED) for name, _one in named):
            return None
        self.clean()
        token = secrets.token_hex(16)
        place = self.folder / token
        place.mkdir(parents=True, mode=0o700)
        for name, one in named:
            one.save(place / name)
        main = next(name for name, _one in named if name.lower().endswith(ACCEPTED))
        (place / "upload.json").write_text(json.dumps({"owner": owner, "file": main}))
        return token

    def path(self, token: str | None, owner: int | None) -> Path | None:
        """Return the file of an upload, None where there is none of this owner's."""
        if not token or not _TOKEN.fullmatch(token):
            return None
        note = self.folder / token / "upload.json"
        if not note.is_file():
            return None
        known = json.loads(note.read_text())
        return self.folder / token / known["file"] if known["owner"] == owner else None

    def remove(self, token: str) -> None:
        """Delete an upload."""
        if _TOKEN.fullmatch(token):
            shutil.rmtree(self.folder / token, ignore_errors=True)

    def clean(self) -> None:
        """Delete uploads that are older than a day."""
        if not self.folder.is_dir():
            return
        for place in self.folder.iterdir():
            if _TOKEN.fullmatch(place.name) and time.time() - place.stat().st_mtime > KEPT_S:
                shutil.rmtree(place, ignore_errors=True)


def _safe(name: str) -> str:
    """Return a file name without folders and special characters; Chinese ones stay."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    return _UNSAFE.sub("_", bare).lstrip(".")[-120:]


def routes(services: Services) -> Blueprint:
    """Return the route that takes an upload and answers where to go on."""
    blueprint = Blueprint("uploads", __name__)
    uploads = Uploads(services.settings.uploads)

    @blueprint.post("/upload")
    def upload() -> tuple[dict[str, str], int]:
        auth.only_planners()
        token = uploads.save(request.files.getlist("file"), auth.user_id())
        if token is None:
            return {
                "message": _("不能导入这样的文件；可用格式：{accepted}。", accepted="、".join(ACCEPTED))
            }, 415
        return {"location": f"{PAGE}?upload={token}", "token": token}, 200

    return blueprint
