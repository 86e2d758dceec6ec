"""GDAL, asked for bytes as they are, its errors and warnings turned into ours."""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from data.readers.problems import fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.readers.table import Limits

# Every byte is one Latin-1 character, so that texts can be decoded here, with care.
RAW = "ISO-8859-1"
_FOLDERS = re.compile(r"'?(?:GeoJSON:)?/\S*/")
_QUIET = ("Measured (M) geometry", "Non closed ring", "Several features with id")
_LONGEST = 200


def layers(path: str, shown: str) -> list[tuple[str, str | None]]:
    """Return name and geometry type (None for a plain table) of every layer."""
    with asking(shown):
        return [(str(name), kind) for name, kind in pyogrio.list_layers(path)]


def describe(path: str, layer: str | None, shown: str) -> tuple[str | None, int | None]:
    """Return geometry type and number of features, None where GDAL would have to read them all."""
    with asking(shown):
        info = pyogrio.read_info(path, layer=layer, encoding=RAW)
    return info["geometry_type"], info["features"] if info["features"] >= 0 else None


def read(
    path: str, layer: str | None, shown: str, limits: Limits, **open_options: Any
) -> tuple[dict[str, Any], Any, list[Any], list[str]]:
    """Return GDAL's description, WKB or None, the fields (texts as raw bytes in Latin-1), and its warnings.

    Raises
    ------
    ReadError
        If GDAL can't read it, or it holds too many features.
    """
    most = limits.features
    with asking(shown) as messages:
        meta, _, wkb, values = pyogrio.raw.read(
            path, layer=layer, encoding=RAW, max_features=most + 1, **open_options
        )
    if max([0 if wkb is None else len(wkb), *map(len, values)], default=0) > most:
        raise fail("too_many_features", shown, limit=most)
    return meta, wkb, values, messages


@contextmanager
def asking(shown: str) -> Iterator[list[str]]:
    """Turn GDAL's errors into one of ours; yield a list that its warnings are put into at the end.

    Raises
    ------
    ReadError
        In place of whatever pyogrio raises.
    """
    messages: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield messages
    except (DataSourceError, DataLayerError, ValueError, OverflowError, MemoryError) as error:
        raise fail("damaged", shown, detail=told(str(error))) from error
    distinct = dict.fromkeys(told(str(one.message)) for one in caught)
    messages += [one for one in distinct if not one.startswith(_QUIET)]


def told(message: str) -> str:
    """Return a message of GDAL on one line, without the folders of this machine."""
    return " ".join(_FOLDERS.sub("", message).split()).rstrip(".;")[:_LONGEST]
