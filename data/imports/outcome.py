"""What an import tells: before it is done, and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from data.readers import Problem


@dataclass(frozen=True)
class ColumnUse:
    """A column of the file: which field it becomes; none where `field` is None, never where `personal`."""

    header: str
    field: str | None
    personal: bool = False
    sample: str | None = None


@dataclass
class Outcome:
    """What preview and report share.

    Attributes
    ----------
    file, target
        Name of the file; name of the target.
    read, good
        Rows meant by the user; of these, rows without an error.
    problems
        Everything found, capped by kind.
    overlaps
        Pairs of polygons that overlap: ``row``, ``code``, ``name`` of both (``_1``, ``_2``), ``area_m2``.
    stopped
        Nothing can be stored (the file is wrong, or a row is and the user did not say "the good rows").
    """

    file: str
    target: str
    read: int = 0
    good: int = 0
    problems: list[Problem] = field(default_factory=list)
    overlaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    stopped: bool = False

    @property
    def errors(self) -> int:
        """How many problems are errors."""
        return sum(one.severity == "error" for one in self.problems)

    @property
    def only_as_whole(self) -> bool:
        """Whether an error concerns the whole file, or no row is good: the good rows alone won't help."""
        return self.good == 0 or any(one.row is None and one.severity == "error" for one in self.problems)

    @property
    def rejected(self) -> int:
        """Rows with an error."""
        return self.read - self.good

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data, for JSON."""
        return {
            "file": self.file,
            "target": self.target,
            "read": self.read,
            "rejected": self.rejected,
            "stopped": self.stopped,
            "overlaps": self.overlaps.to_dict("records"),
            "overlap_m2": float(self.overlaps["area_m2"].sum()) if len(self.overlaps) else 0.0,
            "problems": [
                {
                    "severity": one.severity,
                    "code": one.code,
                    "file": one.file,
                    "row": one.row,
                    "column": one.column,
                    "value": one.value,
                    "message": one.message_zh,
                }
                for one in self.problems
            ],
        }


@dataclass
class Preview(Outcome):
    """What would happen.

    Attributes
    ----------
    layers, layer
        Layers of the file, and the one read.
    encoding, encodings
        Encoding found; encoding -> some texts as it would give them, nothing personal among them.
    crs, crs_how, datum, datum_how
        Coordinate system and datum, and how each was found.
    header_row
        Row of the header of a table.
    columns
        The file's columns and what becomes of them.
    rows
        The first rows as they would be stored, by column.
    geometries
        Some geometries in EPSG:4490, shape (m,), for a small map; of the good rows where there are any.
    first
        The layer is empty in the store: what is imported is published at once.
    """

    layers: Sequence[str] = ()
    layer: str | None = None
    encoding: str | None = None
    encodings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    crs: str | None = None
    crs_how: str = "unknown"
    datum: str | None = None
    datum_how: str = "unknown"
    header_row: int | None = None
    columns: Sequence[ColumnUse] = ()
    rows: Sequence[dict[str, Any]] = ()
    geometries: NDArray[Any] | None = None
    first: bool = True


@dataclass
class Report(Outcome):
    """What happened.

    Attributes
    ----------
    stored
        Rows written to the layer (added or updated).
    plan_id
        The draft that holds the changes, where they are to be published first.
    changes
        Lines of that draft by action, and ``unchanged``.
    source_id
        Record of the file.
    """

    stored: int = 0
    plan_id: int | None = None
    changes: Mapping[str, int] = field(default_factory=dict)
    source_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data, for JSON."""
        return super().as_dict() | {
            "stored": self.stored,
            "plan_id": self.plan_id,
            "changes": dict(self.changes),
            "source_id": self.source_id,
        }
