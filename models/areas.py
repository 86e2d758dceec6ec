"""Administrative areas and figures reported for them."""

from __future__ import annotations

from datetime import date

from shapely import MultiPolygon
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference, spatial_index
from models.enums import AreaLevel
from models.geometry import Geometry

CODE_LENGTH = 12
SIGNIFICANT = {AreaLevel.CITY: 4, AreaLevel.COUNTY: 6, AreaLevel.SUBDISTRICT: 9, AreaLevel.COMMUNITY: 12}
"""How many leading digits of a code tell an area of each level from its siblings."""


def level_of(code: str) -> AreaLevel:
    """Return the level that a 12-digit code belongs to, by its trailing zeros."""
    if len(code) != CODE_LENGTH or not code.isdigit():
        raise ValueError(f"{code!r} is not a 12-digit area code")
    for level, digits in SIGNIFICANT.items():
        if code[digits:].strip("0") == "":
            return level
    return AreaLevel.COMMUNITY


def prefix_of(code: str) -> str:
    """Return the digits shared by everything inside the area `code`."""
    return code[: SIGNIFICANT[level_of(code)]]


class Area(Base):
    """A city, county, subdistrict or community."""

    __tablename__ = "area"
    __table_args__ = (
        one_of("level", AreaLevel),
        CheckConstraint("length(code) = 12", name="code_length"),
        spatial_index("area"),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    level: Mapped[AreaLevel] = mapped_column(EnumText(AreaLevel))
    name: Mapped[str]
    initials: Mapped[str] = mapped_column(default="", server_default="")
    parent_id: Mapped[int | None] = reference("area.id")
    households: Mapped[int | None]
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))


class Figure(Base):
    """A number that a report gives for an area and that no record here adds up to."""

    __tablename__ = "figure"
    __table_args__ = (UniqueConstraint("area_code", "key", "as_of"),)

    id: Mapped[Key]
    area_code: Mapped[AreaCode]
    key: Mapped[str]
    value: Mapped[float]
    as_of: Mapped[date]
