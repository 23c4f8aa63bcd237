"""Customers and vehicles: invented people, phones from an unused block, plates, VINs with a correct check digit."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from dagster_project.sample.constants import SAMPLE_AS_OF
from dagster_project.sample.months import Row, first_day, last_day, month_of, rng
from dagster_project.sample.stores import BRAND, GIVEN, OTHER_BRAND, SURNAMES, Store
from dagster_project.sample.visit_plan import FLEET_SIZE, Plan

OCCUPATIONS = ("企业职员", "个体经营", "教师", "医护人员", "公务员", "工程师", "司机", "退休", "自由职业")
MODELS = {BRAND: ("远途A3", "远途A5", "远途X6", "远途E1"), OTHER_BRAND: ("启明S", "启明V7", "启明纯电")}
COMPANIES = ("物流", "建材", "商贸", "食品", "电子", "租赁", "设计", "医药", "园林", "广告")

VIN_VALUES = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True)
)
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
VIN_YEARS = dict(zip(range(2010, 2026), "ABCDEFGHJKLMNPRS", strict=True))
PLATE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


@dataclass(eq=False)
class Customer:
    """A customer, with its row of `dms/customers`."""

    store: str
    number: str
    corporate: bool
    row: Row
    vehicles: list["Vehicle"] = field(default_factory=list)


@dataclass(eq=False)
class Vehicle:
    """A vehicle, with its row of `dms/vehicles` and how fast its odometer runs."""

    vin: str
    row: Row
    start_km: int
    km_a_day: float

    def odometer(self, moment: datetime) -> int:
        """Odometer at that time; never falls."""
        days = (moment - datetime(2024, 1, 1)).total_seconds() / 86400
        return int(self.start_km + self.km_a_day * days)


def check_digit(vin: str) -> str:
    """The ISO 3779 check digit of a VIN, whatever its ninth character is."""
    rest = sum(VIN_VALUES[sign] * weight for sign, weight in zip(vin, VIN_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def make_vin(random: Random, serial: int, sold: date, brand: str) -> str:
    """A VIN of an invented maker."""
    maker = "LZ9A" if brand == BRAND else "LZ8B"
    body = "".join(random.choice("ABCDEFGHJK12345678") for _ in range(4))
    vin = f"{maker}{body}0{VIN_YEARS[sold.year]}{random.choice('ABCD')}{serial:06d}"
    return vin[:8] + check_digit(vin) + vin[9:]


class People:
    """Makes the customers and vehicles of all stores; phones, plates and VINs never repeat."""

    def __init__(self) -> None:
        self.random = rng("people")
        self.serial = 0
        self.plates: set[str] = set()

    def of_store(self, store: Store, plan: Plan) -> list[Customer]:
        """All customers of a store, in order of registration."""
        customers = []
        for index, month in enumerate(plan.registered):
            last = min(last_day(month).day, 25) if month == month_of(SAMPLE_AS_OF) else last_day(month).day
            registered = first_day(month) + timedelta(days=self.random.randrange(last))
            customer = self._customer(store, index, plan.corporate[index], registered)
            for _ in range(FLEET_SIZE if index < store.fleets else 1):
                customer.vehicles.append(self._vehicle(store, customer, registered))
            customers.append(customer)
        return customers

    def moved(self, store: Store, customer: Customer, number: str, registered: date) -> Customer:
        """A customer of another store who now comes to this one, with the same vehicle."""
        row = customer.row | {"store_code": store.code, "customer_no": number, "registered_on": registered}
        old = customer.vehicles[0]
        vehicle = Vehicle(
            old.vin, old.row | {"store_code": store.code, "customer_no": number}, old.start_km, old.km_a_day
        )
        return Customer(store.code, number, customer.corporate, row, [vehicle])

    def _customer(self, store: Store, index: int, corporate: bool, registered: date) -> Customer:
        random = self.random
        self.serial += 1
        surname = random.choice(SURNAMES)
        row: Row = {
            "store_code": store.code,
            "customer_no": f"{index + 1:07d}",
            "customer_name": surname + "".join(random.sample(GIVEN, random.choice((1, 2, 2)))),
            "customer_type": "corporate" if corporate else "private",
            "gender": random.choice("MMMFF"),
            "birth_year": int(random.triangular(1955, 2004, 1985)),
            "occupation": random.choice(OCCUPATIONS) if random.random() < 0.94 else None,
            "phone": f"1990{self.serial:07d}",
            "registered_on": registered,
        }
        if corporate:
            row |= {
                "customer_name": f"{store.city[:2]}{surname}氏{random.choice(COMPANIES)}有限公司",
                "gender": None,
                "birth_year": None,
                "occupation": None,
            }
        return Customer(store.code, str(row["customer_no"]), corporate, row)

    def _vehicle(self, store: Store, customer: Customer, registered: date) -> Vehicle:
        random = self.random
        age = random.choice((0, 0, 0, 400, 900, 1500))
        sold = max(registered - timedelta(days=age + random.randrange(30)), date(2012, 1, 1))
        model = random.choice(MODELS[store.brand])
        vin = make_vin(random, self.serial * FLEET_SIZE + len(customer.vehicles), sold, store.brand)
        row: Row = {
            "store_code": store.code,
            "vin": vin,
            "customer_no": customer.number,
            "brand": store.brand,
            "plate_no": self._plate(store, model in ("远途E1", "启明纯电")),
            "model": model,
            "sold_on": sold,
        }
        rate = random.triangular(10, 62, 27)
        return Vehicle(vin, row, int((date(2024, 1, 1) - sold).days * rate) + 20, rate)

    def _plate(self, store: Store, electric: bool) -> str:
        while True:
            tail = "".join(self.random.choice(PLATE_SIGNS) for _ in range(2)) + f"{self.random.randrange(1000):03d}"
            plate = store.plate + (f"D{self.random.randrange(100000):05d}" if electric else tail)
            if plate not in self.plates:
                self.plates.add(plate)
                return plate
