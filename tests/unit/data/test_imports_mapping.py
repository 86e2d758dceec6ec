from __future__ import annotations

import numpy as np
import pandas as pd

from data.imports.findings import Findings
from data.imports.mapping import decide, guess, is_personal
from data.imports.targets import TARGETS


def findings(count: int) -> Findings:
    return Findings("表.xlsx", "row", np.arange(1, count + 1))


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_chinese_headers_are_told_exactly_then_by_a_part():
    table = frame(
        **{
            "小区编码": ["A1", "A2"],
            "小区名称": ["甲", "乙"],
            "总户数(户)": [1, 2],
            "小区类型": ["老旧型", "居住型"],
            "物业服务企业名称": ["云江", None],
            "有无围墙": ["有", "无"],
            "所在街道": ["东街", "东街"],
        }
    )
    assert guess(table, TARGETS["compound"], findings(2)) == {
        "code": "小区编码",
        "name": "小区名称",
        "households": "总户数(户)",
        "kind": "小区类型",
        "property_firm": "物业服务企业名称",
        "walled": "有无围墙",
    }


def test_the_last_part_of_a_merged_header_counts():
    table = frame(**{"基本情况/小区名称": ["甲"], "基本情况/户数": [3]})
    assert guess(table, TARGETS["compound"], findings(1)) == {
        "name": "基本情况/小区名称",
        "households": "基本情况/户数",
    }


def test_a_parents_name_is_not_taken_for_the_compounds():
    table = frame(社区名称=["春风"], 街道名称=["东街"])
    assert "name" not in guess(table, TARGETS["compound"], findings(1))


def test_a_class_code_that_repeats_itself_is_no_code():
    found = findings(20)
    table = frame(code=[7203] * 20, osm_id=[str(one) for one in range(20)], name=["x"] * 20)
    assert guess(table, TARGETS["compound"], found)["code"] == "osm_id"
    assert [(one.code, one.column) for one in found.problems] == [("column_not_code", "code")]


def test_columns_about_people_are_never_mapped():
    for header in ("姓名", "联系电话", "身份证号", "户主手机", "网格长", "基本情况/负责人姓名", "phone"):
        assert is_personal(header), header
    for header in ("小区名称", "名称", "责任单位", "物业公司", "hotel", "总户数"):
        assert not is_personal(header), header
    table = frame(姓名=["张三"], 名称=["甲"])
    wish = decide(table, TARGETS["grid"], {"name": "姓名"}, {}, findings(1))
    assert "姓名" not in wish.values()


def test_the_user_changes_the_mapping():
    found = findings(1)
    table = frame(名称=["甲"], 别名=["乙"], 户数=[3])
    mapping = decide(table, TARGETS["compound"], {"name": "别名", "households": ""}, {}, found)
    assert mapping == {"name": "别名"}
    decide(table, TARGETS["compound"], {"name": "没有的列"}, {}, found)
    assert found.problems[-1].code == "column_unknown"
    assert "别名" in found.problems[-1].message_zh


def test_what_is_required_and_missing_is_told_unless_given_for_all():
    found = findings(1)
    assert decide(frame(名称=["站"]), TARGETS["station"], {}, {}, found) == {"name": "名称"}
    assert [one.code for one in found.stops] == ["column_missing"]
    decide(frame(名称=["站"]), TARGETS["station"], {}, {"tier": "micro"}, fresh := findings(1))
    assert not fresh.stops
