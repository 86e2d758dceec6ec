"""Closed vocabularies: the store holds the value; the label is Chinese and the key of its translation."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """An enum whose members carry a Chinese label; other languages come from the gettext catalogues."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """Make a member from its stored value and its label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class AreaLevel(Labelled):
    """Administrative level of an area, from the top."""

    CITY = "city", "市"
    COUNTY = "county", "县（市、区）"
    SUBDISTRICT = "subdistrict", "街道（乡镇）"
    COMMUNITY = "community", "社区"


class CompoundKind(Labelled):
    """The four kinds of residential compound. A compound not yet classified has no kind."""

    RESIDENTIAL = "residential", "居住型"
    TRANSITIONAL = "transitional", "过渡型"
    AGED = "aged", "老旧型"
    WORK_UNIT = "work_unit", "单位型"


class BuildingUse(Labelled):
    """What a building is for."""

    HOUSING = "housing", "住宅"
    SHOP = "shop", "商业"
    OFFICE = "office", "办公"
    SCHOOL = "school", "学校"
    HOSPITAL = "hospital", "医院"
    INDUSTRY = "industry", "厂房"
    PUBLIC = "public", "公共"


class OrganisationLevel(Labelled):
    """Where an organisation sits in the three-level tree."""

    COMMUNITY = "community", "社区"
    COMPOUND = "compound", "小区"
    GRID = "grid", "网格"
    BUILDING = "building", "楼栋"
    ENTRANCE = "entrance", "单元"


class OrganisationRank(Labelled):
    """Rank of an organisation; the middle level may hold two ranks."""

    COMMITTEE = "committee", "党委"
    GENERAL_BRANCH = "general_branch", "党总支"
    BRANCH = "branch", "党支部"
    GROUP = "group", "党小组"


class StationTier(Labelled):
    """Tier of a service station."""

    SUBDISTRICT = "subdistrict", "党群服务中心"
    COMMUNITY = "community", "党群服务站"
    MICRO = "micro", "党群服务微站"


class StationOrigin(Labelled):
    """How a station came to be."""

    NEW_BUILT = "new_built", "新建"
    SHARED = "shared", "共享"
    CONVERTED = "converted", "改建"


class GridWorkerRole(Labelled):
    """Employment of a grid worker."""

    FULL_TIME = "full_time", "专职网格员"
    PART_TIME = "part_time", "兼职网格员"
    AUXILIARY = "auxiliary", "辅助力量"


class ItemSource(Labelled):
    """Which of the three sources a claimed item came from."""

    REQUIRED = "required", "必选"
    ELECTIVE = "elective", "自选"
    RECOMMENDED = "recommended", "推荐"


class ClaimBody(Labelled):
    """Class of who took the item on; never a person."""

    UNIT = "unit", "驻区单位"
    ORGANISATION = "organisation", "党组织"
    MEMBER = "member", "党员"


class PlaceKind(Labelled):
    """How the place of a record is known; the most exact comes first."""

    POINT = "point", "坐标点"
    BUILDING = "building", "楼栋"
    COMPOUND = "compound", "小区"
    GRID = "grid", "网格"
    AREA = "area", "行政区域"
    NOWHERE = "nowhere", "未能落图"


class PostKind(Labelled):
    """Who serves in a grid besides its workers: three that every grid should have, and others."""

    CADRE = "cadre", "包联干部"
    SECRETARY = "secretary", "网格党支部书记"
    POLICE = "police", "辅警"
    MEMBER = "member", "党员"
    VOLUNTEER = "volunteer", "志愿者"


class RoadClass(Labelled):
    """Class of a road, by what it carries."""

    EXPRESSWAY = "expressway", "快速路"
    RING = "ring", "环路"
    ARTERIAL = "arterial", "主干路"
    COLLECTOR = "collector", "次干路"
    LOCAL = "local", "支路"
    RAIL = "rail", "铁路"


class WaterClass(Labelled):
    """Class of a water surface."""

    RIVER = "river", "河流"
    LAKE = "lake", "湖泊"


class PlanKind(Labelled):
    """Where a plan came from."""

    IMPORT = "import", "导入"
    ALIGNMENT = "alignment", "拉平对齐"
    PROPOSAL = "proposal", "划分建议"
    DRAWING = "drawing", "手工绘制"
    STRUCTURE = "structure", "组织架构"


class PlanStatus(Labelled):
    """State of a plan."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    DROPPED = "dropped", "已放弃"


class ChangeAction(Labelled):
    """What a change does to a feature."""

    ADD = "add", "新增"
    CHANGE = "change", "修改"
    REMOVE = "remove", "停用"


class FindingKind(Labelled):
    """What keeps layers from being level and flush; as ``geo.coverage`` names it."""

    INVALID = "invalid", "图形无效"
    DUPLICATE_ID = "duplicate_id", "编码重复"
    OVERLAP = "overlap", "重叠"
    GAP = "gap", "空隙"
    SLIVER = "sliver", "碎屑"
    TWO_COMMUNITIES = "two_communities", "跨两个社区"
    OVER_COMMUNITY = "over_community", "越出社区"
    NESTING = "nesting", "嵌套不齐"
    BUILDING_CUT = "building_cut", "楼栋被切开"
    BUILDING_OUTSIDE = "building_outside", "楼栋不在网格内"


class MoveReason(Labelled):
    """Why a piece of land changes hands in an alignment."""

    LEVELLED = "levelled", "拉平"
    WIDE = "wide", "按最长边界裁定"
    CUT_BACK = "cut_back", "裁回社区以内"
    DECIDED = "decided", "规划员指定"


class RefusalStep(Labelled):
    """How far an alignment fell back for a feature."""

    REPAIRED = "repaired", "只修补"
    AS_DRAWN = "as_drawn", "保持原样"


class RefusalReason(Labelled):
    """Why a feature was not levelled."""

    WIDE_OVERLAP = "wide_overlap", "宽于容差的重叠"
    WIDE_GAP = "wide_gap", "宽于容差的空隙"
    NOT_NESTED = "not_nested", "嵌套不齐"
    OVER_COMMUNITY = "over_community", "越出社区过多"
    DISPLACEMENT = "displacement", "移动超过容差"
    ATOM = "atom", "会切开楼栋"
    NOT_LEVELLED = "not_levelled", "边界未对齐"
    COVERAGE = "coverage", "与相邻图形没有接严"
    FAILED = "failed", "该社区计算失败"


class ProposalReason(Labelled):
    """Why a proposed micro-grid is outside the band, or something is in none."""

    ATOM_ABOVE = "atom_above", "一栋楼（单元）就超过上限，请补录单元"
    COMPOUND_BELOW = "compound_below", "小区户数不足下限"
    NO_COUNT = "no_count", "小区总户数分不成整数个微网格"
    GRANULAR = "granular", "楼栋（单元）户数凑不进范围"
    ISLAND = "island", "与其他楼栋不相连"
    LOCKED = "locked", "已锁定，保持原样"
    EMPTY = "empty", "无住户"
    OUTSIDE = "outside", "不在任何社区内"
    FAILED = "failed", "该社区计算失败"


class GridRule(Labelled):
    """What micro-grids must keep (`geo.grid_rules`); the remedy is what a planner does about it."""

    remedy: str

    def __new__(cls, value: str, label: str = "", remedy: str = "") -> Self:
        """Make a member from its stored value, its label and the remedy."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.remedy = remedy
        return member

    CLOSED = "closed", "边界没有闭合", "核对社区界线后重新开始绘制。"
    SEAMLESS = "seamless", "有地块不属于任何微网格", "选中这块地，划入相邻的微网格。"
    NO_OVERLAP = "no_overlap", "与别的微网格重叠", "核对导入的边界，重新划分。"
    ONE_COMMUNITY = "one_community", "越出本社区", "核对社区界线，或改到所在社区绘制。"
    ONE_PIECE = "one_piece", "不相连，分成几块", "把零散的一块划入相邻的微网格，或切分出去。"
    ATOM_WHOLE = "atom_whole", "切开了楼栋", "把整栋楼划入同一个微网格。"
    ATOM_ASSIGNED = "atom_assigned", "有楼栋不在微网格内", "核对楼栋位置；在界线外的由所在社区划分。"
    NESTED = "nested", "跨两个网格", "按网格边界切分，或在拉平对齐中调整网格。"
    CODE_GIVEN = "code_given", "没有编码", "改编码。"
    CODE_UNIQUE = "code_unique", "编码重复", "给其中一个改编码。"
    CODE_OF_COMMUNITY = "code_of_community", "编码不合规则", "编码应为社区代码加顺序号。"
    CODE_NEVER_REUSED = "code_never_reused", "编码曾用于已停用的微网格", "改用新的编码。"
    DATES_IN_ORDER = "dates_in_order", "停用日期早于启用日期", "改正日期。"
    LOAD = "load", "户数不在范围内", "从相邻微网格划入或划出楼栋，或合并、切分。"
    ONE_COMPOUND = "one_compound", "跨小区", "户数够时按围墙切分；不够时可以保留。"
    NATURAL_EDGES = "natural_edges", "跨道路或河道", "沿道路或河道切分；户数不够时可以保留。"
    STABLE = "stable", "较多住户换了微网格", "确需调整的可以发布，并告知住户。"
    RESPONSIBLE = "responsible", "没有责任单位", "发布后在数据导入中补录。"
    START_DATE = "start_date", "没有启用日期", "发布时自动填入。"


class Difference(Labelled):
    """What a file brought back from QGIS would change in a drawing."""

    MOVE = "move", "划入"
    ADD = "add", "新增微网格"
    REMOVE = "remove", "撤并微网格"
    RENAME = "rename", "改名"
    RECODE = "recode", "改编码"


class Doubt(Labelled):
    """What in a file brought back from QGIS can't be taken, or only otherwise than drawn."""

    NO_BUILDING = "no_building", "本社区草稿里没有这栋楼，未采用"
    NO_MICRO_GRID = "no_micro_grid", "没有这个微网格，楼栋保持原样"
    TWO_ANSWERS = "two_answers", "属性表与图形说法不一，楼栋保持原样"
    NO_POLYGON = "no_polygon", "没有面盖住它，楼栋保持原样"
    BAD_POLYGON = "bad_polygon", "图形为空或自相交，按原来的边界计"
    NO_BUILDINGS = "no_buildings", "里面没有楼栋，没有新增"
    CODE = "code", "编码不是数字、不属于本社区或已用过，未采用"
    LOCKED = "locked", "微网格已锁定，保持原样"
    CHANGED_SINCE = "changed_since", "导出以后草稿里已改过，保持草稿的样子"
    OVERLAP = "overlap", "同时在两个面内，归改动过的一个"
    CUT = "cut", "边界切过楼栋，整栋归占得多的一个"
    NO_COMPOUND = "no_compound", "楼栋不在小区内，已照改；请核对位置"


class OverlapCase(Labelled):
    """How a compound and a grid lie on each other."""

    COMPOUND_LARGER = "compound_larger", "小区大于网格"
    GRID_LARGER = "grid_larger", "网格大于小区"
    COMPARABLE = "comparable", "小区与网格相当"
    REVIEW = "review", "待人工判定"


class Structure(Labelled):
    """The organisation that an overlap case recommends."""

    COMPOUND_OVER_GRIDS = "compound_over_grids", "小区建党总支，网格建党支部"
    GRID_OVER_COMPOUNDS = "grid_over_compounds", "网格建党总支，小区建党支部"
    JOINT_BRANCH = "joint_branch", "小区（网格）联合建党支部"


class Role(Labelled):
    """What an account may do."""

    ADMINISTRATOR = "administrator", "管理员"
    PLANNER = "planner", "网格规划员"
    COMMITTEE = "committee", "街道党工委"
    LEADER = "leader", "市领导"
    WORKER = "worker", "社区工作者"


class Datum(Labelled):
    """Datum of a source's coordinates."""

    CGCS2000 = "cgcs2000", "CGCS2000"
    WGS84 = "wgs84", "WGS 84"
    GCJ02 = "gcj02", "GCJ-02（火星坐标）"
    BD09 = "bd09", "BD-09（百度坐标）"
