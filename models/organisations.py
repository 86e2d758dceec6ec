"""The three-level organisation tree. A node is a geometry: that of its seat."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference
from models.enums import OrganisationLevel, OrganisationRank

_ONE_SEAT = (
    "(level = 'community' AND area_id IS NOT NULL AND compound_id IS NULL AND grid_id IS NULL)"
    " OR (level = 'compound' AND area_id IS NULL AND compound_id IS NOT NULL AND grid_id IS NULL)"
    " OR (level = 'grid' AND area_id IS NULL AND compound_id IS NULL AND grid_id IS NOT NULL)"
    " OR (level IN ('building', 'entrance') AND area_id IS NULL AND compound_id IS NULL AND grid_id IS NULL)"
)


class Organisation(Base):
    """A node of the tree: a community's committee, a compound's or grid's branch, a building group.

    The seat of the two upper levels is one area, compound or grid. The seat of a group is the buildings
    (or entrances) whose ``organisation_id`` names it.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        one_of("level", OrganisationLevel),
        one_of("rank", OrganisationRank),
        CheckConstraint(_ONE_SEAT, name="one_seat"),
    )

    id: Mapped[Key]
    name: Mapped[str]
    initials: Mapped[str] = mapped_column(default="", server_default="")
    area_code: Mapped[AreaCode]
    parent_id: Mapped[int | None] = reference("organisation.id")
    level: Mapped[OrganisationLevel] = mapped_column(EnumText(OrganisationLevel))
    rank: Mapped[OrganisationRank] = mapped_column(EnumText(OrganisationRank))
    area_id: Mapped[int | None] = reference("area.id")
    compound_id: Mapped[int | None] = reference("compound.id")
    grid_id: Mapped[int | None] = reference("grid.id")
    secretary_filled: Mapped[bool | None]
    member_count: Mapped[int | None]
    member_household_count: Mapped[int | None]
