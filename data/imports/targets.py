"""What can be imported: for each target its table, its geometry and its fields, told by their headers."""

from __future__ import annotations

from data.imports import words
from data.imports.fields import AREA_CODE, Field, Target
from data.imports.record_targets import RECORD_TARGETS
from models import (
    Area,
    AssistPoint,
    Building,
    Canteen,
    Compound,
    Entrance,
    Green,
    Grid,
    MicroGrid,
    Road,
    Station,
    Water,
)
from models.enums import (
    AreaLevel,
    BuildingUse,
    CompoundKind,
    RoadClass,
    StationOrigin,
    StationTier,
    WaterClass,
)


def _code(*synonyms: str) -> Field:
    return Field(
        "code",
        "编码",
        (*synonyms, "编码", "代码", "编号", "code", "osm_id", "osm_way_id", "objectid"),
        "code",
    )


def _name(*synonyms: str, required: bool = False) -> Field:
    return Field("name", "名称", (*synonyms, "名称", "name", "名字", "text"), required=required)


def _households(*synonyms: str) -> Field:
    names = ("户数", "总户数", "住户数", "居民户数", "入住户数", "家庭户数", "households", "hu")
    return Field("households", "户数", (*synonyms, *names), "whole", high=1_000_000)


_BODY = Field(
    "responsible_body", "责任单位", ("责任单位", "责任主体", "责任部门", "包联单位", "responsible_body")
)
_FROM = Field("valid_from", "启用日期", ("启用日期", "生效日期", "开始日期", "划定日期", "valid_from"), "day")


def _area(level: AreaLevel, label: str, *synonyms: str) -> Target:
    fields = (
        Field(
            "name", "名称", (*(f"{one}名称" for one in synonyms), *synonyms, "名称", "name"), required=True
        ),
        Field(
            "code",
            "区划代码",
            (
                *(f"{one}{end}" for one in synonyms for end in ("代码", "编码")),
                "统计用区划代码",
                "行政区划代码",
                "区划代码",
                "代码",
                "编码",
                "code",
                "adcode",
            ),
            "area_code",
            required=True,
        ),
        _households(),
    )
    return Target(level.value, label, Area, "polygon", fields, overlaps=True, level=level)


_COMPOUND = Target(
    "compound",
    "小区",
    Compound,
    "polygon",
    (
        _code("小区编码", "小区代码", "小区编号"),
        _name("小区名称", "小区名", "院落名称", "小区"),
        AREA_CODE,
        Field(
            "kind",
            "小区类型",
            ("小区类型", "小区类别", "院落类型", "类型", "类别", "kind"),
            "choice",
            choices=CompoundKind,
        ),
        Field(
            "walled",
            "围墙",
            ("围墙", "有无围墙", "是否有围墙", "是否封闭", "封闭情况", "walled"),
            "yes_no",
            words=words.WALLED,
        ),
        _households("小区户数"),
        Field(
            "built_year",
            "建成年份",
            ("建成年份", "建成年代", "建成时间", "建造年份", "竣工年份", "建成年", "built_year"),
            "whole",
            low=1840,
            high=2100,
        ),
        Field(
            "property_service",
            "物业服务",
            ("有无物业", "是否有物业", "物业服务", "物业覆盖", "物业", "property_service"),
            "yes_no",
        ),
        Field(
            "property_firm",
            "物业公司",
            ("物业公司", "物业企业", "物业服务企业", "物业公司名称", "物业单位", "物业名称", "property_firm"),
        ),
        Field(
            "committee_eligible",
            "符合成立业委会条件",
            ("符合业委会条件", "是否具备业委会成立条件", "符合成立业委会条件", "committee_eligible"),
            "yes_no",
        ),
        Field(
            "owners_committee",
            "业委会（物管会）",
            (
                "业委会",
                "有无业委会",
                "是否成立业委会",
                "业主委员会",
                "物管会",
                "业委会(物管会)",
                "owners_committee",
            ),
            "yes_no",
            words={"已成立": True, "未成立": False, "已组建": True, "未组建": False},
        ),
        Field("pilot", "试点", ("试点", "是否试点", "试点小区", "pilot"), "yes_no"),
        _FROM,
    ),
    boundary=True,
    overlaps=True,
    code_format="{area}X{serial:04d}",
)
_GRID = Target(
    "grid",
    "网格",
    Grid,
    "polygon",
    (
        _code("网格编码", "网格代码", "网格编号"),
        _name("网格名称", "网格名", "网格"),
        AREA_CODE,
        _households("网格户数"),
        _BODY,
        Field("duties", "职责", ("职责", "工作职责", "网格职责", "duties")),
        _FROM,
    ),
    boundary=True,
    overlaps=True,
    code_format="{area}{serial:03d}",
)
_MICRO_GRID = Target(
    "micro_grid",
    "微网格",
    MicroGrid,
    "polygon",
    (
        _code("微网格编码", "微网格代码", "微网格编号", "网格编码"),
        _name("微网格名称", "微网格名", "微网格"),
        AREA_CODE,
        _households("微网格户数"),
        _BODY,
        _FROM,
    ),
    boundary=True,
    overlaps=True,
    code_format="{area}W{serial:04d}",
)
_BUILDING = Target(
    "building",
    "楼栋",
    Building,
    "polygon",
    (
        _code("楼栋编码", "楼栋代码", "楼栋编号", "建筑编码"),
        _name("楼栋名称", "楼栋号", "楼号", "幢号", "楼栋", "栋号", "建筑名称"),
        AREA_CODE,
        Field(
            "use",
            "用途",
            ("用途", "建筑用途", "房屋用途", "建筑类型", "类型", "use", "building"),
            "choice",
            choices=BuildingUse,
            words=words.USES_BY_WORD,
            lenient=True,
        ),
        Field(
            "floors",
            "层数",
            ("层数", "楼层", "楼层数", "地上层数", "总层数", "floors", "floor", "levels", "building:levels"),
            "whole",
            high=200,
        ),
        _households("楼栋户数"),
    ),
    overlaps=True,
)
_ENTRANCE = Target(
    "entrance",
    "单元",
    Entrance,
    "point",
    (
        _name("单元名称", "单元号", "单元", required=True),
        Field(
            "building_code",
            "所属楼栋编码",
            ("楼栋编码", "所属楼栋", "楼栋代码", "所属楼栋编码", "building_code", "building_id"),
            "code",
        ),
        AREA_CODE,
        _households("单元户数"),
    ),
)
_STATION = Target(
    "station",
    "党群服务阵地",
    Station,
    "point",
    (
        _name("阵地名称", "站点名称", "服务站名称", "党群服务站名称", required=True),
        AREA_CODE,
        Field(
            "tier",
            "级别",
            ("级别", "层级", "阵地级别", "站点类型", "类型", "tier"),
            "choice",
            required=True,
            choices=StationTier,
            words=words.TIERS,
        ),
        Field(
            "origin", "建设方式", ("建设方式", "来源", "建设类型", "origin"), "choice", choices=StationOrigin
        ),
        Field(
            "floor_area_m2",
            "面积（平方米）",
            ("面积", "建筑面积", "使用面积", "floor_area_m2", "area_m2"),
            "real",
            high=200_000,
        ),
        Field("opened_on", "启用日期", ("启用日期", "建成日期", "开放日期", "opened_on"), "day"),
    ),
)
_ASSIST_POINT = Target(
    "assist_point",
    "帮办代办点",
    AssistPoint,
    "point",
    (
        _name("帮办代办点名称", "代办点名称", "帮办点名称", required=True),
        AREA_CODE,
        Field(
            "items_handled",
            "办理事项数",
            ("办理事项", "办理事项数", "事项数", "办件量", "items_handled"),
            "whole",
        ),
        Field("person_times", "服务人次", ("服务人次", "人次", "person_times"), "whole"),
    ),
)
_CANTEEN = Target(
    "canteen",
    "社区食堂",
    Canteen,
    "point",
    (
        _name("食堂名称", "社区食堂名称", required=True),
        AREA_CODE,
        Field(
            "daily_diners",
            "日均就餐人数",
            ("日均就餐", "日均就餐人数", "日就餐人数", "daily_diners"),
            "whole",
        ),
        Field(
            "diners_served", "服务人数", ("服务人数", "覆盖人数", "累计服务人数", "diners_served"), "whole"
        ),
    ),
)
_ROAD = Target(
    "road",
    "道路",
    Road,
    "line",
    (
        _name("道路名称", "道路名", "路名"),
        Field(
            "road_class",
            "道路等级",
            ("道路等级", "道路类型", "等级", "road_class", "highway", "fclass", "railway", "类型"),
            "choice",
            required=True,
            choices=RoadClass,
            words=words.ROADS,
        ),
        Field("width_m", "宽度（米）", ("宽度", "路宽", "红线宽度", "width", "width_m"), "real", high=300),
    ),
)
_WATER = Target(
    "water",
    "水系",
    Water,
    "polygon",
    (
        _name("水系名称", "河流名称", "湖泊名称"),
        Field(
            "water_class",
            "水系类型",
            ("水系类型", "类型", "类别", "water_class", "fclass", "water", "waterway", "natural"),
            "choice",
            required=True,
            choices=WaterClass,
            words=words.WATERS,
        ),
    ),
)
_GREEN = Target("green", "绿地", Green, "polygon", (_name("绿地名称", "公园名称"),))

TARGETS: dict[str, Target] = {
    one.name: one
    for one in (
        _area(AreaLevel.CITY, "市", "市", "城市", "地市"),
        _area(AreaLevel.COUNTY, "县（市、区）", "区县", "县区", "县(市、区)", "市辖区", "区"),
        _area(AreaLevel.SUBDISTRICT, "街道（乡镇）", "街道", "镇街", "乡镇", "街镇", "乡镇街道"),
        _area(AreaLevel.COMMUNITY, "社区", "社区", "村社", "村居"),
        _COMPOUND,
        _GRID,
        _MICRO_GRID,
        _BUILDING,
        _ENTRANCE,
        _STATION,
        _ASSIST_POINT,
        _CANTEEN,
        _ROAD,
        _WATER,
        _GREEN,
        *RECORD_TARGETS,
    )
}
"""Everything that can be imported, from the top of the city down."""
