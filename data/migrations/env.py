"""Alembic's entry: runs the migrations on the engine that `data.engine` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import text

from data import gpkg
from models import Base
from models.base import EnumText, Moment
from models.geometry import Geometry


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our column types into new migrations by name."""
    if kind != "type":
        return False
    if isinstance(item, Geometry):
        autogen_context.imports.add("from models.geometry import Geometry")
        return f"Geometry({item.geometry_type!r})"
    if isinstance(item, Moment):
        autogen_context.imports.add("from models.base import Moment")
        return "Moment()"
    if isinstance(item, EnumText):
        return "sa.Text()"
    return False


def run() -> None:
    """Run what is asked for, in one transaction."""
    engine = context.config.attributes["engine"]
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            render_as_batch=connection.dialect.name == "sqlite",
            include_name=lambda name, kind, _parents: kind != "table" or name in Base.metadata.tables,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "sqlite":
            gpkg.create_metadata(connection)


run()
