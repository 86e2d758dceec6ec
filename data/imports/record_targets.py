"""The records that can be imported: requests, claims, ratings; how files call their columns."""

from __future__ import annotations

from data.imports.fields import AREA_CODE, Field, Target
from models import Claim, Rating, Request
from models.enums import ClaimBody, ItemSource

COMPOUND_CODE = Field(
    "compound_code", "所属小区编码", ("小区编码", "小区代码", "所属小区编码", "compound_code"), "code"
)
GRID_CODE = Field("grid_code", "所属网格编码", ("网格编码", "网格代码", "所属网格编码", "grid_code"), "code")
BUILDING_CODE = Field(
    "building_code", "所属楼栋编码", ("楼栋编码", "楼栋代码", "所属楼栋编码", "building_code"), "code"
)
REQUEST_CODE = Field(
    "request_code",
    "诉求编号",
    ("诉求编号", "工单编号", "工单号", "关联工单", "request_code", "request_id"),
    "code",
)
PLACE = (BUILDING_CODE, COMPOUND_CODE, GRID_CODE, AREA_CODE)
"""What says where a record lies, besides its coordinates; the most exact that is known counts."""
PLACE_COLUMNS = ("building_code", "compound_code", "grid_code", "request_code")
"""Columns of a file that are no columns of the store."""

REQUEST = Target(
    "request",
    "居民诉求",
    Request,
    "point",
    (
        Field(
            "code",
            "编号",
            ("工单编号", "诉求编号", "工单号", "编号", "code", "case_enquiry_id", "case_id"),
            "code",
        ),
        Field("kind", "类别", ("诉求类别", "诉求类型", "类别", "类型", "kind", "type", "category")),
        Field(
            "responsible_body",
            "承办单位",
            ("承办单位", "责任单位", "处置单位", "承办部门", "responsible_body", "department"),
        ),
        Field(
            "asked_at",
            "受理时间",
            ("受理时间", "提出时间", "登记时间", "上报时间", "创建时间", "asked_at", "open_dt", "opened"),
            "moment",
            required=True,
        ),
        Field(
            "due_at",
            "办理期限",
            ("办理期限", "截止时间", "应办结时间", "due_at", "target_dt", "deadline"),
            "moment",
        ),
        Field("responded_at", "响应时间", ("响应时间", "接单时间", "首次回应时间", "responded_at"), "moment"),
        Field(
            "done_at",
            "办结时间",
            ("办结时间", "完成时间", "结案时间", "done_at", "closed_dt", "closed"),
            "moment",
        ),
        *PLACE,
    ),
    record=True,
)
CLAIM = Target(
    "claim",
    "认领记录",
    Claim,
    "point",
    (
        Field("code", "编号", ("认领编号", "编号", "code"), "code"),
        REQUEST_CODE,
        Field("item", "服务项目", ("服务项目", "项目名称", "认领项目", "事项", "item"), required=True),
        Field(
            "source",
            "项目来源",
            ("项目来源", "来源", "清单类型", "source"),
            "choice",
            required=True,
            choices=ItemSource,
        ),
        Field(
            "body",
            "认领主体",
            ("认领主体", "认领主体类别", "主体类别", "body"),
            "choice",
            required=True,
            choices=ClaimBody,
        ),
        Field(
            "claimed_on", "认领日期", ("认领日期", "认领时间", "接单日期", "claimed_on"), "day", required=True
        ),
        Field("done_on", "完成日期", ("完成日期", "办结日期", "完成时间", "done_on"), "day"),
        *PLACE,
    ),
    record=True,
)
RATING = Target(
    "rating",
    "群众评价",
    Rating,
    "point",
    (
        REQUEST_CODE,
        Field(
            "score",
            "评分",
            ("评分", "评价分", "满意度评分", "score", "rating"),
            "whole",
            required=True,
            low=1,
            high=5,
        ),
        Field("rated_on", "评价日期", ("评价日期", "评价时间", "rated_on"), "day", required=True),
        *PLACE,
    ),
    record=True,
)
RECORD_TARGETS = (REQUEST, CLAIM, RATING)
