"""What moving stations changes is what coverage tells once they were moved."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from data.queries import coverage
from data.relocation import WALK, own_reach, relocated
from data.scope import Scope
from data.store import Store
from models import Station
from models.enums import AreaLevel
from tests import town

CITY = Scope()


def total(store: Store, scope: Scope) -> int:
    frame = coverage.coverage(store, scope, WALK, AreaLevel.COMMUNITY, (WALK.minutes,))
    return int(frame["dwellings"].sum())


def covered(store: Store) -> set[int]:
    frame = coverage.compounds(store, CITY, WALK)
    return set(frame.loc[frame["minutes"] <= WALK.minutes, "id"])


FAR, LAKESIDE = (3900, 900), (2600, 300)


@pytest.mark.parametrize(
    ("places", "gained", "lost"),
    [
        ({4: LAKESIDE}, 400, 0),
        ({1: LAKESIDE, 2: LAKESIDE, 3: LAKESIDE}, 400, 800),
        ({1: FAR, 2: FAR}, 0, 0),  # the third still serves the spring
        ({2: (500, 601)}, 0, 0),
    ],
)
def test_it_is_the_difference_that_the_move_makes(
    town_copy: Store, places: dict[int, tuple[int, int]], gained: int, lost: int
) -> None:
    to = {one: town.point(*place) for one, place in places.items()}
    with town_copy.reading() as session:
        query = select(Station.id, Station.geometry).where(Station.id.in_(to))
        was = {row.id: row.geometry for row in session.execute(query)}
    moves = {one: ((was[one].x, was[one].y), (to[one].x, to[one].y)) for one in to}
    told = relocated(town_copy, CITY, moves)
    assert (told.gained, told.lost) == (gained, lost)
    part = relocated(town_copy, Scope(town.LAKE[:9]), moves)
    before = total(town_copy, CITY), total(town_copy, Scope(town.LAKE[:9])), covered(town_copy)
    with town_copy.writing("station") as session:
        for one, place in to.items():
            session.execute(update(Station).where(Station.id == one).values(geometry=place))
    after = total(town_copy, CITY), total(town_copy, Scope(town.LAKE[:9])), covered(town_copy)
    assert told.gained - told.lost == after[0] - before[0]
    assert part.gained - part.lost == after[1] - before[1]
    assert told.gained_compounds == len(after[2] - before[2])
    assert told.lost_compounds == len(before[2] - after[2])


def test_what_a_station_reaches_itself_is_told_for_both_places(town_copy: Store) -> None:
    there, here = (town.point(*place) for place in ((3500, 600), LAKESIDE))
    before, after = own_reach(town_copy, CITY, (there.x, there.y), (here.x, here.y))
    assert (before.dwellings, after.dwellings) == (0, 400)
    assert after.compounds == 1
