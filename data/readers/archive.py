"""From an uploaded file to plain files on disk: sizes checked, archives unpacked to a temporary folder."""

from __future__ import annotations

import gzip
import stat
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from data.readers.draft import Source
from data.readers.problems import fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.readers.table import Limits

# Extensions that hold layers, and the names that an error shows for them.
ACCEPTED = (".gpkg", ".geojson", ".json", ".shp", ".kml", ".kmz", ".dxf", ".csv", ".tsv", ".xlsx", ".osm")
ARCHIVES = (".zip", ".osm.gz")
_COMPANIONS = (".shx", ".dbf", ".prj", ".cpg")
_IN_ZIP = tuple(one for one in ACCEPTED if one not in {".kmz", ".xlsx"})
_NESTED = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".kmz", ".xlsx")
_RATIO_FROM = 10 * 1024 * 1024
_MB = 1024 * 1024
_CHUNK = 1024 * 1024
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800


def extension_of(name: str) -> str:
    """Return the extension in lower case; ``.osm.gz`` counts as one."""
    lower = name.lower()
    return ".osm.gz" if lower.endswith(".osm.gz") else PurePosixPath(lower).suffix


def accepted_text() -> str:
    """Name the accepted extensions for a message."""
    return "、".join((*ACCEPTED, *ARCHIVES))


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[list[Source]]:
    """Yield the files that hold layers: the file itself, or what its archive holds.

    Raises
    ------
    ReadError
        If the file is missing, too large, of a kind that is not read, or an unsafe or damaged archive.
    """
    if not path.is_file():
        raise fail("not_found", path.name)
    extension = extension_of(path.name)
    if extension == ".xls":
        raise fail("old_excel", path.name)
    if extension not in (*ACCEPTED, *ARCHIVES):
        raise fail("file_type", path.name, extension=extension or path.name, accepted=accepted_text())
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise fail("too_large", path.name, size_mb=size / _MB, limit_mb=limits.file_bytes / _MB)
    if size == 0:
        raise fail("file_empty", path.name)
    if extension not in {".zip", ".kmz", ".osm.gz"}:
        yield [Source(path, path.name, path.stem, extension)]
        return
    with tempfile.TemporaryDirectory(prefix="pingqi-") as folder:
        unpack = _gunzip if extension == ".osm.gz" else _unzip
        yield unpack(path, Path(folder), limits)


def _gunzip(path: Path, folder: Path, limits: Limits) -> list[Source]:
    target = folder / "layer.osm"
    try:
        with gzip.open(path) as packed:
            _copy(packed, target, limits.unpacked_bytes, path)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise fail("damaged", path.name, detail=str(error)) from error
    return [Source(target, path.name, path.name[: -len(".osm.gz")], ".osm")]


def _copy(packed: _Readable, target: Path, room: int, archive: Path) -> int:
    """Copy at most ``room`` bytes, whatever the archive says of the size; return the number."""
    done = 0
    with target.open("wb") as out:
        while chunk := packed.read(_CHUNK):
            done += len(chunk)
            if done > room:
                ratio = done / max(archive.stat().st_size, 1)
                raise fail("archive_ratio", archive.name, size_mb=done / _MB, ratio=ratio)
            out.write(chunk)
    return done


def _unzip(path: Path, folder: Path, limits: Limits) -> list[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = check_members(archive, path, limits)
            return _extract(archive, members, path, folder, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise fail("damaged", path.name, detail=str(error)) from error


def check_members(archive: zipfile.ZipFile, path: Path, limits: Limits) -> list[zipfile.ZipInfo]:
    """Check names, number and sizes before anything is unpacked; return the members that are files.

    Raises
    ------
    ReadError
        If a path leads outside, a member is encrypted or a link, or the archive is too large unpacked.
    """
    members = [one for one in archive.infolist() if not one.is_dir()]
    if len(members) > limits.members:
        raise fail("archive_members", path.name, count=len(members), limit=limits.members)
    for one in members:
        name = shown_name(one)
        parts = PurePosixPath(name.replace("\\", "/")).parts
        drive = bool(parts) and parts[0].endswith(":")
        if name.startswith(("/", "\\")) or ".." in parts or drive or stat.S_ISLNK(one.external_attr >> 16):
            raise fail("archive_path", path.name, name=name)
        if one.flag_bits & _ENCRYPTED:
            raise fail("archive_encrypted", path.name, name=name)
    total = sum(one.file_size for one in members)
    ratio = total / max(path.stat().st_size, 1)
    if total > limits.unpacked_bytes or (total > _RATIO_FROM and ratio > limits.ratio):
        raise fail("archive_ratio", path.name, size_mb=total / _MB, ratio=ratio)
    return members


def shown_name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; names without the UTF-8 flag come from Chinese Windows more often than not."""
    if member.flag_bits & _UTF8_NAME or member.filename.isascii():
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _extract(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], path: Path, folder: Path, limits: Limits
) -> list[Source]:
    """Unpack known extensions under names of our own; companions of a shapefile stay together."""
    is_kmz = extension_of(path.name) == ".kmz"
    wanted, companions = ((".kml",), ()) if is_kmz else (_IN_ZIP, _COMPANIONS)
    sources: list[Source] = []
    folders: dict[str, Path] = {}
    room = limits.unpacked_bytes
    for one in sorted(members, key=shown_name):
        inside = PurePosixPath(shown_name(one).replace("\\", "/"))
        if inside.name.startswith(".") or "__MACOSX" in inside.parts:
            continue
        extension = inside.suffix.lower()
        if extension in _NESTED and not is_kmz:
            raise fail("archive_nested", path.name, name=str(inside))
        if extension not in (*wanted, *companions):
            continue
        key = str(inside.with_suffix("")).lower()
        place = folders.setdefault(key, folder / str(len(folders)))
        place.mkdir(exist_ok=True)
        target = place / f"layer{extension}"
        with archive.open(one) as packed:
            room -= _copy(packed, target, room, path)
        if extension in wanted:
            stem = path.stem if is_kmz else str(inside.with_suffix(""))
            sources.append(Source(target, f"{path.name}/{inside}", stem, extension))
    if not sources:
        raise fail("archive_empty", path.name, accepted="、".join(wanted))
    return _short_stems(sources)


def _short_stems(sources: list[Source]) -> list[Source]:
    """Name layers without their folders where that stays unique."""
    last = [PurePosixPath(one.stem).name for one in sources]
    return [
        Source(one.path, one.shown, name if last.count(name) == 1 else one.stem, one.extension)
        for one, name in zip(sources, last, strict=True)
    ]
