"""Filling a store with a city, whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from data.cities import write_demo
from data.store import Store
from models import Account, Compound, Rating
from models.enums import Role
from tests import town


def _city(**tables: Any) -> Any:
    return SimpleNamespace(tables=town.tables() | tables, settings=town.SETTINGS)


def test_a_demo_city_replaces_what_there_was(store: Store) -> None:
    write_demo(store, _city())
    write_demo(store, _city(compound=town.tables()["compound"].assign(name="新名")))
    with store.reading() as session:
        assert set(session.scalars(select(Compound.name))) == {"新名"}
        assert len(session.scalars(select(Rating.id)).all()) == 45
    assert store.setting("demo") == "1"
    assert store.setting("metric_epsg") == str(town.METRIC_EPSG)


def test_accounts_stay_and_the_demo_planner_comes_once(store: Store) -> None:
    with store.writing("account") as session:
        known = {"display_name": "王", "role": Role.LEADER, "password_hash": "x"}
        session.add(Account(username="wang", created_at=datetime.now(UTC), **known))
    for _ in range(2):
        write_demo(store, _city())
    with store.reading() as session:
        accounts = session.scalars(select(Account).order_by(Account.username)).all()
    assert [(one.username, one.role, one.scope, one.password_hash) for one in accounts] == [
        ("demo", Role.PLANNER, "", None),
        ("wang", Role.LEADER, "", "x"),
    ]


def test_a_city_that_breaks_a_rule_leaves_the_former_whole(store: Store) -> None:
    write_demo(store, _city())
    before = store.revision()
    with pytest.raises(IntegrityError):
        write_demo(store, _city(rating=town.tables()["rating"].assign(score=9)))
    assert store.revision() == before
    with store.reading() as session:
        assert len(session.scalars(select(Rating.id)).all()) == 45


def test_progress_rises_to_the_end(store: Store) -> None:
    shares: list[float] = []
    write_demo(store, _city(), progress=lambda _what, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1
