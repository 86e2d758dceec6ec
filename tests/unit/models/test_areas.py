"""The 12-digit code tells the level."""

from __future__ import annotations

import pytest

from models.areas import level_of, prefix_of
from models.enums import AreaLevel


@pytest.mark.parametrize(
    ("code", "level", "prefix"),
    [
        ("420100000000", AreaLevel.CITY, "4201"),
        ("420102000000", AreaLevel.COUNTY, "420102"),
        ("420110000000", AreaLevel.COUNTY, "420110"),  # a county whose own digits end in 0
        ("420102001000", AreaLevel.SUBDISTRICT, "420102001"),
        ("420102100000", AreaLevel.SUBDISTRICT, "420102100"),  # the first town
        ("420102001010", AreaLevel.COMMUNITY, "420102001010"),
        ("420102001400", AreaLevel.COMMUNITY, "420102001400"),
    ],
)
def test_the_code_tells_the_level_and_what_its_parts_share(code: str, level: AreaLevel, prefix: str) -> None:
    assert level_of(code) is level
    assert prefix_of(code) == prefix


@pytest.mark.parametrize("code", ["", "4201", "42010200100", "4201020010011", "42010200100a", "420102-01001"])
def test_what_is_no_code_is_named(code: str) -> None:
    with pytest.raises(ValueError, match="12-digit"):
        level_of(code)
