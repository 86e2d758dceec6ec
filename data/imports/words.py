"""How values are written in tables and in OpenStreetMap's tags: word (lower case) -> the value stored."""

from __future__ import annotations

from models.enums import BuildingUse, RoadClass, StationTier, WaterClass

WALLED = {
    "有": True,
    "无": False,
    "封闭": True,
    "封闭式": True,
    "开放": False,
    "开放式": False,
    "半封闭": None,
}
TIERS = {
    "中心": StationTier.SUBDISTRICT,
    "街道级": StationTier.SUBDISTRICT,
    "街道": StationTier.SUBDISTRICT,
    "服务站": StationTier.COMMUNITY,
    "站": StationTier.COMMUNITY,
    "社区级": StationTier.COMMUNITY,
    "社区": StationTier.COMMUNITY,
    "微站": StationTier.MICRO,
    "小区级": StationTier.MICRO,
    "小区": StationTier.MICRO,
}
_USES = {
    "housing": "住宅楼 居住 居住建筑 居民楼 residential apartments house detached terrace dormitory "
    "semidetached_house bungalow",
    "shop": "商铺 商业建筑 retail commercial shop supermarket kiosk",
    "office": "办公楼 写字楼 office government",
    "school": "教育 幼儿园 school university kindergarten college",
    "hospital": "医疗 hospital clinic",
    "industry": "工业 仓库 industrial warehouse factory manufacture",
    "public": "公共建筑 公建 public civic church temple mosque train_station sports_hall museum library",
}
USES_BY_WORD: dict[str, BuildingUse | None] = {
    word: BuildingUse(use) for use, words in _USES.items() for word in words.split()
}
USES_BY_WORD |= dict.fromkeys(
    [
        "其他",
        "其它",
        "未知",
        "yes",
        "no",
        "garage",
        "garages",
        "hut",
        "shed",
        "roof",
        "farm",
        "farm_auxiliary",
        "barn",
        "hangar",
        "greenhouse",
        "service",
        "construction",
        "ruins",
        "carport",
        "cabin",
    ],
    None,
)
"""Use of a building; None where the word says nothing of it."""

_ROADS = {
    "expressway": "高速 高速公路 快速路 motorway motorway_link trunk trunk_link",
    "ring": "环线",
    "arterial": "主干道 主干路 国道 省道 primary primary_link",
    "collector": "次干道 次干路 县道 secondary secondary_link tertiary tertiary_link",
    "local": "支路 街巷 乡道 村道 小区道路 内部道路 unclassified residential living_street service track "
    "pedestrian footway cycleway path steps bridleway corridor road busway track_grade1 track_grade2 "
    "track_grade3 track_grade4 track_grade5 construction proposed unknown",
    "rail": "轨道 rail light_rail subway tram narrow_gauge",
}
ROADS = {word: RoadClass(one) for one, words in _ROADS.items() for word in words.split()}

_WATERS = {
    "river": "河 河道 江 河川 沟渠 运河 stream canal riverbank ditch drain",
    "lake": "湖 水库 池塘 坑塘 湿地 reservoir pond water wetland basin lagoon dock",
}
WATERS = {word: WaterClass(one) for one, words in _WATERS.items() for word in words.split()}
