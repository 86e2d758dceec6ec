from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.imports.findings import Findings
from data.imports.targets import TARGETS
from data.imports.values import convert, initials

COMPOUND, BUILDING, STATION = (TARGETS[name].columns for name in ("compound", "building", "station"))


def read(values, field):
    findings = Findings("表.csv", "row", np.arange(2, len(values) + 2))
    series = pd.Series(values, dtype=object)
    return convert(series, field, "某列", findings).tolist(), findings.problems


@pytest.mark.parametrize(
    ("field", "values", "expected"),
    [
        (
            COMPOUND["households"],
            ["1,234", "300户", 12.0, "１２", 0, None, "—"],
            [1234, 300, 12, 12, 0, None, None],
        ),
        (COMPOUND["built_year"], ["1998年", 2005], [1998, 2005]),
        (COMPOUND["walled"], ["有", "开放", "半封闭", True, "0"], [True, False, None, True, False]),
        (COMPOUND["pilot"], ["是", "否", "Y", "无"], [True, False, True, False]),
        (COMPOUND["kind"], ["老旧型", "老旧", "aged", "单位型"], ["aged", "aged", "aged", "work_unit"]),
        (COMPOUND["code"], [330106001001.0, "a1", 7], ["330106001001", "A1", "7"]),
        (
            COMPOUND["area_code"],
            ["330106", "330106001", 330106001001],
            ["330106000000", "330106001000", "330106001001"],
        ),
        (
            COMPOUND["valid_from"],
            ["2024-05-01", "2024/5/1", "2024年5月1日", "20240501", pd.Timestamp(2024, 5, 1, 8)],
            [date(2024, 5, 1)] * 5,
        ),
        (BUILDING["use"], ["yes", "apartments", "住宅", "商业"], [None, "housing", "housing", "shop"]),
        (STATION["tier"], ["党群服务中心", "微站", "社区级"], ["subdistrict", "micro", "community"]),
        (STATION["floor_area_m2"], ["36.1平方米", 40], [36.1, 40.0]),
    ],
)
def test_values_are_read_as_people_write_them(field, values, expected):
    found, problems = read(values, field)
    assert found == expected
    assert problems == []


@pytest.mark.parametrize(
    ("field", "value", "code", "says"),
    [
        (COMPOUND["kind"], "别墅型", "value_choice", "居住型、过渡型、老旧型、单位型"),
        (COMPOUND["households"], "约三百", "value_number", "整数"),
        (COMPOUND["households"], "3.5", "value_number", "整数"),
        (COMPOUND["households"], -3, "value_range", "0—1,000,000"),
        (COMPOUND["built_year"], 98, "value_range", "1,840—2,100"),
        (COMPOUND["walled"], "大概", "value_yes_no", "是"),
        (COMPOUND["valid_from"], "2024-13-01", "value_day", "2024-05-01"),
        (COMPOUND["valid_from"], "去年", "value_day", "2024-05-01"),
        (COMPOUND["name"], "长" * 201, "value_long", "200"),
        (COMPOUND["area_code"], "3301", "code_area", "12 位"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_row_and_column(field, value, code, says):
    found, problems = read([None, value], field)
    assert found == [None, None]
    assert [(one.code, one.row, one.column) for one in problems] == [(code, 3, "某列")]
    assert says in problems[0].message_zh
    assert problems[0].message("en")


def test_an_open_vocabulary_leaves_unknown_words_out():
    found, problems = read(["pagoda"], BUILDING["use"])
    assert found == [None]
    assert [(one.code, one.severity) for one in problems] == [("value_left_out", "warning")]


def test_initials_are_those_that_a_search_takes():
    assert initials(["朝晖六小区", "CBD公馆"]) == ["zhlxq", "cbdgg"]
