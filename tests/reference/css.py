"""The external survey: MOT items and overall satisfaction, per store, advisor and segment."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.arithmetic import add_months, group, mean, month_of, total
from tests.reference.facts import Facts, store_month
from tests.reference.landing import Key, Row

# In percent.
WEIGHTS = {
    "mot01": 10,
    "mot02": 5,
    "mot03": 15,
    "mot04": 10,
    "mot05": 5,
    "mot06": 15,
    "mot07": 5,
    "mot08": 5,
    "mot09": 20,
    "mot10": 10,
}
DRIVER_MONTHS = 12
QUADRANTS = {
    (True, False): "fix_first",
    (True, True): "keep_up",
    (False, False): "watch",
    (False, True): "maintain",
}


@dataclass(frozen=True)
class Scores:
    """The scores of a group of answers: responses with a known score, the items' means, MOT and CSS."""

    sample_size: int
    items: dict[str, Fraction]
    counts: dict[str, int]
    mot: Fraction | None
    css: Fraction | None


def scores_of(answers: list[Row]) -> Scores | None:
    """Scores of the known answers; None if none is known."""
    answered = [row for row in answers if row["score"] is not None]
    if not answered:
        return None
    by_item = {code: [row["score"] for row in rows] for code, rows in group(answered, lambda r: r["item_code"]).items()}
    items = {code: total(values) / len(values) for code, values in by_item.items() if code in WEIGHTS}
    weight = sum(WEIGHTS[code] for code in items)
    return Scores(
        sample_size=len({row["response_no"] for row in answered}),
        items=items,
        counts={code: len(values) for code, values in by_item.items()},
        mot=total(WEIGHTS[code] * score for code, score in items.items()) / weight if weight else None,
        css=mean(by_item.get("overall", [])),
    )


def _scores_by(answers: list[Row], *columns: str) -> dict[Key, Scores]:
    groups = group(answers, lambda row: tuple(row[column] for column in columns))
    return {key: scores for key, rows in groups.items() if (scores := scores_of(rows))}


def printed(facts: Facts, benchmark: Key, column: str = "score") -> Any:
    """A figure that the agency prints for a month, scope, scope code and item, if there is one."""
    row = facts.benchmarks.get(benchmark)
    return row[column] if row else None


def _benchmarks(facts: Facts, name: str, code: str, month: date, mot: Fraction | None) -> Row:
    mot_score = printed(facts, (month, name, code, "MOT"))
    return {
        f"{name}_mot_score": mot_score,
        f"{name}_css_score": printed(facts, (month, name, code, "CSS")),
        f"{name}_sample_size": printed(facts, (month, name, code, "MOT"), "sample_size"),
        f"gap_to_{name}": None if mot is None or mot_score is None else mot - mot_score,
    }


def css_store_monthly(facts: Facts) -> list[Row]:
    """One row per store and month with a known score."""
    stores = _scores_by(facts.css_answers, "store_code", "period")
    rows = []
    for (store, month), scores in stores.items():
        previous = stores.get((store, add_months(month, -1)))
        rows.append(
            {
                "store_code": store,
                "month": month,
                "sample_size": scores.sample_size,
                "mot_score": scores.mot,
                "css_score": scores.css,
                "previous_sample_size": previous and previous.sample_size,
                "previous_mot_score": previous and previous.mot,
                "previous_css_score": previous and previous.css,
            }
            | _benchmarks(facts, "region", facts.stores[store]["region_code"], month, scores.mot)
            | _benchmarks(facts, "national", "CN", month, scores.mot)
        )
    return rows


def css_item_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and MOT item with a known score."""
    stores = _scores_by(facts.css_answers, "store_code", "period")
    rows = []
    for (store, month), scores in stores.items():
        region = facts.stores[store]["region_code"]
        before = stores.get((store, add_months(month, -1)))
        gaps = {}
        for item, score in scores.items.items():
            region_score = printed(facts, (month, "region", region, item))
            gaps[item] = score - (scores.mot if region_score is None else region_score)
        for item, score in scores.items.items():
            weight = Fraction(WEIGHTS[item], 100)
            rows.append(
                {
                    "store_code": store,
                    "month": month,
                    "item_code": item,
                    "sample_size": scores.counts[item],
                    "score": score,
                    "weight": weight,
                    "contribution": weight * score,
                    "previous_score": before.items.get(item) if before else None,
                    "region_score": printed(facts, (month, "region", region, item)),
                    "national_score": printed(facts, (month, "national", "CN", item)),
                    "low_rank": 1 + sum(gap < gaps[item] for gap in gaps.values()),
                }
            )
    return rows


def css_advisor_monthly(facts: Facts) -> list[Row]:
    """One row per advisor and month with a check-in, a completed callback or a known score."""
    check_ins = Counter((row["advisor_no"], *store_month(row, "checked_in_at")) for row in facts.repair_orders.values())
    completed = Counter(
        (row["advisor_no"], *store_month(row, "called_at")) for row in facts.callbacks if row["outcome"] == "completed"
    )
    scores = _scores_by(facts.css_answers, "advisor_no", "store_code", "period")
    rows = []
    for key in set(check_ins) | set(completed) | set(scores):
        advisor, store, month = key
        if advisor is None:
            continue
        css = scores.get(key)
        rows.append(
            {
                "store_code": store,
                "advisor_no": advisor,
                "month": month,
                "check_ins": check_ins[key],
                "callbacks_completed": completed[key],
                "css_samples": css.sample_size if css else 0,
                "mot_score": css and css.mot,
                "css_score": css and css.css,
            }
        )
    return rows


def css_advisor_item_monthly(facts: Facts) -> list[Row]:
    """One row per advisor, month and MOT item with a known score."""
    return [
        {
            "store_code": store,
            "advisor_no": advisor,
            "month": month,
            "item_code": item,
            "score": score,
            "css_samples": scores.counts[item],
        }
        for (store, advisor, month), scores in _scores_by(
            facts.css_answers, "store_code", "advisor_no", "period"
        ).items()
        for item, score in scores.items.items()
    ]


def age_band(age: int) -> str | None:
    """The band of an age; someone born after the survey has none."""
    if age < 0:
        return None
    bands = [(30, "<30"), (40, "30-39"), (50, "40-49")]
    return next((band for below, band in bands if age < below), "50+")


def _segments(facts: Facts, answer: Row) -> Row:
    store = facts.stores[answer["store_code"]]
    segments = {"city_tier": store["city_tier"], "brand": store["brand"]}
    repair_order = facts.all_repair_orders.get((answer["store_code"], answer["repair_order_no"]))
    customer = repair_order and facts.customers.get((answer["store_code"], repair_order["customer_no"]))
    if customer:
        segments |= {name: customer[name] for name in ("gender", "occupation", "customer_type")}
        if customer["birth_year"] is not None:
            segments["age_band"] = age_band(answer["period"].year - customer["birth_year"])
    return segments


def css_segment_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and known value of a segment."""
    answers = [
        row | {"segment": segment, "segment_value": value}
        for row in facts.css_answers
        for segment, value in _segments(facts, row).items()
    ]
    return [
        {
            "store_code": store,
            "month": month,
            "segment": segment,
            "segment_value": value,
            "sample_size": scores.sample_size,
            "mot_score": scores.mot,
            "css_score": scores.css,
        }
        for (store, month, segment, value), scores in _scores_by(
            answers, "store_code", "period", "segment", "segment_value"
        ).items()
    ]


def correlation(pairs: list[tuple[Fraction, Fraction]]) -> float | None:
    """Pearson's correlation; None if one side does not vary."""
    mean_x = sum(x for x, _ in pairs) / Fraction(len(pairs))
    mean_y = sum(y for _, y in pairs) / Fraction(len(pairs))
    spread_x = sum((x - mean_x) ** 2 for x, _ in pairs)
    spread_y = sum((y - mean_y) ** 2 for _, y in pairs)
    if spread_x == 0 or spread_y == 0:
        return None
    common = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    return float(common) / math.sqrt(float(spread_x) * float(spread_y))


def _exact(value: Fraction | float | None) -> Decimal | None:
    """A figure free of binary floating-point noise, to compare it with a mean."""
    return None if value is None else Decimal(repr(float(value))).quantize(Decimal("1e-12"))


def _at_or_above_mean(row: Row, others: list[Row], column: str) -> bool | None:
    values = [value for other in others if (value := _exact(other[column])) is not None]
    own = _exact(row[column])
    return None if own is None else own * len(values) >= sum(values)


def css_driver(facts: Facts) -> list[Row]:
    """One row per store, or ALL, and item of responses that also answered the overall question."""
    last = month_of(facts.as_of)
    first = add_months(last, 1 - DRIVER_MONTHS)
    responses: dict[Key, dict[str, Fraction]] = defaultdict(dict)
    for row in facts.css_answers:
        if first <= row["period"] <= last and row["score"] is not None:
            responses[row["store_code"], row["period"], row["response_no"]][row["item_code"]] = row["score"]
    pairs: dict[Key, list[tuple[Fraction, Fraction]]] = defaultdict(list)
    for (store, _, _), scores in responses.items():
        for item in WEIGHTS.keys() & scores.keys() if "overall" in scores else ():
            pairs[store, item].append((scores[item], scores["overall"]))
            pairs["ALL", item].append((scores[item], scores["overall"]))
    rows = [
        {
            "store_code": store,
            "item_code": item,
            "sample_size": len(found),
            "correlation": correlation(found),
            "mean_score": mean([score for score, _ in found]),
        }
        for (store, item), found in pairs.items()
    ]
    by_store = group(rows, lambda row: row["store_code"])
    for row in rows:
        others = by_store[row["store_code"]]
        is_important, is_high = (_at_or_above_mean(row, others, name) for name in ("correlation", "mean_score"))
        row["priority_quadrant"] = None if is_important is None else QUADRANTS[is_important, bool(is_high)]
    return rows
