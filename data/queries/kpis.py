"""Coverage figures of an area: each with its numerator, its denominator and its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, distinct, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.periods import Window
from data.queries.records import SATISFIED
from data.scope import Scope
from models import (
    AssistPoint,
    Canteen,
    Compound,
    Grid,
    GridWorker,
    MicroGrid,
    Organisation,
    Rating,
    Setting,
    Station,
)
from models.base import Base
from models.enums import CompoundKind, GridWorkerRole, OrganisationLevel, StationTier


@dataclass(frozen=True)
class Rate:
    """A share: how many of how many, on what day. ``unknown`` counts what the store can't tell."""

    numerator: int
    denominator: int
    unknown: int = 0

    @property
    def percent(self) -> float | None:
        """The share in percent, None where there is nothing to divide by."""
        return 100 * self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Kpis:
    """The figures of an area on one day; every count is of records in the store."""

    as_of: date | None
    compounds: int
    households: int
    households_unknown: int
    kinds: dict[CompoundKind | None, int]
    grids: int
    micro_grids: int
    full_time_workers: int
    pilots: int
    organisation_cover: Rate
    property_cover: Rate
    committee_cover: Rate
    committee_of_eligible: Rate
    secretary_filled: Rate
    stations: dict[StationTier, int]
    assist_points: int
    canteens: int
    satisfaction: Rate


def kpis(session: Session, scope: Scope, window: Window | None) -> Kpis:
    """Return the figures of the scope; the satisfaction is that of the window."""
    inside = scope.where(Compound.area_code)
    total, households, no_households = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Compound.households), 0),
            func.count().filter(Compound.households.is_(None)),
        ).where(inside)
    ).one()
    kinds = dict(
        session.execute(select(Compound.kind, func.count()).where(inside).group_by(Compound.kind)).all()
    )
    stations = dict(
        session.execute(
            select(Station.tier, func.count()).where(scope.where(Station.area_code)).group_by(Station.tier)
        ).all()
    )
    with_organisation = session.scalar(
        select(func.count(distinct(Organisation.compound_id))).where(
            scope.where(Organisation.area_code), Organisation.level == OrganisationLevel.COMPOUND
        )
    )
    as_of = session.scalar(select(Setting.value).where(Setting.key == "as_of"))
    return Kpis(
        as_of=date.fromisoformat(as_of) if as_of else None,
        compounds=total,
        households=int(households or 0),
        households_unknown=no_households,
        kinds=kinds,
        grids=_count(session, Grid, scope, Grid.valid_to.is_(None)),
        micro_grids=_count(session, MicroGrid, scope, MicroGrid.valid_to.is_(None)),
        full_time_workers=_count(session, GridWorker, scope, GridWorker.role == GridWorkerRole.FULL_TIME),
        pilots=_count(session, Compound, scope, Compound.pilot.is_(True)),
        organisation_cover=Rate(with_organisation or 0, total),
        property_cover=_share(session, inside, Compound.property_service),
        committee_cover=_share(session, inside, Compound.owners_committee),
        committee_of_eligible=_share(
            session, inside & Compound.committee_eligible.is_(True), Compound.owners_committee
        ),
        secretary_filled=_share(
            session,
            scope.where(Organisation.area_code) & (Organisation.level == OrganisationLevel.COMPOUND),
            Organisation.secretary_filled,
        ),
        stations=stations,
        assist_points=_count(session, AssistPoint, scope),
        canteens=_count(session, Canteen, scope),
        satisfaction=_satisfaction(session, scope, window),
    )


def _count(session: Session, model: type[Base], scope: Scope, *conditions: ColumnElement[bool]) -> int:
    columns = model.__table__.columns
    return (
        session.scalar(
            select(func.count()).select_from(model).where(scope.where(columns["area_code"]), *conditions)
        )
        or 0
    )


def _share(
    session: Session, condition: ColumnElement[bool], flag: InstrumentedAttribute[bool | None]
) -> Rate:
    """Return how many of the rows that tell have the flag; rows that don't tell are counted apart."""
    yes, known, unknown = session.execute(
        select(
            func.count().filter(flag.is_(True)),
            func.count().filter(flag.is_not(None)),
            func.count().filter(flag.is_(None)),
        ).where(condition)
    ).one()
    return Rate(yes, known, unknown)


def _satisfaction(session: Session, scope: Scope, window: Window | None) -> Rate:
    if window is None:
        return Rate(0, 0)
    satisfied, n = session.execute(
        select(func.count().filter(Rating.score >= SATISFIED), func.count()).where(
            scope.where(Rating.area_code), Rating.rated_on.between(window.start, window.end)
        )
    ).one()
    return Rate(satisfied, n)
