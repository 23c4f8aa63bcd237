"""Random stores, employees, customers and vehicles."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.reference.chance import MONTHS, Chance, Rows

ADVISORS = ["A01", "A02", "A03"]
TECHNICIANS = ["T01", "T02", "T03"]
AGENTS = ["C01", "C02"]

# A store that arrives with a late extract only, and one whose own row is rejected, together with all its rows.
LATE_STORE = "0299"
REJECTED_STORE = "0388"

SIZES = {"small": (["0101", "0102", "0201", "0202"], 14), "medium": (["0101", "0102", "0103", "0201", "0202"], 150)}


@dataclass
class World:
    """What happened, before it is written to extracts: rows by dataset, and people and vehicles by store."""

    chance: Chance
    size: str
    stores: list[str]
    rows: Rows = field(default_factory=lambda: defaultdict(list))
    customers: dict[str, list[str]] = field(default_factory=dict)
    vins: dict[str, list[str]] = field(default_factory=dict)
    repair_orders: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def every_store(self) -> list[str]:
        """All stores, including the late and the rejected one."""
        return [*self.stores, LATE_STORE, REJECTED_STORE]

    @property
    def is_small(self) -> bool:
        """Whether the tree is for a quick run."""
        return self.size == "small"

    def months_of(self, store: str) -> list[date]:
        """The months in which a store has rows."""
        return MONTHS if store in self.stores else MONTHS[9:12]

    def add(self, dataset: str, **row: Any) -> None:
        """Add a row."""
        self.rows[dataset].append(row)


def _add_stores(world: World) -> None:
    chance = world.chance
    for store in [*world.stores, LATE_STORE]:
        world.add(
            "dms/stores",
            store_code=store,
            store_name=f"门店{store}",
            region_code=f"R{store[:2]}",
            region_name=f"分中心{store[:2]}",
            city=chance.pick("上海", "北京", None),
            city_tier=chance.code("city_tier", 0.15),
            brand=chance.pick("甲牌", "乙牌", None),
            opened_on=date(2015, 2, 28),
        )


def _add_employees(world: World, store: str) -> None:
    chance = world.chance
    staff = dict.fromkeys(ADVISORS, "service_advisor") | dict.fromkeys(TECHNICIANS, "technician")
    staff |= dict.fromkeys(AGENTS, "cs_agent") | {"M01": "manager"}
    for number, role in staff.items():
        # The rejected store has few rows: too many rejected rows of a dataset would block publishing.
        is_left_out = store == REJECTED_STORE and number != "A01"
        is_unknown = number in ("A03", "T03") and chance.maybe(0.4)
        if is_left_out or is_unknown:
            continue
        world.add(
            "dms/employees",
            store_code=store,
            employee_no=number,
            employee_name=f"员工{number}",
            role=role,
            department=chance.code("department", 0.1),
            hired_on=date(2020, 1, 31),
            left_on=chance.pick(None, None, date(2026, 2, 28)),
        )


def _add_customers(world: World, store: str, count: int) -> None:
    chance = world.chance
    world.customers[store] = [f"{number:03d}" for number in range(1, count + 1)]
    for number in world.customers[store]:
        if chance.maybe(0.06):
            continue  # unknown, but has visits
        world.add(
            "dms/customers",
            store_code=store,
            customer_no=number,
            customer_name=f"客户{number}",
            customer_type=chance.code("customer_type"),
            gender=chance.code("gender", 0.15),
            birth_year=chance.pick(None, 1996, 1995, 1986, 1985, 1976, 1975, chance.randint(1950, 2005)),
            occupation=chance.pick(None, "教师", "工程师", "Driver"),
            phone=f"138{chance.randint(0, 99999999):08d}",
            registered_on=chance.pick(date(2019, 3, 31), chance.day_in(chance.choice(MONTHS))),
        )


def _add_vehicles(world: World, store: str, count: int) -> None:
    chance = world.chance
    elsewhere = [vin for vins in world.vins.values() for vin in vins]
    world.vins[store] = []
    for _ in range(count):
        vin = "LSV" + "".join(chance.choice("ABCDEFGH0123456789") for _ in range(14))
        if elsewhere and chance.maybe(0.2):
            vin = chance.choice(elsewhere)
        if vin in world.vins[store]:
            continue
        world.vins[store].append(vin)
        if chance.maybe(0.05):
            continue
        world.add(
            "dms/vehicles",
            store_code=store,
            vin=vin,
            plate_no=f"沪A{chance.randint(0, 99999):05d}",
            customer_no=chance.choice([*world.customers[store], "999"]),
            brand=chance.pick("甲牌", "乙牌", None),
            model=chance.pick("X1", "X2", None),
            sold_on=chance.pick(None, date(2024, 2, 29)),
        )


def new_world(chance: Chance, size: str) -> World:
    """Stores with their people and vehicles; nothing has happened yet."""
    stores, vehicles = SIZES[size]
    world = World(chance, size, stores)
    _add_stores(world)
    for store in world.every_store:
        is_full = store in stores
        _add_employees(world, store)
        _add_customers(world, store, vehicles * 2 // 3 if is_full else 4)
        _add_vehicles(world, store, vehicles if is_full else 4)
    return world
