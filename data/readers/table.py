"""What a reader hands on: the records as found, where each came from, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pyproj import CRS

    from data.readers.problems import Problem, Unit

CrsHow = Literal["given", "declared", "format", "guessed", "unknown"]
GeometryType = Literal["polygon", "line", "point"]
Bounds = tuple[float, float, float, float]

_MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """How much a file may hold before it is refused.

    Attributes
    ----------
    file_bytes
        Size of the file itself.
    unpacked_bytes
        Size of everything unpacked from an archive.
    ratio
        Unpacked over packed size of an archive that unpacks to more than 10 MB.
    members
        Number of files in an archive.
    features
        Records of one layer.
    vertices
        Vertices of one layer.
    problems
        Problems kept of each kind.
    """

    file_bytes: int = 512 * _MB
    unpacked_bytes: int = 2048 * _MB
    ratio: float = 200.0
    members: int = 1000
    features: int = 2_000_000
    vertices: int = 50_000_000
    problems: int = 500


@dataclass(frozen=True)
class LayerInfo:
    """One layer (sheet, folder, DXF layer) of a file.

    Attributes
    ----------
    name
        What :func:`data.readers.read` takes as ``layer``.
    geometry
        Geometry type as the file declares it; None for a plain table.
    count
        Number of records, or rows of a sheet; None where only reading it all would tell.
    """

    name: str
    geometry: str | None = None
    count: int | None = None


@dataclass
class RawTable:
    """The records of one layer as found.

    Attributes
    ----------
    file
        Name of the file, without its folder.
    frame
        One row per record, index 0..n-1, columns as found, texts trimmed, blanks missing. A GeoDataFrame with
        the column ``geometry`` (2-D; None where unusable; maybe invalid) when the source holds geometries,
        else a DataFrame. Coordinates are those of the source, x before y.
    rows
        Shape (n,): the source's row or feature number of each record, 1-based as a user would see it.
    unit
        Whether ``rows`` counts rows or features.
    layer
        The layer that was read; None where the format has but one, without a name.
    encoding
        Encoding of the texts where the file had to be decoded.
    previews
        Encoding tried -> up to five texts with Chinese in it, so that a person can choose.
    crs
        Coordinate system of ``frame``, or None.
    crs_how
        ``given`` by the caller, ``declared`` in the file, fixed by the ``format``, ``guessed`` from the
        coordinates, or ``unknown``.
    datum
        ``GCJ-02`` or ``BD-09`` where the header of a coordinate column says so; else None.
    header_row
        Row number of the (last) header row of a table.
    problems
        Everything wrong, all together.
    """

    file: str
    frame: pd.DataFrame
    rows: NDArray[np.int64]
    unit: Unit = "row"
    layer: str | None = None
    encoding: str | None = None
    previews: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    crs: CRS | None = None
    crs_how: CrsHow = "unknown"
    datum: str | None = None
    header_row: int | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def has_geometry(self) -> bool:
        """Whether ``frame`` has a geometry column."""
        return isinstance(self.frame, gpd.GeoDataFrame)

    @property
    def errors(self) -> list[Problem]:
        """The problems of severity ``error``."""
        return [one for one in self.problems if one.severity == "error"]
