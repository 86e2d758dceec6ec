"""Where 拉平对齐 is: the plan, the community, the tab and the running job, in the URL and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from dashboard.pages.alignment import TAB_LABELS

_CODE, _JOB, _NUMBER = re.compile(r"[0-9]{12}"), re.compile(r"[0-9a-f]{16}"), re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Address:
    """What the page shows; a job that runs is in it, so that a reload finds it again.

    `plan` is one of boundaries, `structure` one of the organisation tree.
    """

    plan: int | None = None
    area: str | None = None
    tab: str = "findings"
    job: str | None = None
    structure: int | None = None

    def but(self, **changes: Any) -> Address:
        """Return this address with some things changed."""
        return replace(self, **changes)

    def search(self) -> str:
        """Return the query string."""
        pairs = {
            "plan": self.plan,
            "area": self.area,
            "tab": self.tab if self.tab != "findings" else None,
            "job": self.job,
            "structure": self.structure,
        }
        query = urlencode({key: value for key, value in pairs.items() if value is not None})
        return f"?{query}" if query else ""

    @classmethod
    def of(cls, search: str | None) -> Address:
        """Read a query string; what can't be read there is left out."""
        pairs = {key: values[-1] for key, values in parse_qs((search or "").lstrip("?")).items()}
        names = ("plan", "area", "job", "tab", "structure")
        plan, area, job, tab, structure = (pairs.get(name, "") for name in names)
        return cls(
            plan=int(plan) if _NUMBER.fullmatch(plan) else None,
            area=area if _CODE.fullmatch(area) else None,
            tab=tab if tab in TAB_LABELS else "findings",
            job=job if _JOB.fullmatch(job) else None,
            structure=int(structure) if _NUMBER.fullmatch(structure) else None,
        )
