"""Who signs in, as what, and for which part of the city."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, EnumText, Key, one_of
from models.enums import Role


class Account(Base):
    """An account. ``scope`` is the code prefix of what it may see; empty means the whole city."""

    __tablename__ = "account"
    __table_args__ = (one_of("role", Role),)

    id: Mapped[Key]
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    role: Mapped[Role] = mapped_column(EnumText(Role))
    scope: Mapped[str] = mapped_column(default="", server_default="")
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True, server_default="1")
    created_at: Mapped[datetime]
