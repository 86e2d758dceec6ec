"""What each format's reader makes before the common checks: records, geometries, and what was noticed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.readers.problems import Problem, problem
from data.readers.table import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from data.readers.problems import Unit
    from data.readers.table import Bounds, CrsHow, GeometryType

Objects = Any  # NDArray[np.object_] of str, bytes or geometries


@dataclass(frozen=True)
class Source:
    """A file on disk that holds layers of one format.

    Attributes
    ----------
    path
        Where it lies; inside a temporary folder if it was unpacked.
    shown
        Name to show in messages.
    stem
        Name of the layer if it has but one.
    extension
        Lower case, with the dot.
    """

    path: Path
    shown: str
    stem: str
    extension: str


@dataclass(frozen=True)
class Options:
    """The caller's wishes, as :func:`data.readers.read` takes them."""

    encoding: str | None = None
    crs: Any = None
    header_row: int | None = None
    limits: Limits = field(default_factory=Limits)
    city_bounds: Bounds | None = None
    geometry_type: GeometryType | None = None
    progress: Callable[[float], None] = lambda _share: None


@dataclass
class Draft:
    """One layer as its format gives it, before cleaning and checks.

    Attributes
    ----------
    columns
        Name -> values, all of one length.
    rows
        Row or feature numbers, 1-based.
    geometry
        Shapely geometries or None; None for a plain table.
    judged
        Positions whose missing geometry has been reported already.
    cleaned
        Whether the texts are cleaned already.
    """

    file: str
    columns: dict[str, Objects]
    rows: NDArray[np.int64]
    unit: Unit = "feature"
    layer: str | None = None
    geometry: Objects | None = None
    judged: set[int] = field(default_factory=set)
    encoding: str | None = None
    previews: dict[str, tuple[str, ...]] = field(default_factory=dict)
    crs: Any = None
    crs_how: CrsHow = "unknown"
    datum: str | None = None
    header_row: int | None = None
    cleaned: bool = False
    problems: list[Problem] = field(default_factory=list)

    def note(self, code: str, position: int | None = None, **details: Any) -> None:
        """Add a problem, of the record at ``position`` if given."""
        row = None if position is None else int(self.rows[position])
        self.problems.append(problem(code, self.file, row=row, unit=self.unit, **details))

    def frame(self) -> pd.DataFrame:
        """Return the columns as a frame of dtype object."""
        return pd.DataFrame(self.columns, index=pd.RangeIndex(len(self.rows)), dtype=object)


def numbers(count: int) -> NDArray[np.int64]:
    """Return 1..count."""
    return np.arange(1, count + 1, dtype=np.int64)
