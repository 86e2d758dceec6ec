"""Column types that both homes share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from models import Base
from models.base import EnumText, Moment, one_of
from models.enums import CompoundKind, Labelled

GEOPACKAGE_TYPES = {
    "BOOLEAN", "INTEGER", "DOUBLE", "TEXT", "BLOB", "DATE", "DATETIME",
    "GEOMETRY", "POINT", "MULTIPOLYGON", "MULTILINESTRING",
}  # fmt: skip


def test_every_column_has_a_type_that_a_geopackage_knows() -> None:
    dialect = sqlite.dialect()
    types = {
        column.type.compile(dialect=dialect)
        for table in Base.metadata.tables.values()
        for column in table.columns
    }
    assert types <= GEOPACKAGE_TYPES


def test_every_constraint_has_a_name_so_that_a_migration_can_drop_it() -> None:
    for table in Base.metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints)


def test_every_enum_column_is_held_to_its_values_by_the_store() -> None:
    for table in Base.metadata.tables.values():
        checks = {str(constraint.name) for constraint in table.constraints}
        for column in table.columns:
            if isinstance(column.type, EnumText):
                assert f"ck_{table.name}_{column.name}_known" in checks


def test_every_place_is_found_by_its_area_code_through_an_index() -> None:
    for table in Base.metadata.tables.values():
        if "area_code" in table.columns:
            assert table.columns["area_code"].index


def test_no_column_holds_a_persons_name_or_phone() -> None:
    columns = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    assert (
        not {"phone", "telephone", "mobile", "id_card", "person", "resident", "head_of_household"} & columns
    )


def test_an_enum_is_its_value_and_bears_a_label() -> None:
    assert CompoundKind("work_unit") is CompoundKind.WORK_UNIT
    assert CompoundKind.WORK_UNIT == "work_unit"
    assert [kind.label for kind in CompoundKind] == ["居住型", "过渡型", "老旧型", "单位型"]
    for enum in Labelled.__subclasses__():
        assert all(member.label for member in enum)
        assert len({member.label for member in enum}) == len(enum)


def test_an_enum_column_takes_a_member_or_its_value_only() -> None:
    column, dialect = EnumText(CompoundKind), sqlite.dialect()
    assert column.process_bind_param(CompoundKind.AGED, dialect) == "aged"
    assert column.process_bind_param("aged", dialect) == "aged"
    assert column.process_bind_param(None, dialect) is None
    assert column.process_result_value("aged", dialect) is CompoundKind.AGED
    with pytest.raises(ValueError, match="老旧型"):
        column.process_bind_param("老旧型", dialect)


def test_a_check_names_every_value() -> None:
    assert (
        str(one_of("kind", CompoundKind).sqltext)
        == "kind IN ('residential', 'transitional', 'aged', 'work_unit')"
    )


def test_a_moment_is_utc_to_the_second() -> None:
    column, dialect = Moment(), postgresql.dialect()
    beijing = timezone(timedelta(hours=8))
    moment = datetime(2022, 7, 1, 0, 30, 15, 999, tzinfo=beijing)
    assert column.process_bind_param(moment, dialect) == datetime(2022, 6, 30, 16, 30, 15, tzinfo=UTC)
    read = column.process_result_value(datetime(2022, 6, 30, 16, 30), dialect)  # noqa: DTZ001
    assert read == datetime(2022, 6, 30, 16, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="without a zone"):
        column.process_bind_param(datetime(2022, 7, 1), dialect)  # noqa: DTZ001
