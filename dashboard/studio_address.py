"""Where 微网格工作台 is: the community, the draft and the running job, in the URL and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

NOW = "now"
"""What a draft is compared with: the micro-grids in force when it was begun."""
_CODE, _JOB, _NUMBER = re.compile(r"[0-9]{12}"), re.compile(r"[0-9a-f]{16}"), re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Address:
    """What the page shows; a job that runs is in it, so that a reload finds it again.

    Attributes
    ----------
    other
        What the draft is compared with: the number of another plan, or `NOW`.
    """

    area: str | None = None
    plan: int | None = None
    job: str | None = None
    other: str | None = None

    def but(self, **changes: Any) -> Address:
        """Return this address with some things changed."""
        return replace(self, **changes)

    def search(self) -> str:
        """Return the query string."""
        pairs = {"area": self.area, "plan": self.plan, "with": self.other, "job": self.job}
        query = urlencode({key: value for key, value in pairs.items() if value is not None})
        return f"?{query}" if query else ""

    @classmethod
    def of(cls, search: str | None) -> Address:
        """Read a query string; what can't be read there is left out."""
        pairs = {key: values[-1] for key, values in parse_qs((search or "").lstrip("?")).items()}
        area, plan, job, other = (pairs.get(name, "") for name in ("area", "plan", "job", "with"))
        return cls(
            area if _CODE.fullmatch(area) else None,
            int(plan) if _NUMBER.fullmatch(plan) else None,
            job if _JOB.fullmatch(job) else None,
            other if other == NOW or _NUMBER.fullmatch(other) else None,
        )
