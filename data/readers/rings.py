"""Geometries from WKB and WKT, with a reason where shapely refuses: rings unclosed or too short."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from data.readers.problems import fail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from data.readers.draft import Draft

_HEADER = 5
_POLYGON, _COLLECTIONS = 3, (4, 5, 6, 7)
_EWKB_Z, _EWKB_M, _EWKB_SRID = 0x80000000, 0x40000000, 0x20000000
_DEPTH = 16
_LEAST = 3
_RING = re.compile(r"\(([^()]+)\)")
_BYTES_PER_VERTEX = 16


def from_wkb(draft: Draft, wkb: Any, max_vertices: int) -> None:
    """Set the draft's geometry from an array of WKB (None where missing) and report what can't be parsed.

    Raises
    ------
    ReadError
        If there are more than ``max_vertices`` vertices.
    """
    count = sum(len(one) for one in wkb if one is not None) // _BYTES_PER_VERTEX
    if count > max_vertices:
        raise fail("too_many_vertices", draft.file, count=count, limit=max_vertices)
    given = np.fromiter((one is not None for one in wkb), dtype=bool, count=len(wkb))
    with np.errstate(invalid="ignore"):
        geometry = shapely.from_wkb(wkb, on_invalid="ignore")
    for position in np.flatnonzero(given & shapely.is_missing(geometry)):
        _report(draft, int(position), list(_rings_of_wkb(wkb[position])), "WKB")
    draft.geometry = geometry


def from_wkt(draft: Draft, wkt: Any, max_vertices: int) -> None:
    """Set the draft's geometry from an array of WKT (None where missing) and report what can't be parsed."""
    given = np.fromiter((isinstance(one, str) for one in wkt), dtype=bool, count=len(wkt))
    texts = np.array(wkt, dtype=object)
    texts[~given] = None
    count = sum(one.count(",") + 1 for one in texts[given])
    if count > max_vertices:
        raise fail("too_many_vertices", draft.file, count=count, limit=max_vertices)
    with np.errstate(invalid="ignore"):
        geometry = shapely.from_wkt(texts, on_invalid="ignore")
    for position in np.flatnonzero(given & shapely.is_missing(geometry)):
        text = str(texts[position])
        rings = [_numbers(one) for one in _RING.findall(text)] if "POLYGON" in text.upper() else []
        _report(draft, int(position), [one for one in rings if one is not None], "WKT")
    draft.geometry = geometry


def report_ring(draft: Draft, position: int, ring: NDArray[np.float64]) -> bool:
    """Report a ring, shape (n, 2), that is unclosed or too short; tell whether it was."""
    unclosed = len(ring) >= _LEAST and not np.array_equal(ring[0], ring[-1], equal_nan=True)
    if unclosed:
        (x, y), (x2, y2) = ring[0], ring[-1]
        draft.note("ring_unclosed", position, x=x, y=y, x2=x2, y2=y2)
    elif len(ring) <= _LEAST:
        draft.note("ring_short", position, count=len(ring))
    else:
        return False
    draft.judged.add(position)
    return True


def _report(draft: Draft, position: int, rings: Sequence[NDArray[np.float64]], kind: str) -> None:
    bad = [report_ring(draft, position, ring) for ring in rings]
    if not any(bad):
        draft.note("geometry_damaged", position, detail=kind)
        draft.judged.add(position)


def _numbers(text: str) -> NDArray[np.float64] | None:
    try:
        points = [[float(one) for one in pair.split()[:2]] for pair in text.split(",")]
        return np.array(points, dtype=np.float64).reshape(-1, 2)
    except ValueError:
        return None


def _rings_of_wkb(wkb: bytes) -> Iterator[NDArray[np.float64]]:
    """Yield the rings of all polygons in a WKB; stop where it ends too early."""
    try:
        yield from _walk(wkb, 0, _DEPTH)[0]
    except (struct.error, ValueError):
        return


def _walk(wkb: bytes, start: int, depth: int) -> tuple[list[NDArray[np.float64]], int]:
    order = "<" if wkb[start : start + 1] == b"\x01" else ">"
    (code,) = struct.unpack_from(f"{order}I", wkb, start + 1)
    at = start + _HEADER + (4 if code & _EWKB_SRID else 0)
    kind, iso = code & 0xFFFF, (code & 0xFFFF) // 1000
    width = 2 + (iso in {1, 3} or bool(code & _EWKB_Z)) + (iso in {2, 3} or bool(code & _EWKB_M))
    rings: list[NDArray[np.float64]] = []
    (parts,) = struct.unpack_from(f"{order}I", wkb, at)
    at += 4
    if kind % 1000 == _POLYGON:
        for _ in range(parts):
            (count,) = struct.unpack_from(f"{order}I", wkb, at)
            values = np.frombuffer(wkb, f"{order}f8", count * width, at + 4)
            rings.append(values.reshape(count, width)[:, :2].astype(np.float64))
            at += 4 + count * width * 8
    elif kind % 1000 in _COLLECTIONS and depth:
        for _ in range(parts):
            inner, at = _walk(wkb, at, depth - 1)
            rings += inner
    return rings, at
