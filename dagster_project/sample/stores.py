"""The store group: six invented stores in two regions, and the people who work there.

Codes of regions and employees start with zeros, and every store counts its employees from `001`: they are
text, and unique in their store only.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from dagster_project.sample.constants import MAIN_REGION, MAIN_STORE
from dagster_project.sample.months import Row, month_of, rng

BRAND = "远途"
OTHER_BRAND = "启明"


@dataclass(frozen=True)
class Store:
    """A store and how big it is: vehicles a month, monthly new visitors, staff numbers."""

    code: str
    name: str
    region: str
    region_name: str
    city: str
    tier: str
    brand: str
    opened_on: date
    plate: str
    first_month: int
    visits: int
    customers: int
    fleets: int
    advisors: int
    technicians: int
    agents: int
    quality: float
    """How well the store does compared with its region (0 = average)."""


GROUP_START = month_of(date(2024, 9, 1))
MAIN = Store(
    code=MAIN_STORE,
    name="临江远途汽车销售服务有限公司",
    region=MAIN_REGION,
    region_name="东部分中心",
    city="临江市",
    tier="2",
    brand=BRAND,
    opened_on=date(2010, 8, 28),
    plate="皖A",
    first_month=month_of(date(2024, 2, 1)),
    visits=0,
    customers=0,
    fleets=30,
    advisors=6,
    technicians=8,
    agents=4,
    quality=0.0,
)
OTHERS = (
    # code, city, region, tier, brand, plate, visits a month, quality
    ("S002", "云岭市", "01", "3", BRAND, "皖K", 130, 0.4),
    ("S003", "海坪市", "01", "1", OTHER_BRAND, "皖M", 95, -0.6),
    ("S004", "石川市", "02", "2", BRAND, "甘N", 110, 0.8),
    ("S005", "金沙湾市", "02", "3", OTHER_BRAND, "甘P", 75, -1.0),
    ("S006", "北桥市", "02", "3", BRAND, "甘R", 40, 0.1),
)
STORES = (
    MAIN,
    *(
        Store(
            code=code,
            name=f"{city[:-1]}{brand}4S店",
            region=region,
            region_name="东部分中心" if region == MAIN_REGION else "西部分中心",
            city=city,
            tier=tier,
            brand=brand,
            opened_on=date(2012, 5, 18) + timedelta(days=431 * int(code[1:])),
            plate=plate,
            first_month=GROUP_START,
            visits=visits,
            customers=visits * 8,
            fleets=2,
            advisors=2,
            technicians=3,
            agents=1,
            quality=quality,
        )
        for code, city, region, tier, brand, plate, visits, quality in OTHERS
    ),
)

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰飞鑫波斌宇浩凯丹萍红玲辉建文博晨欣怡子轩梓涵思远嘉"


@dataclass
class Staff:
    """Employee numbers of one store by what they do."""

    advisors: list[str]
    technicians: list[str]
    agents: list[str]
    managers: dict[str, str]
    """Department to its manager."""

    def of_department(self, department: str) -> list[str]:
        """Who can be held responsible in a department."""
        working = {"front_desk": self.advisors, "workshop": self.technicians, "customer_service": self.agents}
        return [*working.get(department, []), self.managers[department]]


def store_rows() -> list[Row]:
    """`dms/stores`."""
    return [
        {
            "store_code": s.code,
            "store_name": s.name,
            "region_code": s.region,
            "region_name": s.region_name,
            "city": s.city,
            "city_tier": s.tier,
            "brand": s.brand,
            "opened_on": s.opened_on,
        }
        for s in STORES
    ]


def build_staff() -> tuple[dict[str, Staff], list[Row]]:
    """The staff of every store, and `dms/employees`; one advisor of the main store has left."""
    random = rng("staff")
    staff: dict[str, Staff] = {}
    rows: list[Row] = []
    for store in STORES:
        number = 0

        def hire(role: str, department: str, store: Store = store, left_on: date | None = None) -> str:
            nonlocal number
            number += 1
            hired = max(store.opened_on, date(2016, 1, 1)) + timedelta(days=random.randrange(2500))
            rows.append(
                {
                    "store_code": store.code,
                    "employee_no": f"{number:03d}",
                    "employee_name": random.choice(SURNAMES) + "".join(random.sample(GIVEN, 2)),
                    "role": role,
                    "department": department,
                    "hired_on": min(hired, date(2023, 12, 1)),
                    "left_on": left_on,
                }
            )
            return f"{number:03d}"

        departments = ("front_desk", "workshop", "parts", "customer_service")
        managers = {department: hire("manager", department) for department in departments}
        advisors = [hire("service_advisor", "front_desk") for _ in range(store.advisors)]
        technicians = [hire("technician", "workshop") for _ in range(store.technicians)]
        agents = [hire("cs_agent", "customer_service") for _ in range(store.agents)]
        staff[store.code] = Staff(advisors, technicians, agents, managers)
        if store.code == MAIN_STORE:
            hire("service_advisor", "front_desk", left_on=date(2024, 1, 31))
    return staff, rows
