"""What the map shows beneath everything: roads, water and greens, imported like the rest."""

from __future__ import annotations

from shapely import MultiLineString, MultiPolygon
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, spatial_index
from models.enums import RoadClass, WaterClass
from models.geometry import Geometry


class Road(Base):
    """A road's centre line."""

    __tablename__ = "road"
    __table_args__ = (one_of("road_class", RoadClass), spatial_index("road"))

    id: Mapped[Key]
    name: Mapped[str | None]
    area_code: Mapped[AreaCode]
    road_class: Mapped[RoadClass] = mapped_column(EnumText(RoadClass))
    width_m: Mapped[float | None]
    geometry: Mapped[MultiLineString] = mapped_column(Geometry("MULTILINESTRING"))


class Water(Base):
    """A river or a lake."""

    __tablename__ = "water"
    __table_args__ = (one_of("water_class", WaterClass), spatial_index("water"))

    id: Mapped[Key]
    name: Mapped[str | None]
    area_code: Mapped[AreaCode]
    water_class: Mapped[WaterClass] = mapped_column(EnumText(WaterClass))
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))


class Green(Base):
    """A park or other open green."""

    __tablename__ = "green"
    __table_args__ = (spatial_index("green"),)

    id: Mapped[Key]
    name: Mapped[str | None]
    area_code: Mapped[AreaCode]
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))
