"""A plan's accepted lines of the organisation tree into force: added, brought under another, dissolved.

A line's ``code`` is its organisation's key: the id of one that is there, or ``<level>:<code of the seat>`` of
one to be added. Its attributes are ``[former, new]`` of ``name``, ``rank``, ``parent`` (a key) with
``parent_name`` and, where it moves, ``seat`` (``<level>:<code>``); of one to be dissolved ``name``, ``into``
(a key) and ``into_name``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pandas as pd
from pypinyin import Style, lazy_pinyin
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from data.bulk import table_of
from data.errors import ConflictError, DataError
from models import Building, Change, Compound, Entrance, Grid, Organisation, Plan
from models.enums import ChangeAction, OrganisationLevel, OrganisationRank

LAYER = "organisation"
UPPER = (OrganisationLevel.COMMUNITY, OrganisationLevel.COMPOUND, OrganisationLevel.GRID)
"""Levels whose organisations a structure is made of; groups follow their parents."""
_STANDING = ("id", "name", "parent_id", "rank", "level", "area_id", "compound_id", "grid_id")


def needs(attributes: dict[str, list[str | None]]) -> str | None:
    """Return the key of the organisation that a line brings its own under or into."""
    for name in ("parent", "into"):
        if name in attributes and attributes[name][0] != attributes[name][1]:
            return attributes[name][1]
    return None


def standing(session: Session, area_codes: Iterable[str]) -> dict[str, str]:
    """Return a digest of the upper organisations of each community: another one means that they changed."""
    codes = list(area_codes)
    columns = [table_of(Organisation).columns[name] for name in _STANDING]
    query = select(Organisation.area_code, *columns).where(
        Organisation.area_code.in_(codes), Organisation.level.in_(UPPER)
    )
    found: dict[str, list[str]] = {code: [] for code in codes}
    for area_code, *values in session.execute(query.order_by(Organisation.id)):
        found[area_code].append(repr([str(one) for one in values]))
    return {code: hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16] for code, rows in found.items()}


def tables(session: Session, plan_id: int) -> list[str]:
    """Return the tables that publishing a plan's lines of organisations writes."""
    codes = session.scalars(
        select(Change.code).where(Change.plan_id == plan_id, Change.action == ChangeAction.REMOVE)
    )
    ids = [int(one) for one in codes]
    users = [
        model.__tablename__
        for model in (Building, Entrance)
        if session.scalar(select(exists().where(model.organisation_id.in_(ids))))
    ]
    return [LAYER, *users]


def apply(session: Session, plan: Plan, changes: pd.DataFrame) -> None:
    """Put accepted lines into force, those above before those below, as the ledger has them.

    Parameters
    ----------
    changes
        ``area_code``, ``code``, ``action``, ``attributes`` (JSON), in the ledger's order.

    Raises
    ------
    ConflictError
        Where the organisations of a community changed since the draft, or a seat is gone.
    DataError
        Where a line is accepted without one that it needs.
    """
    _check_standing(session, plan, changes)
    lines = [json.loads(one) for one in changes["attributes"]]
    _check_whole(session, plan.id, lines)
    keys: dict[str, int] = {}
    rows = list(zip(changes["area_code"], changes["code"], changes["action"].astype(str), lines, strict=True))
    for area_code, key, action, line in rows:
        if action == ChangeAction.ADD.value:
            keys[key] = _add(session, area_code, key, line, keys)
        elif action == ChangeAction.CHANGE.value:
            _change(session, int(key), line, keys)
    session.flush()
    for _area_code, key, action, line in rows:
        if action == ChangeAction.REMOVE.value:
            _dissolve(session, int(key), _id(line["into"][1], keys))
    session.flush()


def _check_standing(session: Session, plan: Plan, changes: pd.DataFrame) -> None:
    areas = sorted(set(changes["area_code"]))
    drafted: dict[str, str] = json.loads(plan.choices or "{}").get("organisations", {})
    now = standing(session, areas)
    if any(drafted.get(code) != now[code] for code in areas):
        raise ConflictError(
            f"方案 {plan.id} 起草后，有社区的党组织已有变动；方案仍为草稿，没有丢失，请据最新情况重新生成。"
        )


def _check_whole(session: Session, plan_id: int, lines: list[dict[str, Any]]) -> None:
    refused = set(
        session.scalars(select(Change.code).where(Change.plan_id == plan_id, Change.accepted.is_(False)))
    )
    for line in lines:
        if needs(line) in refused:
            above = (line.get("parent_name") or line["into_name"])[1]
            name = line["name"][1] or line["name"][0]
            raise DataError(f"“{name}”的调整须与“{above}”一起采纳；请一并采纳或一并不采纳。")


def _id(key: str | None, keys: dict[str, int]) -> int | None:
    return None if key is None else keys.get(key) or int(key)


def _seat(session: Session, seat: str) -> dict[str, Any]:
    """Return the columns that seat an organisation at ``<level>:<code>``."""
    level, _colon, code = seat.partition(":")
    compound = select(Compound.id).where(Compound.code == code)
    grid = select(Grid.id).where(Grid.code == code, Grid.valid_to.is_(None))
    found = session.scalar(compound if level == "compound" else grid)
    if found is None:
        raise ConflictError(f"编码为 {code} 的图形已不存在；方案仍为草稿，请重新生成后再发布。")
    other = "grid_id" if level == "compound" else "compound_id"
    return {"level": OrganisationLevel(level), f"{level}_id": found, other: None}


def _add(session: Session, area_code: str, key: str, line: dict[str, Any], keys: dict[str, int]) -> int:
    node = Organisation(
        name=line["name"][1],
        initials=_initials(line["name"][1]),
        area_code=area_code,
        parent_id=_id(line["parent"][1], keys),
        rank=OrganisationRank(line["rank"][1]),
        **_seat(session, key),
    )
    session.add(node)
    session.flush()
    return node.id


def _change(session: Session, organisation_id: int, line: dict[str, Any], keys: dict[str, int]) -> None:
    node = session.get_one(Organisation, organisation_id)
    node.name, node.initials = line["name"][1], _initials(line["name"][1])
    node.rank = OrganisationRank(line["rank"][1])
    node.parent_id = _id(line["parent"][1], keys)
    if "seat" in line:
        for column, value in _seat(session, line["seat"][1]).items():
            setattr(node, column, value)


def _dissolve(session: Session, organisation_id: int, into_id: int | None) -> None:
    """Merge an organisation into another: what names it names the other, whose members are those of both."""
    gone, into = session.get_one(Organisation, organisation_id), session.get_one(Organisation, into_id)
    for column in ("member_count", "member_household_count"):
        known = [one for one in (getattr(gone, column), getattr(into, column)) if one is not None]
        setattr(into, column, sum(known) if known else None)
    below = update(Organisation).where(Organisation.parent_id == gone.id)
    session.execute(below.values(parent_id=into.id))
    for model in (Building, Entrance):
        session.execute(update(model).where(model.organisation_id == gone.id).values(organisation_id=into.id))
    session.flush()
    session.delete(gone)


def _initials(name: str) -> str:
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()
