"""What a test needs of the machine beyond Python."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip where a part of the machine is missing; where CI installs it, that is a failure."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)
