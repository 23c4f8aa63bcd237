"""Enquiries, dissatisfactions and complaints (`complaint/cases`) and how they were handled.

Reproduces *reasons for dissatisfaction, by week of the month*: 621 dissatisfactions and complaints of the
main store in October; other months and stores have fewer.
"""

from bisect import bisect_right
from datetime import datetime, timedelta
from random import Random

from dagster_project.sample.complaint_events import build_events
from dagster_project.sample.constants import COMPLAINT_MONTH, MAIN_STORE, SAMPLE_AS_OF
from dagster_project.sample.months import Row, first_day, last_day, month_of, rng, share_out
from dagster_project.sample.stores import STORES, Staff, Store
from dagster_project.sample.visits import Visit

PUBLISHED = {
    "quality": (67, 37, 56, 50),
    "other": (41, 22, 28, 45),
    "time": (29, 37, 30, 9),
    "cost": (30, 27, 30, 18),
    "parts": (17, 6, 5, 9),
    "attitude": (1, 4, 8, 6),
    "vehicle": (5, 0, 1, 0),
    "claim": (3, 0, 0, 0),
}
OCTOBER = month_of(COMPLAINT_MONTH)
FIRST = month_of(SAMPLE_AS_OF) - 10
MONTHLY = (180, 150, 210, 230, 260, 300, 330, 380, 470, 621, 430)
"""Main store, dissatisfactions and complaints a month, January to November 2025."""

CHANNELS = ("phone", "email", "online_chat", "wechat", "app", "walk_in", "social_media", "oem_hotline")
CHANNEL_WEIGHTS = (44, 3, 8, 16, 8, 12, 3, 6)
DEPARTMENTS = {
    "quality": "workshop",
    "time": "workshop",
    "cost": "front_desk",
    "parts": "parts",
    "attitude": "front_desk",
    "vehicle": "customer_service",
    "claim": "customer_service",
}
TOPICS = {"quality": "quality", "vehicle": "quality", "claim": "contract"}
TEXTS = {
    "quality": ("维修后异响仍在", "保养后故障灯点亮", "漆面修复有色差"),
    "time": ("等待超过两小时", "交车比承诺时间晚"),
    "cost": ("结算金额高于预估", "工时费解释不清"),
    "parts": ("配件缺货需等待", "更换配件与预期不符"),
    "attitude": ("接待不热情", "电话无人回复"),
    "vehicle": ("新车内饰异味",),
    "claim": ("索赔申请被拒",),
    "other": ("休息区空调太冷", "未按约定免费洗车", "短信通知过多\n希望减少"),
}


def build_cases(visits: list[Visit], staff: dict[str, Staff]) -> tuple[list[Row], list[Row]]:
    """Cases in order of receipt, numbered by store, and their events."""
    random = rng("complaints")
    by_store: dict[str, list[Visit]] = {store.code: [] for store in STORES}
    for visit in visits:
        if not visit.void:
            by_store[visit.store.code].append(visit)
    cases: list[Row] = []
    events: list[Row] = []
    for store in STORES:
        rows = []
        for month in range(FIRST, OCTOBER + 2):
            for category, week, enquiry in _month_cases(store, month, random):
                at = _received(month, week, random)
                known = by_store[store.code]
                rows.append(
                    _case(store, category, at, enquiry=enquiry, visits=known, staff=staff[store.code], random=random)
                )
        rows.sort(key=lambda row: row["received_at"])
        for number, row in enumerate(rows, start=1):
            row["case_no"] = f"TS{row['received_at']:%y%m}{number:06d}"
            events += build_events(row, random)
        cases += rows
    return cases, events


def _month_cases(store: Store, month: int, random: Random) -> list[tuple[str, int, bool]]:
    """Category, week and whether it is an enquiry, for each case of a month."""
    categories = list(PUBLISHED)
    if store.code == MAIN_STORE and month == OCTOBER:
        counts = [list(weeks) for weeks in PUBLISHED.values()]
    else:
        total = (
            MONTHLY[month - FIRST] if store.code == MAIN_STORE else round(store.visits * (0.16 - 0.05 * store.quality))
        )
        sizes = share_out(random, total, [sum(weeks) for weeks in PUBLISHED.values()])
        counts = [share_out(random, size, [7, 7, 7, 9]) for size in sizes]
    cells = [
        (category, week, False)
        for category, weeks in zip(categories, counts, strict=True)
        for week, count in enumerate(weeks)
        for _ in range(count)
    ]
    enquiries = len(cells) // 5 + 2
    return cells + [(random.choice(categories), random.randrange(4), True) for _ in range(enquiries)]


def _received(month: int, week: int, random: Random) -> datetime:
    first = first_day(month) + timedelta(days=7 * week)
    days = 7 if week < 3 else last_day(month).day - 21
    day = first + timedelta(days=random.randrange(days))
    return datetime(day.year, day.month, day.day, random.randrange(8, 19), random.randrange(60), random.randrange(60))


def _case(
    store: Store, category: str, at: datetime, *, enquiry: bool, visits: list[Visit], staff: Staff, random: Random
) -> Row:
    """One case; three in four are about a visit of the days before."""
    department = DEPARTMENTS.get(category) or random.choice(("front_desk", "customer_service"))
    person = random.choice(staff.of_department(department))
    position = bisect_right(visits, at, key=lambda visit: visit.at)
    recent = visits[max(position - store.visits // 3 - 40, 0) : position]
    about = random.choice(recent) if recent and random.random() < 0.75 else None
    if about and department == "workshop":
        person = random.choice(about.technicians)
    elif about and department == "front_desk":
        person = about.row["advisor_no"]
    case_type = "complaint" if random.random() < 0.11 else "dissatisfaction"
    case_type = "enquiry" if enquiry else case_type
    urgent = case_type != "enquiry" and random.random() < (0.25 if case_type == "complaint" else 0.06)
    blame = not enquiry and random.random() < 0.95
    return {
        "store_code": store.code,
        "customer_no": about.customer.number if about else None,
        "vin": about.vehicle.vin if about else None,
        "repair_order_no": about.number if about else None,
        "case_type": case_type,
        "channel": random.choices(CHANNELS, CHANNEL_WEIGHTS)[0],
        "category": category,
        "priority": "urgent" if urgent else "normal",
        "topic": random.choice(("product", "after_sales")) if enquiry else TOPICS.get(category, "after_sales"),
        "responsible_department": department if blame else None,
        "responsible_employee_no": person if blame and random.random() < 0.9 else None,
        "handler_no": random.choice(staff.agents),
        "received_at": at,
        "description": random.choice(TEXTS[category]),
    }
