"""How cases are handled (`complaint/case_events`): assigned, answered, solved, sometimes reopened, closed."""

from datetime import datetime, timedelta
from random import Random

from dagster_project.sample.months import Row
from dagster_project.sample.repair_orders import NOW


def build_events(case: Row, random: Random) -> list[Row]:
    """The events of one case up to now, in order of time; a few cases are closed without a solution."""
    urgent = case["priority"] == "urgent"
    steps: list[tuple[str, datetime, int | None, int | None]] = []
    at: datetime = case["received_at"]

    def step(kind: str, minutes: float, score: int | None = None, paid: int | None = None) -> None:
        nonlocal at
        at += timedelta(minutes=max(int(minutes), 1))
        steps.append((kind, at, score, paid))

    step("assigned", random.expovariate(1 / (8 if urgent else 20)) + 2)
    step("first_response", _response_minutes(urgent, random))
    if case["case_type"] == "enquiry":
        step("resolved", random.expovariate(1 / 90))
        step("closed", random.uniform(5, 600))
    elif random.random() < 0.03:
        step("closed", random.uniform(3, 15) * 1440)
    else:
        step("solution_proposed", random.expovariate(1 / 420) + 20)
        paid = random.randrange(1, 13) * 50 if random.random() < 0.12 else None
        step("resolved", random.expovariate(1 / 1500) + 60, paid=paid)
        if random.random() < 0.6:
            step("customer_feedback", random.uniform(300, 2800), random.choices((5, 4, 3, 2, 1), (30, 38, 18, 9, 5))[0])
        if random.random() < 0.07:
            step("reopened", random.uniform(1, 6) * 1440)
            step("solution_proposed", random.uniform(200, 2000))
            if random.random() < 0.8:
                step("resolved", random.uniform(300, 4000))
                step("customer_feedback", random.uniform(300, 2800), random.choice((2, 3, 4)))
                step("closed", random.uniform(60, 2000))
        elif random.random() < 0.85:
            step("closed", random.uniform(600, 5000))
    return [
        {
            "store_code": case["store_code"],
            "case_no": case["case_no"],
            "event_no": number,
            "event_at": moment,
            "event_type": kind,
            "actor_no": case["handler_no"],
            "satisfaction_score": score,
            "compensation_amount": paid,
        }
        for number, (kind, moment, score, paid) in enumerate(steps, start=1)
        if moment <= NOW
    ]


def _response_minutes(urgent: bool, random: Random) -> float:
    """Mostly within the hour; one in eight waits a day or two, urgent or not."""
    if random.random() < (0.1 if urgent else 0.05):
        return random.uniform(1, 2.5) * 1440
    return random.expovariate(1 / (25 if urgent else 70)) + 3
