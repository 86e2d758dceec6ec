"""Counts of people in both homes: small ones hidden, and not to be worked out."""

from __future__ import annotations

import pandas as pd
import pytest

from data.queries import people
from data.scope import Scope
from models import Organisation, Setting
from models.enums import AreaLevel
from tests import town

MEMBERS = {1: 40, 2: 4, 3: 60, 5: 12, 13: 30, 8: 3}
"""By organisation: 春风 52, 桂花 7, 南湖 60, 西门 30, 北门 none."""


@pytest.fixture
def counted(store):
    town.fill(store)
    with store.writing("organisation") as session:
        for one, count in MEMBERS.items():
            session.get(Organisation, one).member_count = count
    return store


def members(store, level, scope=Scope()):  # noqa: B008  (frozen)
    with store.reading() as session:
        return people.members(session, scope, level).frame.set_index("code")


def test_small_communities_are_hidden_and_take_others_with_them(counted) -> None:
    found = members(counted, AreaLevel.COMMUNITY)
    assert found["hidden"].to_dict() == {
        town.SPRING: True,  # else 东街街道 less 春风 would give 桂花
        town.OSMANTHUS: True,
        town.LAKE: False,
        town.WEST_GATE: True,  # else 西街街道 less 西门 would give 北门
        town.NORTH_GATE: True,
    }
    assert found["members"].isna().tolist() == found["hidden"].tolist()
    assert found.loc[town.LAKE, "members"] == 60
    assert members(counted, AreaLevel.SUBDISTRICT)["members"].tolist() == [59, 60, 30]
    assert members(counted, AreaLevel.CITY)["members"].tolist() == [149]


def test_what_is_hidden_does_not_depend_on_who_looks(counted) -> None:
    whole = members(counted, AreaLevel.COMMUNITY)
    for code in town.COMMUNITIES:
        own = members(counted, AreaLevel.COMMUNITY, Scope(code))
        assert own.index.tolist() == [code]
        assert own["members"].isna().tolist() == [whole.loc[code, "hidden"]]


def test_members_known_only_for_a_street_are_a_remainder(counted) -> None:
    with counted.writing("organisation") as session:
        session.get(Organisation, 8).area_code = town.EAST_STREET
        session.get(Organisation, 8).member_count = 33
    street = members(counted, AreaLevel.SUBDISTRICT).loc[town.EAST_STREET]
    assert street["members"] == 89
    # 桂花 (4) is small; the remainder of 33 is the smallest that can hide it
    assert street["elsewhere"] is pd.NA
    found = members(counted, AreaLevel.COMMUNITY)
    assert found.loc[[town.SPRING, town.OSMANTHUS], "hidden"].tolist() == [False, True]


def test_the_city_may_set_a_higher_threshold(counted) -> None:
    with counted.writing("setting") as session:
        session.merge(Setting(key=people.SMALLEST, value="50"))
    found = members(counted, AreaLevel.SUBDISTRICT)
    assert found.loc[town.WEST_STREET, "hidden"]
    with counted.reading() as session:
        assert people.members(session, Scope(), AreaLevel.CITY).least == 50
