"""The records of a scope in columns, in memory: what is asked of a million is answered in milliseconds.

A cube is read once for each scope and state of the tables that it rests on, sorted by day; a span of days
is a slice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, Integer, Text, cast, extract, func, literal, select, type_coerce
from sqlalchemy.orm import Session

from data.bulk import table_of
from data.scope import Scope
from data.store import Store
from models import Claim, FormerPlace, Rating, Request
from models.enums import PlaceKind

Ints = npt.NDArray[np.int64]
Record = Literal["request", "claim", "rating"]
RECORDS: dict[str, type[Request | Claim | Rating]] = {"request": Request, "claim": Claim, "rating": Rating}
DAY_OF: dict[str, str] = {"request": "asked_at", "claim": "claimed_on", "rating": "rated_on"}
"""The column that dates a record."""
LAYERS = ("compound", "grid", "micro_grid")
TIMES: dict[str, tuple[str, ...]] = {
    "request": ("due_at", "responded_at", "done_at"),
    "claim": ("done_on",),
    "rating": (),
}
"""Columns of later events."""
LOCAL_S = 8 * 3600
"""China's one time zone; days are told by its clocks."""
NEVER = np.iinfo(np.int64).max
"""Time of what has not happened."""
EPOCH = date(1970, 1, 1)
_AT_ONCE = 100_000


@dataclass(frozen=True, eq=False)
class Cube:
    """All records of a table that a scope holds.

    Attributes
    ----------
    day
        Shape (n,), rising: days since 1970 by China's clocks.
    area, area_codes
        Shape (n,): position in the codes of areas.
    holder
        By layer, shape (n,): id of the feature that the record lies in, 0 where in none.
    cell
        Shape (n,): H3 cell of resolution 10; 0 where the place is known for an area only.
    nowhere
        Shape (n,): lies nowhere.
    times
        By column, shape (n,): seconds since 1970 (of a date: the end of that day), `NEVER` where not.
    score
        Of ratings, shape (n,): the mark.
    claimed
        Of requests, shape (n,): when somebody first took it on, in seconds; `NEVER` where nobody has.
    former
        By layer: positions of records that lay elsewhere by the boundaries of their day, and the code there
        (None: in none).
    """

    day: Ints
    area: Ints
    area_codes: npt.NDArray[Any]
    holder: dict[str, Ints]
    cell: npt.NDArray[np.uint64]
    nowhere: npt.NDArray[np.bool_]
    times: dict[str, Ints]
    score: Ints
    claimed: Ints
    former: dict[str, tuple[Ints, list[str | None]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.day)

    def within(self, scope: Scope) -> Cube:
        """Return the records that a narrower scope holds."""
        inside = np.array([code in scope for code in self.area_codes], dtype=bool)
        kept = inside[self.area]
        number = np.cumsum(inside) - 1
        place = np.cumsum(kept) - 1
        former = {}
        for layer, (position, codes) in self.former.items():
            mine = kept[position]
            if mine.any():
                some = [code for code, one in zip(codes, mine, strict=True) if one]
                former[layer] = (place[position[mine]], some)
        return Cube(
            day=self.day[kept],
            area=number[self.area[kept]].astype(np.int32),
            area_codes=self.area_codes[inside],
            holder={layer: ids[kept] for layer, ids in self.holder.items()},
            cell=self.cell[kept],
            nowhere=self.nowhere[kept],
            times={name: seconds[kept] for name, seconds in self.times.items()},
            score=self.score[kept] if len(self.score) else self.score,
            claimed=self.claimed[kept] if len(self.claimed) else self.claimed,
            former=former,
        )

    def span(self, first: date, last: date) -> slice:
        """Return the records of these days, both ends counted."""
        start, end = (days_of(first), days_of(last) + 1)
        return slice(*np.searchsorted(self.day, [start, end]).tolist())


_lock = Lock()
_widest: WeakKeyDictionary[Store, dict[Record, tuple[Scope, tuple[int, ...]]]] = WeakKeyDictionary()
"""The widest scope whose records were read in the last state of the tables."""


def days_of(day: date) -> int:
    """Return a day as the number of days since 1970."""
    return (day - EPOCH).days


def day_at(days: int) -> date:
    """Return the day so many days after 1 January 1970."""
    return EPOCH + timedelta(days=int(days))


def end_of(day: date) -> int:
    """Return the last second of a day by China's clocks, in seconds since 1970."""
    return (days_of(day) + 1) * 86_400 - LOCAL_S - 1


def cube(store: Store, scope: Scope, record: Record) -> Cube:
    """Return the records of a table in a scope as they are now.

    What was read for a scope that holds this one is narrowed; only the widest scope reads.
    """
    revisions = store.table_revisions()
    names = (record, "former_place", "claim" if record == "request" else record)
    state = tuple(revisions.get(name, 0) for name in names)
    with _lock:
        wide, read = _widest.setdefault(store, {}).get(record, (scope, ()))
    if read == state and scope != wide and scope.prefix.startswith(wide.prefix):
        return _narrowed(store, wide, scope, record, state)
    found = _cube(store, scope, record, state)
    with _lock:
        if read != state or wide.prefix.startswith(scope.prefix):
            _widest[store][record] = (scope, state)
    return found


@lru_cache(maxsize=24)
def _narrowed(store: Store, wide: Scope, scope: Scope, record: Record, state: tuple[int, ...]) -> Cube:
    return _cube(store, wide, record, state).within(scope)


@lru_cache(maxsize=24)
def _cube(store: Store, scope: Scope, record: Record, _revisions: tuple[int, ...]) -> Cube:
    table = table_of(RECORDS[record])
    columns = table.columns
    with store.reading() as session:
        dialect = store.dialect
        seconds = {name: seconds_of(columns[name], dialect) for name in (DAY_OF[record], *TIMES[record])}
        place = cast(columns["place"] == literal(PlaceKind.NOWHERE.value, Text()), Integer)
        query = select(
            columns["id"],
            columns["area_code"],
            *(func.coalesce(columns[f"{layer}_id"], 0) for layer in LAYERS),
            func.coalesce(columns["cell"], 0),
            place,
            *(func.coalesce(one, literal(NEVER, BigInteger())) for one in seconds.values()),
            *([columns["score"]] if record == "rating" else []),
        ).where(scope.where(columns["area_code"]))
        codes: dict[str, int] = {}
        chunks = [
            _chunk(rows, codes)
            for rows in session.execute(query.execution_options(yield_per=_AT_ONCE)).partitions(_AT_ONCE)
        ]
        numbers = np.concatenate(chunks) if chunks else np.empty((0, 8 + len(seconds)), dtype=np.int64)
        whole_days = record != "request"
        at = numbers[:, 7]
        day = at // 86_400 if whole_days else (at + LOCAL_S) // 86_400
        order = np.lexsort((numbers[:, 0], day))
        numbers, day = numbers[order], day[order]
        times = {
            name: _ends(numbers[:, 8 + n], whole_days=whole_days) for n, name in enumerate(TIMES[record])
        }
        ids = numbers[:, 0]
        return Cube(
            day=day,
            area=numbers[:, 1].astype(np.int32),
            area_codes=np.array(list(codes), dtype=object),
            holder={layer: numbers[:, 2 + n].astype(np.int32) for n, layer in enumerate(LAYERS)},
            cell=numbers[:, 5].astype(np.uint64),
            nowhere=numbers[:, 6].astype(bool),
            times=times,
            score=numbers[:, -1].copy() if record == "rating" else np.empty(0, dtype=np.int64),
            claimed=_claimed(session, scope, ids, dialect)
            if record == "request"
            else np.empty(0, dtype=np.int64),
            former=_former(session, scope, record, ids),
        )


def _chunk(rows: Any, codes: dict[str, int]) -> Ints:
    """Return rows as whole numbers, area codes as positions in `codes`, which grows."""
    columns = list(zip(*rows, strict=True))
    for code in set(columns[1]):
        codes.setdefault(code, len(codes))
    columns[1] = tuple(map(codes.__getitem__, columns[1]))
    return np.array([np.array(one, dtype=np.int64) for one in columns], dtype=np.int64).T


def seconds_of(column: Any, dialect: str) -> Any:
    """Return a column of times or dates in seconds since 1970, in either home."""
    if dialect == "sqlite":
        return cast(func.strftime("%s", type_coerce(column, Text())), Integer)
    return cast(extract("epoch", column), BigInteger)


def _ends(seconds: Ints, *, whole_days: bool) -> Ints:
    """Return times as seconds; a date stands for the end of its day by China's clocks."""
    if not whole_days:
        return seconds.copy()
    return np.where(seconds == NEVER, NEVER, np.where(seconds == NEVER, 0, seconds) + 86_400 - LOCAL_S - 1)


def _claimed(session: Session, scope: Scope, ids: Ints, dialect: str) -> Ints:
    """Return when each request was first taken on."""
    first = func.min(seconds_of(Claim.claimed_on, dialect))
    rows = session.execute(
        select(Claim.request_id, first)
        .join(Request, Request.id == Claim.request_id)
        .where(scope.where(Request.area_code))
        .group_by(Claim.request_id)
    ).all()
    result = np.full(len(ids), NEVER)
    if rows:
        found = np.array([tuple(row) for row in rows], dtype=np.int64)
        order = np.argsort(ids)
        place = order[np.searchsorted(ids[order], found[:, 0])]
        result[place] = found[:, 1] - LOCAL_S  # from the beginning of that day
    return result


def _former(
    session: Session, scope: Scope, record: Record, ids: Ints
) -> dict[str, tuple[Ints, list[str | None]]]:
    columns = table_of(RECORDS[record]).columns
    order = np.argsort(ids)
    result: dict[str, tuple[Ints, list[str | None]]] = {}
    for layer in LAYERS:
        rows = session.execute(
            select(FormerPlace.record_id, FormerPlace.code)
            .join(table_of(RECORDS[record]), columns["id"] == FormerPlace.record_id)
            .where(
                FormerPlace.table_name == record,
                FormerPlace.layer == layer,
                scope.where(columns["area_code"]),
            )
        ).all()
        if rows:
            wanted = np.array([row[0] for row in rows], dtype=np.int64)
            result[layer] = (order[np.searchsorted(ids, wanted, sorter=order)], [row[1] for row in rows])
    return result
