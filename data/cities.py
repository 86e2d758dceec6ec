"""Filling a store with a city, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete

from data.bulk import insert_frame, restart_sequences
from models import Account, Base, Setting
from models.enums import Role

if TYPE_CHECKING:
    from data.demo import DemoCity
    from data.store import Store

_KEPT = {"account", "setting"}


def write_demo(store: Store, city: DemoCity, progress: Callable[[str, float], None] | None = None) -> None:
    """Replace what the store holds by a demo city in one transaction; add a demo planner without password."""
    tables = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    ordered = [tables[table.name] for table in Base.metadata.sorted_tables if table.name not in _KEPT]
    names = [model.__tablename__ for model in ordered]
    with store.writing(*names) as session:
        for model in reversed(ordered):
            session.execute(delete(model))
        for done, model in enumerate(ordered):
            frame = city.tables.get(model.__tablename__)
            if frame is not None:
                insert_frame(session, model, frame)
            if progress:
                progress(model.__tablename__, (done + 1) / len(ordered))
        restart_sequences(session, ordered)
        as_of = max(city.tables["claim"]["claimed_on"].max(), city.tables["rating"]["rated_on"].max())
        for key, value in {**city.settings, "as_of": str(as_of)[:10], "demo": "1"}.items():
            session.merge(Setting(key=key, value=value))
        if session.query(Account).filter_by(username="demo").one_or_none() is None:
            session.add(
                Account(
                    username="demo",
                    display_name="演示规划员",
                    role=Role.PLANNER,
                    scope="",
                    password_hash=None,
                    created_at=datetime.now(UTC),
                )
            )


def today() -> date:
    """Return today's date, by which boundaries come into force."""
    return datetime.now(UTC).date()
