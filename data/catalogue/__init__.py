"""What the city keeps and shows, as data: one TOML file an entry; a city adds its own beside ours."""

from data.catalogue.entries import (
    Catalogue,
    CatalogueError,
    Condition,
    CoverageRate,
    Linked,
    PointLayer,
    Scale,
    Text,
)
from data.catalogue.reading import read_catalogue

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Condition",
    "CoverageRate",
    "Linked",
    "PointLayer",
    "Scale",
    "Text",
    "read_catalogue",
]
