"""Codes of grids and micro-grids: the community's code and a serial, kept for life and never used again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

SERIAL = 3
"""Digits of a serial."""


def issued(
    polygons: NDArray[np.object_], community: str, used: Iterable[str] = (), length: int = SERIAL
) -> list[str]:
    """Return new codes for polygons of one community: row by row from north to south, each west to east.

    Parameters
    ----------
    polygons
        (n,) in metres.
    community
        Code of the community, which the codes begin with.
    used
        Codes ever given, of whatever lives no more too; serials go on after the largest. Those with another
        number of digits are another community's (40001 is none of community 4's) or another level's.
    length
        Digits of the serial.

    Raises
    ------
    GeoError
        If the serials do not suffice.
    """
    serials = (code[len(community) :] for code in used if _is_ours(code, community))
    last = max((int(serial) for serial in serials if len(serial) == length), default=0)
    if last + len(polygons) >= 10**length:
        raise GeoError(
            f"Community {community} has {last} serials in use and needs {len(polygons)} more, more than"
            f" {length} digits hold; choose a longer serial."
        )
    result = [""] * len(polygons)
    for n, k in enumerate(reading_order(polygons), last + 1):
        result[k] = f"{community}{n:0{length}d}"
    return result


def series(used: Iterable[str], community: str, holder: str | None = None) -> tuple[str, int]:
    """Return what new codes begin with and the digits of their serial, after the manner of those in use.

    Parameters
    ----------
    holder
        Code of the grid around: new codes begin with it where those in use do.
    """
    known = list(used)
    nested = holder is not None and any(_is_ours(code, holder) and code != holder for code in known)
    prefix = holder if holder is not None and nested else community
    return prefix, max((len(code) - len(prefix) for code in known if _is_ours(code, prefix)), default=SERIAL)


def _is_ours(code: str, community: str) -> bool:
    return code.startswith(community) and code[len(community) :].isdigit()


def reading_order(polygons: NDArray[np.object_]) -> list[int]:
    """Return positions row by row from north to south, each from west to east.

    A row is as high as polygons are wide on average (the root of the mean area).
    """
    if not len(polygons):
        return []
    x, y = shapely.get_coordinates(shapely.centroid(polygons)).T
    height = max(float(np.sqrt(shapely.area(polygons).mean())), 1.0)
    row = np.floor((y.max() - y) / height)
    return [int(n) for n in np.lexsort((y, x, row))]
