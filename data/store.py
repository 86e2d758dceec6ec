"""The store in use: sessions, all-or-nothing writes, and a revision that rises with each of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from data import gpkg
from data.engine import is_embedded, open_store
from models import Base, Setting

REVISION = "revision"
IDENTITY = "store_id"


@dataclass(frozen=True)
class Store:
    """A city's records behind one engine."""

    engine: Engine

    @classmethod
    def open(cls, database_url: str) -> Store:
        """Open the store at `database_url`, migrated; a new one gets an identity.

        Raises
        ------
        StoreError
            Where it can't be opened or its schema is newer than this program.
        """
        store = cls(open_store(database_url))
        if store.setting(IDENTITY) is None:
            with store.writing() as session:
                session.merge(Setting(key=IDENTITY, value=uuid.uuid4().hex))
        return store

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for reading; nothing in it is kept."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self, *tables: str) -> Iterator[Session]:
        """Give a session whose work is committed whole at the end, or not at all where it raises.

        Parameters
        ----------
        tables
            Names of the tables that are written; their revisions and extents follow.
        """
        unknown = set(tables) - set(Base.metadata.tables)
        if unknown:
            raise ValueError(f"no such tables: {sorted(unknown)}")
        with Session(self.engine) as session:
            connection = session.connection(execution_options={"writes": True})
            yield session
            session.flush()
            _raise_revisions(session, tables)
            session.flush()
            if is_embedded(self.engine):
                gpkg.touch(connection, set(tables))
            session.commit()

    def setting(self, key: str) -> str | None:
        """Return the value of a setting of the city, None where there is none."""
        with self.reading() as session:
            return session.scalar(select(Setting.value).where(Setting.key == key))

    def revision(self) -> int:
        """Return how many times the store has been written."""
        return int(self.setting(REVISION) or 0)

    def table_revisions(self) -> dict[str, int]:
        """Return the revision at which each table was last written."""
        start = f"{REVISION}:"
        with self.reading() as session:
            rows = session.execute(select(Setting.key, Setting.value).where(Setting.key.startswith(start)))
            return {key.removeprefix(start): int(value) for key, value in rows}

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _raise_revisions(session: Session, tables: tuple[str, ...]) -> None:
    now = int(session.scalar(select(Setting.value).where(Setting.key == REVISION).with_for_update()) or 0) + 1
    for key in (REVISION, *(f"{REVISION}:{name}" for name in tables)):
        session.merge(Setting(key=key, value=str(now)))
