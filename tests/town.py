"""A town drawn by hand, so that every figure in a test can be counted here.

Two counties, three subdistricts, five communities of 1 km² in a row, twelve compounds. What is missing is
missing on purpose: a compound that nobody has classified, secretaries that are not in post, claims known only
for a community or a subdistrict, fewer than ten ratings, a community without an organisation.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from data.bulk import insert_frame, restart_sequences
from data.store import Store
from models import Base, Setting

METRIC_EPSG = 4547
CITY = "420100000000"
EAST, WEST = "420102000000", "420103000000"
EAST_STREET, SOUTH_TOWN, WEST_STREET = "420102001000", "420102100000", "420103001000"
SPRING, OSMANTHUS, LAKE = "420102001001", "420102001002", "420102100001"
WEST_GATE, NORTH_GATE = "420103001001", "420103001002"
COMMUNITIES = (SPRING, OSMANTHUS, LAKE, WEST_GATE, NORTH_GATE)

SETTINGS = {"metric_epsg": str(METRIC_EPSG), "as_of": "2022-06-30"}

_to_degrees = pyproj.Transformer.from_crs(METRIC_EPSG, 4490, always_xy=True)


def in_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """Place what is drawn in metres from the town's south-west corner on the earth (EPSG:4490)."""
    return shapely.transform(
        geometry,
        lambda x, y: _to_degrees.transform(x + 500_000, y + 3_380_000),
        interleaved=False,
    )


def box(x: float, y: float, width: float, height: float) -> BaseGeometry:
    return in_degrees(shapely.box(x, y, x + width, y + height))


def point(x: float, y: float) -> BaseGeometry:
    return in_degrees(shapely.Point(x, y))


def _frame(columns: str, rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame.from_records(list(rows), columns=columns.split()).astype(object)


def _areas() -> pd.DataFrame:
    return _frame(
        "id code level name initials parent_id households geometry",
        [
            (1, CITY, "city", "平城市", "pcs", None, None, box(0, 0, 5000, 1000)),
            (2, EAST, "county", "江东区", "jdq", 1, None, box(0, 0, 3000, 1000)),
            (3, WEST, "county", "河西区", "hxq", 1, None, box(3000, 0, 2000, 1000)),
            (4, EAST_STREET, "subdistrict", "东街街道", "djjd", 2, None, box(0, 0, 2000, 1000)),
            (5, SOUTH_TOWN, "subdistrict", "南镇", "nz", 2, None, box(2000, 0, 1000, 1000)),
            (6, WEST_STREET, "subdistrict", "西街街道", "xjjd", 3, None, box(3000, 0, 2000, 1000)),
            (7, SPRING, "community", "春风社区", "cfsq", 4, None, box(0, 0, 1000, 1000)),
            (8, OSMANTHUS, "community", "桂花社区", "ghsq", 4, None, box(1000, 0, 1000, 1000)),
            (9, LAKE, "community", "南湖社区", "nhsq", 5, None, box(2000, 0, 1000, 1000)),
            (10, WEST_GATE, "community", "西门社区", "xmsq", 6, None, box(3000, 0, 1000, 1000)),
            (11, NORTH_GATE, "community", "北门社区", "bmsq", 6, 999, box(4000, 0, 1000, 1000)),
        ],
    )


def _compounds() -> pd.DataFrame:
    small = (200, 200)
    rows = [
        # walled, households, property_service, committee_eligible, owners_committee, pilot, x, size
        (1, SPRING, "春晓苑", "cxy", "residential", True, 500, True, True, True, True, 100, small),
        (2, SPRING, "桃园小区", "tyxq", "aged", False, 300, False, True, False, False, 400, small),
        (3, SPRING, "百分%家园", "bfjy", "residential", True, 200, True, True, True, False, 700, small),
        (4, OSMANTHUS, "桂花里", "ghl", "aged", False, 400, None, False, False, None, 1100, small),
        (5, OSMANTHUS, "铁路_宿舍", "tlss", "work_unit", True, 250, True, True, None, None, 1400, small),
        (6, OSMANTHUS, "无名院", "wmy", None, None, None, None, None, None, None, 1700, small),
        (7, LAKE, "南湖新村", "nhxc", "transitional", False, 600, False, False, False, False, 2100, small),
        (8, LAKE, "南湖花园", "nhhy", "residential", True, 800, True, True, True, True, 2400, (400, 200)),
        (9, WEST_GATE, "西门大院", "xmdy", "work_unit", True, 0, None, None, None, None, 3100, small),
        (10, WEST_GATE, "春晓苑", "cxy", "residential", True, 350, True, False, False, False, 3400, small),
        (11, NORTH_GATE, "北门里", "bml", "aged", False, 150, False, False, False, False, 4100, small),
        (12, NORTH_GATE, "CBD公馆", "cbdgg", "transitional", True, 100, True, None, None, None, 4400, small),
    ]
    serials: dict[str, int] = {}
    placed = []
    for row in rows:
        serials[row[1]] = serials.get(row[1], 0) + 1
        placed.append((*row[:11], f"{row[1]}X{serials[row[1]]:02d}", box(row[11], 100, *row[12])))
    return _frame(
        "id area_code name initials kind walled households property_service committee_eligible"
        " owners_committee pilot code geometry",
        placed,
    )


def _grids() -> pd.DataFrame:
    started, ended = date(2021, 1, 1), date(2021, 12, 31)
    return _frame(
        "id code name area_code responsible_body duties valid_from valid_to geometry",
        [
            (
                1,
                SPRING + "001",
                "春风第一网格",
                SPRING,
                "社区居委会",
                "巡查",
                started,
                None,
                box(0, 0, 350, 1000),
            ),
            (2, SPRING + "002", "春风第二网格", SPRING, None, None, started, None, box(350, 0, 650, 1000)),
            (
                3,
                OSMANTHUS + "001",
                "桂花第一网格",
                OSMANTHUS,
                None,
                None,
                started,
                None,
                box(1000, 0, 1000, 1000),
            ),
            (
                4,
                OSMANTHUS + "002",
                "桂花旧网格",
                OSMANTHUS,
                None,
                None,
                started,
                ended,
                box(1000, 0, 500, 1000),
            ),
            (5, LAKE + "001", "南湖第一网格", LAKE, None, None, started, None, box(2000, 0, 600, 1000)),
            (6, LAKE + "002", "南湖第二网格", LAKE, None, None, started, None, box(2600, 0, 400, 1000)),
            (
                7,
                WEST_GATE + "001",
                "西门第一网格",
                WEST_GATE,
                None,
                None,
                started,
                None,
                box(3000, 0, 1000, 1000),
            ),
        ],
    )


def _micro_grids() -> pd.DataFrame:
    return _frame(
        "id code name area_code grid_id compound_id valid_from valid_to geometry",
        [
            (1, SPRING + "00101", None, SPRING, 1, 1, date(2021, 1, 1), None, box(100, 100, 100, 200)),
            (
                2,
                SPRING + "00102",
                "二号微网格",
                SPRING,
                1,
                1,
                date(2021, 1, 1),
                None,
                box(200, 100, 100, 200),
            ),
            (
                3,
                SPRING + "00103",
                None,
                SPRING,
                1,
                1,
                date(2020, 1, 1),
                date(2020, 12, 31),
                box(100, 100, 200, 200),
            ),
        ],
    )


def _organisations() -> pd.DataFrame:
    return _frame(
        "id name initials area_code parent_id level rank area_id compound_id grid_id secretary_filled",
        [
            (1, "春风社区党委", "cfsqdw", SPRING, None, "community", "committee", 7, None, None, True),
            (
                2,
                "桂花社区党总支",
                "ghsqdzz",
                OSMANTHUS,
                None,
                "community",
                "general_branch",
                8,
                None,
                None,
                True,
            ),
            (3, "南湖社区党委", "nhsqdw", LAKE, None, "community", "committee", 9, None, None, True),
            (4, "西门社区党委", "xmsqdw", WEST_GATE, None, "community", "committee", 10, None, None, None),
            (5, "春晓苑党支部", "cxydzb", SPRING, 1, "compound", "branch", None, 1, None, True),
            (6, "春风第二网格党总支", "cfdewgdzz", SPRING, 1, "grid", "general_branch", None, None, 2, True),
            (7, "桃园小区党支部", "tyxqdzb", SPRING, 6, "compound", "branch", None, 2, None, False),
            (8, "桂花里党支部", "ghldzb", OSMANTHUS, 2, "compound", "branch", None, 4, None, None),
            (9, "南湖花园党总支", "nhhydzz", LAKE, 3, "compound", "general_branch", None, 8, None, True),
            (10, "南湖第一网格党支部", "nhdywgdzb", LAKE, 9, "grid", "branch", None, None, 5, False),
            (11, "春晓苑一号楼党小组", "cxyyhldxz", SPRING, 5, "building", "group", None, None, None, True),
            (12, "南湖花园一单元党小组", "nhhyydydxz", LAKE, 9, "entrance", "group", None, None, None, None),
            (13, "春晓苑党支部", "cxydzb", WEST_GATE, 4, "compound", "branch", None, 10, None, True),
        ],
    )


def _buildings() -> pd.DataFrame:
    return _frame(
        "id code name area_code compound_id grid_id micro_grid_id organisation_id use floors households"
        " geometry",
        [
            (1, "B1", "1号楼", SPRING, 1, 1, 1, 11, "housing", 11, 200, box(110, 110, 50, 15)),
            (2, "B2", "2号楼", SPRING, 1, 1, 2, 11, "housing", 11, 200, box(210, 110, 50, 15)),
            (3, "B3", "3号楼", SPRING, 1, 1, 2, None, "housing", 6, 100, box(210, 140, 50, 15)),
            (4, "B4", None, SPRING, 2, 2, None, None, "housing", 6, 300, box(410, 110, 50, 15)),
            (5, None, None, OSMANTHUS, None, 3, None, None, "shop", 2, None, box(1400, 600, 50, 15)),
            (6, "B6", "6号楼", LAKE, 8, 5, None, None, "housing", 18, 400, box(2410, 110, 50, 15)),
            (7, "B7", "1号楼", NORTH_GATE, 11, None, None, None, None, None, None, box(4110, 110, 50, 15)),
        ],
    )


def _entrances() -> pd.DataFrame:
    return _frame(
        "id name area_code building_id organisation_id households geometry",
        [
            (1, "一单元", LAKE, 6, 12, 200, point(2420, 110)),
            (2, "二单元", LAKE, 6, None, 200, point(2450, 110)),
        ],
    )


def _workers() -> pd.DataFrame:
    rows = [(SPRING, 1, "full_time"), (SPRING, 1, "full_time"), (SPRING, 1, "part_time")]
    rows += [(OSMANTHUS, 3, "full_time"), (WEST_GATE, None, "full_time")]
    return _frame("id area_code grid_id role", [(i, *row) for i, row in enumerate(rows, start=1)])


def _stations() -> pd.DataFrame:
    opened = date(2022, 1, 1)
    return _frame(
        "id name initials area_code compound_id tier origin floor_area_m2 opened_on geometry",
        [
            (
                1,
                "东街党群服务中心",
                "djdqfwzx",
                SPRING,
                None,
                "subdistrict",
                "new_built",
                900.0,
                opened,
                point(500, 800),
            ),
            (2, "春风党群服务站", "cfdqfwz", SPRING, None, "community", None, None, None, point(500, 600)),
            (3, "春晓苑微站", "cxywz", SPRING, 1, "micro", "shared", 36.1, opened, point(200, 200)),
            (
                4,
                "西门党群服务站",
                "xmdqfwz",
                WEST_GATE,
                None,
                "community",
                "converted",
                120.0,
                opened,
                point(3500, 600),
            ),
        ],
    )


CLAIMS = [
    # area, compound, day
    *((SPRING, 1, date(2022, *day)) for day in ((1, 5), (1, 20), (2, 1), (2, 14), (2, 28))),
    (SPRING, 2, date(2022, 3, 1)),
    *((WEST_GATE, 9, date(2022, 3, 10)) for _ in range(2)),
    *((WEST_GATE, 10, date(2022, *day)) for day in ((1, 31), (2, 10), (3, 31), (6, 30))),
    *((LAKE, None, date(2022, 4, 1)) for _ in range(3)),
    (SPRING, None, date(2022, 4, 15)),
    *((EAST_STREET, None, date(2022, 5, 5)) for _ in range(2)),
]
"""Eighteen; four are known only for a community, two only for a subdistrict."""

RATINGS = [
    # area, compound, day, marks
    (SPRING, 1, date(2021, 12, 31), [1]),
    (SPRING, 1, date(2022, 2, 15), [5] * 6 + [4] * 4 + [3, 1]),
    (SPRING, 2, date(2022, 3, 15), [5] * 9),
    (SPRING, None, date(2022, 3, 20), [4, 5, 2]),
    (WEST_GATE, 10, date(2022, 6, 15), [5] * 18 + [3] * 2),
]


def _claims() -> pd.DataFrame:
    rows = [(i, *claim, "打扫楼道", "elective", "unit", None) for i, claim in enumerate(CLAIMS, start=1)]
    return _frame("id area_code compound_id claimed_on item source body done_on", rows)


def _ratings() -> pd.DataFrame:
    marks = [(area, compound, day, mark) for area, compound, day, marks in RATINGS for mark in marks]
    return _frame(
        "id area_code compound_id rated_on score", [(i, *mark) for i, mark in enumerate(marks, start=1)]
    )


def _points() -> dict[str, pd.DataFrame]:
    return {
        "assist_point": _frame(
            "id name area_code items_handled person_times geometry",
            [(1, "春风帮办代办点", SPRING, 40, 90, point(510, 610))],
        ),
        "canteen": _frame(
            "id name area_code daily_diners diners_served geometry",
            [(1, "西门食堂", WEST_GATE, 60, 9000, point(3510, 610))],
        ),
        "road": _frame(
            "id name area_code road_class width_m geometry",
            [
                (
                    1,
                    "东西大街",
                    CITY,
                    "arterial",
                    40.0,
                    in_degrees(shapely.LineString([(0, 950), (5000, 950)])),
                )
            ],
        ),
        "water": _frame(
            "id name area_code water_class geometry", [(1, "南湖", LAKE, "lake", box(2100, 500, 300, 200))]
        ),
        "green": _frame("id name area_code geometry", [(1, None, WEST_GATE, box(3100, 700, 100, 100))]),
    }


def _source() -> pd.DataFrame:
    return _frame(
        "id file_name sha256 datum row_count imported_at",
        [(1, "小区.shp", "0" * 64, "gcj02", 12, datetime(2022, 7, 1, 8, 30, tzinfo=UTC))],
    )


def tables() -> dict[str, pd.DataFrame]:
    """Return the town's records as frames by table."""
    return {
        "area": _areas(),
        "source": _source(),
        "compound": _compounds(),
        "grid": _grids(),
        "micro_grid": _micro_grids(),
        "organisation": _organisations(),
        "building": _buildings(),
        "entrance": _entrances(),
        "grid_worker": _workers(),
        "station": _stations(),
        "claim": _claims(),
        "rating": _ratings(),
        **_points(),
    }


def fill(store: Store) -> Store:
    """Write the town into an empty store, in one transaction."""
    frames = tables()
    models = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    with store.writing(*frames) as session:
        for name, frame in frames.items():
            insert_frame(session, models[name], frame)
        restart_sequences(session, [models[name] for name in frames])
        for key, value in SETTINGS.items():
            session.merge(Setting(key=key, value=value))
    return store
