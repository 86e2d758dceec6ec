"""What 步行覆盖 does, without a browser."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.callbacks import reach
from dashboard.components import reach as parts
from dashboard.reach_address import Address
from dashboard.services import Services
from dashboard.theme import DARK
from data.queries import coverage
from data.scope import Scope
from models.enums import AreaLevel, StationTier
from tests import town
from tests.unit.dashboard.test_legend import decoded, texts

ALL, SPRING = Scope(), Scope(town.SPRING)
HERE = (114.3, 30.6)


@pytest.mark.parametrize(
    "search",
    [
        "",
        "?facility=canteen&minutes=5&speed=60",
        f"?area={town.EAST}&level=community&tiers=community,micro&at=114.300000,30.600000&chosen=3",
    ],
)
def test_an_address_is_written_as_it_was_read(search: str) -> None:
    assert Address.of(search).search() == search


def test_what_cannot_be_walked_is_left_out_of_an_address() -> None:
    assert (
        Address.of("?facility=palace&minutes=7&speed=900&at=here&tiers=x&chosen=-1&level=city") == Address()
    )


def test_the_controls_say_what_a_walk_is(services: Services) -> None:
    def chosen(**changes: object) -> Address:
        usual = {
            "facility": "station",
            "tiers": [*StationTier],
            "minutes": "15",
            "speed": 72,
            "level": "county",
        }
        return reach.controls(services, ALL, Address(), **(usual | changes))  # type: ignore[arg-type]

    assert chosen() == Address()
    assert chosen(tiers=["micro"], minutes="5") == Address(tiers=(StationTier.MICRO,), minutes=5.0)
    assert chosen(facility="canteen", tiers=["micro"]) == Address(facility="canteen")
    assert chosen(speed=None, level="community") == Address(level=AreaLevel.COMMUNITY)


def test_an_area_outside_the_scope_is_not_entered(services: Services) -> None:
    assert reach.entered(services, SPRING, Address(), town.WEST, level=None, chosen=None) == Address()
    assert reach.entered(services, ALL, Address(chosen=3), town.EAST, level=None, chosen=None) == Address(
        area=town.EAST
    )
    assert (
        reach.entered(services, ALL, Address(area=town.EAST), town.CITY, level=None, chosen=None) == Address()
    )


def test_compounds_are_coloured_by_their_walk_and_counted() -> None:
    minutes = [4.0, 5.0, 9.0, 14.0, 22.0, np.inf]
    frame = pd.DataFrame(
        {"id": range(1, 7), "area_code": town.SPRING, "dwellings": 10, "minutes": minutes, "straight": False}
    )
    shown = parts.coloured(frame, 10.0, 2, DARK)
    values = shown.values  # noqa: PD011  (no frame)
    assert decoded(values) == {1: 0, 2: 0, 3: 1, 4: 2, 5: 2, 6: 2}
    legend = texts(shown.legend)
    assert "10 分钟够不到" in legend
    assert any("直线" in text for text in legend)


def test_the_card_tells_dwellings_and_compounds_and_how_they_were_measured() -> None:
    found = coverage.WhatIf(1200, 9, 300, 2, [1, 2], straight=True)
    told = texts(parts.what_if(found, 10.0))
    assert {"300", "2", "步行 10 分钟内共 1,200 户", "此处离道路远，按直线距离估算。"} <= set(told)
    assert any("点地图" in text for text in texts(parts.what_if(None, 10.0)))


def test_the_tables_are_those_of_the_query(services: Services) -> None:
    address = Address(minutes=5.0)
    shown = reach.walked(services, ALL, address)
    frame = coverage.coverage(services.store, ALL, address.walk, AreaLevel.COUNTY)
    rows = {row["key"]: row for row in shown[4]}
    for one in frame.to_dict("records"):
        share = rows[one["code"]][f"rate_{one['band_min']:g}"]
        assert share is None or share == pytest.approx(one["dwellings_rate"], abs=0.01)
    assert len(shown[7]) == len(coverage.uncovered(services.store, ALL, address.walk))


def test_what_is_drawn_holds_the_place_and_stays_in_the_scope(services: Services) -> None:
    address = Address(area=town.SPRING, at=HERE, chosen=1)
    found, _card = reach.asked(services, ALL, address)
    best = reach.sites(services, ALL, address, 2)
    drawn = reach.overlays(services, ALL, address, best)
    assert {one["role"] for one in drawn} >= {"related", "selected"}
    handle = reach.handle(address, found)
    assert handle is not None
    assert (handle["lng"], handle["lat"]) == HERE
    assert reach.handle(address.but(at=None), None) is None
    inner = reach.overlays(services, Scope(town.WEST[:6]), address, [])
    assert inner == []


def test_what_is_told_while_dragging_is_what_is_told_after(services: Services) -> None:
    address = Address(at=HERE)
    _found, card = reach.asked(services, ALL, address)
    assert texts(reach.figures(services, ALL, address)) == texts(card[2].children)
