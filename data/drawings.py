"""Micro-grids while they are drawn: a plan of one community, its cells, history and locks in the store.

Each edit is stored at once under the next version number. Whoever edits an older version gets a
`ConflictError` and sees what the other one did; neither loses an edit.
"""

from __future__ import annotations

import io
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data import plans
from data.errors import ConflictError, DataError
from data.scope import Scope
from data.store import Store
from geo.crs import STORED_CRS
from geo.draft import Draft
from geo.edits import Change, MicroGrid
from geo.fabric import Fabric
from geo.partition import Band
from models import Account, Area, Drawing, Plan
from models.enums import PlanKind, PlanStatus

_KEPT = 24
"""Sheets of so many communities are kept in memory; a fabric takes some tenths of a second to read."""


@dataclass(frozen=True)
class Cells:
    """What a fabric does not know of its cells: (m,) each, in the plane `epsg`.

    Attributes
    ----------
    frame
        As `geo.fabric.Fabric.of` takes them.
    grid
        Code of the grid, None for none.
    start
        Id of the micro-grid in force, None for none.
    label
        What the building is called, empty on land.
    estimated
        Whether its households are.
    """

    frame: gpd.GeoDataFrame
    grid: NDArray[np.object_]
    start: NDArray[np.object_]
    label: NDArray[np.object_]
    estimated: NDArray[np.bool_]

    def packed(self) -> bytes:
        """Return them as bytes; the polygons come back bit for bit."""
        wkb = shapely.to_wkb(np.asarray(self.frame.geometry.values, dtype=object))
        texts = {
            "community_id": self.frame["community_id"],
            "compound_id": self.frame["compound_id"],
            "building_id": self.frame["building_id"],
            "grid": self.grid,
            "start": self.start,
            "label": self.label,
        }
        out = io.BytesIO()
        arrays: dict[str, Any] = dict(
            wkb=np.frombuffer(b"".join(wkb), dtype=np.uint8),
            length=np.array([len(one) for one in wkb], dtype=np.int64),
            epsg=np.array(CRS.from_user_input(self.frame.crs).to_wkt()),
            estimated=self.estimated,
            **{
                name: np.array([_text(one) for one in values], dtype=np.str_)
                for name, values in texts.items()
            },
            **{name: self.frame[name].to_numpy(dtype=float) for name in ("households", "x", "y")},
            block=self.frame["block"].to_numpy(dtype=np.int64),
        )
        np.savez_compressed(out, **arrays)
        return out.getvalue()

    @classmethod
    def unpacked(cls, data: bytes) -> Cells:
        """Return them from bytes."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            ends = np.cumsum(file["length"]).tolist()
            body = file["wkb"].tobytes()
            shapes = shapely.from_wkb([body[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)])
            names = ("community_id", "compound_id", "building_id", "grid", "start")
            texts = {name: _none(file[name]) for name in names}
            rest = {name: file[name] for name in ("households", "x", "y", "block")}
            crs = CRS.from_wkt(str(file["epsg"]))
            label, estimated = file["label"].astype(object), file["estimated"]
        grid, start = texts.pop("grid"), texts.pop("start")
        frame = gpd.GeoDataFrame(pd.DataFrame(texts | rest), geometry=shapes, crs=crs)
        return cls(frame, grid, start, label, estimated)


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)  # noqa: PLR0124  (NaN)


def _none(texts: NDArray[np.str_]) -> NDArray[np.object_]:
    result = texts.astype(object)
    result[texts == ""] = None
    return result


@dataclass(frozen=True)
class Sheet:
    """A drawing as it is being edited; what a planner sees is always that of `version`.

    Attributes
    ----------
    responsible
        Body in charge of each micro-grid in force, by id.
    began
        The micro-grids in force when it was begun, on the same cells; not to be changed.
    """

    plan_id: int
    title: str
    status: PlanStatus
    area_code: str
    area_name: str
    made_by: str | None
    created_at: datetime
    version: int
    cells: Cells
    draft: Draft
    responsible: dict[str, str]
    began: Draft

    def degrees(self, shapes: Any) -> Any:
        """Return shapes in EPSG:4490."""
        transformer = Transformer.from_crs(self.cells.frame.crs, STORED_CRS, always_xy=True)
        return shapely.transform(shapes, transformer.transform, interleaved=False)

    def metres(self, shape: Any) -> Any:
        """Return a shape drawn in EPSG:4490 in the plane of the cells."""
        transformer = Transformer.from_crs(STORED_CRS, self.cells.frame.crs, always_xy=True)
        return shapely.transform(shape, transformer.transform, interleaved=False)

    def in_force(self) -> Sheet:
        """Return the same cells with the micro-grids in force when it was begun, and no history."""
        return replace(self, draft=self.began)

    def compounds(self) -> NDArray[np.object_]:
        """Return the compound of each cell as the draft tries it, None in open land."""
        return np.array([*self.draft.fabric.compounds, None], dtype=object)[self.draft.compound]

    def enclosed(self) -> bool:
        """Tell whether the boundary of a compound is another than when it was begun."""
        return bool((self.draft.compound != self.began.compound).any())

    def redrawn(self) -> bool:
        """Tell whether micro-grids are others than when it was begun."""
        return self.draft.grids != self.began.grids or bool((self.draft.owner != self.began.owner).any())

    def moved(self) -> dict[str, tuple[float, float]]:
        """Return the households that left each micro-grid in force, and those it had."""
        left: dict[str, float] = {}
        had: dict[str, float] = {}
        load = self.draft.fabric.households.tolist()
        for one, now, count in zip(self.cells.start.tolist(), self.draft.owner.tolist(), load, strict=True):
            if one is not None:
                had[one] = had.get(one, 0.0) + count
                left[one] = left.get(one, 0.0) + (count if now != one else 0.0)
        return {one: (left[one], count) for one, count in had.items()}


# --- what there is ---


@dataclass(frozen=True)
class DrawingRef:
    """A drawing as a list shows it."""

    plan_id: int
    title: str
    area_code: str
    status: PlanStatus
    created_at: datetime
    made_by: str | None


def listing(session: Session, scope: Scope, area_code: str | None = None) -> list[DrawingRef]:
    """Return the drawings of a scope, drafts first, the newest first."""
    where = [scope.where(Drawing.area_code)] + ([Drawing.area_code == area_code] if area_code else [])
    rows = session.execute(
        select(Plan.id, Plan.title, Drawing.area_code, Plan.status, Plan.created_at, Account.display_name)
        .join(Drawing, Drawing.plan_id == Plan.id)
        .join(Account, Account.id == Plan.created_by, isouter=True)
        .where(*where)
        .order_by(Plan.id.desc())
    ).all()
    found = [DrawingRef(*row) for row in rows]
    return sorted(found, key=lambda one: one.status is not PlanStatus.DRAFT)


def add(
    session: Session,
    *,
    kind: PlanKind,
    title: str,
    area_code: str,
    account_id: int | None,
    revision: int,
    cells: Cells,
    draft: Draft,
    start: dict[str, MicroGrid],
    responsible: dict[str, str],
) -> int:
    """Keep a new drawing in the session's transaction and return its plan."""
    plan = Plan(title=title, kind=kind, area_code=area_code, base_revision=revision, created_by=account_id)
    plans.add(session, plan, pd.DataFrame())
    state = _state(draft, start, responsible)
    session.add(Drawing(plan_id=plan.id, area_code=area_code, version=1, cells=cells.packed(), state=state))
    session.flush()
    return plan.id


def _state(draft: Draft, start: dict[str, MicroGrid], responsible: dict[str, str]) -> str:
    """Return what is stored of a drawing besides its cells."""
    fixed = {
        "band": list(draft.band),
        "used": sorted(draft.used_codes),
        "grids": [one.data() for one in start.values()],
        "responsible": responsible,
    }
    done, undone = (",".join(_change(one) for one in some) for some in (draft.done, draft.undone))
    rest = {"fabric": draft.fabric.key, "locked": sorted(draft.locked)}
    history = f'{json.dumps(rest)[:-1]}, "done": [{done}], "undone": [{undone}]}}'
    return f'{json.dumps(fixed, ensure_ascii=False)[:-1]}, "history": {history}}}'


@lru_cache(maxsize=512)
def _change(change: Change) -> str:
    """Return a change as text, made once: the first proposal moves every cell."""
    return json.dumps(change.data(), ensure_ascii=False)


_cache: OrderedDict[tuple[str, int], Sheet] = OrderedDict()
_lock = Lock()


def load(store: Store, scope: Scope, plan_id: int) -> Sheet:
    """Return a drawing as it is now; do not change what it holds.

    Raises
    ------
    DataError
        Where the scope holds no drawing of that plan.
    """
    key = (str(store.engine.url), plan_id)
    with store.reading() as session:
        row = session.execute(
            select(
                Drawing.area_code,
                Drawing.version,
                Plan.title,
                Plan.status,
                Plan.created_at,
                Account.display_name,
                Area.name,
            )
            .join(Plan, Plan.id == Drawing.plan_id)
            .join(Account, Account.id == Plan.created_by, isouter=True)
            .join(Area, Area.code == Drawing.area_code, isouter=True)
            .where(Drawing.plan_id == plan_id, scope.where(Drawing.area_code))
        ).one_or_none()
        if row is None:
            raise DataError(f"管辖范围内没有编号为 {plan_id} 的微网格草稿。")
        with _lock:
            known = _cache.get(key)
        if known is not None and known.version == row.version and known.created_at == row.created_at:
            return replace(known, status=row.status)
        cells, state = session.execute(
            select(Drawing.cells, Drawing.state).where(Drawing.plan_id == plan_id)
        ).one()
    same = known is not None and known.created_at == row.created_at
    kept = known.cells if same and known is not None else Cells.unpacked(cells)
    fabric = known.draft.fabric if same and known is not None else Fabric.of(kept.frame)
    data = json.loads(state)
    grids = {one[0]: MicroGrid(*one) for one in data["grids"]}
    began = Draft(fabric, kept.start.copy(), grids, Band(*data["band"]), frozenset(data["used"]))
    sheet = Sheet(
        plan_id,
        row.title,
        row.status,
        row.area_code,
        row.name or row.area_code,
        row.display_name,
        row.created_at,
        row.version,
        kept,
        began.resumed(data["history"]),
        data["responsible"],
        began,
    )
    _keep(key, sheet)
    return sheet


def _keep(key: tuple[str, int], sheet: Sheet) -> None:
    with _lock:
        _cache[key] = sheet
        _cache.move_to_end(key)
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)


# --- edits ---


def edit(store: Store, scope: Scope, plan_id: int, version: int, work: Callable[[Draft], object]) -> Sheet:
    """Do something to a drawing and store it as the next version.

    Parameters
    ----------
    version
        The one that the planner saw.
    work
        Changes the draft that it is given: an operation, undo, redo, lock or unlock.

    Raises
    ------
    ConflictError
        Where somebody else has edited it meanwhile.
    DataError
        Where it is decided already.
    EditRefused
        Where the edit can't be done; nothing is stored then.
    """
    sheet = load(store, scope, plan_id)
    if sheet.status is not PlanStatus.DRAFT:
        raise DataError(f"方案 {plan_id}“{sheet.title}”{sheet.status.label}，不能再改。")
    if sheet.version != version:
        raise conflict(plan_id)
    draft = _own(sheet.draft)
    work(draft)
    with store.writing("drawing") as session:
        text = _state(draft, sheet.began.grids, sheet.responsible)
        done: Any = session.execute(
            update(Drawing)
            .where(Drawing.plan_id == plan_id, Drawing.version == version)
            .values(version=version + 1, state=text)
        )
        if done.rowcount != 1:
            raise conflict(plan_id)
    after = replace(sheet, version=version + 1, draft=draft)
    _keep((str(store.engine.url), plan_id), after)
    return after


def do(store: Store, scope: Scope, plan_id: int, version: int, operation: Callable[[Draft], Change]) -> Sheet:
    """Do an operation of `geo.editing` and store it."""
    return edit(store, scope, plan_id, version, lambda draft: draft.do(operation(draft)))


def conflict(plan_id: int) -> ConflictError:
    """Return what is said to who edits an older version."""
    return ConflictError(f"方案 {plan_id} 刚被他人修改，您的这一步没有执行；已载入最新状态，请看过后重做。")


def tried(sheet: Sheet, change: Change) -> Sheet:
    """Return a drawing as it would be after a change; nothing is stored."""
    draft = _own(sheet.draft)
    draft.do(change)
    return replace(sheet, draft=draft)


def _own(draft: Draft) -> Draft:
    """Return a copy that can be changed; the cells are shared."""
    twin = copy(draft)
    twin.owner, twin.grids, twin.locked = draft.owner.copy(), dict(draft.grids), set(draft.locked)
    twin.done, twin.undone, twin.figures = list(draft.done), list(draft.undone), dict(draft.figures)
    twin.outlines, twin.sited = dict(draft.outlines), dict(draft.sited)
    twin.compound = draft.compound.copy()
    return twin


def cells_of_buildings(sheet: Sheet, buildings: Iterable[str]) -> NDArray[np.int64]:
    """Return the cells of buildings, by the ids of their rows."""
    return np.flatnonzero(np.isin(sheet.draft.fabric.building.astype(str), list(buildings)))
