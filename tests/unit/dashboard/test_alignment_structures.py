"""组织架构 in 拉平对齐: what the page offers, and the lines of a plan as rows."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import update

from dashboard.align_address import Address
from dashboard.callbacks.alignment_structures import communities, offered, shown
from data import plans, structures
from data.scope import Scope
from models import Compound
from tests import town

BESIDE = 3
"""A compound without organisation."""


def put_in_one_grid(store):
    """Have a second compound in the first grid: that one is then larger than its compounds."""
    with store.writing("compound") as session:
        moved = town.box(100, 500, 200, 200)
        session.execute(update(Compound).where(Compound.id == BESIDE).values(geometry=moved))


def test_ticked_communities_go_before_the_one_looked_at():
    address = Address(area=town.LAKE)
    assert communities(address, [{"id": town.SPRING}]) == [town.SPRING]
    assert communities(address, []) == [town.LAKE]
    assert communities(Address(), None) == []


def test_the_button_is_off_where_nothing_would_change_and_says_so(services):
    put_in_one_grid(services.store)
    with Flask("x").test_request_context():
        assert offered(services, Scope(), []) == ("请先勾选社区，或点选一个社区。", True)
        text, off = offered(services, Scope(), [town.NORTH_GATE])
        assert (text, off) == ("1 个社区无需调整：已与建议一致，或还没有党组织。", True)
        text, off = offered(services, Scope(), [town.SPRING])
        assert (text, off) == ("按现行边界和现有党组织，1 个社区有 2 项调整。", False)


def test_the_newest_draft_is_shown_with_what_changes_and_why(town_copy):
    put_in_one_grid(town_copy)
    made = structures.draft(town_copy, None, [town.SPRING], scope=Scope())

    class Services:
        store = town_copy

    with Flask("x").test_request_context():
        choices, value, tools, rows, _none = shown(Services, Scope(), Address())
        plans.drop(town_copy, made.id)
        after = shown(Services, Scope(), Address(structure=made.id))
        elsewhere = shown(Services, Scope(town.WEST[:6]), Address(structure=made.id))
    assert (value, tools, len(choices)) == (str(made.id), {}, 1)
    assert [(one["change"], one["name"], one["rank"], one["parent"]) for one in rows] == [
        ("新增", "春风第一网格党总支", "党总支", "春风社区党委"),
        ("调整", "春晓苑党支部", "党支部", "春风社区党委 → 春风第一网格党总支"),
    ]
    assert rows[0]["reason"] == "网格大于小区：春晓苑、百分%家园 · 春风第一网格"
    assert after[2] == {"display": "none"}
    assert elsewhere[1] is None
    assert elsewhere[3] == []
