"""Bring ``en.po`` up to date with the code: new texts are added, unused ones leave, translations stay."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
HEADER = "# English texts of Pingqi, by the Chinese that stands in the code."
METHODS = [
    ("dashboard/translations/**", "ignore"),
    ("dashboard/map/node_modules/**", "ignore"),
    ("dashboard/**.py", "python"),
    ("dashboard/templates/**.html", "dashboard.i18n:extract_template"),
]


def texts() -> Catalog:
    """Return every text of the interface: calls of ``_()``, labels of tables and of enums."""
    catalogue = Catalog(locale="en", charset="utf-8", header_comment=HEADER, fuzzy=False)
    for name, _line, message, _comments, _context in extract_from_dir(ROOT, METHODS, keywords={"_": None}):
        if isinstance(message, str):
            catalogue.add(message, locations=[(name, None)])
    for name, message in labels():
        catalogue.add(message, locations=[(name, None)])
    return catalogue


def labels() -> list[tuple[str, str]]:
    """Return texts that stand in tables and enums and are translated where they are shown."""
    from dashboard.callbacks.city import SEARCH_LABELS  # noqa: PLC0415
    from dashboard.components.alignment_tables import (  # noqa: PLC0415
        LAYERS,
        NOBODY,
        OPEN_LAND,
        REMEDY,
        WHY,
    )
    from dashboard.components.import_report import HOW  # noqa: PLC0415
    from dashboard.components.legend import MEASURE_LABELS, MEASURE_UNITS, UNIT_LABELS  # noqa: PLC0415
    from dashboard.components.rates import (  # noqa: PLC0415
        DENOMINATORS,
        METRIC_LABELS,
        METRIC_UNITS,
        NUMERATORS,
    )
    from dashboard.components.shell import PAGES  # noqa: PLC0415
    from dashboard.components.studio import REFUSED, STATES  # noqa: PLC0415
    from dashboard.components.tables import GRID_TEXTS  # noqa: PLC0415
    from dashboard.pages import overlays as overlay_page  # noqa: PLC0415
    from dashboard.pages.alignment import LEAD_LABELS, TAB_LABELS, WIDE_LABELS  # noqa: PLC0415
    from dashboard.pages.city import LAYER_LABELS  # noqa: PLC0415
    from dashboard.pages.imports import SWITCH_LABELS  # noqa: PLC0415
    from dashboard.pages.reach import FACILITY_LABELS  # noqa: PLC0415
    from dashboard.pages.studio import KEYS, TOOLS  # noqa: PLC0415
    from data.imports.targets import TARGETS  # noqa: PLC0415
    from models import enums  # noqa: PLC0415

    found = [
        ("models/enums.py", member.label)
        for kind in vars(enums).values()
        if isinstance(kind, type) and issubclass(kind, enums.Labelled)
        for member in kind
    ]
    tables = (SEARCH_LABELS, MEASURE_LABELS, MEASURE_UNITS, UNIT_LABELS, LAYER_LABELS, dict(PAGES))
    tables += (METRIC_LABELS, METRIC_UNITS, NUMERATORS, DENOMINATORS, FACILITY_LABELS)
    tables += tuple(value for name, value in vars(overlay_page).items() if name.endswith("_LABELS"))
    tables += (HOW, GRID_TEXTS, SWITCH_LABELS)
    tables += (
        LAYERS,
        WHY,
        REMEDY,
        TAB_LABELS,
        LEAD_LABELS,
        WIDE_LABELS,
        dict(enumerate((NOBODY, OPEN_LAND))),
    )
    tables += (TOOLS, REFUSED, dict(KEYS), {n: label for n, (_colour, label) in STATES.items()})
    found += [("models/enums.py", rule.remedy) for rule in enums.GridRule]
    found += [("dashboard", text) for table in tables for text in table.values() if text]
    found += [("data/imports/targets.py", target.label) for target in TARGETS.values()]
    found += [("data/imports/targets.py", one.label) for target in TARGETS.values() for one in target.fields]
    return found


def main() -> int:
    """Write the catalogue; return 1 where a text has no translation."""
    path = HERE / "en.po"
    new = texts()
    if path.exists():
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if message.id and message.string and message.id in new:
                    new[message.id].string = message.string
    with path.open("wb") as file:
        write_po(file, new, sort_output=True, omit_header=False, include_lineno=False, width=120)
    missing = [message.id for message in new if message.id and not message.string]
    for text in missing:
        sys.stderr.write(f"not translated: {text}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
