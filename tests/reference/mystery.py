"""Mystery visits."""

from tests.reference.arithmetic import add_months, group, total
from tests.reference.facts import Facts, store_month
from tests.reference.landing import Row

# In percent.
WEIGHTS = {"reception": 30, "work_order": 25, "waiting": 10, "handover": 30, "facilities": 5}


def mystery_store_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and section, and one for the weighted total of the sections."""
    checks = [row for row in facts.mystery_checks if row["points"] is not None]
    scores = {}
    for key, found in group(checks, lambda row: (*store_month(row, "visited_on"), row["section_code"])).items():
        if most := total(row["max_points"] for row in found):
            scores[key] = total(row["points"] for row in found) / most * 100
    for (store, month), keys in group(list(scores), lambda key: key[:2]).items():
        weighted = sum(WEIGHTS[key[2]] * scores[key] for key in keys)
        scores[store, month, "total"] = weighted / sum(WEIGHTS[key[2]] for key in keys)
    return [
        {
            "store_code": store,
            "month": month,
            "section_code": section,
            "score": score,
            "previous_score": scores.get((store, add_months(month, -1), section)),
        }
        for (store, month, section), score in scores.items()
    ]
