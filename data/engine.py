"""Opening the store: one engine, two homes, brought to the newest schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from data import gpkg
from data.errors import StoreError

_SQLITE_MAGIC = b"SQLite format 3\x00"


def _url(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except ArgumentError as error:
        raise StoreError(f"PINGQI_DATABASE_URL 不是有效的数据库地址：{error}") from error
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgresql", "postgres"} else url


def store_path(database_url: str) -> Path | None:
    """Return the file of an embedded store, None where the store is a server."""
    url = _url(database_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def store_exists(database_url: str) -> bool:
    """Tell whether there is a store that holds a city's data (an unreadable one raises `StoreError`)."""
    path = store_path(database_url)
    if path is not None and not path.exists():
        return False
    _check_readable(path)
    engine = make_engine(database_url)
    try:
        with engine.connect() as connection:
            return bool(connection.execute(text("SELECT count(*) FROM area")).scalar_one())
    except DBAPIError as error:
        if "area" in str(error.orig):
            return False
        raise _unusable(error) from error
    finally:
        engine.dispose()


def make_engine(database_url: str) -> Engine:
    """Return an engine on the store; neither the file's form nor its schema is checked.

    Raises
    ------
    StoreError
        Where the address is unusable.
    """
    url = _url(database_url)
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError(f"不支持的数据库：{url.drivername}；可用 sqlite（GeoPackage）或 postgresql。")
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _unusable(error: DBAPIError) -> StoreError:
    reason = " ".join(str(error.orig).split())  # PostgreSQL's come in several lines
    return StoreError(f"数据库打不开：{reason}")


def _check_readable(path: Path | None) -> None:
    """Look at the head of an embedded store's file, before anything in this process has it open.

    Closing a file drops all locks of the process on it, also those of SQLite's own connections (POSIX).
    """
    if path is None or not path.exists():
        return
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise StoreError(f"数据文件 {path} 读不了：{error.strerror}。") from error
    if head and head != _SQLITE_MAGIC:
        raise StoreError(f"{path} 不是 GeoPackage 数据文件；请换一个 PINGQI_HOME，或移走该文件。")


def _prepare_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are ours (_begin_sqlite), DDL included
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA cache_size = -65536")
    gpkg.register_functions(connection)


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a reader that turns writer may find its snapshot stale and fail.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def alembic_config(engine: Engine) -> Config:
    """Return Alembic's configuration for `engine`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Bring the store's schema to the newest version; a GeoPackage also gets its ``gpkg_*`` tables."""
    try:
        command.upgrade(alembic_config(engine), "head")
    except CommandError as error:
        raise StoreError(f"数据库版本与本程序不符（{error}）；请升级程序，或换一个数据库。") from error
    except DBAPIError as error:
        raise _unusable(error) from error


def open_store(database_url: str) -> Engine:
    """Return an engine on the store, its folder made and its schema migrated."""
    path = store_path(database_url)
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"目录 {path.parent} 建不了：{error.strerror}。") from error
    _check_readable(path)
    engine = make_engine(database_url)
    try:
        migrate(engine)
    except StoreError:
        engine.dispose()
        raise
    return engine


def is_embedded(engine: Engine | Any) -> bool:
    """Whether the store is a GeoPackage file."""
    return bool(engine.dialect.name == "sqlite")
