"""What there is: typed tables, enums and the rules that concern one record."""

from models.accounts import Account
from models.alignments import Finding, Inspection, Move, Refusal, Relation
from models.areas import Area, Figure
from models.base import Base
from models.basemap import Green, Road, Water
from models.compounds import Building, Compound, Entrance
from models.grids import Grid, GridPost, GridWorker, MicroGrid
from models.organisations import Organisation
from models.plans import BoundaryVersion, Change, Drawing, Plan, ReferenceBoundary, Source
from models.records import Claim, FormerPlace, Rating, Request
from models.services import AssistPoint, Canteen, Station
from models.settings import Setting

__all__ = [
    "Account",
    "Area",
    "AssistPoint",
    "Base",
    "BoundaryVersion",
    "Building",
    "Canteen",
    "Change",
    "Claim",
    "Compound",
    "Drawing",
    "Entrance",
    "Figure",
    "Finding",
    "FormerPlace",
    "Green",
    "Grid",
    "GridPost",
    "GridWorker",
    "Inspection",
    "MicroGrid",
    "Move",
    "Organisation",
    "Plan",
    "Rating",
    "ReferenceBoundary",
    "Refusal",
    "Relation",
    "Request",
    "Road",
    "Setting",
    "Source",
    "Station",
    "Water",
]
