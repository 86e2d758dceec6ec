"""Which views the wall turns through: built in, or from ``wall.toml`` in the installation's folder.

A file of two views, the second of which stands for one view of each area directly below::

    seconds = 20                     # how long a view stays, where it does not say itself

    [[views]]
    title = "群众满意率"              # optional
    show = "satisfaction"            # kind, claims_per_1000, claims_per_km2 or satisfaction
    unit = "community"               # compound, community, subdistrict or county; optional
    area = "420102001000"            # 12-digit code; optional

    [[views]]
    show = "claims_per_1000"
    each = true
    seconds = 12
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy.orm import Session

from dashboard.i18n import _
from dashboard.view import KINDS, MEASURES, UNITS
from data.errors import SettingsError
from data.queries import areas, names
from data.queries.areas import AreaRef
from data.queries.records import Metric
from data.scope import Scope
from data.units import Level
from models.areas import CODE_LENGTH
from models.enums import AreaLevel

Rule = tuple[Callable[[object], bool], str]
"""The test of a value, and what is right, in words."""

FILE_NAME = "wall.toml"
SECONDS = 20
LEAST_SECONDS, MOST_SECONDS = 3, 3600
TITLE_LENGTH = 24
SHOWS = (KINDS, *(measure.value for measure in MEASURES))

MOST_UNITS = 200
"""So many areas can still be told apart on the wall's map."""
_LEVELS = list(AreaLevel)
_FINER = {
    level: [*(Level(finer.value) for finer in _LEVELS[place + 1 :]), Level.COMPOUND]
    for place, level in enumerate(_LEVELS)
}


@dataclass(frozen=True)
class WallView:
    """One view of the wall.

    Attributes
    ----------
    title
        Its name; None for that of what it shows.
    show
        ``kind``, or one of `MEASURES`.
    unit
        What is counted by; None for what suits the area.
    area
        12-digit code; None for all that the wall may show.
    each
        Stands for one view of each area directly below.
    seconds
        How long it stays; None for the wall's usual time.
    """

    title: str | None = None
    show: str = KINDS
    unit: Level | None = None
    area: str | None = None
    each: bool = False
    seconds: int | None = None

    @property
    def measure(self) -> Metric | None:
        """The overlay that is shown, None for the kinds."""
        return None if self.show == KINDS else Metric(self.show)


USUAL = (
    WallView(show=KINDS),
    WallView(show=Metric.CLAIMS_PER_1000.value),
    WallView(show=Metric.SATISFACTION.value),
    WallView(show=Metric.CLAIMS_PER_KM2.value, unit=Level.COMPOUND),
    WallView(show=Metric.CLAIMS_PER_1000.value, unit=Level.COMPOUND, each=True),
)
"""The built-in views."""


@dataclass(frozen=True)
class Plan:
    """What the wall turns through: views, the usual time of one, and what is wrong with the file."""

    views: tuple[WallView, ...]
    seconds: int = SECONDS
    problem: str = ""


@dataclass(frozen=True)
class Wanted:
    """What the address of the wall asks for: ``?area=<code>&seconds=<n>&view=<n>``.

    Attributes
    ----------
    area
        Show this area only.
    seconds
        How long every view stays.
    view
        Number of the one view that stays for good, from 1.
    """

    area: str | None = None
    seconds: int | None = None
    view: int | None = None

    @classmethod
    def of(cls, search: str | None) -> Wanted:
        """Read a query string; what can't be read there is as usual."""
        pairs = {key: values[-1] for key, values in parse_qs((search or "").lstrip("?")).items()}
        area, seconds, view = (pairs.get(key, "") for key in ("area", "seconds", "view"))
        return cls(
            area=area if _is_code(area) else None,
            seconds=int(seconds) if _is_number(seconds) and _is_time(int(seconds)) else None,
            view=int(view) if _is_number(view) and int(view) > 0 else None,
        )


def read(path: Path) -> Plan:
    """Return the views of a file; the built-in ones where there is no file, or nothing usable in it."""
    try:
        return parse(tomllib.loads(path.read_text("utf-8")), path.name)
    except FileNotFoundError:
        return Plan(USUAL)
    except OSError as error:
        return Plan(USUAL, problem=_("{file} 不能读取（{why}）。", file=path.name, why=error.strerror))
    except UnicodeDecodeError:
        return Plan(USUAL, problem=_("{file} 不是 UTF-8 文本。", file=path.name))
    except tomllib.TOMLDecodeError as error:
        return Plan(USUAL, problem=_("{file} 不合 TOML 格式：{why}。", file=path.name, why=error))
    except SettingsError as error:
        return Plan(USUAL, problem=str(error))


def parse(content: Mapping[str, Any], name: str = FILE_NAME) -> Plan:
    """Return the views that a file's content describes.

    Raises
    ------
    SettingsError
        Naming every key with a wrong value, and the choices.
    """
    problems = [_unknown(key, "seconds、views") for key in content if key not in {"seconds", "views"}]
    seconds = content.get("seconds", SECONDS)
    rules = _rules()
    problems += _checked("seconds", seconds, rules["seconds"])
    entries = content.get("views", [])
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        problems.append(_("views：应至少有一段 [[views]]"))
        entries = []
    for place, entry in enumerate(entries, start=1):
        for key, value in entry.items():
            problems += _checked(f"views[{place}].{key}", value, rules.get(key))
    if problems:
        raise SettingsError(f"{name}：{'；'.join(problems)}。")
    views = tuple(
        WallView(**{**entry, "unit": Level(entry["unit"]) if "unit" in entry else None}) for entry in entries
    )
    return Plan(views, seconds)


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= len(str(MOST_SECONDS))


def _is_time(value: object) -> bool:
    return type(value) is int and LEAST_SECONDS <= value <= MOST_SECONDS


def _is_code(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == CODE_LENGTH


def _is_title(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TITLE_LENGTH


def _one_of(*choices: str) -> Rule:
    return (lambda value: isinstance(value, str) and value in choices), "、".join(choices)


def _rules() -> dict[str, Rule]:
    """Return for every key of a view the test of its value, and what is right."""
    return {
        "title": (_is_title, _("1—{most} 字的文字", most=TITLE_LENGTH)),
        "show": _one_of(*SHOWS),
        "unit": _one_of(*UNITS),
        "area": (_is_code, _("加引号的 {digits} 位区划代码", digits=CODE_LENGTH)),
        "each": (lambda value: isinstance(value, bool), "true、false"),
        "seconds": (_is_time, _("{low}—{high} 的整数", low=LEAST_SECONDS, high=MOST_SECONDS)),
    }


def _checked(key: str, value: object, rule: Rule | None) -> list[str]:
    if rule is None:
        return [_unknown(key, "、".join(_rules()))]
    is_right, right = rule
    return (
        []
        if is_right(value)
        else [_("{key} = {value}：应为 {right}", key=key, value=repr(value), right=right)]
    )


def _unknown(key: str, known: str) -> str:
    return _("{key}：没有这一项，可用 {known}", key=key, known=known)


def laid_out(session: Session, scope: Scope, plan: Plan, wanted: Wanted) -> Plan:
    """Return the plan with every view on an area of its own, as the scope and the address allow.

    Views of areas outside are left out; an area that the store does not hold is a problem of the plan.
    """
    inner = scope.narrowed(wanted.area)
    if areas.top(session, inner) is None:
        inner = scope
    top = areas.top(session, inner)
    if top is None:
        return Plan((), plan.seconds, plan.problem)
    views: list[WallView] = []
    unknown = []
    for place, view in enumerate(plan.views, start=1):
        area = top if view.area is None else areas.by_code(session, scope, view.area)
        if area is None:
            unknown.append(
                _(
                    "views[{place}].area = {code}：没有这个区域，或不在本账号范围内",
                    place=place,
                    code=view.area,
                )
            )
        elif area.code in inner:
            views += _of_area(session, scope, view, area)
    problem = f"{FILE_NAME}：{'；'.join(unknown)}。" if unknown else plan.problem
    if not views:
        views = [made for view in USUAL for made in _of_area(session, scope, view, top)]
    return Plan(tuple(views), wanted.seconds or plan.seconds, problem)


def _of_area(session: Session, scope: Scope, view: WallView, area: AreaRef) -> list[WallView]:
    shown = _below(session, scope, area) if view.each else [area]
    made = []
    for one in shown:
        unit = view.unit if view.unit in _FINER[one.level] else usual_unit(session, scope, one)
        made.append(replace(view, area=one.code, unit=unit, each=False))
    return made


def _below(session: Session, scope: Scope, area: AreaRef) -> list[AreaRef]:
    """Return the areas directly below; further down where there is only one."""
    found = areas.children(session, scope, area.id)
    return _below(session, scope, found[0]) or found if len(found) == 1 else found


def usual_unit(session: Session, scope: Scope, area: AreaRef) -> Level:
    """Return the finest areas inside an area that its map can show apart; compounds inside a community."""
    inner = scope.narrowed(area.code)
    *levels, compound = _FINER[area.level]
    for unit in reversed(levels):
        ids, _names = names.names(session, inner, unit.value)
        if 0 < len(ids) <= MOST_UNITS:
            return unit
    return levels[0] if levels else compound
