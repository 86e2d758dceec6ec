"""The numbers of the demo city in one place: what the source reports give, and what the generator assumes."""

from __future__ import annotations

from enum import StrEnum

CITY_NAME = "云江市"
CITY_CODE = "990100000000"
METRIC_EPSG = 4547
STORED_EPSG = 4490
CENTRE = (528_800.0, 3_375_600.0)
"""The middle of the old town in EPSG:4547: about 114.3° E, 30.5° N."""


class Scale(StrEnum):
    """How much of the city is built. A smaller scale is a part of the bigger one."""

    SMALL = "small"
    DISTRICT = "district"
    CITY = "city"


KINDS = ("residential", "transitional", "aged", "work_unit")
COMPOUNDS = {"residential": 1_617, "transitional": 310, "aged": 2_912, "work_unit": 904}
COMPOUND_COUNT = 5_743
HOUSEHOLDS = 1_500_000
MICRO_GRIDS = 37_000
COUNTIES = 10

COMPOUND_ORGANISATIONS = 1_867
BUILDING_GROUPS = 4_480
MEMBERS = 180_600

FULL_TIME_WORKERS = 5_208
PART_TIME_WORKERS = 1_460
AUXILIARY_WORKERS = 30_400

PILOTS = 1_217
MICRO_STATIONS = 2_340
PILOT_STATION_M2 = 36.1
ASSIST_POINTS = 1_378
ITEMS_HANDLED = 53_169
PERSON_TIMES = 115_531
CANTEENS = 312
DINERS_SERVED = 235_600
DAILY_DINERS = 13_000

WITH_PROPERTY_SERVICE = 5_456
WITH_OWNERS_COMMITTEE = 4_882
CLAIMS = 26_000
REQUESTS = 60_000
"""Our own assumption: no report tells it."""

REPORTED = {
    "members_serving": 123_000,
    "members_retired": 132_000,
    "property_firms_with_organisation": 496,
    "cross_appointments_property": 238,
    "cross_appointments_committee": 315,
    "items_claimed": 26_000,
    "things_done": 28_000,
}
"""What the reports give and no record adds up to. The classes of members overlap: never add them."""
REPORTED_ON = (2022, 12, 31)
