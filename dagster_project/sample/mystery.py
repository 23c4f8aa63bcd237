"""Mystery shopping (`survey/mystery_visits`): thirty checks in five sections, half points allowed.

Reproduces *mystery shopping* of the main store in October: 37.5, 66.67, 100, 37.5, 100.
"""

from datetime import date

from dagster_project.sample.constants import MAIN_STORE, MYSTERY_MONTH
from dagster_project.sample.months import Row, rng
from dagster_project.sample.stores import STORES

CHECKS = {"reception": 8, "work_order": 3, "waiting": 4, "handover": 4, "facilities": 11}
PUBLISHED_POINTS = {
    "reception": (1, 0.5, 0, 0.5, 1, 0, 0, 0),
    "work_order": (1, 0.5, 0.5),
    "waiting": (1, 1, 1, 1),
    "handover": (0.5, 0, 1, 0),
    "facilities": (1,) * 11,
}
MONTHS = (date(2025, 6, 1), date(2025, 9, 1), MYSTERY_MONTH)


def build_mystery() -> list[Row]:
    """One visit a store and round; 37.5 is three points out of eight, and 1.5 out of four."""
    random = rng("mystery")
    rows: list[Row] = []
    for month in MONTHS:
        for store in STORES:
            day = month.replace(day=random.randrange(5, 26))
            for section, checks in CHECKS.items():
                chance = 0.66 + 0.12 * store.quality
                points = [random.choices((1, 0.5, 0), (chance, 0.2, 1 - chance))[0] for _ in range(checks)]
                if store.code == MAIN_STORE and month == MYSTERY_MONTH:
                    points = list(PUBLISHED_POINTS[section])
                for number, value in enumerate(points, start=1):
                    rows.append(
                        {
                            "visit_no": f"PT{month:%y%m}-{store.code[1:]}",
                            "section_code": section,
                            "item_no": number,
                            "store_code": store.code,
                            "visited_on": day,
                            "points": value,
                            "max_points": 1,
                        }
                    )
    return rows
