"""External satisfaction survey: answers (`survey/css_responses`) and the agency's printed figures.

Reproduces *external CSS, one month*: item and overall scores of the main store in September (n = 93) and
October (n = 114) come out of the answers; region and nation are printed rows of `survey/css_benchmarks`.
"""

from decimal import ROUND_HALF_UP, Decimal
from random import Random

from dagster_project.sample.constants import CSS_MONTH, CSS_PREVIOUS_MONTH, MAIN_REGION, MAIN_STORE
from dagster_project.sample.months import Row, month_of, month_text, rng
from dagster_project.sample.stores import STORES, Store
from dagster_project.sample.visits import Visit

ITEMS = tuple(f"mot{number:02d}" for number in range(1, 11))
WEIGHTS = dict(zip(ITEMS, (10, 5, 15, 10, 5, 15, 5, 5, 20, 10), strict=True))
ANSWERED = (*ITEMS, "overall")
PREVIOUS, CURRENT = month_of(CSS_PREVIOUS_MONTH), month_of(CSS_MONTH)
FIRST = CURRENT - 10

PUBLISHED_STORE = {
    PREVIOUS: (93, (99.4, 100.6, 100.2, 103.2, 103.2, 98.1, 100.6, 100.2, 99.8, 89.9, 103.5)),
    CURRENT: (114, (98.9, 103.2, 101.8, 102.5, 102.5, 95.8, 103.2, 103.5, 100.0, 92.3, 98.5)),
}
REGION = (5257, (97.4, 97.9, 97.5, 97.2, 98.3, 94.6, 99.1, 98.3, 96.9, 92.3, 97.3), 96.6)
NATION = (21689, (96.0, 97.0, 96.4, 95.7, 96.9, 93.0, 98.0, 97.2, 94.8, 91.4, 96.3), 95.1)


def build_css(visits: list[Visit]) -> tuple[list[Row], list[Row]]:
    """Answers and benchmarks, month by month."""
    random = rng("css")
    delivered: dict[tuple[str, int], list[Visit]] = {}
    for visit in visits:
        if visit.row["delivered_at"]:
            delivered.setdefault((visit.store.code, visit.month), []).append(visit)
    responses: list[Row] = []
    benchmarks: list[Row] = []
    for month in range(FIRST, CURRENT + 1):
        benchmarks += _market_rows(month, random)
        for store in STORES:
            size, targets = _targets(store, month, random)
            sample = random.sample(delivered[store.code, month], size)
            benchmarks += _respond(store, month, sample, targets, responses=responses, random=random)
    return responses, benchmarks


def _targets(store: Store, month: int, random: Random) -> tuple[int, tuple[float, ...]]:
    """Number of answers and the mean of each item that they must have."""
    if store.code == MAIN_STORE and month in PUBLISHED_STORE:
        return PUBLISHED_STORE[month]
    size = random.randrange(80, 110) if store.code == MAIN_STORE else max(store.visits // 4, 9)
    base = REGION if store.region == MAIN_REGION else NATION
    drift = store.quality * 2.5 + (1.0 if store.code == MAIN_STORE else 0) + random.gauss(0, 0.8)
    return size, _without_tie(tuple(round(score + drift + random.gauss(0, 1.2), 1) for score in base[1]))


def _without_tie(scores: tuple[float, ...]) -> tuple[float, ...]:
    """The scores, changed a little where their MOT lies in the middle of two printed figures."""
    thousandths = sum(WEIGHTS[item] * round(score * 10) for item, score in zip(ITEMS, scores, strict=False))
    return scores if thousandths % 100 != 50 else (*scores[:9], round(scores[9] + 0.1, 1), scores[10])


def _respond(
    store: Store, month: int, sample: list[Visit], targets: tuple[float, ...], *, responses: list[Row], random: Random
) -> list[Row]:
    """Add the answers of one store and month; returns the scores the agency prints for them."""
    moods = [random.gauss(0, 1) for _ in sample]
    printed: dict[str, Decimal] = {}
    numbers = [
        f"CS{month_text(month)[2:4]}{month_text(month)[5:]}-{store.code[1:]}{i + 1:04d}" for i in range(len(sample))
    ]
    for item, target in zip(ANSWERED, targets, strict=True):
        scores = _scores(moods, target, random, missing=item == "mot10" and store.code != MAIN_STORE)
        known = [score for score in scores if score is not None]
        printed[item] = _print(Decimal(sum(known)) / len(known))
        for number, visit, score in zip(numbers, sample, scores, strict=True):
            if score is not None:
                responses.append(
                    {
                        "response_no": number,
                        "item_code": item,
                        "store_code": store.code,
                        "period": month_text(month),
                        "repair_order_no": visit.number,
                        "advisor_no": visit.row["advisor_no"],
                        "score": score,
                    }
                )
    return _printed_rows(month, "store", store.code, len(sample), printed)


def _scores(moods: list[float], target: float, random: Random, missing: bool) -> list[int | None]:
    """Whole scores from 40 to 140 whose mean is the target, to the nearest whole sum; some may be missing."""
    scores = [min(max(round(target + 9 * mood + random.gauss(0, 8)), 40), 140) for mood in moods]
    gone = set(random.sample(range(len(moods)), len(moods) // 12)) if missing else set()
    kept = [i for i in range(len(scores)) if i not in gone]
    rest = int(Decimal(str(target)) * len(kept) + Decimal("0.5")) - sum(scores[i] for i in kept)
    while rest:
        position = random.choice(kept)
        step = 1 if rest > 0 else -1
        if 40 <= scores[position] + step <= 140:
            scores[position] += step
            rest -= step
    return [None if i in gone else score for i, score in enumerate(scores)]


def _print(score: Decimal) -> Decimal:
    return score.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _printed_rows(
    month: int, scope: str, code: str, size: int, printed: dict[str, Decimal], *, total: float | None = None
) -> list[Row]:
    weighted = sum((WEIGHTS[item] * printed[item] for item in ITEMS), Decimal(0)) / 100
    scores = {item: printed[item] for item in ITEMS}
    scores["MOT"] = _print(weighted) if total is None else Decimal(str(total))
    scores["CSS"] = printed["overall"]
    return [
        {
            "period": month_text(month),
            "scope": scope,
            "scope_code": code,
            "item_code": item,
            "sample_size": size,
            "score": float(score),
        }
        for item, score in scores.items()
    ]


def _market_rows(month: int, random: Random) -> list[Row]:
    """Region and nation: as published in October, near it in other months."""
    rows: list[Row] = []
    markets = (("region", MAIN_REGION, REGION), ("region", "02", None), ("national", "CN", NATION))
    for scope, code, published in markets:
        size, scores, total = published or (3104, _without_tie(tuple(round(s - 0.6, 1) for s in NATION[1])), None)
        if month != CURRENT:
            size += random.randrange(-size // 30, size // 30)
            scores = _without_tie(tuple(round(score + random.gauss(-0.2, 0.4), 1) for score in scores))
            total = None
        printed = {item: Decimal(str(score)) for item, score in zip(ANSWERED, scores, strict=True)}
        rows += _printed_rows(month, scope, code, size, printed, total=total)
    return rows
