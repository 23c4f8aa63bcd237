"""Random survey answers, calls, mystery visits, cases, targets and improvement actions."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.reference.arithmetic import add_months, month_end, month_of
from tests.reference.chance import MONTHS
from tests.reference.enums import ENUMS, KPIS
from tests.reference.people import ADVISORS, AGENTS, World

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
OUTCOMES = dict.fromkeys(ENUMS["cb_outcome"], 6) | {"completed": 60}
HISTORIES = [
    ["assigned", "first_response", "solution_proposed", "resolved", "closed"],
    ["assigned", "assigned", "solution_proposed", "solution_proposed", "resolved", "customer_feedback"],
    ["assigned", "first_response", "first_response"],
    ["assigned", "closed"],
    ["closed"],
    ["closed", "reopened"],
    ["first_response"],
    ["first_response", "resolved", "reopened"],
    ["first_response", "resolved", "reopened", "resolved"],
    ["reopened"],
    ["resolved", "closed"],
    ["resolved", "reopened", "closed"],
    ["resolved", "resolved"],
    [],
]


def _numbers_of(world: World, store: str) -> list[str]:
    return [row["repair_order_no"] for row in world.repair_orders[store]] or ["R0001"]


def _add_responses(world: World, store: str) -> None:
    chance = world.chance
    count = 0
    for month in world.months_of(store):
        for _ in range(0 if chance.maybe(0.12) else chance.randint(1, 4) if world.is_small else chance.randint(5, 12)):
            count += 1
            number = chance.choice(_numbers_of(world, store))
            repair_order = chance.pick(number, number, None, "R9997")
            advisor = chance.choice([*ADVISORS, None])
            for item in ENUMS["css_item"]:
                if chance.maybe(0.08):
                    continue
                some = Decimal(chance.randint(800, 1200)) / 10
                score = chance.pick(Decimal(100), Decimal(100), Decimal("98.5"), some, Decimal(chance.randint(60, 130)))
                if chance.maybe(0.025):
                    score = chance.choice([Decimal(edge) for edge in ("0", "150", "150.01", "-1", "999")])
                world.add(
                    "survey/css_responses",
                    response_no=f"{store}-{count:05d}",
                    item_code=item,
                    store_code=store,
                    period=month,
                    repair_order_no=repair_order,
                    advisor_no=advisor,
                    score=score,
                )


def _add_mystery_visits(world: World, store: str) -> None:
    chance = world.chance
    for month in world.months_of(store):
        for visit in range(chance.pick(1, 1, 2) if chance.maybe(0.6) else 0):
            for section in ENUMS["section"]:
                for item in range(1, 1 if chance.maybe(0.1) else chance.pick(2, 4, 12)):
                    most = Decimal(chance.pick(1, 1, 2))
                    points = chance.pick(Decimal(0), Decimal("0.5"), most, most)
                    if chance.maybe(0.05):
                        points = chance.pick(Decimal(3), Decimal("-0.5"), most + Decimal("0.5"))
                    world.add(
                        "survey/mystery_visits",
                        visit_no=f"V{store}{month:%Y%m}{visit}",
                        section_code=section,
                        item_no=item,
                        store_code=store,
                        visited_on=chance.pick(month, month.replace(day=15), month_end(month)),
                        points=points,
                        max_points=most,
                    )


def _add_answers(world: World, store: str, callback: str) -> None:
    chance = world.chance
    for question in ENUMS["question"]:
        if chance.maybe(0.1):
            continue
        text = None
        score: int | None = chance.pick(1, 2, 3, 3, 4, 4, 5, 5, 5)
        if question == "Q8":
            score = chance.pick(0, 6, 7, 8, 9, 10, 10)
        if question != "Q9" and chance.maybe(0.04):
            score = chance.pick(None, 0, 6, 11, -1)
        if question == "Q9":
            score, text = None, chance.pick("很好", "不满意,\n等待太久", 'say "ok"; fine', None)
        world.add(
            "survey/callback_answers",
            store_code=store,
            callback_no=callback,
            question_code=question,
            score=None if score is None else Decimal(score),
            answer_text=text,
        )


def _add_callbacks(world: World, store: str) -> None:
    chance = world.chance
    for count, row in enumerate(world.repair_orders[store], 1):
        if not chance.maybe(0.45):
            continue
        number, outcome = f"K{count:04d}", chance.one_of(OUTCOMES)
        world.add(
            "survey/callbacks",
            store_code=store,
            callback_no=number,
            repair_order_no=chance.pick(row["repair_order_no"], row["repair_order_no"], None, "R9996"),
            customer_no=row["customer_no"],
            advisor_no=chance.pick(row["advisor_no"], chance.choice(ADVISORS), None),
            interviewer_no=chance.choice([*AGENTS, "C99", None]),
            called_at=row["checked_in_at"] + timedelta(days=chance.randint(0, 6), hours=2),
            outcome=outcome,
        )
        if outcome == "completed" or chance.maybe(0.15):
            _add_answers(world, store, number)
    for number in ("K9901", "K9902"):  # unknown
        _add_answers(world, store, number)


def _add_churn_callbacks(world: World, store: str) -> None:
    chance = world.chance
    visits = sorted({(row["vin"], month_of(row["checked_in_at"])) for row in world.repair_orders[store]})
    calls = [visit for visit in visits for _ in range(chance.pick(0, 0, 0, 1, 1, 2) if chance.maybe(0.6) else 0)]
    for count, (vin, month) in enumerate(calls, 1):
        outcome = chance.choice([*ENUMS["churn_outcome"], *["completed"] * 9])
        called_at = datetime.combine(add_months(month, 7), time()) + chance.randint(0, 100) * HOUR
        world.add(
            "survey/churn_callbacks",
            store_code=store,
            callback_no=f"H{count:04d}",
            vin=chance.pick(vin, vin, vin, "LSVUNKNOWN0000001"),
            cohort_month=month,
            called_at=chance.pick(None, called_at),
            outcome=outcome,
            reason=chance.code("churn_reason", 0.1) if outcome == "completed" or chance.maybe(0.1) else None,
        )


def _event_times(world: World, received_at: datetime, count: int) -> list[datetime]:
    """Times of a case's events, often exactly at a limit, out of order, or all equal."""
    chance = world.chance
    day, days = 24 * HOUR, 72 * HOUR
    some = [timedelta(minutes=chance.randint(1, 300)), timedelta(hours=chance.randint(1, 200)), timedelta(days=40)]
    offsets = [timedelta(0), day, day, day + SECOND, days, days, days + SECOND, days - SECOND, *some]
    times = sorted(received_at + chance.choice(offsets) for _ in range(count))
    if chance.maybe(0.12):
        chance.shuffle(times)
    if times and chance.maybe(0.06):
        times[chance.randrange(count)] = received_at - timedelta(minutes=5)
    return times[-1:] * count if chance.maybe(0.3) else times


def _add_events(world: World, store: str, case: str, received_at: datetime) -> None:
    chance = world.chance
    history = chance.choice(HISTORIES)
    numbers = sorted(chance.sample([1, 2, 3, 8, 9, 10, 11, 100], len(history)))
    if chance.maybe(0.15):
        chance.shuffle(numbers)
    times = _event_times(world, received_at, len(history))
    for number, moment, kind in zip(numbers, times, history, strict=True):
        score = chance.pick(None, None, 1, 5, 4, 3, 0, 6)
        world.add(
            "complaint/case_events",
            store_code=store,
            case_no=case,
            event_no=number,
            event_at=moment,
            event_type=kind,
            actor_no=chance.choice([*AGENTS, None]),
            satisfaction_score=None if score is None else Decimal(score),
            compensation_amount=chance.pick(None, None, Decimal(100), Decimal("50.55"), Decimal(-20)),
        )


def _add_cases(world: World, store: str) -> None:
    chance = world.chance
    count = 0
    for month in world.months_of(store):
        for _ in range(0 if chance.maybe(0.1) else chance.randint(0, 4) if world.is_small else chance.randint(2, 9)):
            count += 1
            repair_order: dict[str, Any] = chance.choice(world.repair_orders[store] or [{}])
            received_at = chance.moment_in(month)
            world.add(
                "complaint/cases",
                store_code=store,
                case_no=f"Z{count:04d}",
                customer_no=repair_order.get("customer_no"),
                vin=repair_order.get("vin"),
                repair_order_no=chance.pick(repair_order.get("repair_order_no"), None, "R9995"),
                case_type=chance.code("case_type"),
                channel=chance.code("case_channel"),
                category=chance.choice(["quality", "quality", "time", *ENUMS["category"]]),
                topic=chance.code("topic", 0.2),
                priority=chance.code("case_priority"),
                responsible_department=chance.code("department", 0.3),
                responsible_employee_no=chance.pick("A01", "T01", "T99", None),
                handler_no=chance.choice([*AGENTS, None, "C98"]),
                received_at=received_at,
                description=chance.pick(None, "车辆抖动,异响", "第一行\n第二行", 'he said "no"; then left\tok'),
            )
            _add_events(world, store, f"Z{count:04d}", received_at)
    _add_events(world, store, "Z9901", datetime(2026, 1, 5, 9))  # unknown


def _add_plans(world: World, store: str) -> None:
    chance = world.chance
    for number in range(1, 9 if store in world.stores else 3):
        due_on = chance.moment_in(chance.choice(MONTHS)).date()
        world.add(
            "planning/improvement_actions",
            store_code=store,
            action_no=f"{number:03d}",
            period=month_of(due_on),
            department=chance.code("department"),
            priority=str(chance.randint(1, 5)),
            problem=chance.pick("等待时间长", "交车\n解释不清", "客户13812345678等待回电", "京A·12345返修"),
            measure="培训",
            mot_item=chance.pick(None, "mot04", "MOT10", "解释结算清单", "mot99"),
            owner_no=chance.choice(ADVISORS),
            supervisor_no="M01",
            due_on=due_on,
            completed_on=chance.pick(None, due_on),
            status=chance.code("action_status"),
            evidence=chance.pick(None, "抽查"),
        )
    for month in world.months_of(store):
        for kpi in chance.sample(KPIS, 6):
            # Values that small counts can give, so that targets are met exactly.
            reached = chance.pick(*(Decimal(number) for number in ("0", "0.5", "1", "50", "100")))
            target = chance.pick(reached, Decimal(chance.randint(1, 1000)) / 10)
            world.add("planning/targets", store_code=store, period=month, kpi_code=kpi, target_value=target)


def _add_benchmarks(world: World) -> None:
    chance = world.chance
    scopes = [("region", "R01"), ("region", "R02"), ("national", "CN"), ("store", "0101")]
    for month, (scope, code) in ((month, scope) for month in MONTHS for scope in scopes if not chance.maybe(0.12)):
        for item in ENUMS["bench_item"]:
            if chance.maybe(0.08):
                continue
            world.add(
                "survey/css_benchmarks",
                period=month,
                scope=scope,
                scope_code=code,
                item_code=item,
                sample_size=chance.randint(20, 6000),
                score=chance.pick(Decimal(100), Decimal(97), Decimal(chance.randint(900, 1050)) / 10),
            )


def add_voices(world: World) -> None:
    """Add surveys, calls, complaints and plans of every store, and the benchmarks that the agency prints."""
    for store in world.every_store:
        _add_responses(world, store)
        _add_mystery_visits(world, store)
        _add_callbacks(world, store)
        _add_churn_callbacks(world, store)
        _add_cases(world, store)
        _add_plans(world, store)
    _add_benchmarks(world)
