"""What a user may see is a prefix of area codes."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, MetaData, Table, Text, create_engine, select

from data.scope import Scope

CODES = ["420102001001", "420102001002", "420102002001", "420199999999", "420103001001", "999999999999"]


def _inside(scope: Scope) -> list[str]:
    table = Table("place", MetaData(), Column("code", Text))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{"code": code} for code in CODES])
        found = list(connection.scalars(select(table.c.code).where(scope.where(table.c.code))))
    engine.dispose()
    return found


@pytest.mark.parametrize(
    "prefix",
    ["", "4", "42", "4201", "420102", "4201020", "420102001", "420102001001", "420199", "9", "999999999999"],
)
def test_the_condition_in_sql_is_that_of_the_prefix(prefix: str) -> None:
    scope = Scope(prefix)
    assert _inside(scope) == [code for code in CODES if code.startswith(prefix)]
    assert [code for code in CODES if code in scope] == _inside(scope)


@pytest.mark.parametrize(
    "prefix", ["42a", "x", "4201020010011", " 42", "42\n", "４２", "²", "-1", "%", "42%"]
)
def test_what_is_no_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="not a prefix"):
        Scope(prefix)


def test_the_scope_of_an_area_holds_what_lies_in_it() -> None:
    assert Scope.of_area("420100000000") == Scope("4201")
    assert Scope.of_area("420102001000") == Scope("420102001")
    assert Scope.of_area("420102001001") == Scope("420102001001")


def test_a_scope_touches_what_it_holds_and_what_holds_it() -> None:
    scope = Scope("420102001")
    assert scope.touches("420102001001")
    assert scope.touches("420102000000")
    assert scope.touches("420100000000")
    assert not scope.touches("420103000000")
    assert not scope.touches("420102002000")


def test_a_scope_is_narrowed_but_never_widened() -> None:
    scope = Scope("420102001")
    assert scope.narrowed("420102001001") == Scope("420102001001")
    assert scope.narrowed(None) == scope
    assert scope.narrowed("420102000000") == scope  # what holds it
    assert scope.narrowed("420103001001") == scope  # what lies outside
