"""A plan's accepted lines into force: former boundaries to ``boundary_version``, new ones to their layer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pypinyin import Style, lazy_pinyin
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from data import assigning
from data.bulk import geo_frame_of, insert_frame, table_of
from data.errors import ConflictError, DataError
from models import (
    Base,
    BoundaryVersion,
    Building,
    Change,
    Claim,
    Compound,
    Grid,
    GridWorker,
    MicroGrid,
    Organisation,
    Rating,
    Request,
    Station,
)
from models.enums import ChangeAction

_USERS: Mapping[type[Base], Mapping[str, tuple[type[Base], ...]]] = {
    Compound: {"compound_id": (Building, MicroGrid, Station, Request, Claim, Rating)},
    Grid: {"grid_id": (Building, MicroGrid, GridWorker, Request, Claim, Rating)},
    MicroGrid: {"micro_grid_id": (Building, Request, Claim, Rating)},
}
"""Columns that name a feature, and that are cleared where it is removed."""
_IN_ONE_STATEMENT = 500
REVIVED = "revived"
"""Reason of a line that brings back, under its own code, what a later version removed."""


def apply(session: Session, model: type[Base], changes: gpd.GeoDataFrame, plan_id: int, on: date) -> None:
    """Put the changes of one layer into force.

    Parameters
    ----------
    changes
        Accepted lines of the ledger: ``code``, ``area_code``, ``action``, ``attributes``, ``geometry``.
    on
        First day of the new version.

    Raises
    ------
    ConflictError
        If a feature to be changed is not there any more, or the code of a new one is taken.
    """
    action = changes["action"].astype(str)
    added = changes[action == ChangeAction.ADD.value]
    changed = changes[action == ChangeAction.CHANGE.value]
    removed = changes[action == ChangeAction.REMOVE.value]
    stored = _stored(session, model, pd.concat([changed, removed])["code"].tolist())
    revived = added["code"].isin(_revived(session, model, plan_id))
    _revive(session, model, added[revived], plan_id, on)
    added = added[~revived]
    _check_free(session, model, added)
    moved = changed[~changed.geometry.isna()]
    former = pd.concat([moved["code"], removed["code"]])
    _keep_former(session, model, stored.loc[former], plan_id, on)
    if len(added):
        insert_frame(session, model, _new_rows(model, added, plan_id, on))
    if len(changed):
        session.execute(update(model), _updates(model, changed, stored, plan_id, on))
    if len(removed):
        _remove(session, model, stored.loc[removed["code"]], plan_id, on)
    assigning.reassign(session, model, changes, plan_id, on)


def _stored(session: Session, model: type[Base], codes: list[str]) -> gpd.GeoDataFrame:
    """Return the features in force with these codes, by code."""
    table = table_of(model)
    conditions = [table.columns["valid_to"].is_(None)] if "valid_to" in table.columns else []
    frame = geo_frame_of(session, model, ["id", "code", "area_code", "valid_from"], *conditions)
    frame = frame[frame["code"].isin(codes)].set_index("code", drop=False)
    gone = [one for one in codes if one not in frame.index]
    if gone:
        raise ConflictError(
            f"编码为 {gone[0]} 的图形已不存在（共 {len(gone)} 个）；方案仍为草稿，请重新生成后再发布。"
        )
    return frame


def _revived(session: Session, model: type[Base], plan_id: int) -> list[str]:
    query = select(Change.code).where(Change.plan_id == plan_id, Change.layer == model.__tablename__)
    return list(session.scalars(query.where(Change.reason == REVIVED)))


def _revive(session: Session, model: type[Base], added: gpd.GeoDataFrame, plan_id: int, on: date) -> None:
    """Put retired features into force again; their rows and codes are what they were."""
    if added.empty:
        return
    columns = table_of(model).columns
    query = select(columns["code"], columns["id"]).where(
        columns["code"].in_(added["code"].tolist()), columns["valid_to"].is_not(None)
    )
    row_of = {row.code: row.id for row in session.execute(query)}
    gone = [one for one in added["code"] if one not in row_of]
    if gone:
        raise ConflictError(f"编码为 {gone[0]} 的图形已在使用（共 {len(gone)} 个）；没有恢复，请重新操作。")
    rows = [
        {"id": row_of[code], "geometry": geometry, "valid_from": on, "valid_to": None, "plan_id": plan_id}
        | _values(model, attributes)
        for code, attributes, geometry in zip(added["code"], added["attributes"], added.geometry, strict=True)
    ]
    session.execute(update(model), rows)


def _check_free(session: Session, model: type[Base], added: pd.DataFrame) -> None:
    codes = set(session.scalars(select(table_of(model).columns["code"])))
    taken = [one for one in added["code"] if one in codes]
    if taken:
        raise ConflictError(
            f"编码 {taken[0]} 已被使用（共 {len(taken)} 个）；方案仍为草稿，请重新生成后再发布。"
        )


def _keep_former(
    session: Session, model: type[Base], former: gpd.GeoDataFrame, plan_id: int, on: date
) -> None:
    rows = pd.DataFrame(
        {
            "layer": model.__tablename__,
            "feature_id": former["id"],
            "code": former["code"],
            "area_code": former["area_code"],
            "valid_from": former["valid_from"],
            "valid_to": on,
            "plan_id": plan_id,
            "geometry": np.asarray(former.geometry.values, dtype=object),
        }
    )
    insert_frame(session, BoundaryVersion, rows.reset_index(drop=True))


def _values(model: type[Base], attributes: object) -> dict[str, Any]:
    """Return the new values of a line, dates as dates."""
    table = table_of(model)
    values = {
        name: pair[1]
        for name, pair in json.loads(attributes if isinstance(attributes, str) else "{}").items()
    }
    for name, value in values.items():
        if value is not None and table.columns[name].type.python_type is date:
            values[name] = date.fromisoformat(value)
    if "initials" in table.columns and values.get("name"):
        values["initials"] = "".join(lazy_pinyin(values["name"], style=Style.FIRST_LETTER)).lower()
    return values


def _new_rows(model: type[Base], added: gpd.GeoDataFrame, plan_id: int, on: date) -> pd.DataFrame:
    frame = pd.DataFrame(
        [_values(model, one) for one in added["attributes"]], index=added.index, dtype=object
    )
    for column in ("code", "area_code"):
        frame[column] = added[column]
    given = frame["valid_from"] if "valid_from" in frame else pd.Series(None, index=frame.index, dtype=object)
    frame["valid_from"] = given.where(given.notna(), on)
    frame["plan_id"] = plan_id
    frame["geometry"] = np.asarray(added.geometry.values, dtype=object)
    if "initials" in frame:
        frame["initials"] = frame["initials"].fillna("")
    return frame


def _updates(
    model: type[Base], changed: gpd.GeoDataFrame, stored: gpd.GeoDataFrame, plan_id: int, on: date
) -> list[dict[str, Any]]:
    rows = []
    for code, attributes, geometry in zip(
        changed["code"], changed["attributes"], changed.geometry, strict=True
    ):
        row: dict[str, Any] = {"id": int(stored["id"].loc[code]), "plan_id": plan_id}
        if geometry is not None:
            row |= {"geometry": geometry, "valid_from": on}
        rows.append(row | _values(model, attributes))
    return rows


def _remove(session: Session, model: type[Base], stored: gpd.GeoDataFrame, plan_id: int, on: date) -> None:
    """Retire features: grids keep their row, and with it their code for ever; compounds go."""
    ids = [int(one) for one in stored["id"]]
    for start in range(0, len(ids), _IN_ONE_STATEMENT):
        some = ids[start : start + _IN_ONE_STATEMENT]
        assigning.note_removed(session, model, some, plan_id, on)
        _release(session, model, some)
    if "valid_to" in table_of(model).columns:
        ends = [max(on, since) if isinstance(since, date) else on for since in stored["valid_from"]]
        rows = [{"id": one, "valid_to": end, "plan_id": plan_id} for one, end in zip(ids, ends, strict=True)]
        session.execute(update(model), rows)
        return
    for start in range(0, len(ids), _IN_ONE_STATEMENT):
        session.execute(
            delete(model).where(table_of(model).columns["id"].in_(ids[start : start + _IN_ONE_STATEMENT]))
        )


def _release(session: Session, model: type[Base], ids: list[int]) -> None:
    """Clear what names the features; an organisation seated in one is not ours to move."""
    seat = table_of(Organisation).columns.get(f"{model.__tablename__}_id")
    if seat is not None:
        seated = session.scalar(select(func.count()).where(seat.in_(ids))) or 0
        if seated:
            name = session.scalar(select(Organisation.name).where(seat.in_(ids)).limit(1))
            raise DataError(
                f"要停用的图形上还有 {seated} 个党组织（如 {name}）；请先调整，或不采纳这些停用项。"
            )
    for column, users in _USERS[model].items():
        for user in users:
            names = table_of(user).columns[column]
            session.execute(update(user).where(names.in_(ids)).values({column: None}))
