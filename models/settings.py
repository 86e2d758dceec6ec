"""Settings of the city itself, kept with its data."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Setting(Base):
    """A named value: the city's name, its metric CRS, the store's revision."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
