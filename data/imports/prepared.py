"""Rows on their way from a file to the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from data.imports.fields import Target
from data.imports.findings import Findings
from data.imports.locating import Located
from data.imports.options import Options
from data.imports.outcome import ColumnUse
from data.imports.placing import Placed
from data.readers import RawTable

Progress = Callable[[str, float], None]
UNPLACED = {"crs_missing", "crs_mismatch", "axes_swapped"}
"""Errors after which nobody knows where anything lies."""


@dataclass
class Prepared:
    """Rows ready for the store.

    Attributes
    ----------
    frame
        One row per record meant by the user: columns of the table, ``geometry`` in EPSG:4490 (None where
        unusable); only the good rows may be stored.
    given
        Columns that the file states; on an update the others keep what is stored.
    first
        Whether the layer is empty in the store.
    revision
        Revision of the store on which this rests.
    geometries
        Shape (n,): the rows' geometries as the file has them; None where it has none.
    """

    raw: RawTable
    target: Target
    findings: Findings
    frame: pd.DataFrame
    columns: list[ColumnUse] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    placed: Placed | None = None
    located: Located | None = None
    metric: CRS | None = None
    overlaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    first: bool = True
    revision: int = 0
    geometries: Any = None

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which rows may be stored."""
        return ~self.findings.bad

    def let_go(self) -> None:
        """Give back the memory of the rows as the file has them: of a large file half of all."""
        self.raw.frame = self.raw.frame.iloc[:0]
        self.geometries = None

    def may_store(self, options: Options) -> bool:
        """Tell whether anything may be stored: the file is sound, and so are all rows or the good will do."""
        if self.findings.stops or not self.good.any():
            return False
        return options.good_rows_only or not self.findings.bad.any()
