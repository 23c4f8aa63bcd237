"""The stores' own satisfaction calls: `survey/callbacks` and `survey/callback_answers`.

Reproduces *internal callbacks, April*: 850 calls (800 in March), 700 completed, 150 very satisfied, 300
average or below, 100 unreachable; the other 50 declined.
"""

from datetime import datetime, timedelta
from random import Random

from dagster_project.sample.constants import CALLBACK_MONTH, MAIN_STORE
from dagster_project.sample.months import Row, month_of, rng
from dagster_project.sample.repair_orders import NOW
from dagster_project.sample.stores import Staff
from dagster_project.sample.visits import Visit

APRIL = month_of(CALLBACK_MONTH)
CALLS = (170, 180, 190, 190, 190, 190, 190, 200, 200, 200, 200, 720, 540, 800, 850, 830, 860, 880, 900, 940, 1000, 880)
"""Main store, calls a month from February 2024; from 2025 on nearly every customer is called."""

UNREACHABLE = ("no_answer", "powered_off", "unreachable", "suspended", "wrong_number")
UNREACHABLE_WEIGHTS = (46, 20, 18, 10, 6)
DECLINED = ("refused", "rejected")
EXACT = {APRIL: (700, 100, 50, 150, 300), APRIL - 1: (655, 97, 48, 128, 291)}
"""Completed, unreachable, declined, Q1 = 5, Q1 <= 3."""

WISHES = (
    "希望周末增加接待人员",
    "洗车再仔细一点",
    "等待时间太长",
    "休息区增加充电插座",
    "配件价格能否优惠",
    "服务很好，继续保持",
    "希望提前电话通知保养",
    "结算时请逐项讲解\n不要只给总价",
    "交车前请再检查一遍；异响还在",
    "没有意见",
)


def build_callbacks(visits: list[Visit], staff: dict[str, Staff]) -> tuple[list[Row], list[Row]]:
    """The calls, one to four days after delivery, and their answers."""
    random = rng("callbacks")
    months: dict[tuple[str, int], list[tuple[datetime, Visit]]] = {}
    for visit in visits:
        delivered = visit.row["delivered_at"]
        if delivered:
            day = delivered + timedelta(days=random.randrange(1, 5))
            at = day.replace(hour=random.randrange(9, 19), minute=random.randrange(60))
            if visit.month == visit.store.first_month and visit.number.endswith("00001"):
                at = delivered + timedelta(hours=2)
            if at <= NOW:
                months.setdefault((visit.store.code, month_of(at)), []).append((at, visit))
    calls: list[Row] = []
    answers: list[Row] = []
    for (store, month), possible in sorted(months.items()):
        wanted = CALLS[month - possible[0][1].store.first_month] if store == MAIN_STORE else len(possible) * 2 // 3
        chosen = random.sample(possible, min(max(wanted, 1), len(possible)))
        chosen.sort(key=lambda call: (call[0], call[1].number))
        exact = EXACT.get(month) if store == MAIN_STORE else None
        outcomes, scores = _results(len(chosen), exact, chosen[0][1].store.quality, random)
        for number, ((at, visit), outcome) in enumerate(zip(chosen, outcomes, strict=True), start=1):
            call = {
                "store_code": store,
                "callback_no": f"HF{at:%y%m}{number:05d}",
                "repair_order_no": visit.number,
                "customer_no": visit.customer.number,
                "advisor_no": visit.row["advisor_no"],
                "interviewer_no": random.choice(staff[store].agents),
                "called_at": at,
                "outcome": outcome,
            }
            calls.append(call)
            if outcome == "completed":
                answers += _answers(call, scores.pop(), random)
    return calls, answers


def _results(count: int, exact: tuple[int, ...] | None, quality: float, random: Random) -> tuple[list[str], list[int]]:
    """Outcomes of a month's calls, and Q1 of the completed ones."""
    if exact is None:
        unreachable, declined = round(count * 0.115), round(count * 0.055)
        completed = count - unreachable - declined
        delighted = round(completed * min(0.24 + 0.07 * quality + random.gauss(0, 0.02), 1))
        low = round(completed * (0.40 - 0.07 * quality + random.gauss(0, 0.02)))
    else:
        completed, unreachable, declined, delighted, low = exact
    outcomes = ["completed"] * completed + random.choices(UNREACHABLE, UNREACHABLE_WEIGHTS, k=unreachable)
    outcomes += random.choices(DECLINED, k=declined)
    scores = [5] * delighted + [4] * (completed - delighted - low) + random.choices((3, 2, 1), (78, 16, 6), k=low)
    random.shuffle(outcomes)
    random.shuffle(scores)
    return outcomes, scores


def _answers(call: Row, overall: int, random: Random) -> list[Row]:
    """Q1 to Q7 around the overall score, Q8 (0–10) in line with it, and free text in Q9 from one customer in five."""
    head = {"store_code": call["store_code"], "callback_no": call["callback_no"]}
    rows = [head | {"question_code": "Q1", "score": overall, "answer_text": None}]
    for question, shift in (("Q2", 0.5), ("Q3", 0.0), ("Q4", 0.2), ("Q5", -0.3), ("Q6", 0.3), ("Q7", 0.1)):
        if question == "Q6" and random.random() < 0.1:
            continue
        score = min(max(round(overall + shift + random.gauss(0, 0.7)), 1), 5)
        rows.append(head | {"question_code": question, "score": score, "answer_text": None})
    recommends = {5: (9, 10, 10), 4: (7, 8, 9, 9), 3: (5, 6, 7, 8), 2: (2, 4, 5), 1: (0, 1, 3)}[overall]
    rows.append(head | {"question_code": "Q8", "score": random.choice(recommends), "answer_text": None})
    if random.random() < 0.2:
        rows.append(head | {"question_code": "Q9", "score": None, "answer_text": random.choice(WISHES)})
    return rows
