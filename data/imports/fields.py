"""What a target of an import is, and a field of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from data.readers.table import GeometryType
from models import Base
from models.enums import AreaLevel, Labelled

Kind = Literal["text", "code", "area_code", "whole", "real", "yes_no", "day", "moment", "choice"]
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Field:
    """A column of a target's table, and how files call and write it.

    Attributes
    ----------
    column, label
        Name in the store; Chinese label.
    synonyms
        Headers that mean it, the most certain first; Chinese ones of three characters also as a part.
    kind
        How values are read.
    required
        Whether a row without it can't be stored.
    choices
        Enum of a ``choice``.
    words
        Other ways to write a value (lower case) -> the value, None where the word says nothing.
    lenient
        Unknown words of a ``choice`` are left out with a warning: the column is an open vocabulary.
    low, high
        Limits of a number, inclusive.
    """

    column: str
    label: str
    synonyms: tuple[str, ...]
    kind: Kind = "text"
    required: bool = False
    choices: type[Labelled] | None = None
    words: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    lenient: bool = False
    low: float = 0
    high: float = 10_000_000


@dataclass(frozen=True)
class Target:
    """Something that can be imported.

    Attributes
    ----------
    boundary
        Changes of what is there come as a plan, to be published or dropped.
    overlaps
        Overlapping pairs are reported.
    level
        Level of an area.
    code_format
        Code given where the file has none, from ``area`` and ``serial``; None where a code may be missing.
    record
        Rows are records: they may lie anywhere or nowhere, and need no coordinates.
    """

    name: str
    label: str
    model: type[Base]
    geometry: GeometryType
    fields: tuple[Field, ...]
    boundary: bool = False
    overlaps: bool = False
    level: AreaLevel | None = None
    code_format: str | None = None
    record: bool = False

    @property
    def table(self) -> str:
        """Name of the table."""
        return str(self.model.__tablename__)

    @property
    def columns(self) -> dict[str, Field]:
        """The fields by column."""
        return {one.column: one for one in self.fields}


AREA_CODE = Field(
    "area_code",
    "所属社区代码",
    (
        "社区编码",
        "社区代码",
        "所属社区编码",
        "所属社区代码",
        "区划代码",
        "行政区划代码",
        "统计用区划代码",
        "area_code",
    ),
    "area_code",
)
